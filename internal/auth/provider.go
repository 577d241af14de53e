package auth

import (
	"context"
	"crypto"
	"errors"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"

	"maiaportal/internal/weburl"
)

const (
	providerTimeout = 10 * time.Second
	providerAnswer  = 1 << 20 // bytes; discovery documents and key sets are far smaller
	rediscover      = time.Hour
	// discoveryWait is how long a login waits for a provider that has not been discovered yet.
	discoveryWait = 5 * time.Second
)

// awayError is a provider that cannot be asked, or answers nonsense. Its text quotes no answer.
type awayError struct {
	what  string
	cause error
}

func (e *awayError) Error() string        { return "auth: the provider cannot be asked: " + e.what }
func (e *awayError) Unwrap() error        { return e.cause }
func (e *awayError) Is(target error) bool { return target == ErrProviderAway }

// Client is what the relying party is at the provider.
type Client struct {
	Issuer      string
	ID, Secret  string
	Key         crypto.Signer // for private_key_jwt in place of the secret; may be nil
	Scopes      []string
	RedirectURL string
	Audience    string        // sent as audience; may be empty
	Resource    string        // sent as resource (RFC 8707); may be empty
	Prompt      string        // sent as prompt; may be empty
	ACRValues   []string      // sent as acr_values, and one of them must come back; may be empty
	MaxAge      time.Duration // sent as max_age and checked; negative: not at all
}

// discovered is what a provider's metadata leads to.
type discovered struct {
	oauth              oauth2.Config
	verifier           *oidc.IDTokenVerifier
	provider           *oidc.Provider
	issInResponse      bool // RFC 9207: answers to the authorization request carry iss
	endSession, revoke string
	tokenURL           string
	credentials        credentials
}

// Provider is the OpenID provider, discovered when it is first needed and again on a schedule, so that
// the portal starts without it and recovers by itself.
type Provider struct {
	client Client
	signer jose.Signer // of the client's key; nil without one
	http   *http.Client
	log    *slog.Logger
	now    func() time.Time

	asking singleflight.Group
	mu     sync.RWMutex
	found  *discovered
}

// NewProvider makes a Provider without asking anything yet. Its error is a client key that cannot sign.
func NewProvider(c Client, log *slog.Logger, now func() time.Time) (*Provider, error) {
	p := &Provider{client: c, log: log, now: now, http: &http.Client{
		Timeout:   providerTimeout,
		Transport: limited{providerTransport()},
		// A code, a refresh token or a client secret must not follow a redirect.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	if c.Key != nil {
		var err error
		if p.signer, err = newSigner(c.Key); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func providerTransport() *http.Transport {
	t := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSHandshakeTimeout:    5 * time.Second,
		IdleConnTimeout:        30 * time.Second,
		MaxIdleConnsPerHost:    16,
		MaxResponseHeaderBytes: 256 << 10,
		DisableCompression:     true,
	}
	return t
}

// limited bounds every answer of the provider: go-oidc reads them whole.
type limited struct{ http.RoundTripper }

func (l limited) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.RoundTripper.RoundTrip(r)
	if err == nil {
		resp.Body = http.MaxBytesReader(nil, resp.Body, providerAnswer)
	}
	return resp, err
}

// Run keeps the provider discovered until ctx ends: at once, with backoff while it fails, and again
// every hour.
func (p *Provider) Run(ctx context.Context) {
	for wait := time.Second; ; {
		next := rediscover
		if err := p.discover(ctx); err != nil {
			next, wait = wait, min(2*wait, 30*time.Second)
		} else {
			wait = time.Second
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(next):
		}
	}
}

// Ready says whether the provider has been discovered since the start.
func (p *Provider) Ready() bool { return p.known() != nil }

func (p *Provider) known() *discovered {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.found
}

// get gives what is known, and asks where nothing is known yet. Its error is ErrProviderAway.
func (p *Provider) get(ctx context.Context) (*discovered, error) {
	if d := p.known(); d != nil {
		return d, nil
	}
	if err := p.discover(ctx); err != nil {
		return nil, err
	}
	return p.known(), nil
}

// discover reads the metadata, once for all that ask at the same time.
func (p *Provider) discover(ctx context.Context) error {
	_, err, _ := p.asking.Do("", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), discoveryWait)
		defer cancel()
		d, err := p.read(ctx)
		if err != nil {
			// The cause may quote the answer: the log gets its kind only.
			p.log.LogAttrs(ctx, slog.LevelWarn, "provider not discovered", slog.String("issuer", p.client.Issuer), slog.String("error", err.Error()))
			return nil, err
		}
		p.mu.Lock()
		first := p.found == nil
		p.found = d
		p.mu.Unlock()
		if first {
			p.log.LogAttrs(ctx, slog.LevelInfo, "provider discovered", slog.String("issuer", p.client.Issuer))
		}
		return d, nil
	})
	return err
}

