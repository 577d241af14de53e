package auth

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"maiaportal/internal/store"
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
	// callMargin is how much life a token needs for a call.
	callMargin = 30 * time.Second
	// formMargin is how much life it needs for somebody to fill in a form.
	formMargin = 5 * time.Minute
	// logoutTime is how long a logout waits for the provider to revoke the tokens.
	logoutTime = 3 * time.Second
	// maxLogoutURL is how long the address of the provider's logout may be.
	maxLogoutURL = 4000
)

// Tokens hands out the delegated tokens of sessions, and renews them.
type Tokens struct {
	RP       *RelyingParty
	Sessions *Sessions
	Exchange *Exchange // nil: the login's access token goes to Maia

	renewing singleflight.Group
	unsaved  unsaved
	wait     time.Duration // in place of leaseWait, for tests
}

// errAnotherUser is an answer to a refresh whose ID token is another user's.
var errAnotherUser = fmt.Errorf("%w: a refresh gave another user's token", ErrLoginRequired)

// Delegated is the delegated token of one session.
type Delegated struct {
	t *Tokens

	mu sync.Mutex
	s  *Session
}

// For gives the delegated token of a session.
func (t *Tokens) For(s *Session) *Delegated { return &Delegated{t: t, s: s} }

// need says what is of no use any more of a login.
type need struct {
	// login: its own tokens have to be refreshed.
	login func(Login) bool
	// maia: another token for Maia is needed. Where tokens are not exchanged it is the login's own.
	maia func(Login) bool
	// refreshFirst: a token for Maia that is exchanged anew must not come from the same login token.
	refreshFirst bool
}

func (n need) any(l Login) bool { return n.login != nil && n.login(l) || n.maia != nil && n.maia(l) }

// Token gives a token for Maia that lives long enough for a call; it is renewed where the one at hand
// does not. Errors: ErrLoginRequired, ErrProviderAway, ErrExchangeRefused.
func (d *Delegated) Token(ctx context.Context) (string, error) {
	return d.meet(ctx, need{maia: func(l Login) bool { return d.t.ends(l, callMargin) }})
}

// Renew gives another token than refused, which Maia did not accept. Errors as for Token.
func (d *Delegated) Renew(ctx context.Context, refused string) (string, error) {
	return d.meet(ctx, need{maia: func(l Login) bool { return d.t.forMaia(l) == refused || d.t.ends(l, 0) }, refreshFirst: true})
}

// ForForm makes sure that a form can be filled in: a login that ends soon is renewed. ErrLoginRequired
// where it cannot be, so that nobody types a secret into a form whose token is dead.
func (d *Delegated) ForForm(ctx context.Context) error {
	_, err := d.meet(ctx, need{login: func(l Login) bool {
		left := l.Expires.Sub(d.t.RP.Now())
		return l.AccessToken == "" || !l.Expires.IsZero() && left < formMargin && left < l.Expires.Sub(l.Obtained)/2
	}})
	if errors.Is(err, ErrProviderAway) {
		d.mu.Lock()
		defer d.mu.Unlock()
		if endsWithin(d.s.Login.Obtained, d.s.Login.Expires, d.t.RP.Now(), 0) {
			return ErrLoginRequired
		}
		return nil
	}
	return err
}

// forMaia is the token at hand that goes to Maia; empty where none has been had yet.
func (t *Tokens) forMaia(l Login) string {
	if t.Exchange != nil {
		return l.Exchanged.Token
	}
	return l.AccessToken
}

// ends says whether the token for Maia ends within margin, or is not there.
func (t *Tokens) ends(l Login, margin time.Duration) bool {
	now := t.RP.Now()
	if t.Exchange != nil {
		return l.Exchanged.Token == "" || endsWithin(l.Exchanged.Obtained, l.Exchanged.Expires, now, margin)
	}
	return l.AccessToken == "" || endsWithin(l.Obtained, l.Expires, now, margin)
}

// endsWithin compares instants. A provider with very short tokens gets a margin that fits them.
func endsWithin(obtained, expires, now time.Time, margin time.Duration) bool {
	return !expires.IsZero() && now.Add(min(margin, expires.Sub(obtained)/4)).After(expires)
}

