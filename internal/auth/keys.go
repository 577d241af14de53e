package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// keyRefresh is how often an unknown key id may cause the provider's keys to be read again. Without it
// a stranger's tokens could make the portal flood the provider.
const keyRefresh = time.Minute

// keySet is an oidc.KeySet: the provider's public keys, read when they are needed.
type keySet struct {
	url    string
	client *http.Client
	algs   []jose.SignatureAlgorithm
	now    func() time.Time

	mu   sync.Mutex
	keys []jose.JSONWebKey
	read time.Time
}

// VerifySignature checks a token's signature and gives its payload.
func (k *keySet) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	jws, err := jose.ParseSignedCompact(jwt, k.algs)
	if err != nil {
		return nil, errors.New("auth: not a token signed by one of the provider's algorithms")
	}
	if len(jws.Signatures) != 1 {
		return nil, errors.New("auth: a token has to have one signature")
	}
	id := jws.Signatures[0].Header.KeyID
	k.mu.Lock()
	defer k.mu.Unlock()
	for range 2 {
		for _, key := range k.keys {
			if id != "" && key.KeyID != id || key.Use == "enc" {
				continue
			}
			if payload, err := jws.Verify(&key); err == nil {
				return payload, nil
			}
		}
		if !k.read.IsZero() && k.now().Sub(k.read) < keyRefresh {
			break
		}
		if err := k.refresh(ctx); err != nil {
			return nil, err
		}
	}
	return nil, errors.New("auth: the token is signed by none of the provider's keys")
}

func (k *keySet) refresh(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, k.url, nil)
	if err != nil {
		return fmt.Errorf("auth: keys: %w", err)
	}
	resp, err := k.client.Do(req)
	if err != nil {
		return &awayError{what: "keys", cause: err}
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		return &awayError{what: "keys", cause: err}
	}
	// Keys of a kind that is not known here must not cost the others.
	var raw struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(body, &raw); err != nil {
		return &awayError{what: "keys", cause: errors.New("not a key set")}
	}
	var keys []jose.JSONWebKey
	for _, r := range raw.Keys {
		var key jose.JSONWebKey
		if json.Unmarshal(r, &key) == nil && key.Valid() && key.IsPublic() {
			keys = append(keys, key)
		}
	}
	k.keys, k.read = keys, k.now()
	return nil
}
