package oidc

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"golang.org/x/oauth2"

	"maiaportal/internal/auth/reason"
	"maiaportal/internal/weburl"
)

// Discover reads the metadata, once for all that ask at the same time. Its error is a *Refusal of
// ErrProviderAway.
func (p *Provider) Discover(ctx context.Context) error {
	_, err, _ := p.asking.Do("", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), discoveryWait)
		defer cancel()
		d, err := p.read(ctx)
		if err != nil {
			reason.Log(ctx, p.log, "provider not discovered", err, slog.String("issuer", p.client.Issuer))
			return nil, err
		}
		p.mu.Lock()
		before := p.found
		p.found = d
		p.mu.Unlock()
		if d.misfit != nil && (before == nil || before.misfit == nil || before.misfit.Reason != d.misfit.Reason) {
			reason.Log(ctx, p.log, "the provider may refuse the portal's credentials", d.misfit)
		}
		if before == nil {
			p.log.LogAttrs(ctx, slog.LevelInfo, "provider discovered", slog.String("issuer", p.client.Issuer))
			return d, nil
		}
		// The keys on schedule, too, so that those that the provider took back do not stay good.
		d.keys.again(ctx)
		return d, nil
	})
	return err
}

// read asks for the metadata and checks it.
func (p *Provider) read(ctx context.Context) (*discovered, error) {
	if strings.HasSuffix(strings.TrimSuffix(p.client.Issuer, "/"), "/.well-known/openid-configuration") {
		return nil, reason.Refuse(reason.ErrProviderAway, reason.DiscoveryIssuerIsMetadata)
	}
	seen := &seenAnswer{}
	ctx = context.WithValue(asking(ctx, EndpointDiscovery), seenKey{}, seen)
	op, err := oidc.NewProvider(oidc.ClientContext(ctx, p.HTTP), p.client.Issuer)
	if err != nil {
		return nil, p.undiscovered(err, seen)
	}
	var meta struct {
		Issuer        string   `json:"issuer"`
		JWKS          string   `json:"jwks_uri"`
		Algs          []string `json:"id_token_signing_alg_values_supported"`
		IssInResponse bool     `json:"authorization_response_iss_parameter_supported"`
		EndSession    string   `json:"end_session_endpoint"`
		Revocation    string   `json:"revocation_endpoint"`
		announced
	}
	if err := op.Claims(&meta); err != nil {
		return nil, reason.Refuse(reason.ErrProviderAway, reason.DiscoveryNotJSON).Because(err)
	}
	// go-oidc compares too; a change there must not open this door.
	if meta.Issuer != p.client.Issuer {
		return nil, p.otherIssuer(meta.Issuer)
	}
	if err := secureEndpoints(op); err != nil {
		return nil, err
	}
	endpoint := op.Endpoint()
	for name, address := range map[string]string{"authorization_endpoint": endpoint.AuthURL, "token_endpoint": endpoint.TokenURL, "jwks_uri": meta.JWKS} {
		if address == "" {
			return nil, reason.Refuse(reason.ErrProviderAway, reason.DiscoveryIncomplete, slog.String("missing", name))
		}
	}
	d := &discovered{
		issuer:        meta.Issuer,
		algs:          asymmetric(meta.Algs),
		now:           p.now,
		provider:      op,
		issInResponse: meta.IssInResponse,
		endSession:    meta.EndSession,
		revoke:        meta.Revocation,
		tokenURL:      endpoint.TokenURL,
		oauth: oauth2.Config{
			ClientID:    p.client.ID,
			Endpoint:    endpoint,
			RedirectURL: p.client.RedirectURL,
			Scopes:      p.client.Scopes,
		},
	}
	d.credentials = p.credentials(endpoint.TokenURL, meta.announced)
	d.misfit = p.misfit(meta.announced, d.credentials.method())
	d.keys = p.keysAt(meta.JWKS, d.algs)
	d.verifier = oidc.NewVerifier(meta.Issuer, d.keys, &oidc.Config{
		ClientID:             p.client.ID,
		SupportedSigningAlgs: d.algs,
		Now:                  p.now,
	})
	return d, nil
}

