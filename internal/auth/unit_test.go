package auth

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"maiaportal/internal/secret"
)

// S-20: no list of groups lets everybody in who can log in, but makes nobody an auditor.
func TestPolicy(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		p                     Policy
		groups                []string
		submits, audits, logs bool
	}{
		"no lists":    {Policy{}, nil, true, false, true},
		"allowed":     {Policy{Allowed: []string{"a"}}, []string{"x", "a"}, true, false, true},
		"not allowed": {Policy{Allowed: []string{"a"}}, []string{"x", "A"}, false, false, false},
		"no groups":   {Policy{Allowed: []string{"a"}, Auditors: []string{"b"}}, nil, false, false, false},
		"auditor only": {Policy{
			Allowed:  []string{"a"},
			Auditors: []string{"b"},
		}, []string{"b"}, false, true, true},
		"both": {Policy{
			Allowed:  []string{"a"},
			Auditors: []string{"b"},
		}, []string{"a", "b"}, true, true, true},
		"auditors without a first list": {Policy{Auditors: []string{"b"}}, []string{"x"}, true, false, true},
		"an empty name is no group":     {Policy{Allowed: []string{"a"}}, []string{""}, false, false, false},
	} {
		if tc.p.MaySubmit(tc.groups) != tc.submits || tc.p.Audits(tc.groups) != tc.audits || tc.p.MayLogIn(tc.groups) != tc.logs {
			t.Errorf("%s: %v %v %v", name, tc.p.MaySubmit(tc.groups), tc.p.Audits(tc.groups), tc.p.MayLogIn(tc.groups))
		}
	}
}

