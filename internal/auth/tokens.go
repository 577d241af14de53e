package auth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"maiaportal/internal/auth/oidc"
	"maiaportal/internal/auth/reason"
	"maiaportal/internal/auth/session"
	"maiaportal/internal/secret"
)

const (
	// leaseTime is how long one process may take to renew a token before another one may try.
	leaseTime = 40 * time.Second
	// renewTime is how much of that the provider may take; reading its keys and writing the result come on
	// top. It counts from the moment in which the lease is had: a late one must not break off a refresh, and
	// with it use the refresh token up for nothing.
	renewTime = 15 * time.Second
	// leaseWait is how long others wait for a lease, at least until one whose holder died runs out.
	leaseWait = leaseTime + 5*time.Second
	// leasePoll is how often the others look whether it is done.
	leasePoll = 100 * time.Millisecond
)

// Tokens hands out the delegated tokens of sessions, and renews them.
type Tokens struct {
	RP       *RelyingParty
	Sessions *session.Sessions
	Leases   *session.Leases
	Exchange *oidc.Exchange // nil: the login's access token goes to Maia

	renewing singleflight.Group
	unsaved  unsaved
	wait     time.Duration // in place of leaseWait, for tests
}

// Delegated is the delegated token of one session.
type Delegated struct {
	t *Tokens

	mu sync.Mutex
	s  *Session
}

// For gives the delegated token of a session.
func (t *Tokens) For(s *Session) *Delegated { return &Delegated{t: t, s: s} }

// Token gives a token for Maia that lives long enough for a call; it is renewed where the one at hand
// does not. Errors: ErrLoginRequired, ErrProviderAway, ErrExchangeRefused.
func (d *Delegated) Token(ctx context.Context) (string, error) {
	return d.meet(ctx, need{t: d.t, of: aCall})
}

// AtHand gives the token for Maia where the one at hand lives long enough for a call. It asks nobody.
func (d *Delegated) AtHand() (string, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n := (need{t: d.t, of: aCall}); !n.met(d.s.Login) {
		return "", false
	}
	return d.t.forMaia(d.s.Login).Reveal(), true
}

// Renew gives another token than refused, which Maia did not accept. Errors as for Token.
func (d *Delegated) Renew(ctx context.Context, refused string) (string, error) {
	return d.meet(ctx, need{t: d.t, of: aSecondTry, refused: secret.Hide(refused)})
}

// ForForm makes sure that a form can be filled in: a login that ends soon is renewed. ErrLoginRequired
// where it cannot be, so that nobody types a secret into a form whose token is dead.
func (d *Delegated) ForForm(ctx context.Context) error {
	_, err := d.meet(ctx, need{t: d.t, of: aForm})
	if errors.Is(err, reason.ErrProviderAway) {
		d.mu.Lock()
		defer d.mu.Unlock()
		if endsWithin(d.s.Login.Obtained, d.s.Login.Expires, d.t.RP.Now(), 0) {
			return reason.ErrLoginRequired
		}
		return nil
	}
	return err
}

// meet gives the token at hand, or a renewed one where there is a need.
func (d *Delegated) meet(ctx context.Context, n need) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	// Two rounds, for the renewal that this one joins may have begun for another reason.
	for range 2 {
		if n.met(d.s.Login) {
			return d.t.forMaia(d.s.Login).Reveal(), nil
		}
		// A refresh token is good once at most providers: a renewal that has begun is finished,
		// whoever goes away or loses patience meanwhile.
		renewed := d.t.renewing.DoChan(d.s.Key(), func() (any, error) {
			d.t.unsaved.begin() // nobody may wait for it any more, and the end of the process must
			defer d.t.unsaved.end()
			return d.t.renew(context.WithoutCancel(ctx), d.s, n)
		})
		select {
		case <-ctx.Done():
			return "", reason.Refuse(reason.ErrProviderAway, reason.ProviderTimeout).Because(ctx.Err())
		case r := <-renewed:
			if r.Err != nil {
				return "", r.Err
			}
			d.s.Login, _ = r.Val.(Login)
		}
	}
	if !n.met(d.s.Login) {
		return "", reason.ErrLoginRequired
	}
	return d.t.forMaia(d.s.Login).Reveal(), nil
}

