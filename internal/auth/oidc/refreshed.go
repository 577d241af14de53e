package oidc

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"

	"maiaportal/internal/auth/reason"
)

// Refreshed decides about the ID token of a refresh's answer (OpenID Connect Core section 12.2). It
// is compared first, unverified: another user's ends the session whether or not the provider's keys can be
// had, and only one that fits may do without them. What fits and cannot be verified is as good as none: the
// answer came from the token endpoint for this refresh token, and the identity stays the one that was
// proven at the login.
//
// verified says whether the token counts; then sid is that of the provider's session, where the token has one. The
// error is a *Refusal, of ErrAnotherUser for another user's.
func (p *Provider) Refreshed(ctx context.Context, a Answer,
	issuer, subject string) (sid string, verified bool, err error) {
	raw := a.IDToken.Reveal()
	var claims struct {
		Issuer   string          `json:"iss"`
		Subject  string          `json:"sub"`
		Audience json.RawMessage `json:"aud"`
		SID      string          `json:"sid"`
	}
	switch {
	case !part(raw, 1, &claims):
		return "", false, reason.Refuse(reason.ErrProviderAway, reason.JWTMalformed)
	case claims.Subject != subject:
		return "", false, reason.Refuse(reason.ErrAnotherUser, reason.RefreshedUser)
	case claims.Issuer != issuer:
		return "", false, reason.Refuse(reason.ErrProviderAway, reason.JWTIssuer, slog.String("issuer_seen", reason.Clip(claims.Issuer)))
	case !slices.Contains(oneOrMore(claims.Audience), p.client.ID):
		return "", false, reason.Refuse(reason.ErrProviderAway, reason.JWTAudience)
	}
	if _, err := p.verified(ctx, raw); err != nil {
		reason.Log(ctx, p.log, "refreshed ID token not verified: the identity of the login stays", err)
		return "", false, nil
	}
	return claims.SID, true, nil
}
