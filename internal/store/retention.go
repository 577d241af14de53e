package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"maiaportal/internal/record"
)

// How much one step of retention removes at most: others write in between.
const (
	eventsRemoved  = 2000
	recordsRemoved = 500
)

// kept are the records that are not removed however old they are: those under way, and those of secrets that are to be
// renewed.
const kept = `outcome = '` + string(record.Pending) + `' OR renew_by <> '' AND ` + dueOutcomes

// RemoveOld removes the oldest events and records from before an instant, a limited number of them, with the event of
// that, in one step. Where nothing is that old, nothing is written and done is true. The last event always stays: the
// chain goes on from it. Several processes may do this at once; each step begins where the one before has ended.
func (s *Store) RemoveOld(ctx context.Context, before time.Time) (removed record.Removed, done bool, err error) {
	err = s.record(ctx, func(w *writing) error {
		removed = record.Removed{Before: before}
		var err error
		if removed.Events, err = w.removeEvents(ctx, &removed, millis(before)); err != nil {
			return err
		}
		if removed.Records, err = w.removeRecords(ctx, millis(before)); err != nil {
			return err
		}
		if done = removed.Events == 0 && removed.Records == 0; done {
			return nil
		}
		return w.appendEvents(removed.Event())
	})
	return removed, done, quoting(err, "remove what is old")
}

// removeEvents removes the beginning of the trail, notes the last event that is gone, and gives how many went.
func (q queries) removeEvents(ctx context.Context, into *record.Removed, before int64) (int, error) {
	// What an earlier step has removed last is what the first event follows.
	err := q.QueryRowContext(ctx, `SELECT seq - 1, prev FROM events ORDER BY seq LIMIT 1`).Scan(&into.Seq, &into.Hash)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	var last sql.NullInt64
	err = q.QueryRowContext(ctx, fmt.Sprintf(`SELECT MAX(seq) FROM (SELECT seq, time FROM events
		WHERE seq < (SELECT MAX(seq) FROM events) ORDER BY seq LIMIT %d) AS oldest WHERE time < $1`, eventsRemoved), before).Scan(&last)
	if err != nil || !last.Valid {
		return 0, err
	}
	into.Seq = last.Int64
	if err := q.QueryRowContext(ctx, `SELECT hash FROM events WHERE seq = $1`, last.Int64).Scan(&into.Hash); err != nil {
		return 0, err
	}
	n, err := q.change(ctx, `DELETE FROM events WHERE seq <= $1`, last.Int64)
	return int(n), err
}

// removeRecords removes the oldest records with their steps, and gives how many went.
func (q queries) removeRecords(ctx context.Context, before int64) (int, error) {
	old := fmt.Sprintf(`SELECT id FROM submissions WHERE created_at < $1 AND NOT (%s) ORDER BY created_at, id LIMIT %d`, kept, recordsRemoved)
	if _, err := q.change(ctx, `DELETE FROM submission_steps WHERE submission_id IN (`+old+`)`, before); err != nil {
		return 0, err
	}
	n, err := q.change(ctx, `DELETE FROM submissions WHERE id IN (`+old+`)`, before)
	return int(n), err
}