// renew meets a need of a session, or waits for the process that does.
func (t *Tokens) renew(ctx context.Context, s *Session, n need) (Login, error) {
	waiting, cancel := context.WithTimeout(ctx, cmp.Or(t.wait, leaseWait))
	defer cancel()
	me := session.NewID()
	for {
		if login, ok := t.unsaved.get(s); ok && n.met(login) {
			return login, nil
		}
		login, err := t.Leases.Lease(waiting, s, me, t.RP.Now().Add(leaseTime))
		switch {
		case err == nil:
			return t.renewLeased(ctx, s, me, login, n)
		case errors.Is(err, session.ErrUnsealed):
			return Login{}, reason.ErrLoginRequired
		case !errors.Is(err, session.ErrNotLeased):
			return Login{}, fmt.Errorf("%w: %w", reason.ErrProviderAway, err)
		}
		login, err = t.Leases.Stored(waiting, s)
		switch {
		case errors.Is(err, session.ErrEnded):
			return Login{}, reason.ErrLoginRequired
		case err == nil && n.met(login):
			return login, nil
		}
		select {
		case <-waiting.Done():
			return Login{}, reason.ErrProviderAway
		case <-time.After(leasePoll):
		}
	}
}

// renewLeased renews under the lease, unless another process has done it just before.
func (t *Tokens) renewLeased(ctx context.Context, s *Session, me string, login Login, n need) (Login, error) {
	// What the database has not taken yet is newer than what it has.
	kept, changed := t.unsaved.get(s)
	if changed {
		login = kept
	}
	var failed error
	if !n.met(login) {
		asking, cancel := context.WithTimeout(ctx, renewTime)
		var renewed bool
		login, renewed, failed = t.fresh(asking, login, n)
		cancel()
		changed = changed || renewed
		if failed != nil {
			reason.Log(ctx, t.RP.Log, "token not renewed", failed)
		}
	}
	if errors.Is(failed, reason.ErrAnotherUser) {
		// Somebody else's token must never serve this session, nor may what it has be used on.
		if err := t.Leases.Drop(ctx, s); err != nil {
			return Login{}, fmt.Errorf("%w: %w", reason.ErrProviderAway, err)
		}
		return Login{}, failed
	}
	t.release(s, me, login, changed)
	return login, failed
}

// fresh meets a need. changed says that the login has to be saved, also where it failed: a refresh token
// that was refused is not tried again.
func (t *Tokens) fresh(ctx context.Context, login Login, n need) (_ Login, changed bool, err error) {
	if t.Exchange == nil {
		return t.refresh(ctx, login)
	}
	exchange := n.staleForMaia(login)
	refresh := n.stale(login) || exchange &&
		(endsWithin(login.Obtained, login.Expires, t.RP.Now(), callMargin) || n.refreshFirst() && !login.RefreshToken.Empty())
	if refresh {
		if login, changed, err = t.refresh(ctx, login); err != nil {
			return login, changed, err
		}
	}
	if !exchange {
		return login, changed, nil
	}
	e, err := t.exchange(ctx, login)
	if errors.Is(err, reason.ErrExchangeRefused) && !refresh && !login.RefreshToken.Empty() {
		// Perhaps the login's token has ended, and nobody said when it would.
		if login, changed, err = t.refresh(ctx, login); err == nil {
			e, err = t.exchange(ctx, login)
		}
	}
	if err != nil {
		return login, changed, err
	}
	login.Exchanged = e
	return login, true, nil
}

// refresh asks the provider for a new access token. changed says that the login has to be saved: also
// one whose refresh token was refused, so that it is not tried again.
func (t *Tokens) refresh(ctx context.Context, login Login) (_ Login, changed bool, err error) {
	if login.RefreshToken.Empty() {
		return login, false, reason.ErrLoginRequired
	}
	defer func() { t.RP.refreshed(err) }()
	token, err := t.RP.Provider.Refresh(ctx, login.RefreshToken)
	var refusal *reason.Refusal
	switch {
	case errors.As(err, &refusal) && refusal.Reason == reason.RefreshRefused:
		login.RefreshToken = secret.Text{}
		return login, true, err
	case err != nil:
		return login, false, err
	}
	if !token.IDToken.Empty() {
		sid, verified, err := t.RP.Provider.Refreshed(ctx, token, login.Issuer, login.Subject)
		if err != nil {
			return rotated(login, token), true, err
		}
		if verified {
			login.IDToken = token.IDToken
		}
		if sid != "" {
			login.SID = sid // else a logout of the provider's new session would end nothing here
		}
	}
	if t.Exchange == nil && !t.RP.Provider.Fits(token) {
		return rotated(login, token), true, reason.Refuse(reason.ErrLoginRequired, reason.TokenAudience)
	}
	take(&login, token, t.RP.Now())
	return login, true, nil
}

// Logout revokes a session's tokens, as far as the provider can and within three seconds, and gives the
// address of the provider's own logout (RP-Initiated Logout 1.0), empty where it has none. The session
// itself is ended by Sessions.End.
func (t *Tokens) Logout(ctx context.Context, s *Session, after string) string {
	return t.RP.Provider.Leave(ctx, oidc.Leaving{
		RefreshToken: s.Login.RefreshToken,
		AccessToken:  s.Login.AccessToken,
		IDToken:      s.Login.IDToken,
		After:        after,
	})
}
