package auth

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"

	"maiaportal/internal/auth/oidc"
	"maiaportal/internal/auth/reason"
	"maiaportal/internal/auth/session"
	"maiaportal/internal/secret"
)

// RefusedError is the provider's own refusal: an error parameter in its answer (RFC 6749 section
// 4.1.2.1). Code and Description are a stranger's words.
type RefusedError struct {
	Code, Description string

	refusal *reason.Refusal
}

func (e *RefusedError) Error() string { return e.refusal.Error() }

// Unwrap gives the *Refusal.
func (e *RefusedError) Unwrap() error { return e.refusal }

// Stumbled says whether the provider means that it has trouble itself, and the next try may work.
func (e *RefusedError) Stumbled() bool {
	return e.Code == "temporarily_unavailable" || e.Code == "server_error"
}

// The words of package session, for those who ask here.
type (
	// Session is a login while it lasts.
	Session = session.Session
	// Login is who is logged in, and the tokens.
	Login = session.Login
)

// RelyingParty logs users in.
type RelyingParty struct {
	Provider *oidc.Provider
	Pending  *session.Pending
	Groups   oidc.GroupsClaim
	Policy   Policy
	// ExchangesTokens says that the login's access token is not the one that goes to Maia.
	ExchangesTokens bool
	Observer        Observer // nil: nobody
	Log             *slog.Logger
	Now             func() time.Time
}

// Beginning is a login that somebody asks for.
type Beginning struct {
	Browser  string // its id, in a cookie of its own, so that several tabs can log in at once
	Address  string // the client's; what strangers at one address leave has a bound
	SignedIn bool   // the browser has a session
	ReturnTo ReturnPath
	Prompt   string // "login", or empty
}

// Begin starts a login and gives the address to send its browser to.
func (rp *RelyingParty) Begin(ctx context.Context, b Beginning) (string, error) {
	state := session.NewID()
	p := session.PendingLogin{
		Nonce:    secret.Hide(session.NewID()),
		Verifier: oidc.NewVerifier(),
		ReturnTo: b.ReturnTo.String(),
	}
	// The address first: while the provider is away, no login begins.
	address, err := rp.Provider.LoginURL(ctx, oidc.Request{
		State:    state,
		Nonce:    p.Nonce,
		Verifier: p.Verifier,
		Prompt:   b.Prompt,
	})
	if err != nil {
		return "", err
	}
	err = rp.Pending.Begin(ctx, state, p, session.From{Browser: b.Browser, Address: b.Address, SignedIn: b.SignedIn})
	if err != nil {
		return "", err
	}
	return address, nil
}

// Finish takes the provider's answer to the redirect URI. returnTo is where the login was to lead; it
// is known also for many errors, so that a new login can lead there. So is who is refused, as soon as a verified ID
// token has said so.
func (rp *RelyingParty) Finish(ctx context.Context, browser string,
	q url.Values) (login Login, returnTo ReturnPath, err error) {
	// State first: a stranger's code must not be redeemed.
	pending, err := rp.pending(ctx, browser, q.Get("state"))
	returnTo = ReturnPath{pending.ReturnTo} // it was one when it was sealed, and nobody else can seal
	if errors.Is(err, reason.ErrState) && q.Has("error") && !q.Has("state") {
		// Nobody's login: but the provider says what is wrong, mostly with the portal's registration there.
		return Login{}, returnTo, refusedAnswer(q)
	}
	if err != nil {
		return Login{}, returnTo, err
	}
	if err := rp.Provider.CheckAnswer(ctx, q); err != nil {
		return Login{}, returnTo, err
	}
	if q.Has("error") {
		return Login{}, returnTo, refusedAnswer(q)
	}
	if q.Get("code") == "" {
		return Login{}, returnTo, reason.Refuse(reason.ErrBadAnswer, reason.CallbackNoCode)
	}
	// The code is good once: a browser that goes away must not leave it half redeemed.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*oidc.RequestTimeout)
	defer cancel()
	answer, err := rp.Provider.Redeem(ctx, q.Get("code"), pending.Verifier)
	if err != nil {
		return Login{}, returnTo, err
	}
	login, err = rp.login(ctx, answer, pending.Nonce)
	return login, returnTo, err
}

// pending takes the pending login of a state, once, and only for the browser that began it.
func (rp *RelyingParty) pending(ctx context.Context, browser, state string) (session.PendingLogin, error) {
	p, err := rp.Pending.Use(ctx, state, browser)
	if errors.Is(err, session.ErrNotPending) {
		return p, reason.Refuse(reason.ErrState, reason.CallbackState)
	}
	return p, err
}

// refusedAnswer is the provider's own refusal.
func refusedAnswer(q url.Values) *RefusedError {
	e := &RefusedError{Code: q.Get("error"), Description: q.Get("error_description")}
	e.refusal = reason.Refuse(reason.ErrBadAnswer, reason.CallbackError, slog.String("error_code", reason.Clip(e.Code)))
	return e
}

// login makes a Login of a token answer. It gives one with errors, too, as far as a verified ID token has said who it
// is: for the page that says who is not let in, and for the audit trail.
func (rp *RelyingParty) login(ctx context.Context, token oidc.Answer, nonce secret.Text) (Login, error) {
	id, err := rp.Provider.Identify(ctx, token, nonce)
	if err != nil {
		return Login{}, err
	}
	named := Login{Issuer: id.Issuer, Subject: id.Subject, Name: rp.says(id.Claims).called(id.Subject)}
	if !rp.ExchangesTokens && !rp.Provider.Fits(token) {
		return named, reason.Refuse(reason.ErrAudience, reason.TokenAudience)
	}
	p, err := rp.person(ctx, token, id)
	if err != nil {
		return named, err
	}
	l := Login{
		Issuer:   id.Issuer,
		Subject:  id.Subject,
		Name:     p.called(id.Subject),
		Email:    p.email,
		Groups:   p.groups.Names,
		SID:      id.SID,
		AuthTime: id.AuthTime,
		ACR:      id.ACR,
		IDToken:  token.IDToken,
	}
	take(&l, token, rp.Now())
	return l, rp.mayLogIn(ctx, p.groups)
}

// take puts an answer of the token endpoint into a login.
func take(l *Login, t oidc.Answer, now time.Time) {
	l.AccessToken, l.Obtained, l.Expires = t.AccessToken, now, time.Time{}
	if t.Life > 0 {
		l.Expires = now.Add(t.Life)
	}
	if !t.RefreshToken.Empty() {
		l.RefreshToken = t.RefreshToken
	}
}

// rotated keeps, of an answer that is not used, the refresh token: the one that it was had for is used up.
func rotated(l Login, t oidc.Answer) Login {
	if !t.RefreshToken.Empty() {
		l.RefreshToken = t.RefreshToken
	}
	return l
}

func firstOf(words ...string) string {
	i := slices.IndexFunc(words, func(w string) bool { return strings.TrimSpace(w) != "" })
	if i < 0 {
		return ""
	}
	return strings.TrimSpace(words[i])
}
