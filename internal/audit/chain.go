// Package audit makes the trail of events one that cannot be changed unnoticed: each event has a hash over
// itself and the hash of the one before.
//
// With a key the hash is an HMAC, and whoever can write into the database alone cannot make the chain anew.
// Without one it is plain SHA-256, which finds a slip and no forger.
package audit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"time"

	"maiaportal/internal/record"
	"maiaportal/internal/secret"
)

// timeFormat is RFC 3339 with milliseconds, always in UTC.
const timeFormat = "2006-01-02T15:04:05.000Z"

// Time puts an instant as events have it: RFC 3339, UTC, milliseconds.
func Time(t time.Time) string { return t.UTC().Format(timeFormat) }

// Chain seals events, and recognises what it has sealed. It may be used by many goroutines at once.
type Chain struct {
	key   []byte   // nil: plain SHA-256
	older [][]byte // sealed before, and verify
}

// NewChain makes a chain. The first of the keys seals, all of them verify; none at all are allowed.
func NewChain(keys []secret.Value) *Chain {
	c := &Chain{}
	for i, k := range keys {
		if i == 0 {
			c.key = k.Bytes()
			continue
		}
		c.older = append(c.older, k.Bytes())
	}
	return c
}

// Keyed says whether the hashes are made with a key.
func (c *Chain) Keyed() bool { return c.key != nil }

// Seal gives an event's details as one text, and its hash: over the RFC 8785 form of all of the event but the
// hash. Seq, Time and Prev have to be set.
func (c *Chain) Seal(e record.Event) (details, sum string) {
	details = Details(e.Details)
	return details, c.Hash(e, details)
}

// Hash gives the hash of an event whose details are in canonical form already, as the database has them.
func (c *Chain) Hash(e record.Event, details string) string { return sum(c.key, e, details) }

// Sealed says whether an event's hash is what the chain, by any of its keys, makes of the event.
func (c *Chain) Sealed(e record.Stored) bool {
	if e.Unreadable || !inCanonicalForm(e.DetailsText) {
		return false
	}
	if e.Hash == sum(c.key, e.Event, e.DetailsText) {
		return true
	}
	for _, key := range c.older {
		if e.Hash == sum(key, e.Event, e.DetailsText) {
			return true
		}
	}
	return false
}

// Plain says whether an event's hash was made without a key.
func Plain(e record.Stored) bool { return (&Chain{}).Sealed(e) }

// sum is an event's hash: an HMAC under a key, or plain SHA-256 where that is nil.
func sum(key []byte, e record.Event, details string) string {
	var h hash.Hash
	if key == nil {
		h = sha256.New()
	} else {
		h = hmac.New(sha256.New, key)
	}
	h.Write(appendCanonical(make([]byte, 0, len(details)+len(e.Actor.Name)+512), e, details))
	return hex.EncodeToString(h.Sum(nil))
}
