package auth

import (
	"encoding/json"
	"slices"
)

// Policy says who may do what, by the groups that the provider tells of a user.
type Policy struct {
	Allowed  []string // may log in and submit; empty: everybody who can log in
	Auditors []string // may see everybody's activity
}

// MaySubmit says whether a member of these groups may use the forms.
func (p Policy) MaySubmit(groups []string) bool {
	return len(p.Allowed) == 0 || overlap(p.Allowed, groups)
}

// Audits says whether a member of these groups may see everybody's activity.
func (p Policy) Audits(groups []string) bool { return overlap(p.Auditors, groups) }

// MayLogIn says whether a member of these groups gets a session at all.
func (p Policy) MayLogIn(groups []string) bool { return p.MaySubmit(groups) || p.Audits(groups) }

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// groupsIn reads a list of groups out of claims. Dots in the claim's name lead into nested objects; a
// claim whose own name has dots, as URLs and some client ids do, is found first. ok is false where there
// is no such claim.
func groupsIn(claims map[string]json.RawMessage, name string) (groups []string, ok bool) {
	if raw, found := claims[name]; found {
		return groupList(raw), true
	}
	for i, r := range name {
		var inner map[string]json.RawMessage
		if r != '.' || json.Unmarshal(claims[name[:i]], &inner) != nil {
			continue
		}
		if groups, ok = groupsIn(inner, name[i+1:]); ok {
			return groups, true
		}
	}
	return nil, false
}

// groupList takes a list of strings, or one string. Anything else is no group.
func groupList(raw json.RawMessage) []string {
	var one string
	if json.Unmarshal(raw, &one) == nil && one != "" {
		return []string{one}
	}
	var list []any
	_ = json.Unmarshal(raw, &list)
	var groups []string
	for _, g := range list {
		if s, ok := g.(string); ok {
			groups = append(groups, s)
		}
	}
	return groups
}
