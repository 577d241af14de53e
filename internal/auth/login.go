package auth

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"log/slog"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"maiaportal/internal/auth/reason"
	"maiaportal/internal/auth/session"
	"maiaportal/internal/secret"
)

// clockSkew is how far the provider's clock may be ahead.
const clockSkew = time.Minute

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

// Session is who is signed in, and Login what is known of them: the words of package session, for those who ask here.
type (
	Session = session.Session
	Login   = session.Login
)

// RelyingParty logs users in.
type RelyingParty struct {
	Provider    *Provider
	Pending     *session.Pending
	GroupsClaim string
	// GroupsSeparator parts the groups of a claim that is one string; GroupsMember is the member that has the
	// name where the claim lists objects. Both may be empty.
	GroupsSeparator, GroupsMember string
	Policy                        Policy
	// ExchangesTokens says that the login's access token is not the one that goes to Maia.
	ExchangesTokens bool
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
	d, err := rp.Provider.get(ctx)
	if err != nil {
		return "", err
	}
	state := session.NewID()
	p := session.PendingLogin{
		Nonce:    secret.Hide(session.NewID()),
		Verifier: secret.Hide(oauth2.GenerateVerifier()),
		ReturnTo: b.ReturnTo.String(),
	}
	err = rp.Pending.Begin(ctx, state, p, session.From{Browser: b.Browser, Address: b.Address, SignedIn: b.SignedIn})
	if err != nil {
		return "", err
	}
	opts := []oauth2.AuthCodeOption{oidc.Nonce(p.Nonce.Reveal()), oauth2.S256ChallengeOption(p.Verifier.Reveal())}
	c := rp.Provider.client
	prompt := b.Prompt
	if prompt == "" {
		prompt = c.Prompt
	} else if others := strings.Fields(c.Prompt); len(others) > 0 {
		// A provider that wants consent for a refresh token wants it at each login.
		prompt = strings.Join(append([]string{prompt}, slices.DeleteFunc(others, func(p string) bool { return p == prompt })...), " ")
	}
	maxAge := ""
	if c.MaxAge >= 0 {
		maxAge = strconv.Itoa(int(c.MaxAge.Seconds()))
	}
	for name, value := range map[string]string{
		"prompt": prompt, "audience": c.Audience, "resource": c.Resource, "acr_values": strings.Join(c.ACRValues, " "), "max_age": maxAge,
	} {
		if value != "" {
			opts = append(opts, oauth2.SetAuthURLParam(name, value))
		}
	}
	return d.oauth.AuthCodeURL(state, opts...), nil
}

