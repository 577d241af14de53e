package auth_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"maiaportal/internal/auth/hostile"
	"maiaportal/internal/auth/oidc"
	"maiaportal/internal/secret"
)

// clientKeys are made once: RSA keys are slow to make.
var clientKeys = sync.OnceValues(func() (*rsa.PrivateKey, *ecdsa.PrivateKey) {
	rsaKey, err1 := rsa.GenerateKey(rand.Reader, 2048)
	ecKey, err2 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err1 != nil || err2 != nil {
		panic("no keys")
	}
	return rsaKey, ecKey
})

func announce(values map[string]any) func(*hostile.Switches) {
	return func(s *hostile.Switches) {
		s.Metadata = func(m map[string]any) {
			for name, v := range values {
				if m[name] = v; v == nil {
					delete(m, name)
				}
			}
		}
	}
}

const (
	methodsMember = "token_endpoint_auth_methods_supported"
	algsMember    = "token_endpoint_auth_signing_alg_values_supported"
)

// S-19: what PORTAL_OIDC_TOKEN_AUTH_METHOD, _CLIENT_KEY_ID and _CLIENT_KEY_ALG say goes before what is announced, and
// the provider sees the key as portal jwk prints it.
func TestClientAuthenticationAsSet(t *testing.T) {
	t.Parallel()
	rsaKey, ecKey := clientKeys()
	for name, tc := range map[string]struct {
		client  oidc.Client
		methods []string
		want    string
		kid     string // empty: the thumbprint
		alg     string
	}{
		"post, though basic is announced":     {oidc.Client{AuthMethod: oidc.SecretPost}, []string{"client_secret_basic"}, "client_secret_post", "", ""},
		"basic, though post is announced":     {oidc.Client{AuthMethod: oidc.SecretBasic}, []string{"client_secret_post"}, "client_secret_basic", "", ""},
		"basic, though nothing that is known": {oidc.Client{AuthMethod: oidc.SecretBasic}, []string{"tls_client_auth"}, "client_secret_basic", "", ""},
		"a key, though it is not announced": {oidc.Client{
			AuthMethod: oidc.PrivateKeyJWT,
			Key:        hiddenKey(ecKey),
		}, []string{"client_secret_basic"}, "private_key_jwt", "", "ES256"},
		"a key with a name": {oidc.Client{
			Key:   hiddenKey(rsaKey),
			KeyID: "portal-2026",
		}, []string{"private_key_jwt"}, "private_key_jwt", "portal-2026", "RS256"},
		"a key with an algorithm": {oidc.Client{
			Key:    hiddenKey(rsaKey),
			KeyAlg: "PS256",
		}, []string{"private_key_jwt"}, "private_key_jwt", "", "PS256"},
		"a key with both": {oidc.Client{
			Key:    hiddenKey(rsaKey),
			KeyAlg: "RS512",
			KeyID:  "k, 1",
		}, []string{"private_key_jwt"}, "private_key_jwt", "k, 1", "RS512"},
		"a key with nothing, named by its print": {oidc.Client{Key: hiddenKey(rsaKey)}, []string{"private_key_jwt"}, "private_key_jwt", "", "RS256"},
	} {
		r := newRig(t, func(o *options) { o.client = tc.client })
		r.op.Set(announce(map[string]any{methodsMember: tc.methods}))
		if !tc.client.Key.Empty() {
			set := publicKeys(t, tc.client)
			r.op.Set(func(s *hostile.Switches) {
				s.ClientKey, s.ClientKeyID, s.ClientKeyAlg = set.Key, set.KeyID, set.Algorithm
			})
			sum, err := (&jose.JSONWebKey{Key: tc.client.Key.Reveal().Public()}).Thumbprint(crypto.SHA256)
			if kid := tc.kid; err != nil || set.Algorithm != tc.alg || set.Use != "sig" ||
				kid != "" && set.KeyID != kid || kid == "" && set.KeyID != base64.RawURLEncoding.EncodeToString(sum) {
				t.Errorf("%s: kid %q, alg %q, use %q, %v", name, set.KeyID, set.Algorithm, set.Use, err)
			}
		}
		b := r.browser().login()
		b.post("/logout", nil)
		for _, c := range append(r.op.Calls(hostile.Token), r.op.Calls(hostile.Revocation)...) {
			if c.Auth != tc.want || c.AuthError != "" {
				t.Errorf("%s: %s by %s, want %s: %s", name, c.Path, c.Auth, tc.want, c.AuthError)
			}
		}
		if logged := r.logs.String(); strings.Contains(logged, "client_auth_") && tc.client.AuthMethod != "" {
			t.Errorf("%s: what is set is doubted: %s", name, logged)
		}
	}
}

func hiddenKey(k crypto.Signer) secret.Of[crypto.Signer] { return secret.Hide(k) }

