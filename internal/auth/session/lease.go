package session

import (
	"context"
	"errors"
	"time"

	"maiaportal/internal/record"
	"maiaportal/internal/secret"
	"maiaportal/internal/store"
)

// ErrNotLeased is a session that has ended, or whose tokens another process renews.
var ErrNotLeased = errors.New("auth: the session has ended, or another process has its lease")

// leaseRows let one process at a time renew the tokens of a session, and end one that nobody may use any more.
type leaseRows interface {
	Session(ctx context.Context, idHash []byte, begun, seen time.Time) (store.Session, error)
	LeaseSession(ctx context.Context, idHash []byte, by string, until time.Time) (sealed []byte, err error)
	ReleaseSession(ctx context.Context, idHash []byte, by string, now *store.Renewed) error
	DeleteSession(ctx context.Context, idHash []byte, e store.Ending) (bool, error)
}

// Leases hands the logins of sessions out for their tokens to be renewed, to one process at a time.
type Leases struct {
	Rows leaseRows
	Keys []secret.Value // as those of Sessions
}

// Lease gives the login of a session for its tokens to be renewed, which nobody else may do until then. Errors:
// ErrNotLeased, ErrUnsealed, or the database's.
func (l *Leases) Lease(ctx context.Context, s *Session, by string, until time.Time) (Login, error) {
	sealed, err := l.Rows.LeaseSession(ctx, hash(s.id.Reveal()), by, until)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Login{}, ErrNotLeased
	case err != nil:
		return Login{}, err
	}
	return sealer{l.Keys}.login(s.id.Reveal(), sealed)
}

// Release gives a lease back, and stores a login that was renewed, where it is not nil. Errors: ErrNotLeased, or the
// database's.
func (l *Leases) Release(ctx context.Context, s *Session, by string, renewed *Login) error {
	var save *store.Renewed
	if renewed != nil {
		sealed, err := sealer{l.Keys}.sealLogin(s.id.Reveal(), *renewed)
		if err != nil {
			return err
		}
		save = &store.Renewed{Sealed: sealed, SID: renewed.SID}
	}
	err := l.Rows.ReleaseSession(ctx, hash(s.id.Reveal()), by, save)
	if errors.Is(err, store.ErrNotFound) {
		return ErrNotLeased
	}
	return err
}

// Stored gives the login of a session as it is now, however old it is. Errors: ErrEnded, ErrUnsealed, or the
// database's.
func (l *Leases) Stored(ctx context.Context, s *Session) (Login, error) {
	row, err := l.Rows.Session(ctx, hash(s.id.Reveal()), time.Time{}, time.Time{})
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Login{}, ErrEnded
	case err != nil:
		return Login{}, err
	}
	return sealer{l.Keys}.login(s.id.Reveal(), row.Sealed)
}

// Drop ends a session that nobody may use any more, whether or not somebody waits for it.
func (l *Leases) Drop(ctx context.Context, s *Session) error {
	ctx, cancel := outlive(ctx)
	defer cancel()
	_, err := l.Rows.DeleteSession(ctx, hash(s.id.Reveal()), store.Ending{By: record.ByRefusal})
	return err
}