// Finish takes the provider's answer to the redirect URI. returnTo is where the login was to lead; it
// is known also for many errors, so that a new login can lead there.
func (rp *RelyingParty) Finish(ctx context.Context, browser string,
	q url.Values) (login session.Login, returnTo ReturnPath, err error) {
	// State first: a stranger's code must not be redeemed.
	pending, err := rp.pending(ctx, browser, q.Get("state"))
	returnTo = ReturnPath{pending.ReturnTo} // it was one when it was sealed, and nobody else can seal
	if errors.Is(err, reason.ErrState) && q.Has("error") && !q.Has("state") {
		// Nobody's login: but the provider says what is wrong, mostly with the portal's registration there.
		return session.Login{}, returnTo, refusedAnswer(q)
	}
	if err != nil {
		return session.Login{}, returnTo, err
	}
	d, err := rp.Provider.get(ctx)
	if err != nil {
		return session.Login{}, returnTo, err
	}
	if iss := q.Get("iss"); (q.Has("iss") || d.issInResponse) && iss != rp.Provider.client.Issuer {
		return session.Login{}, returnTo, reason.Refuse(reason.ErrBadAnswer, reason.CallbackIssuer, slog.String("issuer_seen", reason.Clip(iss)))
	}
	if q.Has("error") {
		return session.Login{}, returnTo, refusedAnswer(q)
	}
	if q.Get("code") == "" {
		return session.Login{}, returnTo, reason.Refuse(reason.ErrBadAnswer, reason.CallbackNoCode)
	}
	// The code is good once: a browser that goes away must not leave it half redeemed.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*providerTimeout)
	defer cancel()
	answer, err := rp.Provider.Redeem(ctx, q.Get("code"), pending.Verifier)
	if err != nil {
		return session.Login{}, returnTo, err
	}
	login, err = rp.login(ctx, d, answer, pending.Nonce)
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

// login makes a Login of a token answer, after the checks of OpenID Connect Core section 3.1.3.7. It
// gives one with ErrNotAllowed, too, for the page that says who is not let in.
func (rp *RelyingParty) login(ctx context.Context, d *discovered, token Answer, nonce secret.Text) (session.Login, error) {
	raw := token.IDToken.Reveal()
	if raw == "" {
		return session.Login{}, reason.Refuse(reason.ErrBadAnswer, reason.TokenMissing)
	}
	id, err := d.verifyIDToken(ctx, raw)
	if err != nil {
		return session.Login{}, err
	}
	var claims struct {
		AZP  string `json:"azp"`
		SID  string `json:"sid"`
		ACR  string `json:"acr"`
		Auth int64  `json:"auth_time"`
	}
	var all map[string]json.RawMessage
	if !part(raw, 1, &all) { // verified; id has them without those that say where the groups are
		return session.Login{}, reason.Refuse(reason.ErrBadAnswer, reason.JWTClaims)
	}
	_ = id.Claims(&claims) // a claim of another type is as good as none
	authTime := instant(claims.Auth)
	authenticated := rp.Now().Sub(authTime)
	switch {
	case id.Subject == "":
		return session.Login{}, reason.Refuse(reason.ErrBadAnswer, reason.JWTSubject)
	case subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(nonce.Reveal())) != 1:
		return session.Login{}, reason.Refuse(reason.ErrBadAnswer, reason.IDTokenNonce)
	case sent(all["azp"]) && claims.AZP != rp.Provider.client.ID: // one that is no string, too
		return session.Login{}, reason.Refuse(reason.ErrBadAnswer, reason.IDTokenAZP)
	case len(id.Audience) > 1 && claims.AZP == "":
		return session.Login{}, reason.Refuse(reason.ErrBadAnswer, reason.IDTokenAudiences)
	case id.IssuedAt.After(rp.Now().Add(clockSkew)):
		return session.Login{}, reason.Refuse(reason.ErrBadAnswer, reason.IDTokenFuture, secondsOff(id.IssuedAt.Sub(rp.Now())))
	case len(rp.Provider.client.ACRValues) > 0 && !slices.Contains(rp.Provider.client.ACRValues, claims.ACR):
		return session.Login{}, reason.Refuse(reason.ErrBadAnswer, reason.IDTokenACR)
	case rp.Provider.client.MaxAge >= 0 && authTime.IsZero():
		return session.Login{}, reason.Refuse(reason.ErrBadAnswer, reason.IDTokenAuthTime)
	case rp.Provider.client.MaxAge >= 0 && authenticated > rp.Provider.client.MaxAge+clockSkew:
		return session.Login{}, reason.Refuse(reason.ErrBadAnswer, reason.IDTokenAuthTime, secondsOff(authenticated-rp.Provider.client.MaxAge))
	}
	client := rp.Provider.client
	if !rp.ExchangesTokens && !meantFor(token.AccessToken.Reveal(), client.Audience, client.Resource) {
		return session.Login{}, reason.Refuse(reason.ErrAudience, reason.TokenAudience)
	}
	p, err := rp.person(ctx, d, token.AccessToken.Reveal(), id.Subject, all)
	if err != nil {
		return session.Login{}, err
	}
	l := session.Login{
		Issuer:   id.Issuer,
		Subject:  id.Subject,
		Name:     p.called(id.Subject),
		Email:    p.email,
		Groups:   p.groups.groups,
		SID:      claims.SID,
		AuthTime: authTime,
		ACR:      claims.ACR,
		IDToken:  token.IDToken,
	}
	take(&l, token, rp.Now())
	return l, rp.mayLogIn(ctx, p.groups)
}

// take puts an answer of the token endpoint into a login.
func take(l *session.Login, t Answer, now time.Time) {
	l.AccessToken, l.Obtained, l.Expires = t.AccessToken, now, time.Time{}
	if t.Life > 0 {
		l.Expires = now.Add(t.Life)
	}
	if !t.RefreshToken.Empty() {
		l.RefreshToken = t.RefreshToken
	}
}

// rotated keeps, of an answer that is not used, the refresh token: the one that it was had for is used up.
func rotated(l session.Login, t Answer) session.Login {
	if !t.RefreshToken.Empty() {
		l.RefreshToken = t.RefreshToken
	}
	return l
}

// sent says whether a claim is there; null is as good as none.
func sent(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

func firstOf(words ...string) string {
	i := slices.IndexFunc(words, func(w string) bool { return strings.TrimSpace(w) != "" })
	if i < 0 {
		return ""
	}
	return strings.TrimSpace(words[i])
}
