package auth

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"maiaportal/internal/auth/session"
)

const (
	// releaseTime is how long one try to give a lease back may take.
	releaseTime = 5 * time.Second
	// releaseRetry is how long it is waited between two tries: short, because a rotated refresh token is
	// lost when another process renews with the old one first.
	releaseRetry = 100 * time.Millisecond
	// lastWord is how long it is waited for the log line of what was lost at the end.
	lastWord = time.Second
)

// unsaved has the logins whose tokens were renewed and which the database has not taken yet. Their old
// refresh tokens are used up: until they are stored, this process goes on with what it has in memory. The
// zero value is ready.
type unsaved struct {
	mu     sync.Mutex
	logins map[string]Login // by the key of the session
	busy   int              // renewals, and tries to store one, that are under way
	idle   chan struct{}    // closed when none is; nil: nobody waits for it
	cut    chan struct{}    // closed when the process cannot wait any longer
}

// drop forgets what is kept for a session.
func (u *unsaved) drop(s *Session) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.logins, s.Key())
}

// begin notes that something is under way which the end of the process has to wait for.
func (u *unsaved) begin() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.busy++
}

func (u *unsaved) end() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.busy--; u.busy == 0 && u.idle != nil {
		close(u.idle)
		u.idle = nil
	}
}

// ended is closed when nothing is under way.
func (u *unsaved) ended() <-chan struct{} {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.busy == 0 {
		none := make(chan struct{})
		close(none)
		return none
	}
	if u.idle == nil {
		u.idle = make(chan struct{})
	}
	return u.idle
}

func (u *unsaved) get(s *Session) (Login, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	login, ok := u.logins[s.Key()]
	return login, ok
}

func (u *unsaved) put(s *Session, login Login) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.logins == nil {
		u.logins = map[string]Login{}
	}
	u.logins[s.Key()] = login
}

// done forgets a login, unless a newer one has taken its place.
func (u *unsaved) done(s *Session, login Login) {
	u.mu.Lock()
	defer u.mu.Unlock()
	now, ok := u.logins[s.Key()]
	if ok && same(now.AccessToken, login.AccessToken) && same(now.RefreshToken, login.RefreshToken) {
		delete(u.logins, s.Key())
	}
}

// ending is closed by stop.
func (u *unsaved) ending() <-chan struct{} {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.cut == nil {
		u.cut = make(chan struct{})
	}
	return u.cut
}

// stop ends all tries.
func (u *unsaved) stop() {
	ending := u.ending()
	u.mu.Lock()
	defer u.mu.Unlock()
	select {
	case <-ending:
	default:
		close(u.cut)
	}
}

// release gives a lease back and stores the login, where it was renewed. It is tried at once, and where the database
// does not take it, again and again until it does.
func (t *Tokens) release(s *Session, me string, login Login, renewed bool) {
	var save *Login // nil: the lease alone is given back
	if renewed {
		save = &login
	}
	err := t.releaseOnce(s, me, save)
	switch {
	case err == nil:
		if renewed {
			t.unsaved.drop(s) // what this process had kept is older than what was stored under the lease
		}
		return
	case errors.Is(err, session.ErrNotLeased):
		if renewed {
			t.RP.Log.LogAttrs(context.Background(), slog.LevelWarn, "renewed session not stored: it has ended, or another process has taken its turn")
		}
		t.unsaved.done(s, login)
		return
	case !renewed:
		return // the lease runs out by itself, and nothing is lost with it
	}
	t.RP.Log.LogAttrs(context.Background(), slog.LevelWarn, "renewed session not stored yet, trying again", slog.String("error", err.Error()))
	t.unsaved.put(s, login)
	ending := t.unsaved.ending()
	last := time.Now().Add(t.Sessions.Max) // then it is of no use to anybody
	t.unsaved.begin()
	go func() {
		defer t.unsaved.end()
		defer t.unsaved.done(s, login)
		for time.Now().Before(last) {
			select {
			case <-ending:
				t.RP.Log.LogAttrs(context.Background(), slog.LevelError, "renewed session lost: the database did not take it before the end")
				return
			case <-time.After(releaseRetry):
			}
			if err := t.releaseOnce(s, me, save); err == nil || errors.Is(err, session.ErrNotLeased) {
				return
			}
		}
	}()
}

func (t *Tokens) releaseOnce(s *Session, me string, save *Login) error {
	// Not under the request's context, nor under what is left of the lease.
	ctx, cancel := context.WithTimeout(context.Background(), releaseTime)
	defer cancel()
	return t.Leases.Release(ctx, s, me, save)
}

// Drain waits until no token is being renewed and what was renewed is stored, or ctx ends.
func (t *Tokens) Drain(ctx context.Context) {
	ended := t.unsaved.ended()
	select {
	case <-ended:
	case <-ctx.Done():
		t.unsaved.stop()
		select {
		case <-ended:
		case <-time.After(lastWord):
		}
	}
}
