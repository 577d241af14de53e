package auth_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"maiaportal/internal/auth/hostile"
	"maiaportal/internal/auth/oidc"
	"maiaportal/internal/secret"
)

// S-19: the client authenticates as the provider's metadata says, in one way only, the same at the
// token endpoint and at revocation.
func TestClientAuthentication(t *testing.T) {
	t.Parallel()
	rsaKey, err1 := rsa.GenerateKey(rand.Reader, 2048)
	ecKey, err2 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	_, edKey, err3 := ed25519.GenerateKey(rand.Reader)
	if err1 != nil || err2 != nil || err3 != nil {
		t.Fatal(err1, err2, err3)
	}
	for name, tc := range map[string]struct {
		methods any // of the metadata; nil: it says nothing
		secret  string
		key     crypto.Signer
		want    string
	}{
		"basic":                      {[]string{"client_secret_basic"}, "", nil, "client_secret_basic"},
		"post":                       {[]string{"client_secret_post"}, "", nil, "client_secret_post"},
		"both":                       {[]string{"client_secret_post", "client_secret_basic"}, "", nil, "client_secret_basic"},
		"says nothing":               {nil, "", nil, "client_secret_basic"},
		"a public client":            {[]string{"client_secret_basic", "none"}, "none", nil, "none"},
		"an RSA key":                 {[]string{"private_key_jwt"}, "", rsaKey, "private_key_jwt"},
		"an EC key":                  {[]string{"private_key_jwt", "client_secret_basic"}, "", ecKey, "private_key_jwt"},
		"an Ed25519 key":             {nil, "", edKey, "private_key_jwt"},
		"methods that nobody knows":  {[]string{"client_secret_jwt", "tls_client_auth"}, "", nil, "client_secret_post"},
		"a public client, unwitting": {nil, "none", nil, "none"},
	} {
		r := newRig(t, func(o *options) { o.client.Secret, o.client.Key = secret.Hide(tc.secret), secret.Hide(tc.key) })
		r.op.Set(func(s *hostile.Switches) {
			s.Metadata = func(m map[string]any) {
				if m["token_endpoint_auth_methods_supported"] = tc.methods; tc.methods == nil {
					delete(m, "token_endpoint_auth_methods_supported")
				}
			}
			if tc.key != nil {
				s.ClientKey = tc.key.Public()
			}
			s.Life = 20 * 60
		})
		if tc.want == "none" {
			// The provider has no secret to compare with.
			r.op.Set(func(s *hostile.Switches) { s.Public = true })
		}
		b := r.browser().login()
		r.clock.Add(21 * time.Minute)
		if a := b.get("/secret-references/new"); a.status != http.StatusOK {
			t.Errorf("%s: refresh: %d %s", name, a.status, a.text())
		}
		b.post("/logout", nil)
		calls := append(r.op.Calls(hostile.Token), r.op.Calls(hostile.Revocation)...)
		if len(calls) != 4 {
			t.Errorf("%s: %d calls", name, len(calls))
		}
		for _, c := range calls {
			if c.Auth != tc.want || c.AuthError != "" {
				t.Errorf("%s: %s by %s, want %s: %s", name, c.Path, c.Auth, tc.want, c.AuthError)
			}
			if tc.want != "client_secret_post" && c.Form.Has("client_secret") {
				t.Errorf("%s: the secret is in the form", name)
			}
		}
	}
}

const (
	accessType = "urn:ietf:params:oauth:token-type:access_token"
	idType     = "urn:ietf:params:oauth:token-type:id_token"
)

