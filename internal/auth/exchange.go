package auth

import (
	"context"

	"maiaportal/internal/auth/session"
)

// exchange asks for a token for Maia.
func (t *Tokens) exchange(ctx context.Context, login Login) (session.Exchanged, error) {
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