// publicKeys is the one key that portal jwk prints.
func publicKeys(t *testing.T, c oidc.Client) jose.JSONWebKey {
	t.Helper()
	text, err := oidc.PublicKeys(c.Key.Reveal(), c.KeyID, c.KeyAlg)
	var set jose.JSONWebKeySet
	if err != nil || json.Unmarshal(text, &set) != nil || len(set.Keys) != 1 || !set.Keys[0].IsPublic() {
		t.Fatalf("%v: %s", err, text)
	}
	return set.Keys[0]
}

// Providers want client assertions for the token endpoint, or for the issuer. The second is tried where the first is
// definitely refused, nothing is redeemed twice, and what worked is remembered.
func TestAssertionForTheIssuer(t *testing.T) {
	t.Parallel()
	_, ecKey := clientKeys()
	r := newRig(t, func(o *options) { o.client.Key = hiddenKey(ecKey) })
	r.op.Set(func(s *hostile.Switches) { s.ClientKey, s.ToIssuer, s.Life = ecKey.Public(), true, 20*60 })
	b := r.browser().login()
	codes := r.op.Grants(hostile.CodeGrant)
	if len(codes) != 2 || codes[0].AuthError == "" || codes[1].AuthError != "" || codes[0].Form.Get("code") != codes[1].Form.Get("code") {
		t.Fatalf("the first login: %d tries, %+v", len(codes), codes)
	}
	if one, other := codes[0].Form.Get("client_assertion"), codes[1].Form.Get("client_assertion"); one == other {
		t.Error("the same assertion was sent twice")
	}
	r.clock.Add(21 * time.Minute)
	if a := b.get("/secret-references/new"); a.status != http.StatusOK {
		t.Errorf("refresh: %d %s", a.status, a.text())
	}
	r.browser().login().post("/logout", nil)
	after := append(append(r.op.Grants(hostile.CodeGrant)[2:], r.op.Grants(hostile.RefreshGrant)...), r.op.Calls(hostile.Revocation)...)
	if len(after) != 4 {
		t.Errorf("%d calls after it is known, want one for each", len(after))
	}
	for _, c := range after {
		if c.AuthError != "" {
			t.Errorf("%s: not remembered: %s", c.Path, c.AuthError)
		}
	}
	// A provider that changes its mind, as after an update, costs one more try.
	r.op.Set(func(s *hostile.Switches) { s.ToIssuer = false })
	r.browser().login()
	before := len(r.op.Grants(hostile.CodeGrant))
	r.browser().login()
	if n := len(r.op.Grants(hostile.CodeGrant)) - before; n != 1 {
		t.Errorf("%d tries after the change is known", n)
	}
}

// S-60: no code and no refresh token is sent again but after a definite word about the client; where both audiences
// are refused the log says so, and nothing is taken for known.
func TestAssertionIsNotTriedInVain(t *testing.T) {
	t.Parallel()
	_, ecKey := clientKeys()
	for name, tc := range map[string]struct {
		answer http.HandlerFunc
		want   int // requests that bear the code
	}{
		"invalid_client, 401":        {hostile.JSON(401, map[string]any{"error": "invalid_client"}), 2},
		"invalid_client, 400":        {hostile.JSON(400, map[string]any{"error": "invalid_client"}), 2},
		"invalid_client, 200":        {hostile.JSON(200, map[string]any{"error": "invalid_client"}), 1},
		"invalid_client, 500":        {hostile.JSON(500, map[string]any{"error": "invalid_client"}), 1},
		"401 without a word":         {hostile.HTML(401), 1},
		"unauthorized_client":        {hostile.JSON(400, map[string]any{"error": "unauthorized_client"}), 1},
		"invalid_grant":              {hostile.JSON(400, map[string]any{"error": "invalid_grant"}), 1},
		"invalid_request":            {hostile.JSON(400, map[string]any{"error": "invalid_request"}), 1},
		"503":                        {hostile.HTML(503), 1},
		"half an answer":             {hostile.Half, 1},
		"an error in another letter": {hostile.JSON(401, map[string]any{"error": "Invalid_Client"}), 1},
	} {
		r := newRig(t, func(o *options) { o.client.Key = hiddenKey(ecKey) })
		r.op.Set(func(s *hostile.Switches) { s.ClientKey = ecKey.Public() })
		r.op.Instead(hostile.Token, tc.answer)
		b := r.browser()
		if a := b.get(b.begin("/")); a.status < 400 {
			t.Errorf("%s: %d", name, a.status)
		}
		if n := len(r.op.Grants(hostile.CodeGrant)); n != tc.want {
			t.Errorf("%s: the code was sent %d times, want %d", name, n, tc.want)
		}
		if tc.want == 2 && !strings.Contains(r.logs.String(), `"auth_method":"private_key_jwt"`) {
			t.Errorf("%s: the log does not say how: %s", name, r.logs.String())
		}
		r.op.Instead(hostile.Token, nil)
		r.browser().login()
		if n := len(r.op.Grants(hostile.CodeGrant)); n != tc.want+1 {
			t.Errorf("%s: %d tries at the next login, want one", name, n-tc.want)
		}
	}
	// A secret is sent once, whatever is said of it.
	r := newRig(t)
	r.op.Instead(hostile.Token, hostile.JSON(401, map[string]any{"error": "invalid_client"}))
	b := r.browser()
	b.get(b.begin("/"))
	if n := len(r.op.Grants(hostile.CodeGrant)); n != 1 {
		t.Errorf("a secret was sent %d times", n)
	}
}

