package auth

import "slices"

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
