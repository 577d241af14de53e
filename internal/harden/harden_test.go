package harden

import (
	"slices"
	"testing"
)

// The operator's own settings of the runtime stay, and their word about preemption counts.
func TestSteady(t *testing.T) {
	for name, tc := range map[string]struct {
		environ, want []string
		changed       bool
	}{
		"nothing is set":             {[]string{"A=b"}, []string{"A=b", "GODEBUG=asyncpreemptoff=1"}, true},
		"it is empty":                {[]string{"GODEBUG=", "A=b"}, []string{"A=b", "GODEBUG=asyncpreemptoff=1"}, true},
		"something else is set":      {[]string{"GODEBUG=netdns=go"}, []string{"GODEBUG=netdns=go,asyncpreemptoff=1"}, true},
		"it is set":                  {[]string{"GODEBUG=asyncpreemptoff=1"}, []string{"GODEBUG=asyncpreemptoff=1"}, false},
		"the operator wants signals": {[]string{"GODEBUG=x=1,asyncpreemptoff=0"}, []string{"GODEBUG=x=1,asyncpreemptoff=0"}, false},
	} {
		got, changed := steady(tc.environ)
		if !slices.Equal(got, tc.want) || changed != tc.changed {
			t.Errorf("%s: %q, %v", name, got, changed)
		}
	}
}
