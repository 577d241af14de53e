package config

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// keyFile writes a private key as PEM, behind other blocks.
func keyFile(t *testing.T, key crypto.Signer, before ...*pem.Block) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	for _, b := range append(before, &pem.Block{Type: "PRIVATE KEY", Bytes: der}) {
		if err := pem.Encode(&text, b); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// S-49: method, secret and key fit together, or the fault says which of them does not.
func TestClientAuthenticationSettings(t *testing.T) {
	generate := func(c elliptic.Curve) crypto.Signer {
		k, err := ecdsa.GenerateKey(c, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	bits := func(n int) crypto.Signer {
		k, err := rsa.GenerateKey(rand.Reader, n)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	parameters := &pem.Block{Type: "EC PARAMETERS", Bytes: []byte{6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7}}
	const (
		file   = "PORTAL_OIDC_CLIENT_KEY_FILE="
		id     = "PORTAL_OIDC_CLIENT_KEY_ID="
		alg    = "PORTAL_OIDC_CLIENT_KEY_ALG="
		method = "PORTAL_OIDC_TOKEN_AUTH_METHOD="
		secret = "PORTAL_OIDC_CLIENT_SECRET=s3cret" // #nosec G101 -- of a test
	)
	rsaFile := file + keyFile(t, bits(2048))
	p256, p384, p521 := file+keyFile(t, generate(elliptic.P256())), file+keyFile(t, generate(elliptic.P384())), file+keyFile(t, generate(elliptic.P521()))
	edFile := file + keyFile(t, ed)
	for why, tc := range map[string]struct {
		set    []string
		faults []string
	}{
		"nothing":                           {nil, nil},
		"a secret by basic":                 {[]string{secret, method + "client_secret_basic"}, nil},
		"a secret by post":                  {[]string{secret, method + "client_secret_post"}, nil},
		"a key":                             {[]string{rsaFile, method + "private_key_jwt"}, nil},
		"a key without a method":            {[]string{rsaFile, id + "portal 1", alg + "PS256"}, nil},
		"P-256":                             {[]string{p256, alg + "ES256"}, nil},
		"P-384":                             {[]string{p384, alg + "ES384"}, nil},
		"P-521":                             {[]string{p521, alg + "ES512"}, nil},
		"Ed25519":                           {[]string{edFile, alg + "EdDSA"}, nil},
		"a key behind a curve's parameters": {[]string{file + keyFile(t, generate(elliptic.P256()), parameters)}, nil},
		"a method that is none":             {[]string{secret, method + "canary77"}, []string{method}},
		"a method that the portal has not":  {[]string{secret, method + "client_secret_jwt"}, []string{method}},
		"a method in capitals":              {[]string{secret, method + "CLIENT_SECRET_BASIC"}, []string{method}},
		"basic without a secret":            {[]string{method + "client_secret_basic"}, []string{method}},
		"post without a secret":             {[]string{method + "client_secret_post"}, []string{method}},
		"basic with a key":                  {[]string{rsaFile, method + "client_secret_basic"}, []string{method}},
		"keys without a key":                {[]string{method + "private_key_jwt"}, []string{method}},
		"keys with a secret":                {[]string{secret, method + "private_key_jwt"}, []string{method}},
		"a secret that cannot be read":      {[]string{"PORTAL_OIDC_CLIENT_SECRET_FILE=/no/canary77", method + "client_secret_post"}, []string{"PORTAL_OIDC_CLIENT_SECRET_FILE"}},
		"a key that cannot be read":         {[]string{file + "/no/canary77", method + "private_key_jwt", alg + "PS256"}, []string{file}},
		"both, whatever the method":         {[]string{secret, rsaFile, method + "private_key_jwt"}, []string{file}},
		"a name without a key":              {[]string{secret, id + "canary77"}, []string{id}},
		"an algorithm without a key":        {[]string{secret, alg + "RS256"}, []string{alg}},
		"both without a key":                {[]string{id + "canary77", alg + "RS256"}, []string{id, alg}},
		"an algorithm of another key":       {[]string{rsaFile, alg + "ES256"}, []string{alg}},
		"an algorithm of another curve":     {[]string{p256, alg + "ES384"}, []string{alg}},
		"an algorithm of RSA for Ed25519":   {[]string{edFile, alg + "RS256"}, []string{alg}},
		"a shared secret's algorithm":       {[]string{rsaFile, alg + "HS256"}, []string{alg}},
		"no algorithm at all":               {[]string{rsaFile, alg + "none"}, []string{alg}},
		"an algorithm in small letters":     {[]string{rsaFile, alg + "ps256"}, []string{alg}},
		"a curve that cannot sign":          {[]string{file + keyFile(t, generate(elliptic.P224()))}, []string{file}},
		"a key that is short":               {[]string{file + keyFile(t, bits(1024))}, []string{file}},
		"a name with a line end":            {[]string{rsaFile, id + "a\nb"}, []string{id}},
		"a certificate and no key":          {[]string{file + otherPEM(t)}, []string{file}},
	} {
		c, err := load(nil, least(tc.set...))
		var got []string
		for _, l := range lines(err) {
			name, _, _ := strings.Cut(l, ":")
			got = append(got, name)
		}
		var want []string
		for _, f := range tc.faults {
			want = append(want, strings.TrimSuffix(f, "="))
		}
		if !slices.Equal(got, want) || strings.Contains(fmt.Sprint(err), "canary77") {
			t.Errorf("%s: %v, want faults of %q", why, err, want)
		}
		if err == nil && c.OIDC.ClientKey.Empty() && slices.ContainsFunc(tc.set, func(s string) bool { return strings.HasPrefix(s, file) }) {
			t.Errorf("%s: no key", why)
		}
	}
	c, err := load(nil, least(rsaFile, id+"portal 1", alg+"PS256", method+"private_key_jwt"))
	if err != nil || c.OIDC.ClientKeyID != "portal 1" || c.OIDC.ClientKeyAlg != "PS256" || c.OIDC.TokenAuthMethod != "private_key_jwt" {
		t.Errorf("%+v, %v", c.OIDC, err)
	}
}

// otherPEM is a file of PEM without a private key in it.
func otherPEM(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "certificate.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("canary77")})
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// An absolute life that is shorter than the default idle life is enough to set; two that contradict each other are a
// fault.
func TestIdleLifeFollowsTheAbsoluteOne(t *testing.T) {
	for set, want := range map[string]time.Duration{
		"PORTAL_SESSION_MAX=10m":                          10 * time.Minute,
		"PORTAL_SESSION_MAX=30m":                          30 * time.Minute,
		"PORTAL_SESSION_MAX=31m":                          30 * time.Minute,
		"PORTAL_SESSION_MAX=10m PORTAL_SESSION_IDLE=":     10 * time.Minute,
		"PORTAL_SESSION_MAX=10m PORTAL_SESSION_IDLE=5m":   5 * time.Minute,
		"PORTAL_SESSION_MAX=10m PORTAL_SESSION_IDLE=10m":  10 * time.Minute,
		"PORTAL_SESSION_IDLE=45m":                         45 * time.Minute,
		"PORTAL_SESSION_MAX=10m PORTAL_SESSION_IDLE=11m":  0,
		"PORTAL_SESSION_MAX=10m PORTAL_SESSION_IDLE=30m":  0, // the default, but said aloud
		"PORTAL_SESSION_IDLE=8h1s":                        0,
		"PORTAL_SESSION_MAX=nonsense":                     0,
		"PORTAL_SESSION_MAX=10m PORTAL_SESSION_IDLE=long": 0,
	} {
		c, err := load(nil, least(strings.Fields(set)...))
		if want == 0 && len(lines(err)) != 1 || want > 0 && (err != nil || c.SessionIdle != want) {
			t.Errorf("%s: %s, %v", set, c.SessionIdle, err)
		}
	}
	if _, err := load(map[string]string{"session-max": "10m", "session-idle": "30m"}, least()); len(lines(err)) != 1 {
		t.Errorf("by flags: %v", err)
	}
	if c, err := LoadOnly(nil, []string{"PORTAL_SESSION_MAX=10m"}, checks, "SESSION_IDLE", "SESSION_MAX"); err != nil || c.SessionIdle != 10*time.Minute {
		t.Errorf("for a command: %s, %v", c.SessionIdle, err)
	}
}

// The regions are the published servers; an account's id is what can stand in a header.
func TestRegionAndAccount(t *testing.T) {
	for region, server := range map[string]string{
		"eu1": "https://eu1.api.matillion.com/dpc", "us1": "https://us1.api.matillion.com/dpc", "au1": "https://au1.api.matillion.com/dpc",
	} {
		c, err := load(nil, least("PORTAL_MAIA_REGION="+region))
		if err != nil || c.MaiaURL.String() != server || c.MaiaRegion != strings.ToUpper(region) {
			t.Errorf("%s: %v %s %v", region, c.MaiaURL, c.MaiaRegion, err)
		}
	}
	for id, good := range map[string]bool{
		"": true, "5d1c6f0e-3b0a-4a58-9a1e-1f5f0c2b7a01": true, "x": true, "Contoso Ltd. (EU)": true, strings.Repeat("a", 256): true,
		"canary77\r\nx: y": false, "canary77\n": false, "\tcanary77": false, " canary77": false, "canary77 ": false, "canary77é": false,
		"canary77\x7f": false, strings.Repeat("canary77", 33): false,
	} {
		c, err := load(nil, least("PORTAL_MAIA_ACCOUNT_ID="+id))
		if (err == nil) != good || good && c.MaiaAccount != id || strings.Contains(fmt.Sprint(err), "canary77") {
			t.Errorf("%q: %q, %v", id, c.MaiaAccount, err)
		}
	}
}

// 0 switches the limit off.
func TestNoLimitOfSubmissions(t *testing.T) {
	for given, want := range map[string]int{"0": 0, "1": 1, "1000": 1000} {
		if c, err := load(nil, least("PORTAL_SUBMISSIONS_PER_MINUTE="+given)); err != nil || c.SubmissionsPerMinute != want {
			t.Errorf("%s: %d, %v", given, c.SubmissionsPerMinute, err)
		}
	}
}
