package submission

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"maiaportal/internal/record"
)

// FormTokens makes and checks the one-time tokens that forms carry. A token is a random id and a MAC
// that binds it to a user. The id is the idempotency key of the submission; no token is stored before
// it is used.
type FormTokens struct {
	keys [][]byte // the first one makes, all of them check
}

// NewFormTokens takes keys of 32 bytes, at least one.
func NewFormTokens(keys [][]byte) *FormTokens { return &FormTokens{keys: keys} }

// New makes a token for a user.
func (f *FormTokens) New(user record.Actor) string {
	var b [18]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	id := base64.RawURLEncoding.EncodeToString(b[:])
	return id + "." + base64.RawURLEncoding.EncodeToString(f.mac(f.keys[0], id, user))
}

// Check says whether a token was made for this user, and gives its id.
func (f *FormTokens) Check(user record.Actor, token string) (id string, ok bool) {
	id, sum, _ := strings.Cut(token, ".")
	got, err := base64.RawURLEncoding.DecodeString(sum)
	if err != nil || len(id) != 24 {
		return "", false
	}
	for _, k := range f.keys {
		if hmac.Equal(got, f.mac(k, id, user)) {
			return id, true
		}
	}
	return "", false
}

func (f *FormTokens) mac(key []byte, id string, user record.Actor) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(id + "\x00" + user.Key()))
	return h.Sum(nil)
}
