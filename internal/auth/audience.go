package auth

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
)

// encode is base64url without padding, as JOSE has it.
func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// meantFor says whether an access token may be sent to an audience. Access tokens are opaque to a
// relying party; but where one is a JWT with an aud (RFC 9068 section 2.2) that is another one, sending
// it to Maia could only fail, and would give the token to somebody it was not meant for. A token that
// cannot be read passes.
func meantFor(token string, audiences ...string) bool {
	audiences = slices.DeleteFunc(slices.Clone(audiences), func(a string) bool { return a == "" })
	var claims struct {
		Aud json.RawMessage `json:"aud"`
	}
	if len(audiences) == 0 || !unverified(token, &claims) || claims.Aud == nil {
		return true
	}
	aud := groupList(claims.Aud) // a string or a list of strings, as groups are
	if len(aud) == 0 {
		return true
	}
	trim := func(s string) string { return strings.TrimSuffix(s, "/") }
	return slices.ContainsFunc(aud, func(a string) bool {
		return slices.ContainsFunc(audiences, func(b string) bool { return trim(a) == trim(b) })
	})
}

// unverified reads claims of a JWT without checking it, into a pointer. It is false where there are none:
// what it reads may contradict, and never prove anything.
func unverified(token string, claims any) bool {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return false
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	return err == nil && json.Unmarshal(payload, claims) == nil
}
