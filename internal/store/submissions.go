package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"maiaportal/internal/record"
)

// How far the trail of a record has come, in its column trail.
const (
	trailNone    = 0 // it is older than the trail: it has no events and gets none
	trailStarted = 1
	trailEnded   = 2
)

// whilePending is the condition of the index of what is under way. It has the word itself, not a parameter,
// because that index is of this word.
const whilePending = `outcome = '` + string(record.Pending) + `'`

// submissionColumns are read in this order by scanSubmission.
var submissionColumns = strings.Join([]string{
	"id", "form_token", "attempt", "fingerprint", "holder", "created_at", "finished_at",
	"actor_issuer", "actor_subject", "actor_name", "request_id", "client_address", "action", "changes",
	"outcome", "status", "sent", "vault_secret_name", "resolver_ref", "answer_partial", "proven_at", "trail", fieldColumns,
}, ", ")

// fieldColumns are the columns of the recorded fields.
var fieldColumns = func() string {
	var names []string
	for _, f := range record.FieldList {
		names = append(names, f.Column)
	}
	return strings.Join(names, ", ")
}()

// row is a submission and how far its trail has come.
type row struct {
	record.Submission
	trail int
}

func scanSubmission(from interface{ Scan(...any) error }) (row, error) {
	var r row
	var created, finished, proven int64
	into := []any{
		&r.ID, &r.FormToken, &r.Attempt, &r.Fingerprint, &r.Holder, &created, &finished,
		&r.Actor.Issuer, &r.Actor.Subject, &r.Actor.Name, &r.RequestID, &r.ClientAddress, &r.Action, &r.Changes,
		&r.Outcome, &r.Status, &r.Sent, &r.VaultSecretName, &r.ResolverRef, &r.AnswerPartial, &proven, &r.trail,
	}
	for _, f := range record.FieldList {
		into = append(into, f.In(&r.Fields))
	}
	err := from.Scan(into...)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return row{}, ErrNotFound
	case err != nil:
		return row{}, fmt.Errorf("store: submission: %w", err)
	}
	r.CreatedAt = instant(created)
	r.FinishedAt = instant(finished)
	r.ProvenAt = instant(proven)
	return r, nil
}

