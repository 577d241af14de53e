package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Session is a row of the table of sessions. Sealed is opaque here.
type Session struct {
	Sealed    []byte
	CreatedAt time.Time
	SeenAt    time.Time
}

// CreateSession adds a session under the hash of its id.
func (s *Store) CreateSession(ctx context.Context, idHash, sealed []byte) error {
	now := millis(s.now())
	_, err := s.db.ExecContext(ctx, `INSERT INTO sessions (id_hash, sealed, created_at, seen_at) VALUES ($1, $2, $3, $3)`, idHash, sealed, now)
	if err != nil {
		return fmt.Errorf("store: create session: %w", err)
	}
	return nil
}

// Session gives a session that was begun after begun and used after seen, or ErrNotFound.
func (s *Store) Session(ctx context.Context, idHash []byte, begun, seen time.Time) (Session, error) {
	var row Session
	var created, used int64
	err := s.db.QueryRowContext(ctx, `SELECT sealed, created_at, seen_at FROM sessions WHERE id_hash = $1 AND created_at > $2 AND seen_at > $3`,
		idHash, millis(begun), millis(seen)).Scan(&row.Sealed, &created, &used)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Session{}, ErrNotFound
	case err != nil:
		return Session{}, fmt.Errorf("store: session: %w", err)
	}
	row.CreatedAt, row.SeenAt = instant(created), instant(used)
	return row, nil
}

// TouchSession notes that a session was used now.
func (s *Store) TouchSession(ctx context.Context, idHash []byte) error {
	res, err := s.db.ExecContext(ctx, `UPDATE sessions SET seen_at = $2 WHERE id_hash = $1`, idHash, millis(s.now()))
	return affected(res, err, "touch session")
}

// SaveSession replaces the payload of an existing session. One that has ended is not revived:
// ErrNotFound.
func (s *Store) SaveSession(ctx context.Context, idHash, sealed []byte) error {
	res, err := s.db.ExecContext(ctx, `UPDATE sessions SET sealed = $2 WHERE id_hash = $1`, idHash, sealed)
	return affected(res, err, "save session")
}

// DeleteSession ends a session. Ending one that is not there is no error.
func (s *Store) DeleteSession(ctx context.Context, idHash []byte) error {
	if _, err := s.db.ExecContext(ctx, `DELETE FROM sessions WHERE id_hash = $1`, idHash); err != nil {
		return fmt.Errorf("store: delete session: %w", err)
	}
	return nil
}

// LeaseSession lets one caller at a time, over all processes, renew a session's token. The winner
// gets the payload as it is now; everybody else, and everybody for a session that has ended, gets
// ErrNotFound. A lease that is not given back runs out at until.
func (s *Store) LeaseSession(ctx context.Context, idHash []byte, by string, until time.Time) (sealed []byte, err error) {
	err = s.db.QueryRowContext(ctx, `UPDATE sessions SET lease_until = $3, lease_by = $2 WHERE id_hash = $1 AND lease_until < $4 RETURNING sealed`,
		idHash, by, millis(until), millis(s.now())).Scan(&sealed)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, ErrNotFound
	case err != nil:
		return nil, fmt.Errorf("store: lease session: %w", err)
	}
	return sealed, nil
}

// ReleaseSession gives a lease back and, where sealed is not nil, replaces the payload in the same
// step. A lease that was lost meanwhile, or a session that has ended, is ErrNotFound.
func (s *Store) ReleaseSession(ctx context.Context, idHash []byte, by string, sealed []byte) error {
	res, err := s.db.ExecContext(ctx, `UPDATE sessions SET lease_until = 0, lease_by = '', sealed = COALESCE($3, sealed) WHERE id_hash = $1 AND lease_by = $2`, idHash, by, sealed)
	return affected(res, err, "release session")
}

// SweepSessions removes sessions begun before begun or not used since seen, and tells how many.
func (s *Store) SweepSessions(ctx context.Context, begun, seen time.Time) (int64, error) {
	res, err := s.db.ExecContext(ctx, `DELETE FROM sessions WHERE created_at <= $1 OR seen_at <= $2`, millis(begun), millis(seen))
	if err != nil {
		return 0, fmt.Errorf("store: sweep sessions: %w", err)
	}
	return res.RowsAffected()
}