// S-19: a token that says whom it is for is sent to nobody else; one that does not say passes.
func TestMeantFor(t *testing.T) {
	t.Parallel()
	jwt := func(payload string) string {
		return "e30." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + ".sig"
	}
	for name, tc := range map[string]struct {
		token     string
		audiences []string
		want      bool
	}{
		"nothing is configured":         {jwt(`{"aud":"x"}`), nil, true},
		"empty settings":                {jwt(`{"aud":"x"}`), []string{"", ""}, true},
		"the one":                       {jwt(`{"aud":"https://maia"}`), []string{"https://maia"}, true},
		"but for a slash":               {jwt(`{"aud":"https://maia/"}`), []string{"https://maia"}, true},
		"one of several":                {jwt(`{"aud":["x","https://maia"]}`), []string{"", "https://maia"}, true},
		"either setting":                {jwt(`{"aud":"b"}`), []string{"a", "b"}, true},
		"another":                       {jwt(`{"aud":"https://graph"}`), []string{"https://maia"}, false},
		"others":                        {jwt(`{"aud":["x","y"]}`), []string{"https://maia"}, false},
		"a longer one":                  {jwt(`{"aud":"https://maia.evil.example"}`), []string{"https://maia"}, false},
		"upper case is another":         {jwt(`{"aud":"HTTPS://MAIA"}`), []string{"https://maia"}, false},
		"opaque":                        {"2YotnFZFEjr1zCsicMWpAA", []string{"https://maia"}, true},
		"opaque with dots":              {"a.b.c", []string{"https://maia"}, true},
		"encrypted":                     {"a.b.c.d.e", []string{"https://maia"}, true},
		"does not say":                  {jwt(`{"sub":"x"}`), []string{"https://maia"}, true},
		"says nothing":                  {jwt(`{"aud":[]}`), []string{"https://maia"}, true},
		"padded":                        {"e30." + base64.URLEncoding.EncodeToString([]byte(`{"aud":"https://graph"}`)) + ".x", []string{"https://maia"}, false},
		"no JSON":                       {jwt(`{"aud":`), []string{"https://maia"}, true},
		"empty":                         {"", []string{"https://maia"}, true},
		"an aud that is no word at all": {jwt(`{"aud":5}`), []string{"https://maia"}, true},
	} {
		if got := meantFor(tc.token, tc.audiences...); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// S-17, S-18: a payload opens with a listed key, the raw id and the same purpose, and with nothing less.
func TestSealer(t *testing.T) {
	t.Parallel()
	one, two := secret.New(bytes.Repeat([]byte{1}, 32)), secret.New(bytes.Repeat([]byte{2}, 32))
	id, plain := NewID(), []byte("the login")
	sealed, err := sealer{[]secret.Value{one}}.seal(id, forSession, plain)
	if err != nil || bytes.Contains(sealed, plain) {
		t.Fatalf("%q, %v", sealed, err)
	}
	again, _ := sealer{[]secret.Value{one}}.seal(id, forSession, plain)
	if bytes.Equal(sealed, again) {
		t.Error("sealed twice alike")
	}
	flipped := bytes.Clone(sealed)
	flipped[len(flipped)-1] ^= 1
	for name, tc := range map[string]struct {
		keys   []secret.Value
		id     string
		p      purpose
		sealed []byte
		ok     bool
	}{
		"as sealed":                   {[]secret.Value{one}, id, forSession, sealed, true},
		"the key is the second now":   {[]secret.Value{two, one}, id, forSession, sealed, true},
		"the key is gone":             {[]secret.Value{two}, id, forSession, sealed, false},
		"no keys":                     {nil, id, forSession, sealed, false},
		"without the raw id":          {[]secret.Value{one}, "", forSession, sealed, false},
		"with the id's hash":          {[]secret.Value{one}, string(hash(id)), forSession, sealed, false},
		"another id":                  {[]secret.Value{one}, NewID(), forSession, sealed, false},
		"another purpose":             {[]secret.Value{one}, id, forLogin, sealed, false},
		"changed":                     {[]secret.Value{one}, id, forSession, flipped, false},
		"cut short":                   {[]secret.Value{one}, id, forSession, sealed[:20], false},
		"shorter than a nonce":        {[]secret.Value{one}, id, forSession, sealed[:3], false},
		"empty":                       {[]secret.Value{one}, id, forSession, nil, false},
		"sealed with the second key?": {[]secret.Value{two, one}, id, forLogin, nil, false},
	} {
		got, err := sealer{tc.keys}.open(tc.id, tc.p, tc.sealed)
		if tc.ok != (err == nil) || tc.ok && !bytes.Equal(got, plain) || !tc.ok && !errors.Is(err, errUnsealed) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	// The first key seals.
	sealed, _ = sealer{[]secret.Value{two, one}}.seal(id, forSession, plain)
	if _, err := (sealer{[]secret.Value{two}}).open(id, forSession, sealed); err != nil {
		t.Error("not sealed with the first key")
	}
}

// S-18: keys that bind forms are the session keys' children, one for each, and none of them.
func TestFormTokenKeys(t *testing.T) {
	t.Parallel()
	session := []secret.Value{secret.New(bytes.Repeat([]byte{1}, 32)), secret.New(bytes.Repeat([]byte{2}, 32))}
	got, err := FormTokenKeys(session)
	again, _ := FormTokenKeys(session)
	if err != nil || len(got) != 2 || bytes.Equal(got[0], got[1]) || bytes.Equal(got[0], session[0].Bytes()) || !bytes.Equal(got[0], again[0]) {
		t.Errorf("%x, %v", got, err)
	}
}

// S-11: ids are 256 bits and never the same; only what looks like one is looked up.
func TestID(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		id := NewID()
		if seen[id] || !ValidID(id) || len(id) != 43 {
			t.Fatalf("%q", id)
		}
		seen[id] = true
	}
	for _, bad := range []string{"", "x", strings.Repeat("x", 42), strings.Repeat("x", 44), strings.Repeat("/", 43), NewID() + "=", NewID()[:40] + "%00"} {
		if ValidID(bad) {
			t.Errorf("%q", bad)
		}
	}
}

// S-11: cookies of the right names and attributes, short, at most one of each in an answer.
func TestCookies(t *testing.T) {
	t.Parallel()
	for secure, names := range map[bool][2]string{true: {"__Host-portal", "__Host-portal-login"}, false: {"portal", "portal-login"}} {
		c := Cookies{Secure: secure}
		if c.SessionName() != names[0] || c.BrowserName() != names[1] {
			t.Errorf("%s, %s", c.SessionName(), c.BrowserName())
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
		w := httptest.NewRecorder()
		c.Browser(w, r)
		c.Browser(w, r)
		if got := w.Result().Cookies(); len(got) != 1 || got[0].Name != c.BrowserName() || got[0].MaxAge != browserAge || !ValidID(got[0].Value) {
			t.Errorf("without a session: %v", w.Header())
		}
		c.Set(w, c.BrowserName(), "other", 0)
		c.Set(w, c.SessionName(), NewID(), 0)
		c.Expire(w, c.SessionName())
		if lines := w.Header().Values("Set-Cookie"); len(lines) != 2 || !strings.HasPrefix(lines[1], c.SessionName()+"=; ") || !strings.Contains(lines[1], "Max-Age=0") {
			t.Errorf("expired: %q", lines)
		}
	}
	// What is no id of ours is not sent back.
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
	r.AddCookie(&http.Cookie{Name: "portal", Value: "planted"})
	r.AddCookie(&http.Cookie{Name: "portal-login", Value: "planted"})
	w := httptest.NewRecorder()
	Cookies{}.Browser(w, r)
	if line := w.Header().Get("Set-Cookie"); strings.Contains(line, "planted") {
		t.Errorf("%q", line)
	}
}

// People tell their own sessions apart by what their browser is called.
func TestBrowserName(t *testing.T) {
	t.Parallel()
	for agent, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0":                                                        "Firefox on Windows",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0":           "Edge on Windows",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15":                   "Safari on macOS",
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36":                                   "Chrome on Linux",
		"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36":                          "Chrome on ChromeOS",
		"Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36":                   "Chrome on Android",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1": "Safari on iPhone",
		"Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Safari/537.36 OPR/111.0.0.0":                       "Opera on Windows",
		"Firefox/1": "Firefox", "curl/8.0": "Another program", "": "Another program", "<script>alert(1)</script>": "Another program", strings.Repeat("x", 1<<20): "Another program",
	} {
		if got := browserName(agent); got != want {
			t.Errorf("%.60s: %q, want %q", agent, got, want)
		}
	}
}

// S-5: neither none nor a shared secret is ever an algorithm, whatever the provider announces.
func TestAsymmetric(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ announced, want []string }{
		"all":               {[]string{"none", "HS256", "RS256", "HS512", "ES256", "PS256", "EdDSA", "NONE", "nOnE"}, []string{"RS256", "ES256", "PS256", "EdDSA"}},
		"nothing":           {nil, []string{"RS256"}},
		"nothing of use":    {[]string{"none", "HS256"}, []string{"RS256"}},
		"nobody knows them": {[]string{"XY512"}, []string{"RS256"}},
	} {
		if got := asymmetric(tc.announced); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// S-10: a life of a token is bounded, and nonsense is no life.
func TestLife(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]time.Duration{
		`3600`: time.Hour, `"3600"`: time.Hour, `1.5`: 1500 * time.Millisecond, `1e300`: 365 * 24 * time.Hour, `0`: 0, `-5`: 0, `null`: 0, ``: 0, `"soon"`: 0, `"NaN"`: 0, `{}`: 0, `"-1"`: 0, `"Inf"`: 365 * 24 * time.Hour,
	} {
		if got := life(json.RawMessage(raw)); got != want {
			t.Errorf("%s: %s, want %s", raw, got, want)
		}
	}
}

// S-19: every usual form of a private key is read, and an error quotes nothing of the file.
func TestClientKey(t *testing.T) {
	t.Parallel()
	rsaKey, _ := rsa.GenerateKey(rand.Reader, 2048)
	ecKey, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	odd, _ := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	_, edKey, _ := ed25519.GenerateKey(rand.Reader)
	pkcs8 := func(key any) []byte {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	}
	sec1, _ := x509.MarshalECPrivateKey(ecKey)
	public, _ := x509.MarshalPKIXPublicKey(rsaKey.Public())
	for name, tc := range map[string]struct {
		text         []byte
		reads, signs bool
	}{
		"PKCS #8, RSA":     {pkcs8(rsaKey), true, true},
		"PKCS #8, EC":      {pkcs8(ecKey), true, true},
		"PKCS #8, Ed25519": {pkcs8(edKey), true, true},
		"PKCS #1": {pem.EncodeToMemory(&pem.Block{
			Type:  "RSA PRIVATE KEY",
			Bytes: x509.MarshalPKCS1PrivateKey(rsaKey),
		}), true, true},
		"SEC 1":           {pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: sec1}), true, true},
		"an odd curve":    {pkcs8(odd), true, false},
		"a public key":    {pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}), false, false},
		"no PEM":          {[]byte("canary"), false, false},
		"empty":           {nil, false, false},
		"PEM of nonsense": {pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("canary")}), false, false},
	} {
		key, err := ClientKey(tc.text)
		if (err == nil) != tc.reads || err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil {
			continue
		}
		if _, err := NewProvider(Client{Key: secret.Hide(key)}, nil, time.Now); (err == nil) != tc.signs {
			t.Errorf("%s: signer: %v", name, err)
		}
	}
}
