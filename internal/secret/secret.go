// Package secret holds what must not be printed, logged, compared or encoded by accident: a Value, which can be
// wiped, and a Text, for tokens and the like, which libraries take as strings.
//
// It knows nothing of forms, JSON or Maia. Whoever needs what is hidden asks for it by name (Bytes, Reveal), so that
// one search finds every place where a secret can leave the process.
package secret

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// mask is what every printed form of a Value shows. Its length says nothing about the value's.
const mask = "[secret]"

// ErrMarshal is returned by every encoder that meets a Value. A mask in its place would be worse than
// an error: sent to Maia, the mask would become the secret.
var ErrMarshal = errors.New("secret: a secret value is not to be encoded")

// Value is a secret. The bytes sit behind a closure, because fmt and reflection print unexported
// fields without asking their methods, but can see nothing in a func. The zero Value is empty.
// Copies share the bytes: one Wipe wipes them all.
type Value struct{ open func() []byte }

// New takes b over: the caller must not keep or change it, but through the Value.
func New(b []byte) Value { return Value{func() []byte { return b }} }

// Bytes gives the bytes themselves, not a copy, for the one purpose of leaving the process.
func (v Value) Bytes() []byte {
	if v.open == nil {
		return nil
	}
	return v.open()
}

// Empty says whether there is nothing in it.
func (v Value) Empty() bool { return len(v.Bytes()) == 0 }

// Wipe overwrites the bytes with zeros. It may be called more than once, and on the zero Value.
func (v Value) Wipe() { clear(v.Bytes()) }

// Format answers every verb of fmt, flags or not, with the same mask.
func (Value) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, mask) }

// String is for callers that convert without fmt.
func (Value) String() string { return mask }

// LogValue is what slog writes.
func (Value) LogValue() slog.Value { return slog.StringValue(mask) }

// MarshalJSON refuses, see ErrMarshal.
func (Value) MarshalJSON() ([]byte, error) { return nil, ErrMarshal }

// MarshalText refuses, see ErrMarshal. It also covers encoding/xml and map keys.
func (Value) MarshalText() ([]byte, error) { return nil, ErrMarshal }

// GobEncode refuses, see ErrMarshal.
func (Value) GobEncode() ([]byte, error) { return nil, ErrMarshal }