// S-19: the exchange follows RFC 8693; what Maia gets is the exchanged token and nothing else, no longer
// than it lives.
func TestExchange(t *testing.T) {
	t.Parallel()
	for name, idToken := range map[string]bool{"of the access token": false, "of the ID token": true} {
		r := newRig(t, func(o *options) {
			o.exchange = &oidc.Exchange{
				Audience:       "https://maia",
				Resource:       "https://maia/api",
				Scope:          "secrets",
				SubjectIDToken: idToken,
			}
		})
		r.op.Set(func(s *hostile.Switches) {
			s.Tokens = func(grant string, a map[string]any) {
				if grant == hostile.ExchangeGrant {
					a["expires_in"] = 300
				}
			}
		})
		b := r.browser().login()
		login := b.session().Login
		for i := range 3 {
			if a := b.post("/secret-references", b.reference("E"+string(rune('0'+i)))); a.status != http.StatusSeeOther {
				t.Fatalf("%s: %d %s", name, a.status, a.text())
			}
		}
		calls := r.op.Grants(hostile.ExchangeGrant)
		if len(calls) != 1 {
			t.Fatalf("%s: %d exchanges", name, len(calls))
		}
		subject, kind := login.AccessToken.Reveal(), accessType
		if idToken {
			subject, kind = login.IDToken.Reveal(), idType
		}
		want := url.Values{"grant_type": {hostile.ExchangeGrant}, "subject_token": {subject}, "subject_token_type": {kind}, "requested_token_type": {accessType}, "audience": {"https://maia"}, "resource": {"https://maia/api"}, "scope": {"secrets"}}
		if got := calls[0]; got.Form.Encode() != want.Encode() || got.Auth != "client_secret_basic" || got.AuthError != "" {
			t.Errorf("%s: %v by %s %s", name, got.Form, got.Auth, got.AuthError)
		}
		first := b.session().Login.Exchanged.Token.Reveal()
		// It is had anew once it has ended, without another refresh: the login's own token lives on.
		r.clock.Add(301 * time.Second)
		if a := b.post("/secret-references", b.reference("LATER")); a.status != http.StatusSeeOther {
			t.Errorf("%s: %d %s", name, a.status, a.text())
		}
		second := b.session().Login.Exchanged.Token.Reveal()
		if second == first || len(r.op.Grants(hostile.ExchangeGrant)) != 2 || len(r.op.Grants(hostile.RefreshGrant)) != 0 {
			t.Errorf("%s: %d exchanges, %d refreshes", name, len(r.op.Grants(hostile.ExchangeGrant)), len(r.op.Grants(hostile.RefreshGrant)))
		}
		// Refused by Maia: another one, from another token of the login.
		r.maia.refuses(second)
		if a := b.post("/secret-references", b.reference("REFUSED")); a.status != http.StatusSeeOther {
			t.Errorf("%s: %d %s", name, a.status, a.text())
		}
		for _, token := range r.maia.ever() {
			if !strings.HasPrefix(token, "exchanged-") {
				t.Errorf("%s: Maia got %q", name, token)
			}
		}
		if got := r.maia.got(); !slices.Equal(got[:4], []string{first, first, first, second}) {
			t.Errorf("%s: Maia got %q", name, got)
		}
	}
}

// S-19: an answer that is not the token that was asked for goes nowhere.
func TestExchangeAnswers(t *testing.T) {
	t.Parallel()
	jwt := func(aud string) string {
		enc := base64.RawURLEncoding.EncodeToString
		return enc([]byte(`{"alg":"none"}`)) + "." + enc([]byte(`{"aud":"`+aud+`"}`)) + ".x"
	}
	for name, tc := range map[string]struct {
		change  func(a map[string]any)
		instead http.HandlerFunc
		status  int
	}{
		"as asked":                {func(map[string]any) {}, nil, 303},
		"a JWT":                   {func(a map[string]any) { a["issued_token_type"] = "urn:ietf:params:oauth:token-type:jwt" }, nil, 303},
		"for Maia":                {func(a map[string]any) { a["access_token"] = jwt("https://maia") }, nil, 303},
		"an ID token":             {func(a map[string]any) { a["issued_token_type"] = idType }, nil, 0},
		"a refresh token":         {func(a map[string]any) { a["issued_token_type"] = "urn:ietf:params:oauth:token-type:refresh_token" }, nil, 0},
		"does not say what":       {func(a map[string]any) { delete(a, "issued_token_type") }, nil, 0},
		"for somebody else":       {func(a map[string]any) { a["access_token"] = jwt("https://other") }, nil, 0},
		"a token of a MAC key":    {func(a map[string]any) { a["token_type"] = "mac" }, nil, 503},
		"refused":                 {nil, hostile.JSON(400, map[string]any{"error": "invalid_target", "error_description": "canary"}), 0},
		"the provider is away":    {nil, hostile.HTML(502), 503},
		"a redirect":              {nil, hostile.Redirect("/elsewhere"), 503},
		"a page and 200":          {nil, hostile.HTML(200), 503},
		"a token in capitals":     {func(a map[string]any) { a["token_type"] = "BEARER" }, nil, 303},
		"N_A, as RFC 8693 has it": {func(a map[string]any) { a["token_type"] = "N_A" }, nil, 303},
	} {
		elsewhere := hostile.Start(t)
		r := newRig(t, func(o *options) {
			o.exchange = &oidc.Exchange{
				URL:          elsewhere.Issuer() + hostile.Token,
				Audience:     "https://maia",
				ClientID:     "exchange client",
				ClientSecret: secret.Hide("its own secret"),
			}
		})
		elsewhere.Set(func(s *hostile.Switches) {
			s.Anybody = true
			s.Tokens = func(_ string, a map[string]any) {
				if tc.change != nil {
					tc.change(a)
				}
			}
		})
		elsewhere.Instead(hostile.Token, tc.instead)
		b := r.browser().login()
		a := b.post("/secret-references", b.reference("X"))
		if tc.status != 0 && a.status != tc.status || tc.status == 0 && a.status < 400 {
			t.Errorf("%s: %d, want %d: %s", name, a.status, tc.status, a.text())
		}
		if n := len(r.maia.got()); (n == 1) != (tc.status == 303) {
			t.Errorf("%s: Maia got %q", name, r.maia.got())
		}
		for _, token := range r.maia.ever() {
			if strings.HasPrefix(token, "access-") {
				t.Errorf("%s: the login's own token went to Maia", name)
			}
		}
		if len(elsewhere.Calls("/elsewhere")) != 0 || strings.Contains(r.logs.String(), "canary") {
			t.Errorf("%s: a redirect was followed, or a description logged", name)
		}
		// Neither the login's secret nor its refresh token has gone there.
		for _, c := range elsewhere.Calls(hostile.Token) {
			user, password, _ := (&http.Request{Header: c.Header}).BasicAuth()
			if user != "exchange+client" || password != "its+own+secret" || c.Form.Get("grant_type") != hostile.ExchangeGrant {
				t.Errorf("%s: %s %s %v", name, user, password, c.Form)
			}
		}
		if len(r.op.Grants(hostile.ExchangeGrant)) != 0 {
			t.Errorf("%s: exchanged at the provider", name)
		}
	}
}

