package oidc

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"slices"
	"strings"
	"testing"
	"time"

	"maiaportal/internal/secret"
)

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
