package auth

import (
	"testing"
)

// S-20: no list of groups lets everybody in who can log in, but makes nobody an auditor.
func TestPolicy(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		p                     Policy
		groups                []string
		submits, audits, logs bool
	}{
		"no lists":    {Policy{}, nil, true, false, true},
		"allowed":     {Policy{Allowed: []string{"a"}}, []string{"x", "a"}, true, false, true},
		"not allowed": {Policy{Allowed: []string{"a"}}, []string{"x", "A"}, false, false, false},
		"no groups":   {Policy{Allowed: []string{"a"}, Auditors: []string{"b"}}, nil, false, false, false},
		"auditor only": {Policy{
			Allowed:  []string{"a"},
			Auditors: []string{"b"},
		}, []string{"b"}, false, true, true},
		"both": {Policy{
			Allowed:  []string{"a"},
			Auditors: []string{"b"},
		}, []string{"a", "b"}, true, true, true},
		"auditors without a first list": {Policy{Auditors: []string{"b"}}, []string{"x"}, true, false, true},
		"an empty name is no group":     {Policy{Allowed: []string{"a"}}, []string{""}, false, false, false},
	} {
		if tc.p.MaySubmit(tc.groups) != tc.submits || tc.p.Audits(tc.groups) != tc.audits || tc.p.MayLogIn(tc.groups) != tc.logs {
			t.Errorf("%s: %v %v %v", name, tc.p.MaySubmit(tc.groups), tc.p.Audits(tc.groups), tc.p.MayLogIn(tc.groups))
		}
	}
}
