package auth_test

import (
	"testing"
	"time"

	"maiaportal/internal/auth/hostile"
)

// A clock that was ahead and is set back gives nothing a longer life than it has: what was begun meanwhile is begun anew,
// and nobody is kept out until the wrong time has come. A clock that is set by seconds ends nothing.
func TestClockIsSetBack(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.op.Set(func(s *hostile.Switches) { s.Life = 1 << 20 })
	b := r.browser().login()
	r.clock.Add(-time.Minute)
	if !b.signedIn() {
		t.Error("a minute back signs people out")
	}
	callback := b.begin("/activity")
	r.clock.Add(-time.Minute)
	if a := b.get(callback); a.location() != "/activity" {
		t.Errorf("a minute back during a login: %d to %q", a.status, a.location())
	}
	callback = b.begin("/activity")
	r.clock.Add(-24 * time.Hour)
	if b.signedIn() {
		t.Error("a session lives for a day more")
	}
	if a := b.get(callback); a.location() == "/activity" {
		t.Error("a login that is going to begin tomorrow ends today")
	}
	if b.login(); !b.signedIn() {
		t.Error("nobody can sign in")
	}
	// And forward: what has run out by then is over, and a login is a login again.
	r.clock.Add(48 * time.Hour)
	if b.signedIn() {
		t.Error("a session of two days ago lives")
	}
	if b.login(); !b.signedIn() {
		t.Error("nobody can sign in after a jump")
	}
}

// A process that took the lease while the clock was ahead, and died, keeps nobody from renewing once it is right.
func TestLeaseFromTheFuture(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	b := r.browser().login()
	_, err := r.store.LeaseSession(t.Context(), r.idHash(b), "dead", r.clock.Now().Add(24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.store.LeaseSession(t.Context(), r.idHash(b), "other", r.clock.Now().Add(40*time.Second)); err != nil {
		t.Errorf("after the clock was set back: %v", err)
	}
	_, err = r.store.LeaseSession(t.Context(), r.idHash(b), "third", r.clock.Now().Add(time.Minute))
	if err == nil {
		t.Error("two have the lease")
	}
}