func (p *Provider) read(ctx context.Context) (*discovered, error) {
	op, err := oidc.NewProvider(oidc.ClientContext(ctx, p.http), p.client.Issuer)
	if err != nil {
		what := "discovery failed"
		var network net.Error
		if errors.As(err, &network) {
			what = "no answer to discovery"
		}
		return nil, &awayError{what: what, cause: err}
	}
	var meta struct {
		Issuer        string   `json:"issuer"`
		JWKS          string   `json:"jwks_uri"`
		AuthMethods   []string `json:"token_endpoint_auth_methods_supported"`
		Algs          []string `json:"id_token_signing_alg_values_supported"`
		IssInResponse bool     `json:"authorization_response_iss_parameter_supported"`
		EndSession    string   `json:"end_session_endpoint"`
		Revocation    string   `json:"revocation_endpoint"`
	}
	if err := op.Claims(&meta); err != nil {
		return nil, &awayError{what: "metadata that cannot be read", cause: err}
	}
	// go-oidc compares too; a change there must not open this door.
	if meta.Issuer != p.client.Issuer {
		return nil, &awayError{what: "it calls itself by another issuer than the configured one"}
	}
	if err := secureEndpoints(op); err != nil {
		return nil, err
	}
	endpoint := op.Endpoint()
	if endpoint.AuthURL == "" || endpoint.TokenURL == "" || meta.JWKS == "" {
		return nil, &awayError{what: "metadata lacks an endpoint"}
	}
	d := &discovered{provider: op, issInResponse: meta.IssInResponse, endSession: meta.EndSession, revoke: meta.Revocation}
	// The metadata's default is Basic (OpenID Connect Discovery section 3).
	basic := len(meta.AuthMethods) == 0 || slices.Contains(meta.AuthMethods, "client_secret_basic")
	d.tokenURL = endpoint.TokenURL
	d.credentials = credentials{id: p.client.ID, secret: p.client.Secret, basic: basic, signer: p.signer, audience: endpoint.TokenURL, now: p.now}
	d.oauth = oauth2.Config{ClientID: p.client.ID, Endpoint: endpoint, RedirectURL: p.client.RedirectURL, Scopes: p.client.Scopes}
	algs := asymmetric(meta.Algs)
	keys := &keySet{url: meta.JWKS, client: p.http, now: p.now}
	for _, a := range algs {
		keys.algs = append(keys.algs, jose.SignatureAlgorithm(a))
	}
	d.verifier = oidc.NewVerifier(meta.Issuer, keys, &oidc.Config{ClientID: p.client.ID, SupportedSigningAlgs: algs, Now: p.now})
	return d, nil
}

// secureEndpoints refuses metadata that names an endpoint at which what the portal sends, or the browser it
// sends there, could be listened to: the client's secret, codes, verifiers, tokens (RFC 9700 section 4.9).
func secureEndpoints(op *oidc.Provider) error {
	var all map[string]any
	if err := op.Claims(&all); err != nil {
		return &awayError{what: "metadata that cannot be read", cause: err}
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		address, ok := all[name].(string)
		if !ok || address == "" || name != "jwks_uri" && !strings.HasSuffix(name, "_endpoint") {
			continue
		}
		if u, err := url.Parse(address); err != nil || !weburl.Secure(u) {
			return &awayError{what: "its metadata names an endpoint that is neither https nor http on loopback: " + name}
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
		case oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA:
			out = append(out, a)
		}
	}
	if len(out) == 0 {
		return []string{oidc.RS256}
	}
	return out
}

// context makes oauth2 and go-oidc use the bounded client.
func (p *Provider) context(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, p.http)
}

// revoke asks the provider to forget a token (RFC 7009). It is a courtesy: failure is logged only.
func (p *Provider) revoke(ctx context.Context, d *discovered, token, hint string) {
	if d.revoke == "" || token == "" {
		return
	}
	if _, err := p.ask(ctx, d.revoke, d.credentials, url.Values{"token": {token}, "token_type_hint": {hint}}); err != nil {
		p.log.LogAttrs(ctx, slog.LevelInfo, "token not revoked", slog.String("hint", hint), slog.String("error", err.Error()))
	}
}
