package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"

	"maiaportal/internal/store"
)

const (
	// leaseTime is how long one process may take to renew a token before another one may try.
	leaseTime = 20 * time.Second
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

	renewing singleflight.Group
}

// Delegated is the delegated token of one session.
type Delegated struct {
	t *Tokens

	mu sync.Mutex
	s  *Session
}

// For gives the delegated token of a session.
func (t *Tokens) For(s *Session) *Delegated { return &Delegated{t: t, s: s} }

// Token gives an access token that lives long enough for a call; it is renewed where the one at hand
// does not. Errors: ErrLoginRequired, ErrProviderAway.
func (d *Delegated) Token(ctx context.Context) (string, error) {
	return d.unless(ctx, func(l Login) bool { return d.t.ends(l, callMargin) })
}

// Renew gives another access token than refused, which Maia did not accept. Errors: ErrLoginRequired,
// ErrProviderAway.
func (d *Delegated) Renew(ctx context.Context, refused string) (string, error) {
	return d.unless(ctx, func(l Login) bool { return l.AccessToken == refused })
}

// ForForm makes sure that a form can be filled in: a token that ends soon is renewed. ErrLoginRequired
// where it cannot be, so that nobody types a secret into a form whose token is dead.
func (d *Delegated) ForForm(ctx context.Context) error {
	soon := func(l Login) bool {
		left := l.Expires.Sub(d.t.RP.Now())
		return !l.Expires.IsZero() && left < formMargin && left < l.Expires.Sub(l.Obtained)/2
	}
	_, err := d.unless(ctx, soon)
	if errors.Is(err, ErrProviderAway) {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.t.ends(d.s.Login, 0) {
			return ErrLoginRequired
		}
		return nil
	}
	return err
}

// ends says whether a token ends within margin. A provider with very short tokens gets a margin that
// fits them.
func (t *Tokens) ends(l Login, margin time.Duration) bool {
	if l.Expires.IsZero() {
		return false
	}
	return t.RP.Now().Add(min(margin, l.Expires.Sub(l.Obtained)/4)).After(l.Expires)
}

// unless gives the token at hand unless it is stale; then a renewed one.
func (d *Delegated) unless(ctx context.Context, stale func(Login) bool) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	// Two rounds, for the renewal that this one joins may have begun for another reason.
	for range 2 {
		if !stale(d.s.Login) {
			return d.s.Login.AccessToken, nil
		}
		// A refresh token is good once at most providers: a renewal that has begun is finished,
		// whoever goes away meanwhile.
		v, err, _ := d.t.renewing.Do(d.s.id, func() (any, error) {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseTime)
			defer cancel()
			return d.t.renew(ctx, d.s.id, stale)
		})
		if err != nil {
			return "", err
		}
		d.s.Login, _ = v.(Login)
	}
	if stale(d.s.Login) {
		return "", ErrLoginRequired
	}
	return d.s.Login.AccessToken, nil
}

// renew refreshes a session's token, or waits for the process that does.
func (t *Tokens) renew(ctx context.Context, id string, stale func(Login) bool) (Login, error) {
	me := NewID()
	for {
		sealed, err := t.Sessions.Rows.LeaseSession(ctx, hash(id), me, t.RP.Now().Add(leaseTime))
		if err == nil {
			return t.refreshLeased(ctx, id, me, sealed, stale)
		}
		if !errors.Is(err, store.ErrNotFound) {
			return Login{}, fmt.Errorf("%w: %w", ErrProviderAway, err)
		}
		row, err := t.Sessions.Rows.Session(ctx, hash(id), time.Time{}, time.Time{})
		if err != nil {
			return Login{}, ErrLoginRequired
		}
		if login, err := t.Sessions.unseal(id, row.Sealed); err == nil && !stale(login) {
			return login, nil
		}
		select {
		case <-ctx.Done():
			return Login{}, ErrProviderAway
		case <-time.After(leasePoll):
		}
	}
}

// refreshLeased refreshes under the lease, unless another process has done it just before.
func (t *Tokens) refreshLeased(ctx context.Context, id, me string, sealed []byte, stale func(Login) bool) (Login, error) {
	login, err := t.Sessions.unseal(id, sealed)
	if err != nil {
		return Login{}, ErrLoginRequired
	}
	changed := false
	var failed error
	if stale(login) {
		login, changed, failed = t.refresh(ctx, login)
	}
	var again []byte
	if changed {
		if again, err = t.Sessions.seal(id, login); err != nil {
			return Login{}, err
		}
	}
	if err := t.Sessions.Rows.ReleaseSession(ctx, hash(id), me, again); err != nil && !errors.Is(err, store.ErrNotFound) {
		t.RP.Log.LogAttrs(ctx, slog.LevelError, "session not saved after a refresh", slog.String("error", err.Error()))
	}
	return login, failed
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
	token, err := d.oauth.TokenSource(t.RP.Provider.context(ctx), &oauth2.Token{RefreshToken: login.RefreshToken}).Token()
	if err != nil {
		t.RP.Log.LogAttrs(ctx, slog.LevelInfo, "token not refreshed", slog.String("error", errorCode(err)))
		var refused *oauth2.RetrieveError
		if errors.As(err, &refused) && refused.Response != nil && refused.Response.StatusCode < 500 && refused.Response.StatusCode != http.StatusTooManyRequests {
			login.RefreshToken = ""
			return login, true, ErrLoginRequired
		}
		return login, false, &awayError{what: "refresh", cause: err}
	}
	if raw, _ := token.Extra("id_token").(string); raw != "" {
		id, err := d.verifier.Verify(ctx, raw)
		if err != nil || id.Subject != login.Subject || id.Issuer != login.Issuer {
			// Somebody else's token must never serve this session.
			login.RefreshToken, login.AccessToken, login.Expires = "", "", t.RP.Now()
			return login, true, ErrLoginRequired
		}
		login.IDToken = raw
	}
	login.take(token, t.RP.Now())
	return login, true, nil
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
	if err != nil || u.Scheme != "https" && u.Scheme != "http" {
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