// meet gives the token at hand, or a renewed one where there is a need.
func (d *Delegated) meet(ctx context.Context, n need) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	// Two rounds, for the renewal that this one joins may have begun for another reason.
	for range 2 {
		if !n.any(d.s.Login) {
			return d.t.forMaia(d.s.Login), nil
		}
		// A refresh token is good once at most providers: a renewal that has begun is finished,
		// whoever goes away or loses patience meanwhile.
		renewed := d.t.renewing.DoChan(d.s.id, func() (any, error) {
			d.t.unsaved.begin() // nobody may wait for it any more, and the end of the process must
			defer d.t.unsaved.end()
			return d.t.renew(context.WithoutCancel(ctx), d.s.id, n)
		})
		select {
		case <-ctx.Done():
			return "", refuse(ErrProviderAway, ProviderTimeout).because(ctx.Err())
		case r := <-renewed:
			if r.Err != nil {
				return "", r.Err
			}
			d.s.Login, _ = r.Val.(Login)
		}
	}
	if n.any(d.s.Login) {
		return "", ErrLoginRequired
	}
	return d.t.forMaia(d.s.Login), nil
}

// renew meets a need of a session, or waits for the process that does.
func (t *Tokens) renew(ctx context.Context, id string, n need) (Login, error) {
	waiting, cancel := context.WithTimeout(ctx, cmp.Or(t.wait, leaseWait))
	defer cancel()
	me := NewID()
	for {
		if login, ok := t.unsaved.get(id); ok && !n.any(login) {
			return login, nil
		}
		sealed, err := t.Sessions.Rows.LeaseSession(waiting, hash(id), me, t.RP.Now().Add(leaseTime))
		if err == nil {
			return t.renewLeased(ctx, id, me, sealed, n)
		}
		if !errors.Is(err, store.ErrNotFound) {
			return Login{}, fmt.Errorf("%w: %w", ErrProviderAway, err)
		}
		row, err := t.Sessions.Rows.Session(waiting, hash(id), time.Time{}, time.Time{})
		if errors.Is(err, store.ErrNotFound) {
			return Login{}, ErrLoginRequired
		}
		if err == nil {
			if login, err := t.Sessions.unseal(id, row.Sealed); err == nil && !n.any(login) {
				return login, nil
			}
		}
		select {
		case <-waiting.Done():
			return Login{}, ErrProviderAway
		case <-time.After(leasePoll):
		}
	}
}

// renewLeased renews under the lease, unless another process has done it just before.
func (t *Tokens) renewLeased(ctx context.Context, id, me string, sealed []byte, n need) (Login, error) {
	login, err := t.Sessions.unseal(id, sealed)
	if err != nil {
		return Login{}, ErrLoginRequired
	}
	// What the database has not taken yet is newer than what it has.
	kept, changed := t.unsaved.get(id)
	if changed {
		login = kept
	}
	var failed error
	if n.any(login) {
		asking, cancel := context.WithTimeout(ctx, renewTime)
		var renewed bool
		login, renewed, failed = t.fresh(asking, login, n)
		cancel()
		changed = changed || renewed
		if failed != nil {
			t.RP.Provider.logRefusal(ctx, "token not renewed", failed)
		}
	}
	if errors.Is(failed, errAnotherUser) {
		// Somebody else's token must never serve this session, nor may what it has be used on.
		ctx, cancel := outlive(ctx)
		defer cancel()
		if _, err := t.Sessions.Rows.DeleteSession(ctx, hash(id)); err != nil {
			return Login{}, fmt.Errorf("%w: %w", ErrProviderAway, err)
		}
		return Login{}, failed
	}
	var save *store.Renewed // nil: the lease alone is given back
	if changed {
		sealed, err := t.Sessions.seal(id, login)
		if err != nil {
			return Login{}, err
		}
		save = &store.Renewed{Sealed: sealed, SID: login.SID}
	}
	t.release(id, me, login, save)
	return login, failed
}

