package auth

import (
	"testing"
)

// One string that was taken as one group may be several: where a name of the policy is a piece of it that is
// certain, and where it has the usual separators it is likely.
func TestOneStringThatIsSeveralGroups(t *testing.T) {
	t.Parallel()
	p := Policy{Allowed: []string{"admins", "Domain Admins"}, Auditors: []string{"auditors"}}
	for s, want := range map[string]bool{
		"staff": false, "Domain Users": false, "cn=staff,ou=groups,dc=example,dc=com": false, "administrators": false, "/staff/all": false,
		"staff,admins": true, "staff, auditors": true, "staff admins": true, "a;b": true, "a|b": true, "a\nb": true, "a,b": true,
		`["staff"]`: true, "[staff, admins]": true, "Domain Users;Domain Admins": true, "cn=a,dc=b;cn=c,dc=b": true,
	} {
		if got := several(s, p); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}
