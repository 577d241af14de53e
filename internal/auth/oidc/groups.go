package oidc

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"maiaportal/internal/auth/reason"
)

// GroupsClaim says which claim has a user's groups, and how they are written there.
type GroupsClaim struct {
	Name      string
	Separator string // what parts the groups of one string; empty: one string is one group
	Member    string // of listed objects, the one that has the name; empty: such lists have no groups
}

// Groups is what claims say about a user's groups.
type Groups struct {
	Names  []string
	Reason reason.Reason // why there are none; empty where there are some
	Shape  string        // of the claim, for the log; empty where there is none
	Pieces bool          // one string, taken as one group because no separator is set
	Unread int           // how many entries of a list are neither a string nor an object with the member
	Facts  []slog.Attr   // more for the log
}

// None says whether these claims leave the question open, so that others may be asked.
func (f Groups) None() bool {
	return f.Reason == reason.GroupsMissing || f.Reason == reason.GroupsEmpty || f.Reason == reason.GroupsOverage
}

// In reads the groups out of claims.
func (c GroupsClaim) In(claims Claims) Groups {
	found := Groups{Reason: reason.GroupsMissing}
	if raw, ok := claimNamed(claims, c.Name); ok {
		found = c.read(raw)
	}
	if found.None() && c.elsewhere(claims) {
		found.Reason = reason.GroupsOverage
	}
	return found
}

// claimNamed finds a claim. Dots in the name lead into nested objects; a claim whose own name has dots, as
// URLs and some client ids do, is found first.
func claimNamed(claims Claims, name string) (json.RawMessage, bool) {
	if raw, ok := claims[name]; ok {
		return raw, true
	}
	for i, r := range name {
		var inner Claims
		if r != '.' || json.Unmarshal(claims[name[:i]], &inner) != nil {
			continue
		}
		if raw, ok := claimNamed(inner, name[i+1:]); ok {
			return raw, true
		}
	}
	return nil, false
}

// read takes the shapes that providers send: an array of strings or of objects, an object whose keys are
// the groups, and one string.
func (c GroupsClaim) read(raw json.RawMessage) Groups {
	var found Groups
	switch raw = bytes.TrimSpace(raw); {
	case !sent(raw):
		found.Shape = "null"
	case raw[0] == '"':
		found = c.text(raw)
	case raw[0] == '[':
		found = c.list(raw)
	case raw[0] == '{':
		found = c.object(raw)
	default:
		found = Groups{Shape: "number or boolean", Unread: 1}
	}
	switch {
	case len(found.Names) > 0:
	case found.Unread > 0:
		found.Reason = reason.GroupsOtherShape
	default:
		found.Reason = reason.GroupsEmpty
	}
	return found
}

func (c GroupsClaim) text(raw json.RawMessage) Groups {
	var s string
	_ = json.Unmarshal(raw, &s) // it is a string
	if c.Separator == "" {
		return Groups{Names: names(s), Shape: "string", Pieces: true}
	}
	parts := strings.Split(s, c.Separator)
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return Groups{Names: names(parts...), Shape: "string"}
}

func (c GroupsClaim) list(raw json.RawMessage) Groups {
	var entries []json.RawMessage
	_ = json.Unmarshal(raw, &entries) // it is an array
	found := Groups{Shape: "array"}
	for _, entry := range entries {
		var name string
		switch {
		case !sent(entry):
			continue
		case json.Unmarshal(entry, &name) == nil:
			found.Names = append(found.Names, names(name)...)
			continue
		case entry[0] == '{':
			found.Shape = "array of objects"
			if name, ok := c.named(entry); ok {
				found.Names = append(found.Names, names(name)...)
				continue
			}
		}
		found.Unread++
	}
	return found
}

// object takes the keys of an object. A key that is denied, by false or null, is no group. Where a member is
// configured and the object has it, it is the one entry of a list that a provider made no list of.
func (c GroupsClaim) object(raw json.RawMessage) Groups {
	found := Groups{Shape: "object"}
	if name, ok := c.named(raw); ok {
		found.Names = names(name)
		return found
	}
	var keys map[string]json.RawMessage
	_ = json.Unmarshal(raw, &keys) // it is an object
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if value := keys[key]; sent(value) && string(value) != "false" {
			found.Names = append(found.Names, names(key)...)
		}
	}
	return found
}

// named gives the configured member of an object.
func (c GroupsClaim) named(object json.RawMessage) (name string, ok bool) {
	var members map[string]json.RawMessage
	if c.Member == "" || json.Unmarshal(object, &members) != nil || !sent(members[c.Member]) {
		return "", false
	}
	return name, json.Unmarshal(members[c.Member], &name) == nil
}

// names drops what is empty: it is no group.
func names(list ...string) []string {
	return slices.DeleteFunc(list, func(s string) bool { return s == "" })
}

// elsewhere says whether the claims only tell where the groups are: distributed claims (OpenID Connect Core
// section 5.6.2), as Entra ID sends for users in very many groups, or its hasgroups.
func (c GroupsClaim) elsewhere(claims Claims) bool {
	var sources map[string]json.RawMessage
	_ = json.Unmarshal(claims[claimNames], &sources) // of another type they name nothing
	if sent(sources[c.Name]) {
		return true
	}
	for i, r := range c.Name {
		if r == '.' && sent(sources[c.Name[:i]]) {
			return true
		}
	}
	return c.Name == "groups" && strings.Trim(string(claims["hasgroups"]), `"`) == "true"
}

// The members of a token that say where claims are that it does not have.
const (
	claimNames   = "_claim_names"
	claimSources = "_claim_sources"
)

// withoutSources takes the references to distributed claims out of a token's payload. The portal follows
// none of them, and go-oidc refuses a whole token for one that is not as it expects.
func withoutSources(payload []byte) []byte {
	var claims map[string]json.RawMessage
	if json.Unmarshal(payload, &claims) != nil || claims[claimNames] == nil && claims[claimSources] == nil {
		return payload
	}
	delete(claims, claimNames)
	delete(claims, claimSources)
	without, err := json.Marshal(claims)
	if err != nil {
		return payload
	}
	return without
}

// With adds what userinfo says to what the ID token leaves open.
func (f Groups) With(info Groups) Groups {
	empty := f.Reason == reason.GroupsEmpty && info.Reason == reason.GroupsMissing
	if info.None() && (empty || f.Reason == reason.GroupsOverage) {
		return f
	}
	info.Facts = append(info.Facts, slog.String("groups_from", "userinfo"))
	return info
}