// S-19: at another origin than the token endpoint's nothing is sent in the login's name, though only
// discovery told where that is.
func TestExchangeElsewhereNeedsItsOwnClient(t *testing.T) {
	t.Parallel()
	elsewhere := hostile.Start(t)
	r := newRig(t, func(o *options) { o.exchange = &oidc.Exchange{URL: elsewhere.Issuer() + hostile.Token} })
	b := r.browser().login()
	if a := b.post("/secret-references", b.reference("X")); a.status < 400 {
		t.Errorf("%d", a.status)
	}
	if n := len(elsewhere.Calls(hostile.Token)); n != 0 || len(r.maia.got()) != 0 {
		t.Errorf("%d requests there, Maia got %q", n, r.maia.got())
	}
	if !strings.Contains(r.logs.String(), "PORTAL_TOKEN_EXCHANGE_CLIENT_ID") {
		t.Error("the log does not say what to set")
	}
}

// S-19: a login's token that is meant for another audience than the configured one is refused, with a
// page for the operator's eyes; a refresh that gives one asks for a login.
func TestTokenForAnotherAudience(t *testing.T) {
	t.Parallel()
	enc := base64.RawURLEncoding.EncodeToString
	jwt := func(payload string) string { return enc([]byte(`{"alg":"none"}`)) + "." + enc([]byte(payload)) + ".x" }
	r := newRig(t, func(o *options) { o.client.Audience = "https://maia" })
	token := ""
	r.op.Set(func(s *hostile.Switches) {
		s.Life = 20 * 60
		s.Tokens = func(_ string, a map[string]any) { a["access_token"] = token }
	})
	b := r.browser()
	token = jwt(`{"aud":"https://graph.example"}`)
	a := b.get(b.begin("/activity"))
	if a.status != http.StatusForbidden || !strings.Contains(a.text(), "PORTAL_OIDC_AUDIENCE") || b.cookie("portal") != "" {
		t.Errorf("%d %s", a.status, a.text())
	}
	token = jwt(`{"aud":["https://maia/","x"]}`)
	b.login()
	form := b.reference("X")
	token = jwt(`{"aud":"https://graph.example"}`)
	r.clock.Add(21 * time.Minute)
	if a := b.post("/secret-references", form); a.status != http.StatusUnauthorized || len(r.maia.got()) != 0 {
		t.Errorf("after the refresh: %d, Maia got %q", a.status, r.maia.got())
	}
}
