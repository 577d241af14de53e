package auth_test

import (
	"net/http"
	"strings"
	"testing"

	"maiaportal/internal/auth"
	"maiaportal/internal/auth/hostile"
)

const zitadelRoles = "urn:zitadel:iam:org:project:roles"

// S-20: who is in none of the groups, or whose groups cannot be read, gets a page that names them, and no
// session. The log and the page say which of the two it is.
func TestGroups(t *testing.T) {
	t.Parallel()
	overage := map[string]any{"_claim_names": map[string]any{"groups": "src1"}, "_claim_sources": map[string]any{"src1": map[string]any{"endpoint": "https://graph.example.com/x"}}}
	objects := []any{map[string]any{"id": "1", "name": "staff"}, map[string]any{"id": "2", "name": "admins"}}
	ada := func(groups any) map[string]any { return map[string]any{"sub": "ada", "groups": groups} }
	for name, tc := range map[string]struct {
		claim    string         // groups, where it is empty
		idToken  any            // of the groups claim; nil: none
		more     map[string]any // of the ID token
		userinfo map[string]any
		o        options
		reason   string // of the refusal; empty: in
		says     string // the page
	}{
		"in a group":                            {idToken: []string{"staff", "admins"}},
		"in no group":                           {idToken: []string{"staff"}, reason: "not_allowed", says: "add you"},
		"one group as a string":                 {idToken: "admins"},
		"another group as a string":             {idToken: "all staff", reason: "not_allowed"},
		"another group as a distinguished name": {idToken: "cn=staff,dc=example,dc=com", reason: "not_allowed"},
		"a group whose name begins alike":       {idToken: []string{"admins-of-nothing", "Admins"}, reason: "not_allowed"},
		"a name and what is none":               {idToken: []any{nil, 5, "x"}, reason: "not_allowed"},
		"auditors only":                         {idToken: []string{"auditors"}},
		"empty list": {
			idToken: []string{},
			reason:  "groups_empty",
			says:    "which groups it sends to this portal",
		},
		"no claim anywhere": {reason: "groups_missing", says: "does not send the claim groups"},
		"no claim under that name": {
			claim:  "realm_access.roles",
			more:   map[string]any{"roles": []string{"admins"}},
			reason: "groups_missing",
			says:   "realm_access.roles",
		},
		"in userinfo":                             {userinfo: ada([]string{"admins"})},
		"another one in userinfo":                 {userinfo: ada([]string{"staff"}), reason: "not_allowed"},
		"empty in the ID token, full in userinfo": {idToken: []string{}, userinfo: ada([]string{"admins"})},
		"an empty string, and full in userinfo":   {idToken: "", userinfo: ada([]string{"admins"})},
		"empty in both":                           {idToken: []string{}, userinfo: ada([]string{}), reason: "groups_empty"},
		"empty in userinfo":                       {userinfo: ada(nil), reason: "groups_empty"},
		"the ID token's list counts": {
			idToken:  []string{"staff"},
			userinfo: ada([]string{"admins"}),
			reason:   "not_allowed",
		},
		"nested, in userinfo": {
			claim:    "realm_access.roles",
			userinfo: map[string]any{"sub": "ada", "realm_access": map[string]any{"roles": []string{"admins"}}},
		},
		"a name like an address, in userinfo": {
			claim:    "https://example.com/roles",
			userinfo: map[string]any{"sub": "ada", "https://example.com/roles": []string{"admins"}},
		},
		"an object of Zitadel": {
			claim: zitadelRoles,
			more:  map[string]any{zitadelRoles: map[string]any{"admins": map[string]any{"7": "x.example.com"}}},
		},
		"an object of Zitadel, in userinfo": {
			claim:    zitadelRoles,
			userinfo: map[string]any{"sub": "ada", zitadelRoles: map[string]any{"admins": map[string]any{"7": "x.example.com"}}},
		},
		"an object of other roles": {
			idToken: map[string]any{"staff": map[string]any{}},
			reason:  "not_allowed",
		},
		"an object that denies": {
			idToken: map[string]any{"admins": false, "staff": true},
			reason:  "not_allowed",
		},
		"one string with a separator": {idToken: "staff;admins", o: options{separator: ";"}},
		"one string without a separator": {
			idToken: "staff,admins",
			reason:  "groups_other_shape",
			says:    "PORTAL_OIDC_GROUPS_SEPARATOR",
		},
		"one string of others with a separator": {
			idToken: "staff;guests",
			o:       options{separator: ";"},
			reason:  "not_allowed",
		},
		"one string without one, in userinfo": {
			userinfo: ada("staff admins"),
			reason:   "groups_other_shape",
			says:     "PORTAL_OIDC_GROUPS_SEPARATOR",
		},
		"a list of objects with a member":       {idToken: objects, o: options{member: "name"}},
		"a list of objects with another member": {idToken: objects, o: options{member: "id"}, reason: "not_allowed"},
		"a list of objects without a member": {
			idToken: objects,
			reason:  "groups_other_shape",
			says:    "PORTAL_OIDC_GROUPS_MEMBER",
		},
		"a list of objects, the key is the group": {
			idToken: []any{map[string]any{"admins": "admins"}},
			reason:  "groups_other_shape",
		},
		"a number": {
			idToken:  5,
			userinfo: ada([]string{"admins"}),
			reason:   "groups_other_shape",
		},
		"overage":                             {more: overage, reason: "groups_overage", says: "app roles"},
		"overage beside an empty list":        {idToken: []string{}, more: overage, reason: "groups_overage"},
		"overage, and the groups in userinfo": {more: overage, userinfo: ada([]string{"admins"})},
		"overage, and none in userinfo":       {more: overage, userinfo: ada([]string{}), reason: "groups_overage"},
		"overage that userinfo has": {
			userinfo: map[string]any{"sub": "ada", "_claim_names": overage["_claim_names"]},
			reason:   "groups_overage",
		},
		"overage whose source is not there": {
			more:   map[string]any{"_claim_names": map[string]any{"groups": "src1"}},
			reason: "groups_overage",
		},
		"overage of another type": {
			idToken: "admins",
			more:    map[string]any{"_claim_names": []any{1}, "_claim_sources": "x"},
		},
		"hasgroups": {
			more:   map[string]any{"hasgroups": true},
			reason: "groups_overage",
			says:   "Being added to another group will not help",
		},
		"roles, where there are too many groups": {
			claim: "roles",
			more:  map[string]any{"hasgroups": true, "roles": []string{"admins"}},
		},
		"overage, and everybody may log in": {
			more: overage,
			o:    options{policy: auth.Policy{Auditors: []string{"auditors"}}},
		},
		"a broken overage, and no groups are set": {
			more: map[string]any{"_claim_names": map[string]any{"groups": "src1"}, "hasgroups": true},
			o:    options{policy: auth.Policy{Allowed: []string{}}},
		},
		"another shape, and everybody may log in": {
			idToken: objects,
			o:       options{policy: auth.Policy{Auditors: []string{"auditors"}}},
		},
		"no userinfo that could have them at last": {o: options{policy: auth.Policy{Auditors: []string{"auditors"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(o *options) {
				o.policy, o.separator, o.member = auth.Policy{
					Allowed:  []string{"admins", "owners"},
					Auditors: []string{"auditors"},
				}, tc.o.separator, tc.o.member
				if p := tc.o.policy; p.Allowed != nil || p.Auditors != nil {
					o.policy = p
				}
				if tc.claim != "" {
					o.groupsClaim = tc.claim
				}
			})
			r.op.Set(func(s *hostile.Switches) {
				s.IDToken = func(c map[string]any) {
					c["groups"] = tc.idToken
					for k, v := range tc.more {
						c[k] = v
					}
				}
				s.Claims = tc.userinfo
			})
			b := r.browser()
			a := b.get(b.begin("/secret-references/new"))
			want := map[bool]int{true: http.StatusSeeOther, false: http.StatusForbidden}[tc.reason == ""]
			if a.status != want || b.signedIn() != (tc.reason == "") {
				t.Fatalf("%d, want %d: %s\n%s", a.status, want, a.text(), r.logs)
			}
			if n := len(r.op.Calls(hostile.Userinfo)); n > 1 {
				t.Errorf("userinfo was asked %d times", n)
			}
			if tc.reason == "" {
				return
			}
			if b.cookie("portal") != "" || strings.Contains(strings.Join(a.header.Values("Set-Cookie"), ";"), "portal=") {
				t.Error("a session cookie was set")
			}
			if !strings.Contains(a.text(), "ada Winter") || !strings.Contains(a.text(), "one of the groups admins, owners or auditors") || !a.leads("/login?prompt=login&return_to=%2Fsecret-references%2Fnew") {
				t.Errorf("page says %s %v", a.text(), a.links())
			}
			if !strings.Contains(a.text(), tc.says) || tc.reason != "not_allowed" && !strings.Contains(a.text(), "portal administrator") {
				t.Errorf("page does not say %q: %s", tc.says, a.text())
			}
			log := r.logs.String()
			if !strings.Contains(log, `"level":"WARN","msg":"request refused"`) || !strings.Contains(log, `"reason":"`+tc.reason+`"`) || strings.Count(log, `"level":"WARN"`) != 1 {
				t.Errorf("log: %s", log)
			}
			if strings.Contains(log, "graph.example.com") || strings.Contains(log, "staff") {
				t.Errorf("what the claims say is in the log: %s", log)
			}
		})
	}
}

// S-20: who may log in without groups is told nothing, but the operator is: an auditor may be missing.
func TestGroupsOfAuditorsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *options) { o.policy = auth.Policy{Auditors: []string{"auditors"}} })
	r.op.Set(func(s *hostile.Switches) {
		s.IDToken = func(c map[string]any) { c["groups"], c["hasgroups"] = nil, true }
	})
	r.browser().login()
	if log := r.logs.String(); !strings.Contains(log, `"level":"WARN","msg":"login without groups"`) || !strings.Contains(log, `"reason":"groups_overage"`) {
		t.Errorf("log: %s", log)
	}
}
