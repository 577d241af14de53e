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

// Chain seals events. It may be used by many goroutines at once.
type Chain struct {
	key []byte // nil: plain SHA-256
}

// NewChain makes a chain. The first of the keys seals; none at all are allowed.
func NewChain(keys []secret.Value) *Chain {
	if len(keys) == 0 {
		return &Chain{}
	}
	return &Chain{key: keys[0].Bytes()}
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
func (c *Chain) Hash(e record.Event, details string) string {
	h := c.hash()
	h.Write(appendCanonical(make([]byte, 0, len(details)+len(e.Actor.Name)+512), e, details))
	return hex.EncodeToString(h.Sum(nil))
}

func (c *Chain) hash() hash.Hash {
	if c.key == nil {
		return sha256.New()
	}
	return hmac.New(sha256.New, c.key)
}
