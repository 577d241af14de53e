package auth

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	// keyRefresh is how often an unknown key id may cause the provider's keys to be read again, with or
	// without success. Without it a stranger's tokens could make the portal flood the provider.
	keyRefresh = time.Minute
	// firstKeys is how often they are asked for while none is known.
	firstKeys = time.Second
)

// keySet is an oidc.KeySet: the provider's public keys, read when they are needed.
type keySet struct {
	url    string
	client *http.Client
	algs   []jose.SignatureAlgorithm
	now    func() time.Time

	reading sync.Mutex // held by the one that reads the keys
	tried   time.Time  // when they were last asked for
	failed  error      // how that failed; nil: not

	mu   sync.RWMutex // not held during a request: who is signed by a known key waits for nobody
	keys []jose.JSONWebKey
}

// awayKey is where a context has room for the error of a keySet.
type awayKey struct{}

// withKeys runs a check of go-oidc. That makes plain text of a key set's error, so that keys that
// cannot be had would look like a token that is not valid; here the error stays ErrProviderAway.
func withKeys[T any](ctx context.Context, raw string, check func(context.Context, string) (T, error)) (T, error) {
	var away error
	v, err := check(context.WithValue(ctx, awayKey{}, &away), raw)
	if err != nil && away != nil {
		err = away
	}
	return v, err
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
	if payload, ok := k.verify(jws); ok {
		return payload, nil
	}
	k.reading.Lock()
	defer k.reading.Unlock()
	// Whoever was here before may have read the very key.
	if payload, ok := k.verify(jws); ok {
		return payload, nil
	}
	if k.due() {
		// Not under the request's cancellation: a stranger who hangs up must not use up the minute.
		k.failed = k.refresh(context.WithoutCancel(ctx))
		k.tried = k.now()
		if payload, ok := k.verify(jws); ok {
			return payload, nil
		}
	}
	if k.failed != nil {
		if away, ok := ctx.Value(awayKey{}).(*error); ok {
			*away = k.failed
		}
		return nil, k.failed
	}
	return nil, errors.New("auth: the token is signed by none of the provider's keys")
}

// verify tries the keys at hand.
func (k *keySet) verify(jws *jose.JSONWebSignature) ([]byte, bool) {
	id := jws.Signatures[0].Header.KeyID
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, key := range k.keys {
		if id != "" && key.KeyID != id || key.Use == "enc" {
			continue
		}
		if payload, err := jws.Verify(&key); err == nil {
			return payload, true
		}
	}
	return nil, false
}

// due says whether the keys may be read again. The caller holds reading.
func (k *keySet) due() bool {
	k.mu.RLock()
	defer k.mu.RUnlock()
	wait := keyRefresh
	if len(k.keys) == 0 {
		wait = firstKeys
	}
	return k.tried.IsZero() || k.now().Sub(k.tried) >= wait
}

func (k *keySet) refresh(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, k.url, nil)
	if err != nil {
		return &awayError{what: "the address of its keys is not valid", cause: err}
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
	k.mu.Lock()
	k.keys = keys
	k.mu.Unlock()
	return nil
}
