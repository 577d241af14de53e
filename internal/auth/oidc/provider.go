package oidc

import (
	"context"
	"crypto"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"

	"maiaportal/internal/auth/reason"
	"maiaportal/internal/secret"
)

const (
	// RequestTimeout is how long one request to the provider may take.
	RequestTimeout = 10 * time.Second
	providerAnswer = 1 << 20 // bytes; discovery documents and key sets are far smaller
	rediscover     = time.Hour
	// discoveryWait is how long a login waits for a provider that has not been discovered yet.
	discoveryWait = 5 * time.Second
)

// Client is what the relying party is at the provider.
type Client struct {
	Issuer      string
	ID          string
	Secret      secret.Text
	AuthMethod  string                   // how it authenticates; empty: as the metadata announces
	Key         secret.Of[crypto.Signer] // for private_key_jwt in place of the secret; may be empty
	KeyID       string                   // kid of its assertions; empty: the key's thumbprint
	KeyAlg      string                   // alg of its assertions; empty: by the key's type
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
	issuer string
	algs   []string // that sign tokens
	keys   *keySet
	now    func() time.Time

	oauth              oauth2.Config
	verifier           *oidc.IDTokenVerifier
	provider           *oidc.Provider
	issInResponse      bool // RFC 9207: answers to the authorization request carry iss
	endSession, revoke string
	tokenURL           string
	credentials        credentials
	misfit             *reason.Refusal // why the credentials will most likely be refused; nil: nothing speaks for that
}

// Provider is the OpenID provider, discovered when it is first needed and again on a schedule, so that
// the portal starts without it and recovers by itself.
type Provider struct {
	// HTTP is what the provider is asked with. It follows no redirect, and its answers have a bound.
	HTTP *http.Client
	// Observer hears of each request; nil: nobody does. It is set before the first one.
	Observer Observer
	// Tracer follows each request; nil: nobody does. It is set before the first one, too.
	Tracer Tracer

	client Client
	signer jose.Signer // of the client's key; nil without one
	log    *slog.Logger
	now    func() time.Time

	// toIssuer says that the provider takes client assertions whose audience is its issuer, not its token
	// endpoint. It was found out by trying.
	toIssuer atomic.Bool

	asking singleflight.Group
	mu     sync.RWMutex
	found  *discovered
}

// NewProvider makes a Provider without asking anything yet. Its error is a client key that cannot sign.
func NewProvider(c Client, log *slog.Logger, now func() time.Time) (*Provider, error) {
	p := &Provider{
		client: c,
		log:    log,
		now:    now,
		HTTP: &http.Client{
			Timeout: RequestTimeout,
			// A code, a refresh token or a client secret must not follow a redirect.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	p.HTTP.Transport = observed{limited{providerTransport()}, p}
	if !c.Key.Empty() {
		var err error
		if p.signer, err = newSigner(c); err != nil {
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
		// Else a proxy's refusal would be an error that nobody can tell from others.
		OnProxyConnectResponse: func(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
			if resp.StatusCode != http.StatusOK {
				return &proxyError{resp.StatusCode}
			}
			return nil
		},
	}
	return t
}

// limited bounds every answer of the provider: go-oidc reads them whole.
type limited struct{ http.RoundTripper }

func (l limited) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.RoundTripper.RoundTrip(r)
	if err == nil {
		note(r, resp)
		resp.Body = http.MaxBytesReader(nil, resp.Body, providerAnswer)
	}
	return resp, err
}

// Run keeps the provider discovered until ctx ends: at once, with backoff while it fails, and again
// every hour.
func (p *Provider) Run(ctx context.Context) {
	for wait := time.Second; ; {
		next := rediscover
		if err := p.Discover(ctx); err != nil {
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
	if err := p.Discover(ctx); err != nil {
		return nil, err
	}
	return p.known(), nil
}