// submissions reads rows; which is the part of the query behind the table's name.
func (q queries) submissions(ctx context.Context, which string, args ...any) ([]row, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+submissionColumns+` FROM submissions `+which, args...)
	if err != nil {
		return nil, fmt.Errorf("store: submissions: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var list []row
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

// errLimited rolls back what has no room.
var errLimited = errors.New("store: too many submissions")

// BeginSubmission records an intent and, where a call begins with it, that. Where its token and attempt are
// recorded already, by this process or another, nothing changes and begun is false. Beginning the same id
// again, because the first answer was lost with its connection, is begun. Where its actor has no room, nothing
// is recorded and wait says how long until there is.
func (s *Store) BeginSubmission(ctx context.Context, r record.Submission,
	b record.Begin) (begun bool, wait time.Duration, err error) {
	r.Sent = b.Step != nil
	err = s.record(ctx, func(w *writing) error {
		begun, wait = false, 0
		n, err := w.change(ctx, insertSubmission, submissionValues(&r)...)
		if err != nil {
			return err
		}
		if n == 0 {
			return nil
		}
		if b.PerMinute > 0 {
			if wait, err = takeSubmission(ctx, w.queries, r.Actor.Key(), b.PerMinute, s.now()); err != nil {
				return err
			}
			if wait > 0 {
				return errLimited
			}
		}
		events := []record.Event{r.Started()}
		if b.Step != nil {
			if err := w.beginStep(ctx, r.ID, *b.Step); err != nil {
				return err
			}
			events = append(events, r.CallBegins(*b.Step))
		}
		begun = true
		return w.appendEvents(events...)
	})
	switch {
	case errors.Is(err, errLimited):
		return false, wait, nil
	case err != nil:
		return false, 0, fmt.Errorf("store: begin submission: %w", err)
	case begun:
		return true, 0, nil
	}
	switch _, err := s.submission(ctx, `WHERE id = $1`, r.ID); {
	case errors.Is(err, ErrNotFound):
		return false, 0, nil
	case err != nil:
		return false, 0, fmt.Errorf("store: begin submission: %w", err)
	}
	return true, 0, nil
}

var insertSubmission = fmt.Sprintf(`INSERT INTO submissions (id, form_token, attempt, fingerprint, holder, created_at,
	actor_issuer, actor_subject, actor_name, request_id, client_address, action, changes, outcome, sent, trail, %s)
	VALUES %s ON CONFLICT (form_token, attempt) DO NOTHING`, fieldColumns, placeholders(1, 16+len(record.FieldList)))

func submissionValues(r *record.Submission) []any {
	values := []any{
		r.ID, r.FormToken, r.Attempt, r.Fingerprint, r.Holder, millis(r.CreatedAt),
		r.Actor.Issuer, r.Actor.Subject, r.Actor.Name, r.RequestID, r.ClientAddress, string(r.Action), r.Changes,
		string(r.Outcome), r.Sent, trailStarted,
	}
	for _, f := range record.FieldList {
		values = append(values, *f.In(&r.Fields))
	}
	return values
}

// BeginCall records that a call to Maia begins, before it does: should the process die now, nobody knows whether
// it arrived. ended is the call before it, which is recorded in the same step; it may be nil. A submission that
// was settled meanwhile, because its process seemed to be dead, is ErrNotFound and must not be sent: its form
// may be under way again as another attempt.
func (s *Store) BeginCall(ctx context.Context, r record.Submission, ended *record.Step, begins record.Step) error {
	err := s.record(ctx, func(w *writing) error {
		n, err := w.change(ctx, `UPDATE submissions SET sent = 1 WHERE id = $1 AND `+whilePending, r.ID)
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrNotFound
		}
		var events []record.Event
		if ended != nil {
			if err := w.endStep(ctx, r.ID, *ended); err != nil {
				return err
			}
			events = append(events, r.CallEnds(*ended))
			if err := w.keepAnswer(ctx, r.ID, ended.Answer); err != nil {
				return err
			}
		}
		if err := w.beginStep(ctx, r.ID, begins); err != nil {
			return err
		}
		return w.appendEvents(append(events, r.CallBegins(begins))...)
	})
	return quoting(err, "begin call")
}

// EndSubmission records how an attempt ended, with the call that ended it; ended is nil where none began. It
// also corrects an end that was only concluded because its process seemed to be dead. Ending it again, because
// the first answer was lost, changes nothing.
func (s *Store) EndSubmission(ctx context.Context, r record.Submission, ended *record.Step) error {
	err := s.record(ctx, func(w *writing) error {
		n, err := w.change(ctx, `UPDATE submissions SET outcome = $2, status = $3, sent = $4, vault_secret_name = $5,
			resolver_ref = $6, answer_partial = $7, finished_at = $8, trail = $9 WHERE id = $1 AND trail < $9`,
			r.ID, string(r.Outcome), r.Status, r.Sent, r.VaultSecretName, r.ResolverRef, r.AnswerPartial,
			millis(s.now()), trailEnded)
		if err != nil {
			return err
		}
		if n == 0 {
			return w.exists(ctx, r.ID)
		}
		var events []record.Event
		switch open, err := w.openStep(ctx, r.ID); {
		case err == nil && (ended == nil || ended.Number != open.Number):
			// The begin of this one was recorded, with the end of the one before, and the answer to that was lost.
			ended = &open
		case err != nil && !errors.Is(err, sql.ErrNoRows):
			return err
		}
		if ended != nil {
			if err := w.endStep(ctx, r.ID, *ended); err != nil {
				return err
			}
			events = append(events, r.CallEnds(*ended))
		}
		if err := w.appendEvents(append(events, r.Ended())...); err != nil {
			return err
		}
		return w.settleOlder(ctx, &r)
	})
	return quoting(err, "end submission")
}

// quoting says what a write was, but for ErrNotFound.
func quoting(err error, what string) error {
	if err == nil || errors.Is(err, ErrNotFound) {
		return err
	}
	return fmt.Errorf("store: %s: %w", what, err)
}

// exists is nil for a submission that is there.
func (q queries) exists(ctx context.Context, id string) error {
	var one int
	err := q.QueryRowContext(ctx, `SELECT 1 FROM submissions WHERE id = $1`, id).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	return err
}

// beginStep notes that a step's call begins; a second try begins it anew.
func (q queries) beginStep(ctx context.Context, id string, s record.Step) error {
	_, err := q.ExecContext(ctx, `INSERT INTO submission_steps (submission_id, step, call, sent, outcome) VALUES ($1, $2, $3, 1, $4)
		ON CONFLICT (submission_id, step) DO UPDATE SET sent = 1, outcome = $4`,
		id, s.Number, string(s.Call), string(record.Pending))
	return err
}

// endStep notes how a step's call ended.
func (q queries) endStep(ctx context.Context, id string, s record.Step) error {
	_, err := q.ExecContext(ctx, `UPDATE submission_steps SET sent = $3, status = $4, outcome = $5, vault_secret_name = $6,
		resolver_ref = $7, answer_partial = $8 WHERE submission_id = $1 AND step = $2`,
		id, s.Number, s.Sent, s.Status, string(s.Outcome), s.VaultSecretName, s.ResolverRef, s.AnswerPartial)
	return err
}

// openStep gives the step whose call has begun, as one that was not sent after all; sql.ErrNoRows where there is
// none. It is there where the answer to the begin was lost: then the call was not made.
func (q queries) openStep(ctx context.Context, id string) (record.Step, error) {
	st := record.Step{Outcome: record.Failed}
	err := q.QueryRowContext(ctx, `SELECT step, call FROM submission_steps WHERE submission_id = $1 AND `+whilePending, id).
		Scan(&st.Number, &st.Call)
	return st, err
}

// keepAnswer notes what Maia said of a value while the next call is still to come: should the process die, the
// receipt has it.
func (q queries) keepAnswer(ctx context.Context, id string, a record.Answer) error {
	if a == (record.Answer{}) {
		return nil
	}
	_, err := q.ExecContext(ctx, `UPDATE submissions SET vault_secret_name = $2, resolver_ref = $3, answer_partial = $4 WHERE id = $1`,
		id, a.VaultSecretName, a.ResolverRef, a.AnswerPartial)
	return err
}

// stored says whether an earlier step of a submission has created something.
func (q queries) stored(ctx context.Context, id string) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM submission_steps WHERE submission_id = $1 AND outcome = $2`,
		id, string(record.Created)).Scan(&n)
	return n > 0, err
}

// createdStatus is what Maia answers to every call that creates.
const createdStatus = 201

// settle concludes the end of a submission whose process is dead: value_stored where a value had been stored, else
// unknown where a call had begun, failed otherwise.
func (w *writing) settle(ctx context.Context, r row, now time.Time) error {
	r.Outcome = record.Failed
	if r.Sent {
		r.Outcome = record.Unknown
		stored, err := w.stored(ctx, r.ID)
		if err != nil {
			return err
		}
		if stored {
			r.Outcome = record.ValueStored
			r.Status = createdStatus
		}
	}
	_, err := w.ExecContext(ctx, `UPDATE submissions SET outcome = $2, finished_at = $3, status = $4 WHERE id = $1`,
		r.ID, string(r.Outcome), millis(now), r.Status)
	if err != nil {
		return err
	}
	_, err = w.ExecContext(ctx, `UPDATE submission_steps SET outcome = $2 WHERE submission_id = $1 AND `+whilePending,
		r.ID, string(record.Unknown))
	if err != nil || r.trail == trailNone {
		return err
	}
	return w.appendEvents(r.Settled())
}

// submission reads one; which is the part of the query behind the table's name.
func (s *Store) submission(ctx context.Context, which string, args ...any) (record.Submission, error) {
	r, err := scanSubmission(s.db.QueryRowContext(ctx, `SELECT `+submissionColumns+` FROM submissions `+which, args...))
	return r.Submission, err
}

// LatestAttempt gives the newest attempt under a form token, or ErrNotFound. Its steps are left out.
func (s *Store) LatestAttempt(ctx context.Context, formToken string) (record.Submission, error) {
	return s.submission(ctx, `WHERE form_token = $1 ORDER BY attempt DESC LIMIT 1`, formToken)
}

// SubmissionByID gives one submission with its steps, or ErrNotFound.
func (s *Store) SubmissionByID(ctx context.Context, id string) (record.Submission, error) {
	r, err := s.submission(ctx, `WHERE id = $1`, id)
	if err != nil {
		return record.Submission{}, err
	}
	r.Steps, err = s.steps(ctx, id)
	return r, err
}

func (s *Store) steps(ctx context.Context, id string) ([]record.Step, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT step, call, sent, status, outcome, vault_secret_name, resolver_ref, answer_partial
		FROM submission_steps WHERE submission_id = $1 ORDER BY step`, id)
	if err != nil {
		return nil, fmt.Errorf("store: steps: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var list []record.Step
	for rows.Next() {
		var st record.Step
		err := rows.Scan(&st.Number, &st.Call, &st.Sent, &st.Status, &st.Outcome,
			&st.VaultSecretName, &st.ResolverRef, &st.AnswerPartial)
		if err != nil {
			return nil, fmt.Errorf("store: steps: %w", err)
		}
		list = append(list, st)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: steps: %w", err)
	}
	return list, nil
}

// EarlierAttempt gives an actor's newest earlier submission that has made what r wanted to make, or may have: one that
// created it, ended unknown, or failed after it was sent. ErrNotFound where there is none.
func (s *Store) EarlierAttempt(ctx context.Context, r record.Submission) (record.Submission, error) {
	newest := record.Submission{}
	for _, same := range r.Same() {
		m := matching(&r, same)
		m.add(`(outcome IN ('` + string(record.Created) + `', '` + string(record.ValueStored) + `', '` + string(record.Unknown) +
			`') OR outcome = '` + string(record.Failed) + `' AND sent = 1 AND status <> 401)`)
		found, err := s.submission(ctx, m.where()+` ORDER BY id DESC LIMIT 1`, m.args...)
		switch {
		case errors.Is(err, ErrNotFound):
		case err != nil:
			return record.Submission{}, err
		case found.ID > newest.ID:
			newest = found
		}
	}
	if newest.ID == "" {
		return record.Submission{}, ErrNotFound
	}
	return newest, nil
}

// Stored gives an actor's own submission that has stored the secret of a name, as the vault has it, and whose reference
// is still to come: an unfinished setup in the project before a value. ErrNotFound where there is none.
func (s *Store) Stored(ctx context.Context, actor record.Actor,
	projectID, secretName string) (record.Submission, error) {
	return s.submission(ctx, whichStored, actor.Issuer, actor.Subject, projectID, secretName)
}

// whichStored finds it, behind the table's name. Its second and its last condition are those of an index.
const whichStored = `WHERE actor_issuer = $1 AND actor_subject = $2 AND action IN ('` + string(record.Setup) + `', '` + string(record.Value) + `')
	AND (action = '` + string(record.Setup) + `' AND outcome = '` + string(record.ValueStored) + `' AND project_id = $3
		OR action = '` + string(record.Value) + `' AND outcome = '` + string(record.Created) + `')
	AND CASE WHEN vault_secret_name <> '' THEN vault_secret_name WHEN action = '` + string(record.Value) + `' THEN name
		ELSE secret_name END = $4
	ORDER BY CASE WHEN action = '` + string(record.Setup) + `' THEN 0 ELSE 1 END, id DESC LIMIT 1`

// RefusedBetween counts an actor's submissions from one instant to another that Maia answered with 401.
func (s *Store) RefusedBetween(ctx context.Context, actor record.Actor, from, to time.Time) (int, error) {
	var n int
	err := s.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM submissions WHERE actor_issuer = $1 AND actor_subject = $2
		AND created_at >= $3 AND created_at <= $4 AND outcome = '`+string(record.Unauthenticated)+`' AND status = 401`,
		actor.Issuer, actor.Subject, millis(from), millis(to)).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("store: refused submissions: %w", err)
	}
	return n, nil
}
