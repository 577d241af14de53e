package secret_test

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"maiaportal/internal/secret"
)

// A fingerprint tells keys apart, is the same each time, and holds no piece of the key.
func TestFingerprint(t *testing.T) {
	a, b := bytes.Repeat([]byte{0xab}, 32), bytes.Repeat([]byte{0xcd}, 32)
	one := secret.Fingerprint(secret.New(a), "session keys")
	if len(one) != 8 || one != secret.Fingerprint(secret.New(bytes.Clone(a)), "session keys") {
		t.Errorf("%q is no fingerprint", one)
	}
	if one == secret.Fingerprint(secret.New(b), "session keys") || one == secret.Fingerprint(secret.New(a), "audit keys") {
		t.Error("two keys, or two purposes, have one fingerprint")
	}
	if strings.Contains(hex.EncodeToString(a), one) {
		t.Error("a fingerprint holds a piece of the key")
	}
}
