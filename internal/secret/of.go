package secret

import (
	"fmt"
	"io"
	"log/slog"
)

// Of is a secret that is not bytes of its own, such as a token or a private key, and that nobody could wipe. It hides
// what it holds in the same way as Value, and whoever needs that asks for it by name (Reveal). The zero Of is empty.
type Of[T comparable] struct{ open func() T }

// Text is a secret text: a token, a password, an address that holds one.
type Text = Of[string]

// Hide makes a secret of v.
func Hide[T comparable](v T) Of[T] { return Of[T]{func() T { return v }} }

// Reveal gives what is hidden, for the one purpose of using it.
func (o Of[T]) Reveal() T {
	if o.open == nil {
		var none T
		return none
	}
	return o.open()
}

// Empty says whether there is nothing in it.
func (o Of[T]) Empty() bool {
	var none T
	return o.Reveal() == none
}

// Format answers every verb of fmt, flags or not, with the same mask.
func (Of[T]) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, mask) }

// String is for callers that convert without fmt.
func (Of[T]) String() string { return mask }

// LogValue is what slog writes.
func (Of[T]) LogValue() slog.Value { return slog.StringValue(mask) }

// MarshalJSON refuses, see ErrMarshal. What has to be stored is encoded by somebody who says so.
func (Of[T]) MarshalJSON() ([]byte, error) { return nil, ErrMarshal }

// MarshalText refuses, see ErrMarshal.
func (Of[T]) MarshalText() ([]byte, error) { return nil, ErrMarshal }

// GobEncode refuses, see ErrMarshal.
func (Of[T]) GobEncode() ([]byte, error) { return nil, ErrMarshal }
