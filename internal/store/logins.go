package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// PendingLogin is a login that was sent to the provider and has not come back. Sealed is opaque here.
type PendingLogin struct {
	Sealed    []byte
	CreatedAt time.Time
	// First says that this call was the first one for its state.
	First bool
}

// CreatePendingLogin adds a login under the hashes of its state and of the browser that began it.
func (s *Store) CreatePendingLogin(ctx context.Context, stateHash, browserHash, sealed []byte) error {
	_, err := s.db.ExecContext(ctx, `INSERT INTO pending_logins (state_hash, browser_hash, sealed, created_at) VALUES ($1, $2, $3, $4)`,
		stateHash, browserHash, sealed, millis(s.now()))
	if err != nil {
		return fmt.Errorf("store: create pending login: %w", err)
	}
	return nil
}

// UsePendingLogin takes a login for the browser that began it. A second call for the same state finds
// it too, with First false, because its row is needed to bring the person back to where the login was
// to lead. A state that is unknown, or another browser's, is ErrNotFound, and using it changes nothing.
func (s *Store) UsePendingLogin(ctx context.Context, stateHash, browserHash []byte) (PendingLogin, error) {
	now := millis(s.now())
	res, err := s.db.ExecContext(ctx, `UPDATE pending_logins SET used_at = $3 WHERE state_hash = $1 AND browser_hash = $2 AND used_at = 0`, stateHash, browserHash, now)
	if err != nil {
		return PendingLogin{}, fmt.Errorf("store: use pending login: %w", err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return PendingLogin{}, fmt.Errorf("store: use pending login: %w", err)
	}
	row := PendingLogin{First: n == 1}
	var created int64
	var browser []byte
	err = s.db.QueryRowContext(ctx, `SELECT sealed, created_at, browser_hash FROM pending_logins WHERE state_hash = $1`, stateHash).Scan(&row.Sealed, &created, &browser)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return PendingLogin{}, ErrNotFound
	case err != nil:
		return PendingLogin{}, fmt.Errorf("store: pending login: %w", err)
	case !bytes.Equal(browser, browserHash):
		return PendingLogin{}, ErrNotFound
	}
	row.CreatedAt = instant(created)
	return row, nil
}

// SweepPendingLogins removes logins begun before t.
func (s *Store) SweepPendingLogins(ctx context.Context, t time.Time) (int64, error) {
	res, err := s.db.ExecContext(ctx, `DELETE FROM pending_logins WHERE created_at <= $1`, millis(t))
	if err != nil {
		return 0, fmt.Errorf("store: sweep pending logins: %w", err)
	}
	return res.RowsAffected()
}