// fresh meets a need. changed says that the login has to be saved, also where it failed: a refresh token
// that was refused is not tried again.
func (t *Tokens) fresh(ctx context.Context, login Login, n need) (_ Login, changed bool, err error) {
	if t.Exchange == nil {
		return t.refresh(ctx, login)
	}
	exchange := n.maia != nil && n.maia(login)
	refresh := n.login != nil && n.login(login) ||
		exchange && (endsWithin(login.Obtained, login.Expires, t.RP.Now(), callMargin) || n.refreshFirst && login.RefreshToken != "")
	if refresh {
		if login, changed, err = t.refresh(ctx, login); err != nil {
			return login, changed, err
		}
	}
	if !exchange {
		return login, changed, nil
	}
	e, err := t.exchange(ctx, login)
	if errors.Is(err, ErrExchangeRefused) && !refresh && login.RefreshToken != "" {
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
	if login.RefreshToken == "" {
		return login, false, ErrLoginRequired
	}
	d, err := t.RP.Provider.get(ctx)
	if err != nil {
		return login, false, err
	}
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {login.RefreshToken}}
	if r := t.RP.Provider.client.Resource; r != "" {
		form.Set("resource", r) // RFC 8707 section 2.2: else the new token is for any of them
	}
	token, err := t.RP.Provider.token(ctx, d.tokenURL, d.credentials, form)
	var refused *endpointError
	switch {
	case errors.As(err, &refused) && refused.ofGrant():
		// A definite word: the refresh token is of no use any more.
		login.RefreshToken = ""
		return login, true, refuse(ErrLoginRequired, RefreshRefused, refused.facts()...).because(err)
	case errors.As(err, &refused):
		return login, false, refused.away()
	case err != nil:
		return login, false, err
	}
	if token.IDToken != "" {
		if login, err = t.refreshedIdentity(ctx, d, login, token.IDToken); err != nil {
			return login.rotated(token), true, err
		}
	}
	if t.Exchange == nil && !meantFor(token.AccessToken, t.RP.Provider.client.Audience, t.RP.Provider.client.Resource) {
		return login.rotated(token), true, refuse(ErrLoginRequired, TokenAudience)
	}
	login.take(token, t.RP.Now())
	return login, true, nil
}

// refreshedIdentity decides about the ID token of a refresh's answer (OpenID Connect Core section 12.2). It
// is compared first, unverified: another user's ends the session whether or not the provider's keys can be
// had, and only one that fits may do without them. What fits and cannot be verified is as good as none: the
// answer came from the token endpoint for this refresh token, and the identity stays the one that was
// proven at the login.
func (t *Tokens) refreshedIdentity(ctx context.Context, d *discovered, login Login, raw string) (Login, error) {
	var claims struct {
		Issuer   string          `json:"iss"`
		Subject  string          `json:"sub"`
		Audience json.RawMessage `json:"aud"`
		SID      string          `json:"sid"`
	}
	switch {
	case !part(raw, 1, &claims):
		return login, refuse(ErrProviderAway, JWTMalformed)
	case claims.Subject != login.Subject:
		return login, refuse(errAnotherUser, RefreshedUser)
	case claims.Issuer != login.Issuer:
		return login, refuse(ErrProviderAway, JWTIssuer, slog.String("issuer_seen", clip(claims.Issuer)))
	case !slices.Contains(oneOrMore(claims.Audience), t.RP.Provider.client.ID):
		return login, refuse(ErrProviderAway, JWTAudience)
	}
	if _, err := d.verifyIDToken(ctx, raw); err != nil {
		t.RP.Provider.logRefusal(ctx, "refreshed ID token not verified: the identity of the login stays", err)
		return login, nil
	}
	login.IDToken = raw
	if claims.SID != "" {
		login.SID = claims.SID // else a logout of the provider's new session would end nothing here
	}
	return login, nil
}

// Logout revokes a session's tokens, as far as the provider can and within three seconds, and gives the
// address of the provider's own logout (RP-Initiated Logout 1.0), empty where it has none. The session
// itself is ended by Sessions.End.
func (t *Tokens) Logout(ctx context.Context, s *Session, after string) string {
	d := t.RP.Provider.known()
	if d == nil {
		return ""
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), logoutTime)
	defer cancel()
	var both sync.WaitGroup
	both.Go(func() { t.RP.Provider.revoke(ctx, d, s.Login.RefreshToken, "refresh_token") })
	both.Go(func() { t.RP.Provider.revoke(ctx, d, s.Login.AccessToken, "access_token") })
	both.Wait()
	if d.endSession == "" {
		return ""
	}
	u, err := url.Parse(d.endSession)
	if err != nil {
		return ""
	}
	q := u.Query()
	q.Set("post_logout_redirect_uri", after)
	q.Set("client_id", t.RP.Provider.client.ID)
	short := *u
	short.RawQuery = q.Encode()
	q.Set("id_token_hint", s.Login.IDToken)
	u.RawQuery = q.Encode()
	if len(u.String()) > maxLogoutURL {
		return short.String()
	}
	return u.String()
}
