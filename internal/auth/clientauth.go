package auth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// assertionLife is how long a client assertion can be used.
const assertionLife = time.Minute

// credentials authenticate the relying party at the provider's endpoints: by a secret (basic or post, as
// the metadata says), by a signed assertion (private_key_jwt, OpenID Connect Core section 9), or not at
// all (a public client).
type credentials struct {
	id, secret string
	basic      bool
	signer     jose.Signer // not nil: private_key_jwt
	audience   string      // of the assertion: the token endpoint
	now        func() time.Time
}

// authenticate adds what proves who asks to a form and its header.
func (c credentials) authenticate(form url.Values, h http.Header) error {
	switch {
	case c.signer != nil:
		assertion, err := c.assertion()
		if err != nil {
			return err
		}
		form.Set("client_id", c.id)
		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		form.Set("client_assertion", assertion)
	case c.secret != "" && c.basic:
		// RFC 6749 section 2.3.1: both are form-encoded first.
		r := http.Request{Header: h}
		r.SetBasicAuth(url.QueryEscape(c.id), url.QueryEscape(c.secret))
	default:
		form.Set("client_id", c.id)
		if c.secret != "" {
			form.Set("client_secret", c.secret)
		}
	}
	return nil
}

func (c credentials) assertion() (string, error) {
	now := c.now()
	claims, err := json.Marshal(map[string]any{
		"iss": c.id, "sub": c.id, "aud": c.audience, "jti": NewID(), "iat": now.Unix(), "exp": now.Add(assertionLife).Unix(),
	})
	if err != nil {
		return "", fmt.Errorf("auth: client assertion: %w", err)
	}
	jws, err := c.signer.Sign(claims)
	if err != nil {
		return "", fmt.Errorf("auth: client assertion: %w", err)
	}
	return jws.CompactSerialize()
}

// ClientKey reads a private key in PEM (PKCS #8, PKCS #1 or SEC 1) for private_key_jwt. Its errors never
// quote the file.
func ClientKey(text []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("want a private key in PEM")
	}
	if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		if s, ok := key.(crypto.Signer); ok {
			return s, nil
		}
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	return nil, errors.New("want an unencrypted RSA, EC or Ed25519 private key in PEM")
}

// newSigner makes a signer of a key. Its kid is the key's thumbprint (RFC 7638), which is what most
// providers name a registered key by.
func newSigner(key crypto.Signer) (jose.Signer, error) {
	var alg jose.SignatureAlgorithm
	switch k := key.Public().(type) {
	case *rsa.PublicKey:
		alg = jose.RS256
	case ed25519.PublicKey:
		alg = jose.EdDSA
	case *ecdsa.PublicKey:
		alg = map[elliptic.Curve]jose.SignatureAlgorithm{elliptic.P256(): jose.ES256, elliptic.P384(): jose.ES384, elliptic.P521(): jose.ES512}[k.Curve]
	}
	if alg == "" {
		return nil, errors.New("auth: the client key is of a kind that cannot sign")
	}
	jwk := jose.JSONWebKey{Key: key, Algorithm: string(alg)}
	thumbprint, err := jwk.Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("auth: client key: %w", err)
	}
	jwk.KeyID = encode(thumbprint)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jwk}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, fmt.Errorf("auth: client key: %w", err)
	}
	return signer, nil
}