// S-61: where the metadata announces nothing that the portal can do with what it has, one line says so at discovery,
// and what to set; the login is tried all the same.
func TestAnnouncedClientAuthentication(t *testing.T) {
	t.Parallel()
	rsaKey, _ := clientKeys()
	for name, tc := range map[string]struct {
		announced map[string]any
		secret    string
		key       crypto.Signer
		want      string // reason; empty: no line
		says      string
	}{
		"a secret as a MAC alone":                   {map[string]any{methodsMember: []string{"client_secret_jwt"}}, "", nil, "client_auth_unsupported", "client_secret_jwt"},
		"certificates alone":                        {map[string]any{methodsMember: []string{"tls_client_auth", "self_signed_tls_client_auth"}}, "", nil, "client_auth_unsupported", "tls_client_auth"},
		"certificates alone, for a public client":   {map[string]any{methodsMember: []string{"tls_client_auth"}}, "none", nil, "client_auth_unsupported", "PORTAL_OIDC_TOKEN_AUTH_METHOD"},
		"certificates alone, for a key":             {map[string]any{methodsMember: []string{"tls_client_auth"}}, "", rsaKey, "client_auth_unsupported", "private_key_jwt"},
		"keys alone, for a secret":                  {map[string]any{methodsMember: []string{"private_key_jwt"}}, "", nil, "client_auth_method", "PORTAL_OIDC_CLIENT_KEY_FILE"},
		"secrets alone, for a key":                  {map[string]any{methodsMember: []string{"client_secret_basic", "client_secret_post"}}, "", rsaKey, "client_auth_method", "PORTAL_OIDC_CLIENT_SECRET"},
		"public clients alone, for a secret":        {map[string]any{methodsMember: []string{"none"}}, "", nil, "client_auth_method", "leave both out"},
		"another algorithm":                         {map[string]any{methodsMember: []string{"private_key_jwt"}, algsMember: []string{"PS256", "ES256"}}, "", rsaKey, "client_auth_algorithm", "PORTAL_OIDC_CLIENT_KEY_ALG"},
		"the algorithm too":                         {map[string]any{methodsMember: []string{"private_key_jwt"}, algsMember: []string{"PS256", "RS256"}}, "", rsaKey, "", ""},
		"algorithms that do not matter":             {map[string]any{algsMember: []string{"ES256"}}, "", nil, "", ""},
		"nothing, for a secret":                     {map[string]any{methodsMember: nil}, "", nil, "", ""},
		"nothing, for a key":                        {map[string]any{methodsMember: nil}, "", rsaKey, "", ""},
		"secrets alone, for a public client":        {map[string]any{methodsMember: []string{"client_secret_basic"}}, "none", nil, "", ""},
		"what the portal can do, among others":      {map[string]any{methodsMember: []string{"client_secret_jwt", "client_secret_post"}}, "", nil, "", ""},
		"a key, among others":                       {map[string]any{methodsMember: []string{"client_secret_basic", "private_key_jwt"}}, "", rsaKey, "", ""},
		"words with line breaks, shown as one word": {map[string]any{methodsMember: []string{"a\nb", "\x1b[31mc"}}, "", nil, "client_auth_unsupported", `"ab [31mc"`},
	} {
		r := newRig(t, func(o *options) { o.client.Secret, o.client.Key = secret.Hide(tc.secret), secret.Hide(tc.key) })
		r.op.Set(announce(tc.announced))
		for range 3 { // it is read again and again
			if err := r.provider.Discover(t.Context()); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		var found []string
		for line := range strings.SplitSeq(r.logs.String(), "\n") {
			if strings.Contains(line, `"reason":"client_auth_`) {
				found = append(found, line)
			}
		}
		switch {
		case tc.want == "":
			if len(found) != 0 {
				t.Errorf("%s: %s", name, found)
			}
		case len(found) != 1 || !strings.Contains(found[0], `"reason":"`+tc.want+`"`) || !strings.Contains(found[0], `"WARN"`) || !strings.Contains(found[0], tc.says):
			t.Errorf("%s: want one line with %s and %q: %s", name, tc.want, tc.says, found)
		}
		if !r.provider.Ready() {
			t.Errorf("%s: a warning must not keep people out", name)
		}
		// What it turns into later is said, too.
		r.op.Set(announce(map[string]any{methodsMember: []string{"client_secret_jwt"}}))
		_ = r.provider.Discover(t.Context())
		if n := strings.Count(r.logs.String(), `"reason":"client_auth_unsupported"`); n != 1 {
			t.Errorf("%s: %d lines after the metadata changed, want one", name, n)
		}
	}
}
