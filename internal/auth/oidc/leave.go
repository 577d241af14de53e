package oidc

import (
	"context"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"maiaportal/internal/secret"
)

const (
	// logoutTime is how long a logout waits for the provider to revoke the tokens.
	logoutTime = 3 * time.Second
	// maxLogoutURL is how long the address of the provider's logout may be.
	maxLogoutURL = 4000
)

// Leaving is a login that ends.
type Leaving struct {
	RefreshToken secret.Text
	AccessToken  secret.Text
	IDToken      secret.Text
	After        string // the address that the provider may send the browser back to
}

// Leave revokes the tokens of a login, as far as the provider can and within three seconds, and gives the address of
// the provider's own logout (RP-Initiated Logout 1.0), empty where it has none.
func (p *Provider) Leave(ctx context.Context, l Leaving) string {
	d := p.known()
	if d == nil {
		return ""
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), logoutTime)
	defer cancel()
	var both sync.WaitGroup
	both.Go(func() { p.revoke(ctx, d, l.RefreshToken, "refresh_token") })
	both.Go(func() { p.revoke(ctx, d, l.AccessToken, "access_token") })
	both.Wait()
	if d.endSession == "" {
		return ""
	}
	u, err := url.Parse(d.endSession)
	if err != nil {
		return ""
	}
	q := u.Query()
	q.Set("post_logout_redirect_uri", l.After)
	q.Set("client_id", p.client.ID)
	short := *u
	short.RawQuery = q.Encode()
	q.Set("id_token_hint", l.IDToken.Reveal())
	u.RawQuery = q.Encode()
	if len(u.String()) > maxLogoutURL {
		return short.String()
	}
	return u.String()
}

// revoke asks the provider to forget a token (RFC 7009). It is a courtesy: failure is logged only.
func (p *Provider) revoke(ctx context.Context, d *discovered, token secret.Text, hint string) {
	if d.revoke == "" || token.Empty() {
		return
	}
	if _, _, err := p.ask(asking(ctx, EndpointRevocation), d.revoke, d.credentials, url.Values{"token": {token.Reveal()}, "token_type_hint": {hint}}); err != nil {
		p.log.LogAttrs(ctx, slog.LevelInfo, "token not revoked", slog.String("hint", hint), slog.String("error", err.Error()))
	}
}
