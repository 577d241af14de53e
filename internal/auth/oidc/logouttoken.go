package oidc

import (
	"context"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"maiaportal/internal/auth/reason"
)

// logoutTokenAge is how old a logout token may be.
const logoutTokenAge = 5 * time.Minute

// LogoutToken is what a message of the provider says about whose sessions have ended.
type LogoutToken struct {
	Issuer  string
	ID      string // of the message
	SID     string // of the session at the provider; may be empty
	Subject string // may be empty
}

// LogoutToken checks a logout token, which anybody may have sent (OpenID Connect Back-Channel Logout 1.0 sections 2.4
// and 2.6). Its error is a *Refusal of ErrLogoutToken or ErrProviderAway. Whether the token was used before, its caller
// has to know.
func (p *Provider) LogoutToken(ctx context.Context, raw string) (LogoutToken, error) {
	d, err := p.get(ctx)
	if err != nil {
		return LogoutToken{}, err
	}
	token, err := d.verifyLogoutToken(ctx, raw)
	if err != nil {
		return LogoutToken{}, err
	}
	if err := checkLogoutToken(token, p.now()); err != nil {
		return LogoutToken{}, err
	}
	return LogoutToken{Issuer: token.Issuer, ID: token.TokenID, SID: token.SessionID, Subject: token.Subject}, nil
}

// checkLogoutToken holds what go-oidc leaves to its callers.
func checkLogoutToken(token *oidc.LogoutToken, now time.Time) error {
	age := now.Sub(token.IssuedAt)
	switch {
	case token.IssuedAt.IsZero():
		return reason.Refuse(reason.ErrLogoutToken, reason.LogoutTokenAge)
	case age > logoutTokenAge || age < -clockSkew:
		return reason.Refuse(reason.ErrLogoutToken, reason.LogoutTokenAge, secondsOff(age))
	}
	return nil
}
