package auth_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"maiaportal/internal/auth/hostile"
	"maiaportal/internal/store"
)

// S-13: a process that gets the lease at the end of its patience has a whole deadline for the refresh. One
// that was left of the waiting would break it off, and use the refresh token up for nothing.
func TestLateTakeOver(t *testing.T) {
	t.Parallel()
	const patience = 300 * time.Millisecond
	r := newRig(t)
	b := r.browser().login()
	before := *b.session()
	used := before
	// Another process takes the lease and dies.
	sum := r.idHash(b)
	if _, err := r.store.LeaseSession(t.Context(), sum, "dead", r.clock.Now().Add(20*time.Second)); err != nil {
		t.Fatal(err)
	}
	r.tokens.Hurry(patience)
	r.op.Set(func(s *hostile.Switches) {
		// Slower than what is left of the patience, however late the lease was had.
		s.Before[hostile.Token] = func() { <-time.After(2 * patience) }
	})
	r.clock.Add(21 * time.Second) // the dead one's lease is over
	token, err := r.tokens.For(&used).Renew(t.Context(), before.Login.AccessToken.Reveal())
	if err != nil || token == before.Login.AccessToken.Reveal() {
		t.Fatalf("%q, %v", token, err)
	}
	if got := b.session().Login; got.AccessToken.Reveal() != token || got.RefreshToken.Reveal() == before.Login.RefreshToken.Reveal() {
		t.Errorf("stored %+v", got)
	}
	if n := r.op.Reuses(); n != 0 {
		t.Errorf("%d used tokens", n)
	}
}

// away is a database that does not take leases back for a while.
type away struct {
	*store.Store
	until chan struct{} // closed: it is back
	tried chan struct{} // gets a value for each try that failed
}

func (a *away) ReleaseSession(ctx context.Context, idHash []byte, by string, now *store.Renewed) error {
	select {
	case <-a.until:
		return a.Store.ReleaseSession(ctx, idHash, by, now)
	default:
	}
	select {
	case a.tried <- struct{}{}:
	default:
	}
	return errors.New("the database is away")
}

// S-13: a rotated refresh token is stored although the database is away when it comes; meanwhile this
// process goes on with it, and nobody sends the used one again.
func TestRenewedTokenIsStoredLater(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	b := r.browser().login()
	before := *b.session()
	used := before
	rows := &away{Store: r.store, until: make(chan struct{}), tried: make(chan struct{}, 100)}
	r.leases.Rows = rows
	r.clock.Add(61 * time.Minute)
	first, err := r.tokens.For(&used).Token(t.Context())
	if err != nil || first == before.Login.AccessToken.Reveal() {
		t.Fatalf("%q, %v", first, err)
	}
	// Another request reads the old login from the database, also when the lease has run out.
	for _, later := range []time.Duration{0, time.Minute} {
		r.clock.Add(later)
		stale := before
		if again, err := r.tokens.For(&stale).Token(t.Context()); err != nil || again != first {
			t.Errorf("later: %q, %v, want %q", again, err, first)
		}
	}
	<-rows.tried
	<-rows.tried // it is tried again and again
	close(rows.until)
	r.tokens.Drain(t.Context())
	row, err := r.store.Session(t.Context(), r.idHash(b), time.Time{}, time.Time{})
	if err != nil || row.Handle != before.Handle {
		t.Fatal(err)
	}
	r.clock.Add(-62 * time.Minute) // for the session to be found alive
	if got := b.session().Login; got.AccessToken.Reveal() != first || got.RefreshToken.Reveal() == before.Login.RefreshToken.Reveal() {
		t.Errorf("stored %+v", got)
	}
	if n := len(r.op.Grants(hostile.RefreshGrant)); n != 1 || r.op.Reuses() != 0 {
		t.Errorf("%d refreshes, %d of them with a used token", n, r.op.Reuses())
	}
	if a := b.get("/activity"); a.status != http.StatusOK {
		t.Errorf("%d", a.status)
	}
}

// S-13: a database that never comes back does not keep the process from ending.
func TestRenewedTokenAtTheEnd(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	b := r.browser().login()
	s := b.session()
	r.leases.Rows = &away{Store: r.store, until: make(chan struct{}), tried: make(chan struct{}, 100)}
	r.clock.Add(61 * time.Minute)
	if _, err := r.tokens.For(s).Token(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r.tokens.Drain(ctx)
	r.tokens.Drain(ctx)
}
