package hostile

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"time"
)

// Signature signs what a token's header and payload are; it may change the header.
type Signature func(header map[string]any) (sign func(input []byte) []byte)

// RS256 signs with the key of a number, which the key set may or may not have.
func RS256(n int) Signature {
	return func(header map[string]any) func([]byte) []byte {
		header["alg"] = "RS256"
		if header["kid"] == nil {
			header["kid"] = kid(n)
		}
		return func(input []byte) []byte {
			sum := sha256.Sum256(input)
			sig, err := rsa.SignPKCS1v15(rand.Reader, keyPair(n), crypto.SHA256, sum[:])
			if err != nil {
				panic(err)
			}
			return sig
		}
	}
}

// None leaves the signature out.
func None(header map[string]any) func([]byte) []byte {
	header["alg"] = "none"
	return func([]byte) []byte { return nil }
}

// HS256 uses the public key, which everybody has, as a shared secret.
func HS256(secret []byte) Signature {
	return func(header map[string]any) func([]byte) []byte {
		header["alg"], header["kid"] = "HS256", kid(0)
		return func(input []byte) []byte {
			mac := hmac.New(sha256.New, secret)
			mac.Write(input)
			return mac.Sum(nil)
		}
	}
}

// PublicPEM is the provider's public key as a file would have it.
func PublicPEM() []byte {
	der, err := x509.MarshalPKIXPublicKey(keyPair(0).Public())
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// Modulus is the number in the provider's public key.
func Modulus() []byte { return keyPair(0).N.Bytes() }

// Sign makes a token.
func Sign(s Signature, header, claims map[string]any) string {
	h := maps.Clone(header)
	if h == nil {
		h = map[string]any{}
	}
	sign := s(h)
	enc := base64.RawURLEncoding
	head, err1 := json.Marshal(h)
	payload, err2 := json.Marshal(claims)
	if err1 != nil || err2 != nil {
		panic("a token that cannot be written")
	}
	input := enc.EncodeToString(head) + "." + enc.EncodeToString(payload)
	return input + "." + enc.EncodeToString(sign([]byte(input)))
}

// idToken makes an ID token. The caller holds the lock.
func (p *Provider) idToken(subject, nonce string) string {
	now := p.s.Now()
	claims := map[string]any{
		"iss": p.server.URL, "sub": subject, "aud": ClientID, "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(), "auth_time": now.Unix(),
		"name": subject + " Winter", "email": subject + "@example.com", "groups": []string{"admins"}, "sid": "sid of " + subject,
	}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	if p.s.IDToken != nil {
		p.s.IDToken(claims)
	}
	for name, value := range claims {
		if value == nil {
			delete(claims, name)
		}
	}
	header := map[string]any{}
	if p.s.Header != nil {
		p.s.Header(header)
	}
	sign := p.s.Signed
	if sign == nil {
		sign = RS256(p.s.Key)
	}
	return Sign(sign, header, claims)
}

// LogoutToken makes a logout token that is valid for a subject; change may make it another one, by sid
// or with a fault. A claim that is set to nil is left out.
func (p *Provider) LogoutToken(subject string, s Signature, change func(claims map[string]any)) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.s.Now()
	claims := map[string]any{
		"iss": p.server.URL, "sub": subject, "aud": ClientID, "iat": now.Unix(), "exp": now.Add(2 * time.Minute).Unix(), "jti": p.number("jti"),
		"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
	}
	if change != nil {
		change(claims)
	}
	for name, value := range claims {
		if value == nil {
			delete(claims, name)
		}
	}
	if s == nil {
		s = RS256(p.s.Key)
	}
	return Sign(s, map[string]any{"typ": "logout+jwt"}, claims)
}
