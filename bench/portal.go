package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net"
	"path/filepath"
	"strings"
)

// portalProgram is the portal in its production configuration. name is that of its database, too.
func (s *stage) portalProgram(ctx context.Context, name, maia string) (program, error) {
	address, err := freeAddress(ctx)
	if err != nil {
		return program{}, err
	}
	database, err := s.database(ctx, name)
	if err != nil {
		return program{}, err
	}
	provider := s.sandbox.Provider
	return program{
		name:    name,
		path:    s.portal,
		args:    []string{"serve"},
		address: address,
		env: []string{
			"PORTAL_BASE_URL=http://" + address,
			"PORTAL_LISTEN=" + address,
			"PORTAL_ADMIN_LISTEN=",
			"PORTAL_OIDC_ISSUER=" + provider.Issuer(),
			"PORTAL_OIDC_CLIENT_ID=" + provider.ClientID(),
			"PORTAL_OIDC_CLIENT_SECRET=" + provider.ClientSecret(),
			"PORTAL_MAIA_URL=" + maia,
			"PORTAL_DATABASE_URL=" + database,
			"PORTAL_SESSION_KEYS=" + randomKey(),
			"PORTAL_AUDIT_KEYS=" + randomKey(),
			"PORTAL_ALLOWED_GROUPS=" + user.group,
			"PORTAL_SUBMISSIONS_PER_MINUTE=0",
		},
	}, nil
}

// database is the address of a fresh database.
func (s *stage) database(ctx context.Context, name string) (string, error) {
	if s.pg != nil {
		return s.pg.database(ctx)
	}
	return "sqlite:" + filepath.Join(s.dir, name+".db"), nil
}

func randomKey() string {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return base64.StdEncoding.EncodeToString(key)
}

// proxyProgram is oauth2-proxy, set up to do what the portal does beside its own work: the same provider and
// group, a session in a cookie, the user's token for what is behind it.
func (s *stage) proxyProgram(ctx context.Context, upstream string) (program, error) {
	address, err := freeAddress(ctx)
	if err != nil {
		return program{}, err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return program{}, err
	}
	provider := s.sandbox.Provider
	return program{
		name:    proxyName,
		path:    s.proxy,
		address: address,
		args: []string{
			"--http-address=" + address,
			"--ping-path=/healthz",
			"--proxy-prefix=/auth", // the provider knows the portal's redirect URI only
			"--redirect-url=http://127.0.0.1:" + port + "/auth/callback",
			"--provider=oidc",
			"--oidc-issuer-url=" + provider.Issuer(),
			"--client-id=" + provider.ClientID(),
			"--client-secret=" + provider.ClientSecret(),
			"--scope=openid profile email offline_access",
			"--code-challenge-method=S256",
			"--skip-provider-button=true",
			"--email-domain=*",
			"--allowed-group=" + user.group,
			"--cookie-secret=" + strings.NewReplacer("+", "-", "/", "_").Replace(randomKey()), // it reads base64url
			"--cookie-secure=false",
			"--session-store-type=cookie",
			"--pass-access-token=true",
			"--upstream=" + upstream,
		},
	}, nil
}

// startPortal starts the portal.
func (s *stage) startPortal(ctx context.Context, name, maia string) (*process, error) {
	p, err := s.portalProgram(ctx, name, maia)
	if err != nil {
		return nil, err
	}
	return s.start(ctx, p)
}

// startProxy starts oauth2-proxy in front of another server.
func (s *stage) startProxy(ctx context.Context, upstream string) (*process, error) {
	p, err := s.proxyProgram(ctx, upstream)
	if err != nil {
		return nil, err
	}
	return s.start(ctx, p)
}
