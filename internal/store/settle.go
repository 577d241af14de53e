package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"maiaportal/internal/record"
)

// settleOlder writes down what the end of a submission says about older ones.
func (w *writing) settleOlder(ctx context.Context, later *record.Submission) error {
	for _, o := range later.Settles() {
		r, err := w.older(ctx, later, o)
		switch {
		case errors.Is(err, ErrNotFound):
			continue
		case err != nil:
			return err
		}
		r.Outcome = o.Becomes
		if r.Outcome == record.ValueStored {
			// Its reference may have been created before anybody knew of the value.
			if r.Outcome, err = w.withReference(ctx, later, &r.Submission); err != nil {
				return err
			}
		}
		_, err = w.ExecContext(ctx, `UPDATE submissions SET outcome = $2 WHERE id = $1`, r.ID, string(r.Outcome))
		if err != nil {
			return err
		}
		if r.trail == trailNone {
			continue
		}
		if err := w.appendEvents(r.SettledBy(later)); err != nil {
			return err
		}
	}
	return nil
}

// older finds the submission of the same user that is meant: the first one, because after it the name was taken.
func (q queries) older(ctx context.Context, later *record.Submission, o record.Older) (row, error) {
	m := matching(later, o.Same)
	m.add(`outcome = '` + string(o.Outcome) + `'`)
	if o.LastInDoubt {
		m.add(perhapsDone)
	}
	return scanSubmission(q.QueryRowContext(ctx, `SELECT `+submissionColumns+` FROM submissions `+m.where()+` ORDER BY id LIMIT 1`,
		m.args...))
}

// withReference is the outcome of a setup whose value is stored: created, where the user has created its reference.
func (q queries) withReference(ctx context.Context, later, setup *record.Submission) (record.Outcome, error) {
	m := matching(later, setup.PointedAt())
	m.add(`outcome = '` + string(record.Created) + `'`)
	var there bool
	err := q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM submissions `+m.where()+`)`, m.args...).Scan(&there)
	switch {
	case err != nil:
		return "", fmt.Errorf("store: reference of a setup: %w", err)
	case there:
		return record.Created, nil
	}
	return record.ValueStored, nil
}

// perhapsDone says that a second call was sent and may have been done: nobody knows how it ended, or Maia said that it
// failed.
const perhapsDone = `EXISTS (SELECT 1 FROM submission_steps WHERE submission_id = submissions.id AND step > 1
	AND (submission_steps.outcome = '` + string(record.Unknown) + `' OR submission_steps.outcome = '` + string(record.Failed) + `'
		AND submission_steps.sent = 1 AND submission_steps.status >= 500))`

// match are conditions and their parameters.
type match struct {
	conditions []string
	args       []any
}

func (m *match) add(condition string) { m.conditions = append(m.conditions, condition) }

// equal adds a condition with a parameter.
func (m *match) equal(expression, value string) {
	m.args = append(m.args, value)
	m.add(fmt.Sprintf(`%s = $%d`, expression, len(m.args)))
}

func (m *match) where() string { return `WHERE ` + strings.Join(m.conditions, ` AND `) }

// matching are the conditions of an earlier submission of the same user that was about the same.
func matching(later *record.Submission, same record.Same) *match {
	m := &match{args: []any{later.ID}}
	m.add(`id < $1`)
	m.equal("actor_issuer", later.Actor.Issuer)
	m.equal("actor_subject", later.Actor.Subject)
	// The words themselves, here and below: indexes are of them.
	m.add(`action = '` + string(same.Action) + `'`)
	if same.SecretName != "" {
		m.add(`secret_name <> ''`)
	}
	if same.Referenced {
		m.add(`(secret_name = '' OR outcome = '` + string(record.Created) + `' OR ` + perhapsDone + `)`)
	}
	for _, c := range []struct{ expression, value string }{
		{"name", same.Name},
		{"project_id", same.ProjectID},
		{"agent_id", same.AgentID},
		{"CASE WHEN vault_secret_name <> '' THEN vault_secret_name ELSE secret_name END", same.SecretName},
	} {
		if c.value != "" {
			m.equal(c.expression, c.value)
		}
	}
	return m
}
