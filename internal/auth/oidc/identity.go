package oidc

import (
	"context"
	"crypto/subtle"
	"slices"
	"time"

	"maiaportal/internal/auth/reason"
	"maiaportal/internal/secret"
)

// clockSkew is how far the provider's clock may be ahead.
const clockSkew = time.Minute

// Identity is who has logged in, as an ID token says that passed all checks.
type Identity struct {
	Issuer  string
	Subject string
	SID     string // of the session at the provider; may be empty

	// When and how the user authenticated (auth_time, acr); zero where the token does not say.
	AuthTime time.Time
	ACR      string

	Claims Claims // all that the token says
}

// Identify checks the ID token of an answer that a code was redeemed for (OpenID Connect Core section 3.1.3.7). Its
// error is a *Refusal.
func (p *Provider) Identify(ctx context.Context, a Answer, nonce secret.Text) (Identity, error) {
	raw := a.IDToken.Reveal()
	if raw == "" {
		return Identity{}, reason.Refuse(reason.ErrBadAnswer, reason.TokenMissing)
	}
	d, err := p.get(ctx)
	if err != nil {
		return Identity{}, err
	}
	id, err := d.verifyIDToken(ctx, raw)
	if err != nil {
		return Identity{}, err
	}
	var claims struct {
		AZP  string `json:"azp"`
		SID  string `json:"sid"`
		ACR  string `json:"acr"`
		Auth int64  `json:"auth_time"`
	}
	var all Claims
	if !part(raw, 1, &all) { // verified; id has them without those that say where the groups are
		return Identity{}, reason.Refuse(reason.ErrBadAnswer, reason.JWTClaims)
	}
	_ = id.Claims(&claims) // a claim of another type is as good as none
	authTime := instant(claims.Auth)
	tooOld := p.now().Sub(authTime) - p.client.MaxAge
	switch {
	case id.Subject == "":
		return Identity{}, reason.Refuse(reason.ErrBadAnswer, reason.JWTSubject)
	case subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(nonce.Reveal())) != 1:
		return Identity{}, reason.Refuse(reason.ErrBadAnswer, reason.IDTokenNonce)
	case sent(all["azp"]) && claims.AZP != p.client.ID: // one that is no string, too
		return Identity{}, reason.Refuse(reason.ErrBadAnswer, reason.IDTokenAZP)
	case len(id.Audience) > 1 && claims.AZP == "":
		return Identity{}, reason.Refuse(reason.ErrBadAnswer, reason.IDTokenAudiences)
	case id.IssuedAt.After(p.now().Add(clockSkew)):
		return Identity{}, reason.Refuse(reason.ErrBadAnswer, reason.IDTokenFuture, secondsOff(id.IssuedAt.Sub(p.now())))
	case len(p.client.ACRValues) > 0 && !slices.Contains(p.client.ACRValues, claims.ACR):
		return Identity{}, reason.Refuse(reason.ErrBadAnswer, reason.IDTokenACR)
	case p.client.MaxAge >= 0 && authTime.IsZero():
		return Identity{}, reason.Refuse(reason.ErrBadAnswer, reason.IDTokenAuthTime)
	case p.client.MaxAge >= 0 && tooOld > clockSkew:
		return Identity{}, reason.Refuse(reason.ErrBadAnswer, reason.IDTokenAuthTime, secondsOff(tooOld))
	}
	return Identity{
		Issuer:   id.Issuer,
		Subject:  id.Subject,
		SID:      claims.SID,
		AuthTime: authTime,
		ACR:      claims.ACR,
		Claims:   all,
	}, nil
}

// instant is what a claim in seconds says; 0 says nothing.
func instant(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0)
}
