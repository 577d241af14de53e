package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"maiaportal/internal/auth/reason"

	"github.com/go-jose/go-jose/v4"
)

const (
	// keyRefresh is how often an unknown key id may cause the provider's keys to be read again, with or
	// without success. Without it a stranger's tokens could make the portal flood the provider.
	keyRefresh = time.Minute
	// firstKeys is how often they are asked for while none is known.
	firstKeys = time.Second
)

// keySet is an oidc.KeySet: the provider's public keys, read when they are needed. It lives as long as the
// provider names the same address for them, however often its metadata is read again.
type keySet struct {
	url    string
	client *http.Client
	now    func() time.Time

	reading sync.Mutex           // held by the one that reads the keys
	first   time.Time            // when they were last asked for while none was known
	forced  map[source]time.Time // when a token of a source last made them be read again
	failed  error                // how the last read failed; nil: not
	reads   atomic.Int64         // how many reads have ended

	mu   sync.RWMutex // not held during a request: who is signed by a known key waits for nobody
	algs []jose.SignatureAlgorithm
	keys []jose.JSONWebKey
	read bool // the keys are those of url; else of an address that it had before
}

// source is who hands a token in. What anybody can send must not use up the reads that logins need.
type source int

const (
	fromProvider source = iota // from the token endpoint, over TLS
	fromAnybody                // from a request to the portal
)

// verdict is where a context has room for what a keySet found: go-oidc makes plain text of its errors.
type verdict struct {
	source source
	err    *reason.Refusal
}

type verdictKey struct{}

// VerifySignature checks a token's signature and gives its payload, without references to distributed claims.
func (k *keySet) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	k.mu.RLock()
	algs := k.algs
	k.mu.RUnlock()
	jws, err := jose.ParseSignedCompact(jwt, algs)
	if err != nil || len(jws.Signatures) != 1 {
		return nil, errors.New("auth: not a token with one signature by one of the provider's algorithms")
	}
	v, _ := ctx.Value(verdictKey{}).(*verdict)
	if v == nil {
		v = &verdict{}
	}
	payload, refused := k.find(ctx, jws, v.source)
	if refused != nil {
		v.err = refused
		return nil, refused
	}
	return withoutSources(payload), nil
}

// find looks for the key, and reads the keys again where that may help.
func (k *keySet) find(ctx context.Context, jws *jose.JSONWebSignature, from source) ([]byte, *reason.Refusal) {
	if payload, _ := k.verify(jws); payload != nil {
		return payload, nil
	}
	before := k.reads.Load()
	k.reading.Lock()
	defer k.reading.Unlock()
	// Whoever was here before may have read the very key.
	payload, known := k.verify(jws)
	if payload != nil {
		return payload, nil
	}
	// And where a read has ended meanwhile, its result is this one's, too: keys that hang must not be waited
	// for by one after the other.
	if k.reads.Load() == before && k.due(from) {
		// Not under the request's cancellation: a stranger who hangs up must not use up the minute.
		k.failed = k.refresh(context.WithoutCancel(ctx))
		if payload, known = k.verify(jws); payload != nil {
			return payload, nil
		}
	}
	header := jws.Signatures[0].Header
	facts := []slog.Attr{slog.String("algorithm", reason.Clip(header.Algorithm)), slog.Bool("key_id", header.KeyID != "")}
	switch {
	case k.failed != nil:
		return nil, reason.Refuse(reason.ErrProviderAway, reason.ProviderKeys, facts...).Because(k.failed)
	case known:
		return nil, reason.Refuse(reason.ErrBadAnswer, reason.JWTSignature, facts...)
	}
	return nil, reason.Refuse(reason.ErrBadAnswer, reason.JWTKey, facts...)
}

// verify tries the keys at hand. known says that one of them has the token's key id.
func (k *keySet) verify(jws *jose.JSONWebSignature) (payload []byte, known bool) {
	id := jws.Signatures[0].Header.KeyID
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, key := range k.keys {
		if id != "" && key.KeyID != id || key.Use == "enc" {
			continue
		}
		known = known || id != ""
		if payload, err := jws.Verify(&key); err == nil {
			return payload, true
		}
	}
	return nil, known
}

// due says whether the keys may be read again for a token that none of them verifies, and counts that. The
// first reads do not count: a provider may rotate its keys right after them. The caller holds reading.
func (k *keySet) due(from source) bool {
	k.mu.RLock()
	read := k.read && len(k.keys) > 0
	k.mu.RUnlock()
	now := k.now()
	if !read {
		if !k.first.IsZero() && now.Sub(k.first) < firstKeys {
			return false
		}
		k.first = now
		return true
	}
	if last, ok := k.forced[from]; ok && now.Sub(last) < keyRefresh {
		return false
	}
	if k.forced == nil {
		k.forced = map[source]time.Time{}
	}
	k.forced[from] = now
	return true
}

// again reads the keys as the schedule wants it. What cannot be had leaves the keys at hand as they are.
func (k *keySet) again(ctx context.Context) {
	if len(k.all()) == 0 {
		return // they are read when they are needed
	}
	k.reading.Lock()
	defer k.reading.Unlock()
	_ = k.refresh(ctx) // a token that needs a newer one says so
}

// all gives the keys at hand.
func (k *keySet) all() []jose.JSONWebKey {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.keys
}

// use takes over what newer metadata says.
func (k *keySet) use(algs []jose.SignatureAlgorithm) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.algs = algs
}

func (k *keySet) refresh(ctx context.Context) error {
	defer k.reads.Add(1)
	req, err := http.NewRequestWithContext(asking(ctx, EndpointKeys), http.MethodGet, k.url, nil)
	if err != nil {
		return fmt.Errorf("auth: the address of the keys: %w", err)
	}
	resp, err := k.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("auth: keys: status %d", resp.StatusCode)
	}
	// Keys of a kind that is not known here must not cost the others.
	var raw struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(body, &raw); err != nil {
		return errors.New("auth: not a key set")
	}
	var keys []jose.JSONWebKey
	for _, r := range raw.Keys {
		var key jose.JSONWebKey
		if json.Unmarshal(r, &key) == nil && key.Valid() && key.IsPublic() {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return errors.New("auth: a key set without a key")
	}
	k.mu.Lock()
	k.keys = keys
	k.read = true
	k.mu.Unlock()
	return nil
}
