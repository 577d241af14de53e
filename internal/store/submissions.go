package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Submission is one attempt to submit a form: what was intended, by whom, and how it ended. It has no
// field that could hold a secret value.
type Submission struct {
	ID          string
	FormToken   string // the form's one-time token; with Attempt it is unique
	Attempt     int
	Fingerprint []byte // of what was entered but the secret, to tell two forms with one token apart
	Holder      string // the process that has it under way

	CreatedAt  time.Time
	FinishedAt time.Time // zero while it is under way

	ActorIssuer, ActorSubject, ActorName string

	Action                           string // "reference" or "value"
	ProjectID, AgentID, AgentType    string
	Name                             string // of the reference, or of the secret in the vault
	SecretName, SecretKey, VaultName string
	Type                             string
	Outcome                          string
	Status                           int  // Maia's last one, 0 where there was none
	Sent                             bool // whether anything went to Maia
	VaultSecretName, ResolverRef     string
	AnswerPartial                    bool // Maia said created, in words that could not be read
	RequestID, ClientAddress         string
	Changes                          string // what became different of the value on its way, in words of package submission, comma-separated
}

const submissionColumns = `id, form_token, attempt, fingerprint, holder, created_at, finished_at, actor_issuer, actor_subject, actor_name,
	action, project_id, agent_id, agent_type, name, secret_name, secret_key, vault_name, type, outcome, status, sent,
	vault_secret_name, resolver_ref, answer_partial, request_id, client_address, changes`

func scanSubmission(row interface{ Scan(...any) error }) (Submission, error) {
	var r Submission
	var created, finished int64
	err := row.Scan(&r.ID, &r.FormToken, &r.Attempt, &r.Fingerprint, &r.Holder, &created, &finished, &r.ActorIssuer, &r.ActorSubject, &r.ActorName,
		&r.Action, &r.ProjectID, &r.AgentID, &r.AgentType, &r.Name, &r.SecretName, &r.SecretKey, &r.VaultName, &r.Type, &r.Outcome, &r.Status, &r.Sent,
		&r.VaultSecretName, &r.ResolverRef, &r.AnswerPartial, &r.RequestID, &r.ClientAddress, &r.Changes)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Submission{}, ErrNotFound
	case err != nil:
		return Submission{}, fmt.Errorf("store: submission: %w", err)
	}
	r.CreatedAt, r.FinishedAt = instant(created), instant(finished)
	return r, nil
}

