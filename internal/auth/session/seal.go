package session

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"

	"maiaportal/internal/secret"
)

// ErrUnsealed is a payload that no key opens: the key is gone, or the id is another one.
var ErrUnsealed = errors.New("auth: no session key opens this")

// sealer encrypts what the database keeps, under a key derived from one of the portal's session keys
// and from the raw id that only the user's browser has. The database and the portal's keys together
// still open nothing.
type sealer struct{ keys []secret.Value } // the first one seals, all of them open

// purpose keeps keys for different things apart.
type purpose string

const (
	forSession purpose = "portal session"
	forLogin   purpose = "portal pending login"
)

func (s sealer) aead(key secret.Value, id string, p purpose) (cipher.AEAD, error) {
	derived, err := hkdf.Key(sha256.New, key.Bytes(), []byte(id), string(p), 32)
	if err != nil {
		return nil, fmt.Errorf("auth: derive key: %w", err)
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, fmt.Errorf("auth: cipher: %w", err)
	}
	return cipher.NewGCM(block)
}

func (s sealer) seal(id string, p purpose, plain []byte) ([]byte, error) {
	aead, err := s.aead(s.keys[0], id, p)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(plain)+aead.Overhead())
	_, _ = rand.Read(nonce) // never fails since Go 1.24
	return aead.Seal(nonce, nonce, plain, nil), nil
}

func (s sealer) open(id string, p purpose, sealed []byte) ([]byte, error) {
	for _, key := range s.keys {
		aead, err := s.aead(key, id, p)
		if err != nil {
			return nil, err
		}
		if len(sealed) < aead.NonceSize() {
			return nil, ErrUnsealed
		}
		if plain, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], nil); err == nil {
			return plain, nil
		}
	}
	return nil, ErrUnsealed
}

// sealLogin seals the login of a session.
func (s sealer) sealLogin(id string, login Login) ([]byte, error) {
	plain, err := login.plain()
	if err != nil {
		return nil, fmt.Errorf("auth: seal session: %w", err)
	}
	return s.seal(id, forSession, plain)
}

// login opens what sealLogin has sealed.
func (s sealer) login(id string, sealed []byte) (Login, error) {
	plain, err := s.open(id, forSession, sealed)
	if err != nil {
		return Login{}, err
	}
	login, err := loginOf(plain)
	if err != nil {
		return Login{}, ErrUnsealed
	}
	return login, nil
}

// FormTokenKeys derives the keys that bind form tokens to users from the session keys, so that all
// replicas and the next start have the same ones.
func FormTokenKeys(sessionKeys []secret.Value) ([][]byte, error) {
	keys := make([][]byte, len(sessionKeys))
	for i, k := range sessionKeys {
		var err error
		if keys[i], err = hkdf.Key(sha256.New, k.Bytes(), nil, "portal form token", 32); err != nil {
			return nil, fmt.Errorf("auth: derive key: %w", err)
		}
	}
	return keys, nil
}
