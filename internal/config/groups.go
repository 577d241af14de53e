package config

import (
	"encoding/json"
	"strings"
)

// groups reads names of groups: comma-separated, or a JSON array of strings for names with commas. The names
// decide who gets in, so a list that was cut in the middle of a name is a fault: its pieces would be groups of
// their own, and each member of "dc=com" would be let in.
func (r *reader) groups(name, raw string) []string {
	if strings.TrimSpace(raw) == "" {
		return nil
	}
	if strings.HasPrefix(strings.TrimSpace(raw), "[") {
		names, ok := jsonNames(raw)
		if !ok {
			r.fault(prefix+name, `begins with [ and is not a JSON array of names, such as ["cn=secrets,ou=groups,dc=example,dc=com"]`)
		}
		return names
	}
	if cut(strings.Split(raw, ",")) {
		r.fault(prefix+name, `looks like a name that was cut at its commas; use a JSON array: ["cn=secrets,ou=groups,dc=example,dc=com"]`)
		return nil
	}
	names := list(raw)
	if len(names) == 0 {
		// Not the same as empty: that would let everybody in.
		r.fault(prefix+name, "names no group; leave it empty, or name one")
	}
	return names
}

// jsonNames reads an array of at least one string, none of them blank. Names stay as they are written.
func jsonNames(raw string) ([]string, bool) {
	var given []*string
	if err := json.Unmarshal([]byte(raw), &given); err != nil || len(given) == 0 {
		return nil, false
	}
	names := make([]string, 0, len(given))
	for _, n := range given {
		if n == nil || strings.TrimSpace(*n) == "" {
			return nil, false
		}
		names = append(names, *n)
	}
	return names, true
}

// attribute is the beginning of a part of a distinguished name: one of the attribute types of RFC 4514 section 3
// and the usual others, or an object identifier, and an equals sign.
var attribute = pattern(`(?i)^\s*"?\s*(cn|commonname|l|st|s|o|ou|c|street|dc|uid|userid|sn|serialnumber|` +
	`gn|givenname|t|title|e|email|emailaddress|dnqualifier|(oid\.)?\d+(\.\d+)+)\s*=`)

// cut says whether pieces between commas look like pieces of one name: a distinguished name, or one with an escaped
// or quoted comma, which this list does not know. One name without a comma cannot be cut.
func cut(pieces []string) bool {
	if len(pieces) < 2 {
		return false
	}
	for i, p := range pieces {
		p = strings.TrimSpace(p)
		escaped := i < len(pieces)-1 && strings.HasSuffix(p, `\`)
		if escaped || attribute().MatchString(p) || strings.Count(p, `"`)%2 == 1 {
			return true
		}
	}
	return false
}
