package hostile

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// The client that the provider knows. The secret has characters that Basic has to encode.
const (
	ClientID     = "portal client"
	ClientSecret = "s3cret: with/+%&= öddities"
)

// The addresses of the provider.
const (
	Discovery  = "/.well-known/openid-configuration"
	JWKS       = "/keys"
	Authorize  = "/authorize"
	Token      = "/token"
	Userinfo   = "/userinfo"
	Revocation = "/revoke"
	EndSession = "/end-session"
)

// The grants of the token endpoint.
const (
	CodeGrant     = "authorization_code"
	RefreshGrant  = "refresh_token"
	ExchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange"
)

// Switches are what a test can turn. Each function may change what is about to go out; nil changes
// nothing.
type Switches struct {
	// Instead answers in place of the provider, by path.
	Instead map[string]http.HandlerFunc
	// Before is called before an address answers, and may wait.
	Before map[string]func()
	// Metadata changes the discovery document.
	Metadata func(map[string]any)
	// Answer changes the parameters of the redirect that ends an authorization request.
	Answer func(url.Values)
	// IDToken changes the claims of an ID token, at the end of a login and at a refresh alike.
	IDToken func(claims map[string]any)
	// Header changes the header of an ID token before it is signed.
	Header func(map[string]any)
	// Signed signs tokens; nil is Key with RS256.
	Signed Signature
	// Key is the number of the key that signs, and the only one that the key set has.
	Key int
	// Tokens changes the answer of the token endpoint.
	Tokens func(grant string, answer map[string]any)
	// Claims are those of the userinfo endpoint; nil: sub alone.
	Claims map[string]any

	Subject string // who is logged in
	Life    int    // of access tokens, in seconds
	// ClientKey verifies client assertions. ClientKeyID and ClientKeyAlg are their kid and alg; empty: any.
	ClientKey                 crypto.PublicKey
	ClientKeyID, ClientKeyAlg string
	// ToIssuer says that client assertions have to be meant for the issuer, not for the token endpoint.
	ToIssuer bool
	// Public says that the client has no secret, Anybody that every client is let in.
	Public, Anybody bool
	// Now is the provider's clock.
	Now func() time.Time
}

// Call is a request that arrived.
type Call struct {
	Path   string
	Form   url.Values // query and body together
	Header http.Header
	// Auth is how the client authenticated: client_secret_basic, client_secret_post, private_key_jwt or
	// none; AuthError is what was wrong with it.
	Auth, AuthError string
}

// code is an authorization code that has not been redeemed.
type code struct {
	nonce, challenge, redirectURI, subject string
}

// Provider is the provider while it runs.
type Provider struct {
	server  *httptest.Server
	closing chan struct{}

	mu      sync.Mutex
	s       Switches
	calls   []Call
	arrived chan struct{} // closed and replaced whenever a request arrives
	codes   map[string]code
	refresh map[string]string // refresh tokens that are good, with their subjects
	jtis    map[string]bool   // of client assertions
	n       int
	reused  int // refresh tokens that came a second time
}

// Start runs a provider on loopback until the test ends.
func Start(t testing.TB) *Provider {
	t.Helper()
	p := &Provider{
		closing: make(chan struct{}),
		arrived: make(chan struct{}),
		codes:   map[string]code{},
		refresh: map[string]string{},
		jtis:    map[string]bool{},
		s: Switches{
			Subject: "ada",
			Life:    3600,
			Now:     time.Now,
			Instead: map[string]http.HandlerFunc{},
			Before:  map[string]func(){},
		},
	}
	p.server = httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(func() {
		close(p.closing) // lets go what hangs
		p.server.Close()
	})
	return p
}

// Issuer is the provider's issuer, and the beginning of all its addresses.
func (p *Provider) Issuer() string { return p.server.URL }

// Set turns switches.
func (p *Provider) Set(change func(*Switches)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.s)
}

// Instead makes an address answer something else; nil makes it well-behaved again.
func (p *Provider) Instead(path string, h http.HandlerFunc) {
	p.Set(func(s *Switches) { s.Instead[path] = h })
}

// Calls are the requests that arrived at an address.
func (p *Provider) Calls(path string) []Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Collect(func(yield func(Call) bool) {
		for _, c := range p.calls {
			if c.Path == path && !yield(c) {
				return
			}
		}
	})
}

// Grants are the requests for one kind of grant that arrived at the token endpoint.
func (p *Provider) Grants(grant string) []Call {
	return slices.DeleteFunc(p.Calls(Token), func(c Call) bool { return c.Form.Get("grant_type") != grant })
}

