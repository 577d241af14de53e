// Package provider is the sandbox's OpenID provider: it signs real tokens for accounts that are made
// up, and forgets them when it ends.
package provider

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/zitadel/oidc/v3/pkg/op"

	"maiaportal/internal/sandbox/web"
)

// Provider is the sandbox's OpenID provider.
type Provider struct {
	host    *web.Host
	issuer  string
	op      *op.Provider
	storage *storage
	log     *slog.Logger

	grants, refreshes, revocations atomic.Int64
}

// Options say how the provider meets the portal.
type Options struct {
	// Front is the host:port at which users and the portal reach the provider, where that is not its own.
	Front string
	// RedirectURI is where the portal takes the authorization response. Besides it the provider
	// accepts /auth/callback on every port of 127.0.0.1 and localhost.
	RedirectURI string
	// PostLogoutRedirectURI is where the portal takes users after a logout. Besides it the
	// provider accepts /signed-out on every port of 127.0.0.1 and localhost.
	PostLogoutRedirectURI string
	// AccessTokenLife is how long an access token lives.
	AccessTokenLife time.Duration
	// Logger hears what the provider refuses, at debug level.
	Logger *slog.Logger
}

// Start listens on a free port of 127.0.0.1 and returns at once. The provider runs until Close.
func Start(o Options) (*Provider, error) {
	h, err := web.Listen(o.Logger)
	if err != nil {
		return nil, err
	}
	s := &storage{
		key:           newSigningKey(),
		accessLife:    o.AccessTokenLife,
		requests:      map[string]*authRequest{},
		codes:         map[string]*authRequest{},
		accessTokens:  map[string]*accessToken{},
		refreshTokens: map[string]*refreshToken{},
	}
	if o.RedirectURI != "" {
		s.client.redirectURIs = []string{o.RedirectURI}
	}
	if o.PostLogoutRedirectURI != "" {
		s.client.postLogoutRedirectURIs = []string{o.PostLogoutRedirectURI}
	}
	config := &op.Config{
		CodeMethodS256:        true,
		AuthMethodPost:        true,
		GrantTypeRefreshToken: true,
	}
	_, _ = rand.Read(config.CryptoKey[:]) // never fails
	issuer := h.URL()
	if o.Front != "" {
		issuer = "http://" + o.Front
	}
	provider, err := op.NewProvider(config, s, op.StaticIssuer(issuer), op.WithAllowInsecure())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("sandbox: provider: %w", err), h.Close())
	}
	p := &Provider{
		host:    h,
		issuer:  issuer,
		op:      provider,
		storage: s,
		log:     o.Logger,
	}
	h.Serve(p.routes())
	return p, nil
}

// Close ends the server and every request that is still under way. It may be called twice.
func (p *Provider) Close() error { return p.host.Close() }

// Issuer is the provider's address; discovery begins there.
func (p *Provider) Issuer() string { return p.issuer }

// Addr is the provider's own host:port, behind the front where it has one.
func (p *Provider) Addr() string { return p.host.Addr() }

// ClientID is the portal's client id.
func (p *Provider) ClientID() string { return clientID }

// ClientSecret is the portal's client secret, good for basic and post.
func (p *Provider) ClientSecret() string { return clientSecret }

// SetAccessTokenLife sets how long access tokens live that are issued from now on.
func (p *Provider) SetAccessTokenLife(d time.Duration) {
	p.storage.mu.Lock()
	defer p.storage.mu.Unlock()
	p.storage.accessLife = d
}

// RevokeTokens revokes all access and refresh tokens of a user.
func (p *Provider) RevokeTokens(username string) {
	p.storage.endWhere(func(of *session) bool { return of.account.Username == username })
}

// ExpireAccessTokens makes Maia treat a user's access tokens as expired. Their exp claims still
// say otherwise, and refresh tokens stay good: it is how a client meets a 401 that it did not
// foresee, without waiting for one.
func (p *Provider) ExpireAccessTokens(username string) {
	p.storage.mu.Lock()
	defer p.storage.mu.Unlock()
	for _, token := range p.storage.accessTokens {
		if token.session.account.Username == username {
			token.expires = time.Now()
		}
	}
}

// TokenGrants counts the requests that reached the token endpoint, refused ones included.
func (p *Provider) TokenGrants() int { return int(p.grants.Load()) }

// RefreshCount counts those of them that were refresh token grants, refused ones included.
func (p *Provider) RefreshCount() int { return int(p.refreshes.Load()) }

// Revocations counts the requests that reached the revocation endpoint.
func (p *Provider) Revocations() int { return int(p.revocations.Load()) }

// Offline takes the provider away, or brings it back: meanwhile every connection to it is reset.
func (p *Provider) Offline(offline bool) { p.host.Offline(offline) }

// Verify checks an access token as Maia does and says whose it is, and by which jti the provider
// knows it. An ID token has none.
func (p *Provider) Verify(raw string) (account *Account, jti string, err error) {
	token, err := jwt.ParseSigned(raw, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return nil, "", fmt.Errorf("not a signed token: %w", err)
	}
	var claims jwt.Claims
	if err := token.Claims(p.storage.key().key.Public(), &claims); err != nil {
		return nil, "", fmt.Errorf("signature: %w", err)
	}
	expected := jwt.Expected{
		Issuer:      p.Issuer(),
		AnyAudience: jwt.Audience{audience},
		Time:        time.Now(),
	}
	if err := claims.ValidateWithLeeway(expected, 0); err != nil {
		return nil, "", fmt.Errorf("claims: %w", err)
	}
	kept, ok := p.storage.alive(claims.ID)
	if !ok || claims.Expiry == nil || kept.session.account.Subject != claims.Subject {
		return nil, "", fmt.Errorf("not an access token of this provider, or revoked")
	}
	return kept.session.account, claims.ID, nil
}