// BeginSubmission records an intent. Where its token and attempt are recorded already, by this
// process or another, nothing changes and begun is false. Beginning the same id again, because the
// first answer was lost with its connection, is begun.
func (s *Store) BeginSubmission(ctx context.Context, r Submission) (begun bool, err error) {
	res, err := s.db.ExecContext(ctx, `INSERT INTO submissions (`+submissionColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, 0, 0, '', '', 0, $20, $21, $22)
		ON CONFLICT (form_token, attempt) DO NOTHING`,
		r.ID, r.FormToken, r.Attempt, r.Fingerprint, r.Holder, millis(r.CreatedAt), r.ActorIssuer, r.ActorSubject, r.ActorName,
		r.Action, r.ProjectID, r.AgentID, r.AgentType, r.Name, r.SecretName, r.SecretKey, r.VaultName, r.Type, r.Outcome, r.RequestID, r.ClientAddress, r.Changes)
	if err != nil {
		return false, fmt.Errorf("store: begin submission: %w", err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return false, fmt.Errorf("store: begin submission: %w", err)
	}
	if n == 1 {
		return true, nil
	}
	switch _, err := s.SubmissionByID(ctx, r.ID); {
	case errors.Is(err, ErrNotFound):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("store: begin submission: %w", err)
	}
	return true, nil
}

// MarkSent records that a call to Maia begins, before it does: should the process die now, nobody
// knows whether it arrived. One that was settled meanwhile, because its process seemed to be dead, is
// ErrNotFound and must not be sent: its form may be under way again as another attempt.
func (s *Store) MarkSent(ctx context.Context, id string) error {
	res, err := s.db.ExecContext(ctx, `UPDATE submissions SET sent = 1 WHERE id = $1 AND outcome = 'pending'`, id)
	return affected(res, err, "mark submission as sent")
}

// FinishSubmission records how an attempt ended. It also corrects an end that was only concluded
// because its process seemed to be dead.
func (s *Store) FinishSubmission(ctx context.Context, r Submission) error {
	res, err := s.db.ExecContext(ctx, `UPDATE submissions
		SET outcome = $2, status = $3, sent = $4, vault_secret_name = $5, resolver_ref = $6, answer_partial = $7, finished_at = $8 WHERE id = $1`,
		r.ID, r.Outcome, r.Status, r.Sent, r.VaultSecretName, r.ResolverRef, r.AnswerPartial, millis(s.now()))
	return affected(res, err, "finish submission")
}

// LatestAttempt gives the newest attempt under a form token, or ErrNotFound.
func (s *Store) LatestAttempt(ctx context.Context, formToken string) (Submission, error) {
	return scanSubmission(s.db.QueryRowContext(ctx, `SELECT `+submissionColumns+` FROM submissions WHERE form_token = $1 ORDER BY attempt DESC LIMIT 1`, formToken))
}

// SubmissionByID gives one submission, or ErrNotFound.
func (s *Store) SubmissionByID(ctx context.Context, id string) (Submission, error) {
	return scanSubmission(s.db.QueryRowContext(ctx, `SELECT `+submissionColumns+` FROM submissions WHERE id = $1`, id))
}

// Submissions lists the newest submissions first: those of one actor, or everybody's where subject is
// empty. before is the id that a page goes on after, empty for the first page.
func (s *Store) Submissions(ctx context.Context, issuer, subject, before string, limit int) ([]Submission, error) {
	// An id begins with its instant (UUID version 7), so the order of ids is the order in time.
	query := `SELECT ` + submissionColumns + ` FROM submissions WHERE ($1 = '' OR id < $1) ORDER BY id DESC LIMIT $2`
	args := []any{before, limit}
	if subject != "" {
		query = `SELECT ` + submissionColumns + ` FROM submissions WHERE ($1 = '' OR id < $1) AND actor_issuer = $3 AND actor_subject = $4 ORDER BY id DESC LIMIT $2`
		args = append(args, issuer, subject)
	}
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("store: submissions: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var list []Submission
	for rows.Next() {
		r, err := scanSubmission(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: submissions: %w", err)
	}
	return list, nil
}

// EarlierAttempt tells whether an actor has an earlier submission of the same kind, at the same place
// and under the same name that may have arrived: one that ended unknown, or failed after it was sent.
func (s *Store) EarlierAttempt(ctx context.Context, r Submission) (bool, error) {
	place, at := "project_id", r.ProjectID
	if r.Action == "value" {
		place, at = "agent_id", r.AgentID
	}
	var one int
	err := s.db.QueryRowContext(ctx, `SELECT 1 FROM submissions WHERE actor_issuer = $1 AND actor_subject = $2 AND action = $3 AND `+place+` = $4 AND name = $5
		AND id < $6 AND (outcome = 'unknown' OR (outcome = 'failed' AND sent = 1 AND status <> 401)) LIMIT 1`,
		r.ActorIssuer, r.ActorSubject, r.Action, at, r.Name, r.ID).Scan(&one)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("store: earlier attempt: %w", err)
	}
	return true, nil
}

// RefusedBetween counts an actor's submissions from one instant to another that Maia answered with 401.
func (s *Store) RefusedBetween(ctx context.Context, issuer, subject string, from, to time.Time) (int, error) {
	var n int
	err := s.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM submissions WHERE actor_issuer = $1 AND actor_subject = $2 AND created_at >= $3 AND created_at <= $4
		AND outcome = 'unauthenticated' AND status = 401`, issuer, subject, millis(from), millis(to)).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("store: refused submissions: %w", err)
	}
	return n, nil
}