// Await waits until at least n requests have arrived at an address.
func (p *Provider) Await(t testing.TB, path string, n int) {
	t.Helper()
	late := time.After(20 * time.Second)
	for {
		p.mu.Lock()
		next := p.arrived
		p.mu.Unlock()
		if len(p.Calls(path)) >= n {
			return
		}
		select {
		case <-next:
		case <-late:
			t.Fatalf("%d requests at %s, want %d", len(p.Calls(path)), path, n)
		}
	}
}

// Reuses is how many refresh tokens came a second time.
func (p *Provider) Reuses() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.reused
}

// RevokeRefreshTokens makes all refresh tokens useless, as an administrator at the provider can.
func (p *Provider) RevokeRefreshTokens() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.refresh)
}

// number makes names of tokens. The caller holds the lock.
func (p *Provider) number(prefix string) string {
	p.n++
	return fmt.Sprintf("%s-%d-%s", prefix, p.n, rand.Text())
}

func (p *Provider) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	form, _ := url.ParseQuery(string(body))
	for k, v := range r.URL.Query() {
		form[k] = append(form[k], v...)
	}
	c := Call{Path: r.URL.Path, Form: form, Header: r.Header.Clone()}
	p.mu.Lock()
	if c.Path == Token || c.Path == Revocation {
		c.Auth, c.AuthError = p.authenticated(c)
	}
	p.calls = append(p.calls, c)
	close(p.arrived)
	p.arrived = make(chan struct{})
	instead, before := p.s.Instead[c.Path], p.s.Before[c.Path]
	p.mu.Unlock()
	if before != nil {
		before()
	}
	if instead != nil {
		instead(w, r)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch c.Path {
	case Discovery:
		p.metadata(w)
	case JWKS:
		key := jose.JSONWebKey{Key: keyPair(p.s.Key).Public(), KeyID: kid(p.s.Key), Algorithm: "RS256", Use: "sig"}
		write(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{key}})
	case Authorize:
		p.authorize(w, r, c)
	case Token:
		p.token(w, c)
	case Userinfo:
		claims := p.s.Claims
		if claims == nil {
			claims = map[string]any{"sub": p.s.Subject}
		}
		write(w, http.StatusOK, claims)
	case Revocation:
		delete(p.refresh, c.Form.Get("token"))
	case EndSession:
		http.Redirect(w, r, c.Form.Get("post_logout_redirect_uri"), http.StatusSeeOther)
	default:
		http.NotFound(w, r)
	}
}

func (p *Provider) metadata(w http.ResponseWriter) {
	base := p.server.URL
	m := map[string]any{
		"issuer": base, "authorization_endpoint": base + Authorize, "token_endpoint": base + Token, "jwks_uri": base + JWKS, "userinfo_endpoint": base + Userinfo,
		"revocation_endpoint": base + Revocation, "end_session_endpoint": base + EndSession, "response_types_supported": []string{"code"},
		"subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic"},
	}
	if p.s.Metadata != nil {
		p.s.Metadata(m)
	}
	write(w, http.StatusOK, m)
}

func (p *Provider) authorize(w http.ResponseWriter, r *http.Request, c Call) {
	answer := url.Values{"state": {c.Form.Get("state")}, "code": {p.number("code")}}
	p.codes[answer.Get("code")] = code{c.Form.Get("nonce"), c.Form.Get("code_challenge"), c.Form.Get("redirect_uri"), p.s.Subject}
	if p.s.Answer != nil {
		p.s.Answer(answer)
	}
	http.Redirect(w, r, c.Form.Get("redirect_uri")+"?"+answer.Encode(), http.StatusFound)
}

