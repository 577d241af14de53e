package store

import (
	"context"
	"time"

	"maiaportal/internal/record"
)

// What becomes known of a submission after its end. Each change is one transaction with its event; where nothing
// changes, there is no event. A submission that is not there is ErrNotFound.

// Prove notes that a pipeline has used the secret, or takes that back. The first time counts.
func (s *Store) Prove(ctx context.Context, id string, proven bool, by record.By) error {
	return quoting(s.later(ctx, id, func(w *writing, r *row) error {
		if r.Outcome != record.Created || proven == !r.ProvenAt.IsZero() {
			return nil
		}
		r.ProvenAt = time.Time{}
		at := int64(0)
		if proven {
			at = millis(s.now())
			r.ProvenAt = instant(at)
		}
		if _, err := w.ExecContext(ctx, `UPDATE submissions SET proven_at = $2 WHERE id = $1`, id, at); err != nil {
			return err
		}
		return w.appendEvents(r.Proven(by))
	}), "prove")
}

// Renew notes that the secret was renewed in its vault, and by which day it is due again; empty: never.
func (s *Store) Renew(ctx context.Context, id, renewBy string, by record.By) error {
	return quoting(s.later(ctx, id, func(w *writing, r *row) error {
		if r.RenewBy == "" || r.RenewBy == renewBy {
			return nil
		}
		r.RenewBy = renewBy
		if _, err := w.ExecContext(ctx, `UPDATE submissions SET renew_by = $2 WHERE id = $1`, id, renewBy); err != nil {
			return err
		}
		return w.appendEvents(r.Renewed(by))
	}), "renew")
}

// Check notes what Maia was found to have of a submission whose end is unknown: created, failed, or still unknown.
func (s *Store) Check(ctx context.Context, id string, found record.Outcome, by record.By) error {
	return quoting(s.later(ctx, id, func(w *writing, r *row) error {
		if r.Outcome != record.Unknown {
			return nil
		}
		r.Outcome = found
		if _, err := w.ExecContext(ctx, `UPDATE submissions SET outcome = $2 WHERE id = $1`, id, string(found)); err != nil {
			return err
		}
		return w.appendEvents(r.Checked(by))
	}), "check")
}

// later reads a submission inside a writing transaction and hands it to change.
func (s *Store) later(ctx context.Context, id string, change func(*writing, *row) error) error {
	return s.record(ctx, func(w *writing) error {
		rows, err := w.submissions(ctx, `WHERE id = $1`+s.forUpdate(), id)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return ErrNotFound
		}
		return change(w, &rows[0])
	})
}

// forUpdate locks the rows that are read, where other processes can write as well.
func (s *Store) forUpdate() string {
	if s.pg != nil {
		return ` FOR UPDATE`
	}
	return ``
}
