package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"maiaportal/internal/record"
)

// takeSubmission takes one from an actor's token bucket, which holds perMinute and refills at that
// rate, over all processes. Where it is empty, wait says how long until one is there; else it is 0.
//
// It is the generic cell rate algorithm, for it needs one number and one statement. A bucket that fills up later than
// any can was used while a clock was ahead, and is full: else its owner would be kept out until that time has come.
func takeSubmission(ctx context.Context, q queries, actor string, perMinute int,
	at time.Time) (wait time.Duration, err error) {
	now := millis(at)
	each := time.Minute.Milliseconds() / int64(perMinute)
	slack := each * int64(perMinute-1)
	var fullAt int64
	err = q.QueryRowContext(ctx, `
		INSERT INTO submission_limits (actor, full_at) VALUES ($1, $2)
		ON CONFLICT (actor) DO UPDATE
			SET full_at = CASE WHEN submission_limits.full_at > $3 AND submission_limits.full_at <= $6
				THEN submission_limits.full_at ELSE $3 END + $4
			WHERE submission_limits.full_at <= $5 OR submission_limits.full_at > $6
		RETURNING full_at`,
		actor, now+each, now, each, now+slack, now+(time.Minute+clocksApart).Milliseconds()).Scan(&fullAt)
	if err == nil {
		return 0, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("store: submission limit: %w", err)
	}
	if err := q.QueryRowContext(ctx, `SELECT full_at FROM submission_limits WHERE actor = $1`, actor).Scan(&fullAt); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("store: submission limit: %w", err)
	}
	return max(time.Duration(fullAt-slack-now)*time.Millisecond, time.Millisecond), nil
}

// TakeLater takes one from an actor's bucket for what is said or asked later about a submission. It is a bucket of its
// own, so that nobody who ticks and unticks cannot send a form.
func (s *Store) TakeLater(ctx context.Context, of record.Actor, perMinute int) (wait time.Duration, err error) {
	err = s.write(ctx, func(q queries) error {
		wait, err = takeSubmission(ctx, q, "later "+of.Key(), perMinute, s.now())
		return err
	})
	return wait, err
}

// SweepLimits forgets actors whose bucket is full.
func (s *Store) SweepLimits(ctx context.Context) (int64, error) {
	return s.change(ctx, `DELETE FROM submission_limits WHERE full_at <= $1`, millis(s.now()))
}
