package provider

import (
	"crypto/rand"
	"crypto/rsa"
	"sync"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"
)

// signingKey signs the provider's tokens.
type signingKey struct {
	id  string
	key *rsa.PrivateKey
}

// newSigningKey begins to make a key and does not wait for it: a start must not take longer
// because primes are rare.
func newSigningKey() func() *signingKey {
	ready := sync.OnceValue(func() *signingKey { return &signingKey{id: uuid.NewString(), key: generateRSA()} })
	go ready()
	return ready
}

func generateRSA() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err) // crypto/rand does not fail, and 2048 bits are allowed
	}
	return key
}

// SignatureAlgorithm is the one that every client knows.
func (k *signingKey) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.RS256 }

// Key is the private key.
func (k *signingKey) Key() any { return k.key }

// ID is the key's kid.
func (k *signingKey) ID() string { return k.id }

// publicKey is the half that the provider publishes.
type publicKey struct{ *signingKey }

// Algorithm is that of the signatures.
func (k publicKey) Algorithm() jose.SignatureAlgorithm { return jose.RS256 }

// Use is signing.
func (k publicKey) Use() string { return "sig" }

// Key is the public key.
func (k publicKey) Key() any { return k.key.Public() }
