package auth

import (
	"context"

	"maiaportal/internal/auth/session"
	"maiaportal/internal/secret"
)

// Exchange are the settings of RFC 8693 token exchange. With nil the login's access token goes to Maia.
type Exchange struct {
	URL                       string // empty: the provider's token endpoint
	Audience, Resource, Scope string
	ClientID                  string // empty: the login's own, at the login's own origin only
	ClientSecret              secret.Text
	SubjectIDToken            bool // exchange the ID token in place of the access token
}

// exchange asks for a token for Maia.
func (t *Tokens) exchange(ctx context.Context, login session.Login) (session.Exchanged, error) {
	subject := login.AccessToken
	if t.Exchange.SubjectIDToken {
		subject = login.IDToken
	}
	answer, err := t.RP.Provider.Exchange(ctx, *t.Exchange, subject)
	if err != nil {
		return session.Exchanged{}, err
	}
	e := session.Exchanged{Token: answer.AccessToken, Obtained: t.RP.Now()}
	if answer.Life > 0 {
		e.Expires = e.Obtained.Add(answer.Life)
	}
	return e, nil
}