func (p *Provider) token(w http.ResponseWriter, c Call) {
	if c.AuthError != "" {
		write(w, http.StatusUnauthorized, map[string]any{"error": "invalid_client", "error_description": c.AuthError})
		return
	}
	grant := c.Form.Get("grant_type")
	answer := map[string]any{"token_type": "Bearer", "expires_in": p.s.Life}
	switch grant {
	case CodeGrant:
		given, ok := p.codes[c.Form.Get("code")]
		delete(p.codes, c.Form.Get("code"))
		sum := sha256.Sum256([]byte(c.Form.Get("code_verifier")))
		if !ok || given.redirectURI != c.Form.Get("redirect_uri") || given.challenge != base64.RawURLEncoding.EncodeToString(sum[:]) {
			write(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant"})
			return
		}
		answer["refresh_token"] = p.number("refresh")
		answer["access_token"] = p.number("access-" + given.subject)
		answer["id_token"] = p.idToken(given.subject, given.nonce)
		p.refresh[answer["refresh_token"].(string)] = given.subject
	case RefreshGrant:
		subject, ok := p.refresh[c.Form.Get("refresh_token")]
		if !ok {
			p.reused++
			write(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant"})
			return
		}
		delete(p.refresh, c.Form.Get("refresh_token"))
		answer["refresh_token"] = p.number("refresh")
		answer["access_token"] = p.number("access-" + subject)
		answer["id_token"] = p.idToken(subject, "")
		p.refresh[answer["refresh_token"].(string)] = subject
	case ExchangeGrant:
		answer["access_token"] = p.number("exchanged")
		answer["issued_token_type"] = "urn:ietf:params:oauth:token-type:access_token"
	default:
		write(w, http.StatusBadRequest, map[string]any{"error": "unsupported_grant_type"})
		return
	}
	if p.s.Tokens != nil {
		p.s.Tokens(grant, answer)
	}
	write(w, http.StatusOK, answer)
}

// authenticated tells how a client authenticated, and what was wrong. The caller holds the lock.
func (p *Provider) authenticated(c Call) (method, fault string) {
	given := []string{}
	id, secret := c.Form.Get("client_id"), c.Form.Get("client_secret")
	if user, password, ok := (&http.Request{Header: c.Header}).BasicAuth(); ok {
		given = append(given, "client_secret_basic")
		var err1, err2 error
		id, err1 = url.QueryUnescape(user)
		secret, err2 = url.QueryUnescape(password)
		if err1 != nil || err2 != nil {
			fault = "not form-encoded"
		}
	}
	if c.Form.Has("client_secret") {
		given = append(given, "client_secret_post")
	}
	if c.Form.Has("client_assertion") {
		given = append(given, "private_key_jwt")
	}
	switch {
	case p.s.Anybody:
		return strings.Join(given, "+"), ""
	case len(given) > 1:
		return strings.Join(given, "+"), "more than one way (RFC 6749 section 2.3)"
	case len(given) == 0:
		if given = append(given, "none"); !p.s.Public {
			fault = "no secret"
		}
	case given[0] == "private_key_jwt":
		fault = p.assertion(c.Form)
	case subtle.ConstantTimeCompare([]byte(secret), []byte(ClientSecret)) != 1:
		fault = "another secret"
	}
	if id != ClientID {
		fault = "another client"
	}
	return given[0], fault
}

// assertionAlgs are those that can sign client assertions.
var assertionAlgs = []jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
}

// assertion checks a client assertion (RFC 7523 section 3).
func (p *Provider) assertion(form url.Values) string {
	jws, err := jose.ParseSignedCompact(form.Get("client_assertion"), assertionAlgs)
	if err != nil || p.s.ClientKey == nil {
		return "no assertion, or none is expected"
	}
	payload, err := jws.Verify(p.s.ClientKey)
	if err != nil {
		return "signed by another key"
	}
	var claims struct {
		Iss, Sub, Aud, Jti string
		Iat, Exp           int64
	}
	now := p.s.Now().Unix()
	header := jws.Signatures[0].Header
	audience := p.server.URL + Token
	if p.s.ToIssuer {
		audience = p.server.URL
	}
	switch {
	case form.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer":
		return "another type of assertion"
	case json.Unmarshal(payload, &claims) != nil || claims.Iss != ClientID || claims.Sub != ClientID:
		return "iss or sub is not the client"
	case claims.Aud != audience:
		return "aud is not " + audience
	case claims.Exp <= now || claims.Exp > now+300 || claims.Iat > now:
		return "not valid now, or for too long"
	case claims.Jti == "" || p.jtis[claims.Jti]:
		return "jti is missing or was used before"
	case header.KeyID == "" || p.s.ClientKeyID != "" && header.KeyID != p.s.ClientKeyID:
		return "no kid, or another one"
	case p.s.ClientKeyAlg != "" && header.Algorithm != p.s.ClientKeyAlg:
		return "another algorithm"
	}
	p.jtis[claims.Jti] = true
	return ""
}

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// keyPairs are made once for a process: they are slow to make.
var keyPairs struct {
	sync.Mutex
	keys map[int]*rsa.PrivateKey
}

func keyPair(n int) *rsa.PrivateKey {
	keyPairs.Lock()
	defer keyPairs.Unlock()
	if keyPairs.keys == nil {
		keyPairs.keys = map[int]*rsa.PrivateKey{}
	}
	if keyPairs.keys[n] == nil {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		keyPairs.keys[n] = key
	}
	return keyPairs.keys[n]
}

func kid(n int) string { return fmt.Sprintf("key-%d", n) }
