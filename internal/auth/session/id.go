package session

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
)

// NewID makes a random id of 256 bits.
func NewID() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// ValidID says whether s has the form of an id of NewID.
func ValidID(s string) bool {
	b, err := base64.RawURLEncoding.DecodeString(s)
	return err == nil && len(b) == 32
}

func hash(id string) []byte {
	sum := sha256.Sum256([]byte(id))
	return sum[:]
}
