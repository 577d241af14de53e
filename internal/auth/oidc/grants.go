package oidc

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/coreos/go-oidc/v3/oidc"

	"maiaportal/internal/auth/reason"
	"maiaportal/internal/secret"
)

// The types of tokens in an exchange (RFC 8693 section 3).
const (
	exchangeGrant   = "urn:ietf:params:oauth:grant-type:token-exchange"
	accessTokenType = "urn:ietf:params:oauth:token-type:access_token" // #nosec G101 -- a name, not a token
	idTokenType     = "urn:ietf:params:oauth:token-type:id_token"     // #nosec G101 -- a name, not a token
	jwtTokenType    = "urn:ietf:params:oauth:token-type:jwt"          // #nosec G101 -- a name, not a token
)

// Redeem takes a code to the token endpoint. Its error is a *Refusal.
func (p *Provider) Redeem(ctx context.Context, code string, verifier secret.Text) (Answer, error) {
	d, err := p.get(ctx)
	if err != nil {
		return Answer{}, err
	}
	answer, err := p.token(asking(ctx, EndpointToken), d.tokenURL, d.credentials, p.forResource(url.Values{
		"grant_type":    {"authorization_code"},
		"code":          {code},
		"redirect_uri":  {d.oauth.RedirectURL},
		"code_verifier": {verifier.Reveal()},
	}))
	if err != nil {
		return Answer{}, notRedeemed(err)
	}
	return answer, nil
}

// forResource adds what the access token is for (RFC 8707 section 2.2): else it may be for the provider's userinfo
// only, or a refreshed one for any of several.
func (p *Provider) forResource(form url.Values) url.Values {
	if p.client.Resource != "" {
		form.Set("resource", p.client.Resource)
	}
	return form
}

// notRedeemed says why a code was not redeemed: because of the code, of the portal's own credentials, or
// because the provider stumbles.
func notRedeemed(err error) error {
	var refused *endpointError
	switch {
	case errors.As(err, &refused) && refused.ofClient():
		return reason.Refuse(reason.ErrClient, reason.ClientRefused, refused.facts()...).Because(err)
	case errors.As(err, &refused) && refused.ofGrant():
		return reason.Refuse(reason.ErrBadAnswer, reason.CodeRefused, refused.facts()...).Because(err)
	case errors.As(err, &refused) && refused.status == http.StatusOK && !refused.stumbles():
		return reason.Refuse(reason.ErrBadAnswer, reason.TokenError, refused.facts()...).Because(err)
	case errors.As(err, &refused):
		return refused.away()
	}
	return err
}

// Refresh asks for a new access token. Its error is a *Refusal: RefreshRefused is the definite word that the refresh
// token is of no use any more.
func (p *Provider) Refresh(ctx context.Context, refreshToken secret.Text) (Answer, error) {
	d, err := p.get(ctx)
	if err != nil {
		return Answer{}, err
	}
	answer, err := p.token(asking(ctx, EndpointToken), d.tokenURL, d.credentials, p.forResource(url.Values{
		"grant_type":    {"refresh_token"},
		"refresh_token": {refreshToken.Reveal()},
	}))
	var refused *endpointError
	switch {
	case errors.As(err, &refused) && refused.ofGrant():
		return Answer{}, reason.Refuse(reason.ErrLoginRequired, reason.RefreshRefused, refused.facts()...).Because(err)
	case errors.As(err, &refused):
		return Answer{}, refused.away()
	case err != nil:
		return Answer{}, err
	}
	return answer, nil
}

// Exchange asks for a token for Maia in exchange for one of the login. Its error is a *Refusal, of ErrExchangeRefused
// where that is a definite word.
func (p *Provider) Exchange(ctx context.Context, x Exchange, subject secret.Text) (Answer, error) {
	d, err := p.get(ctx)
	if err != nil {
		return Answer{}, err
	}
	kind := accessTokenType
	if x.SubjectIDToken {
		kind = idTokenType
	}
	form := url.Values{
		"grant_type":           {exchangeGrant},
		"subject_token":        {subject.Reveal()},
		"subject_token_type":   {kind},
		"requested_token_type": {accessTokenType},
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
		c = credentials{
			id:     x.ClientID,
			secret: x.ClientSecret,
			basic:  d.credentials.basic || d.credentials.secret.Empty(),
			now:    p.now,
		}
	} else if !sameOrigin(endpoint, d.tokenURL) {
		// The settings forbid this, but the token endpoint is known only since discovery: the login's
		// secret must not go to another origin.
		return Answer{}, reason.Refuse(reason.ErrExchangeRefused, reason.ExchangeOrigin)
	}
	answer, err := p.token(asking(ctx, EndpointExchange), endpoint, c, form)
	var refused *endpointError
	switch {
	case errors.As(err, &refused) && refused.ofExchange():
		return Answer{}, reason.Refuse(reason.ErrExchangeRefused, reason.ExchangeRefused, refused.facts()...).Because(err)
	case errors.As(err, &refused):
		return Answer{}, refused.away()
	case err != nil:
		return Answer{}, err
	case answer.IssuedType != accessTokenType && answer.IssuedType != jwtTokenType:
		// Anything else, an ID token above all, is not to be sent as an access token.
		return Answer{}, reason.Refuse(reason.ErrExchangeRefused, reason.ExchangeType, slog.String("issued_token_type", reason.Clip(answer.IssuedType)))
	case !meantFor(answer.AccessToken.Reveal(), x.Audience, x.Resource):
		return Answer{}, reason.Refuse(reason.ErrExchangeRefused, reason.TokenAudience)
	}
	return answer, nil
}

// sameOrigin compares scheme, host and port.
func sameOrigin(a, b string) bool {
	x, err1 := url.Parse(a)
	y, err2 := url.Parse(b)
	return err1 == nil && err2 == nil && x.Scheme == y.Scheme && x.Host == y.Host
}

// verified verifies an ID token that came from the token endpoint. Its error is a *Refusal.
func (p *Provider) verified(ctx context.Context, raw string) (*oidc.IDToken, error) {
	d, err := p.get(ctx)
	if err != nil {
		return nil, err
	}
	return d.verifyIDToken(ctx, raw)
}
