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

const (
	// strangersFromOne and strangersAll bound the bytes that pending logins of people who were not signed
	// in take up: those from one address, and all of them. Beyond, some are forgotten, so that nobody is kept
	// from signing in. A way back of usual length takes about 1,000 bytes, the longest about 12,000.
	strangersFromOne = 512 << 10
	strangersAll     = 8 << 20
	// pendingRow is what a row takes up beside its payload, indexes included.
	pendingRow = 500
)

// NewLogin is a login that is about to be sent to the provider.
type NewLogin struct {
	StateHash   []byte
	BrowserHash []byte // of the browser that begins it
	Sealed      []byte
	Address     string // that it begins from
	SignedIn    bool   // whether that browser has a session: then no bound counts it
}

// CreatePendingLogin adds a login. Where strangers have left too many, some of theirs are removed.
func (s *Store) CreatePendingLogin(ctx context.Context, l NewLogin) error {
	_, err := s.change(ctx, `INSERT INTO pending_logins (state_hash, browser_hash, sealed, created_at, address, signed_in) VALUES ($1, $2, $3, $4, $5, $6)`,
		l.StateHash, l.BrowserHash, l.Sealed, millis(s.now()), l.Address, l.SignedIn)
	if err != nil {
		return fmt.Errorf("store: create pending login: %w", err)
	}
	if !l.SignedIn {
		// A step of its own: two that clear up at once may get in each other's way, and the next one does it
		// again. Nobody is kept from signing in by that.
		_ = s.write(ctx, func(q queries) error { return forgetStrangers(ctx, q, l.Address) })
	}
	return nil
}

// forgetStrangers keeps pending logins of strangers within their bounds.
func forgetStrangers(ctx context.Context, q queries, address string) error {
	const size = `COALESCE(SUM(LENGTH(sealed) + $1), 0) FROM pending_logins WHERE signed_in = 0`
	// What is kept longest comes first, and all of it counts together: logins that are under way, short ones
	// before long ones, so that whoever leaves long ones forgets those, and the newest of each kind.
	const older = `DELETE FROM pending_logins WHERE state_hash IN (SELECT state_hash FROM (
		SELECT state_hash, SUM(LENGTH(sealed) + $1) OVER (
			ORDER BY CASE WHEN used_at > 0 THEN 2 WHEN LENGTH(sealed) > 2000 THEN 1 ELSE 0 END,
				created_at DESC, state_hash) AS so_far
		FROM pending_logins WHERE signed_in = 0 AND ($3 = '' OR address = $3)) AS kept WHERE so_far > $2)`
	var from, all int64
	if err := q.QueryRowContext(ctx, `SELECT `+size+` AND address = $2`, pendingRow, address).Scan(&from); err != nil {
		return err
	}
	if from > strangersFromOne && address != "" {
		// A tenth more than needed goes, so that not each login has to look for the oldest.
		if _, err := q.change(ctx, older, pendingRow, strangersFromOne*9/10, address); err != nil {
			return err
		}
	}
	if err := q.QueryRowContext(ctx, `SELECT `+size, pendingRow).Scan(&all); err != nil {
		return err
	}
	if all > strangersAll {
		if _, err := q.change(ctx, older, pendingRow, strangersAll*9/10, ""); err != nil {
			return err
		}
	}
	return nil
}

// UsePendingLogin takes a login for the browser that began it. A second call for the same state finds
// it too, with First false, because its row is needed to bring the person back to where the login was
// to lead. A state that is unknown, or another browser's, is ErrNotFound, and using it changes nothing.
func (s *Store) UsePendingLogin(ctx context.Context, stateHash, browserHash []byte) (PendingLogin, error) {
	now := millis(s.now())
	n, err := s.change(ctx, `UPDATE pending_logins SET used_at = $3 WHERE state_hash = $1 AND browser_hash = $2 AND used_at = 0`, stateHash, browserHash, now)
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
	return s.change(ctx, `DELETE FROM pending_logins WHERE created_at <= $1`, millis(t))
}
