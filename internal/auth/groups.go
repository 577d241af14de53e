package auth

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"maiaportal/internal/auth/reason"
)

// groupsClaim says which claim has a user's groups, and how they are written there.
type groupsClaim struct {
	name      string
	separator string // what parts the groups of one string; empty: one string is one group
	member    string // of listed objects, the one that has the name; empty: such lists have no groups
}

// groupsFound is what claims say about a user's groups.
type groupsFound struct {
	groups []string
	reason reason.Reason // why there are none; empty where there are some
	shape  string        // of the claim, for the log; empty where there is none
	pieces bool          // one string, taken as one group because no separator is set
	unread int           // how many entries of a list are neither a string nor an object with the member
	facts  []slog.Attr   // more for the log
}

// none says whether these claims leave the question open, so that others may be asked.
func (f groupsFound) none() bool {
	return f.reason == reason.GroupsMissing || f.reason == reason.GroupsEmpty || f.reason == reason.GroupsOverage
}

// in reads the groups out of claims.
func (c groupsClaim) in(claims map[string]json.RawMessage) groupsFound {
	found := groupsFound{reason: reason.GroupsMissing}
	if raw, ok := claimNamed(claims, c.name); ok {
		found = c.read(raw)
	}
	if found.none() && c.elsewhere(claims) {
		found.reason = reason.GroupsOverage
	}
	return found
}

// claimNamed finds a claim. Dots in the name lead into nested objects; a claim whose own name has dots, as
// URLs and some client ids do, is found first.
func claimNamed(claims map[string]json.RawMessage, name string) (json.RawMessage, bool) {
	if raw, ok := claims[name]; ok {
		return raw, true
	}
	for i, r := range name {
		var inner map[string]json.RawMessage
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
func (c groupsClaim) read(raw json.RawMessage) groupsFound {
	var found groupsFound
	switch raw = bytes.TrimSpace(raw); {
	case !sent(raw):
		found.shape = "null"
	case raw[0] == '"':
		found = c.text(raw)
	case raw[0] == '[':
		found = c.list(raw)
	case raw[0] == '{':
		found = c.object(raw)
	default:
		found = groupsFound{shape: "number or boolean", unread: 1}
	}
	switch {
	case len(found.groups) > 0:
	case found.unread > 0:
		found.reason = reason.GroupsOtherShape
	default:
		found.reason = reason.GroupsEmpty
	}
	return found
}

func (c groupsClaim) text(raw json.RawMessage) groupsFound {
	var s string
	_ = json.Unmarshal(raw, &s) // it is a string
	if c.separator == "" {
		return groupsFound{groups: names(s), shape: "string", pieces: true}
	}
	parts := strings.Split(s, c.separator)
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return groupsFound{groups: names(parts...), shape: "string"}
}

func (c groupsClaim) list(raw json.RawMessage) groupsFound {
	var entries []json.RawMessage
	_ = json.Unmarshal(raw, &entries) // it is an array
	found := groupsFound{shape: "array"}
	for _, entry := range entries {
		var name string
		switch {
		case !sent(entry):
			continue
		case json.Unmarshal(entry, &name) == nil:
			found.groups = append(found.groups, names(name)...)
			continue
		case entry[0] == '{':
			found.shape = "array of objects"
			if name, ok := c.named(entry); ok {
				found.groups = append(found.groups, names(name)...)
				continue
			}
		}
		found.unread++
	}
	return found
}

// object takes the keys of an object. A key that is denied, by false or null, is no group. Where a member is
// configured and the object has it, it is the one entry of a list that a provider made no list of.
func (c groupsClaim) object(raw json.RawMessage) groupsFound {
	found := groupsFound{shape: "object"}
	if name, ok := c.named(raw); ok {
		found.groups = names(name)
		return found
	}
	var keys map[string]json.RawMessage
	_ = json.Unmarshal(raw, &keys) // it is an object
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if value := keys[key]; sent(value) && string(value) != "false" {
			found.groups = append(found.groups, names(key)...)
		}
	}
	return found
}

// named gives the configured member of an object.
func (c groupsClaim) named(object json.RawMessage) (name string, ok bool) {
	var members map[string]json.RawMessage
	if c.member == "" || json.Unmarshal(object, &members) != nil || !sent(members[c.member]) {
		return "", false
	}
	return name, json.Unmarshal(members[c.member], &name) == nil
}

// names drops what is empty: it is no group.
func names(list ...string) []string {
	return slices.DeleteFunc(list, func(s string) bool { return s == "" })
}

// elsewhere says whether the claims only tell where the groups are: distributed claims (OpenID Connect Core
// section 5.6.2), as Entra ID sends for users in very many groups, or its hasgroups.
func (c groupsClaim) elsewhere(claims map[string]json.RawMessage) bool {
	var sources map[string]json.RawMessage
	_ = json.Unmarshal(claims[claimNames], &sources) // of another type they name nothing
	if sent(sources[c.name]) {
		return true
	}
	for i, r := range c.name {
		if r == '.' && sent(sources[c.name[:i]]) {
			return true
		}
	}
	return c.name == "groups" && strings.Trim(string(claims["hasgroups"]), `"`) == "true"
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

// with adds what userinfo says to what the ID token leaves open.
func (f groupsFound) with(info groupsFound) groupsFound {
	if info.none() && (f.reason == reason.GroupsOverage || f.reason == reason.GroupsEmpty && info.reason == reason.GroupsMissing) {
		return f
	}
	info.facts = append(info.facts, slog.String("groups_from", "userinfo"))
	return info
}

// refusal says why somebody with these groups may not log in.
func (f groupsFound) refusal(c groupsClaim, p Policy) *reason.Refusal {
	why := f.reason
	if why == "" {
		why = reason.NotAllowed
		if f.pieces && several(f.groups[0], p) {
			why = reason.GroupsOtherShape
		}
	}
	facts := []slog.Attr{slog.String("groups_claim", reason.Clip(c.name))}
	if f.shape != "" {
		facts = append(facts, slog.String("groups_shape", f.shape))
	}
	if f.unread > 0 {
		facts = append(facts, slog.Int("groups_unread", f.unread))
	}
	return reason.Refuse(reason.ErrNotAllowed, why, append(facts, f.facts...)...)
}

// several says whether one string looks like several groups: one of those that the policy names is a piece
// of it, or it has the usual separators, and is no distinguished name, which has commas of its own.
func several(s string, p Policy) bool {
	pieces := func(separators string) []string {
		split := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(separators, r) })
		for i := range split {
			split[i] = strings.Trim(split[i], ` "'[]`)
		}
		return split
	}
	for _, separators := range []string{",", ";", "|", "\r\n", " \t\r\n"} {
		if p.MayLogIn(pieces(separators)) {
			return true
		}
	}
	commas := pieces(",")
	dn := !slices.ContainsFunc(commas, func(piece string) bool { return !strings.Contains(piece, "=") })
	return strings.ContainsAny(s, ";|\n") || strings.HasPrefix(s, "[") || len(commas) > 1 && !dn
}
