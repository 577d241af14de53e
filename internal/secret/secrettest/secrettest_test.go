package secrettest_test

import (
	"crypto"
	"fmt"
	"strings"
	"testing"
	"time"

	"maiaportal/internal/secret"
	"maiaportal/internal/secret/secrettest"
)

// told collects what a test would have failed with.
type told struct {
	testing.TB
	errors []string
}

func (t *told) Helper() {}
func (t *told) Errorf(format string, args ...any) {
	t.errors = append(t.errors, fmt.Sprintf(format, args...))
}

type polite struct{ S string }

func (polite) String() string               { return "polite" }
func (polite) GoString() string             { return "polite" }
func (polite) MarshalText() ([]byte, error) { return []byte("polite"), nil }

type inner struct{ token string } //nolint:unused // it is filled and read by reflection

// What shows a secret is found, in whatever kind of field it lies.
func TestWhatShowsIsFound(t *testing.T) {
	t.Parallel()
	for name, find := range map[string]func(t testing.TB, public ...string){
		"a text":                    look[struct{ F string }],
		"bytes":                     look[struct{ F []byte }],
		"an array of bytes":         look[struct{ F [32]byte }],
		"a list":                    look[struct{ F []string }],
		"keys":                      look[struct{ F [][]byte }],
		"an unexported field":       look[struct{ f string }],
		"a private key":             look[struct{ F crypto.Signer }],
		"a struct in a struct":      look[struct{ F inner }],
		"behind a pointer":          look[struct{ F *polite }],
		"hidden from %v but not %d": look[polite],
		"beside one that is hidden": look[struct {
			T secret.Text
			F string
		}],
		"anything":   look[struct{ F any }],
		"a map":      look[struct{ F map[string]string }],
		"a function": look[struct{ F func() }],
	} {
		got := &told{TB: t}
		find(got)
		if len(got.errors) == 0 || strings.Contains(strings.Join(got.errors, ""), "field T ") {
			t.Errorf("%s: %q", name, got.errors)
		}
	}
}

// What hides is not taken for what shows, and a list of names that is not true any more is found.
func TestWhatHidesIsNotFound(t *testing.T) {
	t.Parallel()
	type hides struct {
		T secret.Text
		V secret.Value
		L []secret.Value
		K secret.Of[crypto.Signer]
		P *struct{ t secret.Text }
		N int
		W time.Time
		S string
	}
	got := &told{TB: t}
	look[hides](got, "S")
	if len(got.errors) != 0 {
		t.Errorf("%q", got.errors)
	}
	if look[hides](got, "S", "Gone"); len(got.errors) != 1 || !strings.Contains(got.errors[0], "Gone") {
		t.Errorf("%q", got.errors)
	}
}

func look[T any](t testing.TB, public ...string) {
	var thing T
	words := secrettest.Fill(t, &thing, public...)
	secrettest.Hidden(t, words, thing, &thing)
}
