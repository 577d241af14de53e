package oidc

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
	if len(audiences) == 0 || !part(token, 1, &claims) || claims.Aud == nil {
		return true
	}
	aud := oneOrMore(claims.Aud)
	if len(aud) == 0 {
		return true
	}
	trim := func(s string) string { return strings.TrimSuffix(s, "/") }
	return slices.ContainsFunc(aud, func(a string) bool {
		return slices.ContainsFunc(audiences, func(b string) bool { return trim(a) == trim(b) })
	})
}

// Fits says whether the access token of an answer may be sent to whom the settings say that it is for.
func (p *Provider) Fits(a Answer) bool {
	return meantFor(a.AccessToken.Reveal(), p.client.Audience, p.client.Resource)
}

// oneOrMore takes a string, or a list of strings, as aud is. Anything else is none.
func oneOrMore(raw json.RawMessage) []string {
	var one string
	if json.Unmarshal(raw, &one) == nil && one != "" {
		return []string{one}
	}
	var list []any
	_ = json.Unmarshal(raw, &list)
	var words []string
	for _, w := range list {
		if s, ok := w.(string); ok {
			words = append(words, s)
		}
	}
	return words
}