// keysAt gives the keys at an address: those at hand where it is the same as before. Where it is another
// one, those at hand verify until the new ones have been read.
func (p *Provider) keysAt(address string, algs []string) *keySet {
	var known []jose.SignatureAlgorithm
	for _, a := range algs {
		known = append(known, jose.SignatureAlgorithm(a))
	}
	keys := &keySet{url: address, client: p.HTTP, now: p.now, algs: known}
	before := p.known()
	switch {
	case before == nil:
	case before.keys.url == address:
		before.keys.use(known)
		return before.keys
	default:
		keys.keys = before.keys.all()
	}
	return keys
}

// undiscovered says why the metadata could not be read. go-oidc's own words quote the answer.
func (p *Provider) undiscovered(err error, seen *seenAnswer) *reason.Refusal {
	var other *oidc.IssuerMismatchError
	switch {
	case errors.As(err, &other):
		return p.otherIssuer(other.Discovered)
	case seen.status == 0:
		return unreachable(err)
	case seen.status >= 300 && seen.status < 400:
		return reason.Refuse(reason.ErrProviderAway, reason.DiscoveryRedirect, slog.Int("status", seen.status), slog.String("to_host", reason.Clip(seen.location)))
	case seen.status == http.StatusNotFound || seen.status == http.StatusGone:
		return reason.Refuse(reason.ErrProviderAway, reason.DiscoveryNotFound, slog.Int("status", seen.status))
	case seen.status == http.StatusForbidden || seen.status == http.StatusUnauthorized:
		return reason.Refuse(reason.ErrProviderAway, reason.DiscoveryForbidden, slog.Int("status", seen.status))
	case seen.status != http.StatusOK:
		return reason.Refuse(reason.ErrProviderAway, reason.DiscoveryStatus, slog.Int("status", seen.status))
	case unfinished(err):
		return unreachable(err)
	}
	return reason.Refuse(reason.ErrProviderAway, reason.DiscoveryNotJSON, slog.String("content_type", reason.Clip(seen.contentType)))
}

// otherIssuer says in which way the provider's own issuer is another one than the configured one.
func (p *Provider) otherIssuer(discovered string) *reason.Refusal {
	which := reason.DiscoveryIssuerOther
	switch {
	case strings.TrimSuffix(discovered, "/") == strings.TrimSuffix(p.client.Issuer, "/"):
		which = reason.DiscoveryIssuerSlash
	case strings.ContainsAny(discovered, "{}"):
		which = reason.DiscoveryIssuerTemplate
	}
	return reason.Refuse(reason.ErrProviderAway, which, slog.String("issuer_seen", reason.Clip(discovered)))
}

// secureEndpoints refuses metadata that names an endpoint at which what the portal sends, or the browser it
// sends there, could be listened to: the client's secret, codes, verifiers, tokens (RFC 9700 section 4.9).
func secureEndpoints(op *oidc.Provider) error {
	var all map[string]any
	if err := op.Claims(&all); err != nil {
		return reason.Refuse(reason.ErrProviderAway, reason.DiscoveryNotJSON).Because(err)
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		address, ok := all[name].(string)
		if !ok || address == "" || name != "jwks_uri" && !strings.HasSuffix(name, "_endpoint") {
			continue
		}
		if u, err := url.Parse(address); err != nil || !weburl.Secure(u) {
			return reason.Refuse(reason.ErrProviderAway, reason.DiscoveryEndpoint, slog.String("endpoint", reason.Clip(name)))
		}
	}
	return nil
}

// asymmetric leaves out "none" and the HMAC family: a token "signed" with the public key as a shared
// secret must not pass.
func asymmetric(announced []string) []string {
	var out []string
	for _, a := range announced {
		switch a {
		case oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512,
			oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA:
			out = append(out, a)
		}
	}
	if len(out) == 0 {
		return []string{oidc.RS256}
	}
	return out
}
