package auth

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"time"
)

// The types of tokens in an exchange (RFC 8693 section 3).
const (
	exchangeGrant   = "urn:ietf:params:oauth:grant-type:token-exchange"
	accessTokenType = "urn:ietf:params:oauth:token-type:access_token" // #nosec G101 -- a name, not a token
	idTokenType     = "urn:ietf:params:oauth:token-type:id_token"     // #nosec G101 -- a name, not a token
	jwtTokenType    = "urn:ietf:params:oauth:token-type:jwt"          // #nosec G101 -- a name, not a token
)

// ErrExchangeRefused is what there is to say where the provider does not exchange this user's token for one for Maia. Another login
// will hardly help.
var ErrExchangeRefused = errors.New("auth: the token exchange was refused")

// Exchange are the settings of RFC 8693 token exchange. With nil the login's access token goes to Maia.
type Exchange struct {
	URL                       string // empty: the provider's token endpoint
	Audience, Resource, Scope string
	ClientID, ClientSecret    string // empty: the login's own, at the login's own origin only
	SubjectIDToken            bool   // exchange the ID token in place of the access token
}

// exchanged is a token for Maia that was had for another token.
type exchanged struct {
	Token    string    `json:"token"`
	Obtained time.Time `json:"obtained"`
	Expires  time.Time `json:"expires"` // zero where the provider did not say
}

// exchange asks for a token for Maia.
func (t *Tokens) exchange(ctx context.Context, login Login) (exchanged, error) {
	d, err := t.RP.Provider.get(ctx)
	if err != nil {
		return exchanged{}, err
	}
	x := t.Exchange
	subject, kind := login.AccessToken, accessTokenType
	if x.SubjectIDToken {
		subject, kind = login.IDToken, idTokenType
	}
	form := url.Values{
		"grant_type": {exchangeGrant}, "subject_token": {subject}, "subject_token_type": {kind}, "requested_token_type": {accessTokenType},
	}
	for name, value := range map[string]string{"audience": x.Audience, "resource": x.Resource, "scope": x.Scope} {
		if value != "" {
			form.Set(name, value)
		}
	}
	endpoint, c := x.URL, d.credentials
	if endpoint == "" {
		endpoint = d.tokenURL
	}
	if x.ClientID != "" {
		c = credentials{id: x.ClientID, secret: x.ClientSecret, basic: d.credentials.basic || d.credentials.secret == "", now: t.RP.Now}
	} else if !sameOrigin(endpoint, d.tokenURL) {
		// The settings forbid this, but the token endpoint is known only since discovery: the login's
		// secret must not go to another origin.
		return exchanged{}, refuse(ErrExchangeRefused, ExchangeOrigin)
	}
	answer, err := t.RP.Provider.token(ctx, endpoint, c, form)
	var refused *endpointError
	switch {
	case errors.As(err, &refused) && refused.ofExchange():
		return exchanged{}, refuse(ErrExchangeRefused, ExchangeRefused, refused.facts()...).because(err)
	case errors.As(err, &refused):
		return exchanged{}, refused.away()
	case err != nil:
		return exchanged{}, err
	case answer.IssuedType != accessTokenType && answer.IssuedType != jwtTokenType:
		// Anything else, an ID token above all, is not to be sent as an access token.
		return exchanged{}, refuse(ErrExchangeRefused, ExchangeType, slog.String("issued_token_type", clip(answer.IssuedType)))
	}
	if !meantFor(answer.AccessToken, x.Audience, x.Resource) {
		return exchanged{}, refuse(ErrExchangeRefused, TokenAudience)
	}
	e := exchanged{Token: answer.AccessToken, Obtained: t.RP.Now()}
	if answer.Life > 0 {
		e.Expires = e.Obtained.Add(answer.Life)
	}
	return e, nil
}

// sameOrigin compares scheme, host and port.
func sameOrigin(a, b string) bool {
	x, err1 := url.Parse(a)
	y, err2 := url.Parse(b)
	return err1 == nil && err2 == nil && x.Scheme == y.Scheme && x.Host == y.Host
}
