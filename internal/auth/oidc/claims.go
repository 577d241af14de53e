package oidc

import (
	"encoding/json"
	"strings"
)

// Claims are what a token or userinfo says about somebody.
type Claims map[string]json.RawMessage

// Text gives a claim that is a text. One of another type is as good as none.
func (c Claims) Text(name string) string {
	var s string
	_ = json.Unmarshal(c[name], &s)
	return strings.TrimSpace(s)
}

// sent says whether a claim is there; null is as good as none.
func sent(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }
