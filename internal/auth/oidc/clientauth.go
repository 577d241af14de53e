package oidc

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/go-jose/go-jose/v4"

	"maiaportal/internal/secret"
)

// The ways of client authentication that the portal has (OpenID Connect Core section 9).
const (
	SecretBasic   = "client_secret_basic"
	SecretPost    = "client_secret_post"
	PrivateKeyJWT = "private_key_jwt"
	publicClient  = "none"
)

// assertionLife is how long a client assertion can be used.
const assertionLife = time.Minute

// credentials authenticate the relying party at the provider's endpoints: by a secret (basic or post), by a
// signed assertion (private_key_jwt), or not at all (a public client).
type credentials struct {
	id       string
	secret   secret.Text
	basic    bool
	signer   jose.Signer // not nil: private_key_jwt
	tokenURL string      // the usual audience of an assertion
	issuer   string      // the audience that some providers want in its place
	toIssuer bool        // the assertion's audience is the issuer
	now      func() time.Time
}

// method is how they authenticate.
func (c credentials) method() string {
	switch {
	case c.signer != nil:
		return PrivateKeyJWT
	case c.secret.Empty():
		return publicClient
	case c.basic:
		return SecretBasic
	}
	return SecretPost
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
	case !c.secret.Empty() && c.basic:
		// RFC 6749 section 2.3.1: both are form-encoded first.
		r := http.Request{Header: h}
		r.SetBasicAuth(url.QueryEscape(c.id), url.QueryEscape(c.secret.Reveal()))
	default:
		form.Set("client_id", c.id)
		if !c.secret.Empty() {
			form.Set("client_secret", c.secret.Reveal())
		}
	}
	return nil
}

func (c credentials) assertion() (string, error) {
	now := c.now()
	audience := c.tokenURL
	if c.toIssuer {
		audience = c.issuer
	}
	claims, err := json.Marshal(map[string]any{
		"iss": c.id, "sub": c.id, "aud": audience, "jti": newID(),
		"iat": now.Unix(), "exp": now.Add(assertionLife).Unix(),
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

// newID makes a random id of 256 bits.
func newID() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return encode(b[:])
}

// invalidClient says whether an answer is a definite word about the client's credentials (RFC 6749 section 5.2).
// The endpoint has looked at nothing else then: what the request had to redeem is as good as before.
func invalidClient(err error) bool {
	var e *endpointError
	return errors.As(err, &e) && e.code == "invalid_client" &&
		(e.status == http.StatusBadRequest || e.status == http.StatusUnauthorized)
}

// knownClient says whether an answer shows that the client was authenticated: a success, or a refusal of what it
// asked for.
func knownClient(err error) bool {
	var e *endpointError
	return err == nil || errors.As(err, &e) && e.ofExchange()
}
