package oidc

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

	"github.com/go-jose/go-jose/v4"
)

// shortestRSA is the least that RFC 7518 section 3.3 allows for signing, in bits.
const shortestRSA = 2048

// ClientKey reads a private key in PEM (PKCS #8, PKCS #1 or SEC 1) for private_key_jwt. What stands before it in the
// file, such as a certificate or the parameters of a curve, is passed over. Its errors never quote the file.
func ClientKey(text []byte) (crypto.Signer, error) {
	if block, _ := pem.Decode(text); block == nil {
		return nil, errors.New("want a private key in PEM")
	}
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return nil, errors.New("want an unencrypted RSA, EC or Ed25519 private key in PEM")
		}
		if key := privateKey(block.Bytes); key != nil {
			return key, nil
		}
	}
}

// privateKey reads a key in one of the usual encodings; nil where it is none.
func privateKey(der []byte) crypto.Signer {
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		if s, ok := key.(crypto.Signer); ok {
			return s
		}
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key
	}
	return nil
}

// KeyAlgorithms are what a key can sign client assertions with, the one that is used by default first. There is none
// for a key of a kind or size that cannot be used.
func KeyAlgorithms(key crypto.Signer) []string {
	switch k := key.Public().(type) {
	case *rsa.PublicKey:
		if k.N.BitLen() < shortestRSA {
			return nil
		}
		return algorithms(jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512)
	case ed25519.PublicKey:
		return algorithms(jose.EdDSA)
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256():
			return algorithms(jose.ES256)
		case elliptic.P384():
			return algorithms(jose.ES384)
		case elliptic.P521():
			return algorithms(jose.ES512)
		}
	}
	return nil
}

func algorithms(all ...jose.SignatureAlgorithm) []string {
	names := make([]string, len(all))
	for i, a := range all {
		names[i] = string(a)
	}
	return names
}

// keyPair gives a key the name and the algorithm that the provider knows it by. Without an id that is the key's
// thumbprint (RFC 7638), which is what most providers name a registered key by.
func keyPair(key crypto.Signer, id, alg string) (jose.JSONWebKey, error) {
	if alg == "" {
		possible := KeyAlgorithms(key)
		if len(possible) == 0 {
			return jose.JSONWebKey{}, errors.New("auth: the client key is of a kind that cannot sign")
		}
		alg = possible[0]
	}
	jwk := jose.JSONWebKey{Key: key, KeyID: id, Algorithm: alg, Use: "sig"}
	if id == "" {
		thumbprint, err := jwk.Thumbprint(crypto.SHA256)
		if err != nil {
			return jose.JSONWebKey{}, fmt.Errorf("auth: client key: %w", err)
		}
		jwk.KeyID = encode(thumbprint)
	}
	return jwk, nil
}

// PublicKeys is the JWK Set (RFC 7517) with the public half of a client's key, to be registered at the provider. id
// and alg may be empty, as in Client.
func PublicKeys(key crypto.Signer, id, alg string) ([]byte, error) {
	pair, err := keyPair(key, id, alg)
	if err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{pair.Public()}}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("auth: client key: %w", err)
	}
	return text, nil
}

// newSigner makes a signer of a client's key.
func newSigner(c Client) (jose.Signer, error) {
	pair, err := keyPair(c.Key.Reveal(), c.KeyID, c.KeyAlg)
	if err != nil {
		return nil, err
	}
	key := jose.SigningKey{Algorithm: jose.SignatureAlgorithm(pair.Algorithm), Key: pair}
	signer, err := jose.NewSigner(key, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, fmt.Errorf("auth: client key: %w", err)
	}
	return signer, nil
}
