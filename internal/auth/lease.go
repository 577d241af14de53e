package auth

import (
	"context"
	"errors"
	"time"

	"maiaportal/internal/secret"
	"maiaportal/internal/store"
)

// errNotLeased is a session that has ended, or whose tokens another process renews.
var errNotLeased = errors.New("auth: the session has ended, or another process has its lease")

// Lease gives the login of a session for its tokens to be renewed, which nobody else may do until then. Errors:
// errNotLeased, errUnsealed, or the database's.
func (s *Sessions) Lease(ctx context.Context, id secret.Text, by string, until time.Time) (Login, error) {
	sealed, err := s.Rows.LeaseSession(ctx, hash(id.Reveal()), by, until)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Login{}, errNotLeased
	case err != nil:
		return Login{}, err
	}
	return s.unseal(id.Reveal(), sealed)
}

// Release gives a lease back, and stores a login that was renewed, where it is not nil. Errors: errNotLeased, or the
// database's.
func (s *Sessions) Release(ctx context.Context, id secret.Text, by string, renewed *Login) error {
	var save *store.Renewed
	if renewed != nil {
		sealed, err := s.seal(id.Reveal(), *renewed)
		if err != nil {
			return err
		}
		save = &store.Renewed{Sealed: sealed, SID: renewed.SID}
	}
	err := s.Rows.ReleaseSession(ctx, hash(id.Reveal()), by, save)
	if errors.Is(err, store.ErrNotFound) {
		return errNotLeased
	}
	return err
}

// stored gives the login of a session as it is now, however old it is. Errors: ErrSessionEnded, errUnsealed, or the
// database's.
func (s *Sessions) stored(ctx context.Context, id secret.Text) (Login, error) {
	row, err := s.Rows.Session(ctx, hash(id.Reveal()), time.Time{}, time.Time{})
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Login{}, ErrSessionEnded
	case err != nil:
		return Login{}, err
	}
	return s.unseal(id.Reveal(), row.Sealed)
}

// drop ends a session that nobody may use any more.
func (s *Sessions) drop(ctx context.Context, id secret.Text) error {
	_, err := s.Rows.DeleteSession(ctx, hash(id.Reveal()))
	return err
}
