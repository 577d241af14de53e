package oidc

import (
	"encoding/json"
	"slices"
	"testing"

	"maiaportal/internal/auth/reason"
)

// S-20: groups are read in each shape in which providers send them, from nested claims and from claims that are
// named like addresses; what is missing or of another type is no group.
func TestGroupsIn(t *testing.T) {
	t.Parallel()
	const zitadel = "urn:zitadel:iam:org:project:roles"
	plain := GroupsClaim{Name: "groups"}
	parted := GroupsClaim{Name: "groups", Separator: ","}
	member := GroupsClaim{Name: "groups", Member: "name"}
	named := func(name string) GroupsClaim { return GroupsClaim{Name: name} }
	for name, tc := range map[string]struct {
		claims string
		claim  GroupsClaim
		groups []string
		reason reason.Reason
	}{
		"list":                               {`{"groups":["a","b"]}`, plain, []string{"a", "b"}, ""},
		"empty list":                         {`{"groups":[]}`, plain, nil, reason.GroupsEmpty},
		"list of an empty name":              {`{"groups":["",null]}`, plain, nil, reason.GroupsEmpty},
		"mixed list":                         {`{"groups":["a",5,null,["b"],{"c":1},"d"]}`, plain, []string{"a", "d"}, ""},
		"list of numbers":                    {`{"groups":[1,2]}`, plain, nil, reason.GroupsOtherShape},
		"list of lists":                      {`{"groups":[["a"]]}`, plain, nil, reason.GroupsOtherShape},
		"null":                               {`{"groups":null}`, plain, nil, reason.GroupsEmpty},
		"number":                             {`{"groups":5}`, plain, nil, reason.GroupsOtherShape},
		"true":                               {`{"groups":true}`, plain, nil, reason.GroupsOtherShape},
		"one string":                         {`{"groups":"a"}`, plain, []string{"a"}, ""},
		"one string with blanks is one name": {`{"groups":"a b,c"}`, plain, []string{"a b,c"}, ""},
		"empty string":                       {`{"groups":""}`, plain, nil, reason.GroupsEmpty},
		"one string in parts":                {`{"groups":"a, b b,,c"}`, parted, []string{"a", "b b", "c"}, ""},
		"one string of separators":           {`{"groups":" , "}`, parted, nil, reason.GroupsEmpty},
		"parted by spaces": {`{"groups":"a  b"}`, GroupsClaim{
			Name:      "groups",
			Separator: " ",
		}, []string{"a", "b"}, ""},
		"parted by a longer word": {`{"groups":"a::b:c"}`, GroupsClaim{
			Name:      "groups",
			Separator: "::",
		}, []string{"a", "b:c"}, ""},
		"a list is not parted":              {`{"groups":["cn=a,dc=b"]}`, parted, []string{"cn=a,dc=b"}, ""},
		"list of objects":                   {`{"groups":[{"id":"1","name":"a"},{"name":"b"}]}`, member, []string{"a", "b"}, ""},
		"list of objects and strings":       {`{"groups":[{"name":"a"},"b",{"id":"c"}]}`, member, []string{"a", "b"}, ""},
		"objects whose member is no string": {`{"groups":[{"name":5},{"name":null},{"name":["a"]}]}`, member, nil, reason.GroupsOtherShape},
		"objects without the member":        {`{"groups":[{"Name":"a"}]}`, member, nil, reason.GroupsOtherShape},
		"objects, and no member is set":     {`{"groups":[{"name":"a"}]}`, plain, nil, reason.GroupsOtherShape},
		"one object in place of a list":     {`{"groups":{"id":"1","name":"a"}}`, member, []string{"a"}, ""},
		"object":                            {`{"groups":{"b":{},"a":true}}`, plain, []string{"a", "b"}, ""},
		"object that denies":                {`{"groups":{"a":false,"b":null,"c":{"org":"domain"}}}`, plain, []string{"c"}, ""},
		"object that denies all":            {`{"groups":{"a":false}}`, plain, nil, reason.GroupsEmpty},
		"empty object":                      {`{"groups":{}}`, plain, nil, reason.GroupsEmpty},
		"object of Zitadel":                 {`{"` + zitadel + `":{"a":{"1":"x.example"},"b":{"1":"x.example"}}}`, named(zitadel), []string{"a", "b"}, ""},
		"object of Zitadel, a member is set": {`{"` + zitadel + `":{"name":{"1":"x.example"}}}`, GroupsClaim{
			Name:   zitadel,
			Member: "name",
		}, []string{"name"}, ""},
		"nested object":                       {`{"app":{"roles":{"a":{}}}}`, named("app.roles"), []string{"a"}, ""},
		"an object on the way is not listed":  {`{"app":{"roles":{"a":{}}}}`, named("app.roles.groups"), nil, reason.GroupsMissing},
		"an object that the name leads to":    {`{"app":{"roles":["a"]}}`, named("app"), []string{"roles"}, ""},
		"missing":                             {`{}`, plain, nil, reason.GroupsMissing},
		"nested":                              {`{"realm_access":{"roles":["a"]}}`, named("realm_access.roles"), []string{"a"}, ""},
		"nested twice":                        {`{"resource_access":{"portal":{"roles":["a"]}}}`, named("resource_access.portal.roles"), []string{"a"}, ""},
		"nested under a name with a dot":      {`{"resource_access":{"my.portal":{"roles":["a"]}}}`, named("resource_access.my.portal.roles"), []string{"a"}, ""},
		"nested, the end is missing":          {`{"realm_access":{}}`, named("realm_access.roles"), nil, reason.GroupsMissing},
		"nested, the end is empty":            {`{"realm_access":{"roles":[]}}`, named("realm_access.roles"), nil, reason.GroupsEmpty},
		"nested, the middle is a list":        {`{"realm_access":["roles"]}`, named("realm_access.roles"), nil, reason.GroupsMissing},
		"nested, the middle is null":          {`{"realm_access":null}`, named("realm_access.roles"), nil, reason.GroupsMissing},
		"named like an address":               {`{"https://example.com/groups":["a"]}`, named("https://example.com/groups"), []string{"a"}, ""},
		"nested in one named like that":       {`{"https://example.com/app":{"roles":["a"]}}`, named("https://example.com/app.roles"), []string{"a"}, ""},
		"a flat name goes first":              {`{"a.b":["flat"],"a":{"b":["nested"]}}`, named("a.b"), []string{"flat"}, ""},
		"a dot too many":                      {`{"groups":["a"]}`, named("groups."), nil, reason.GroupsMissing},
		"only a dot":                          {`{"groups":["a"]}`, named("."), nil, reason.GroupsMissing},
		"names are exact":                     {`{"Groups":["a"]}`, plain, nil, reason.GroupsMissing},
		"overage":                             {`{"_claim_names":{"groups":"src1"},"_claim_sources":{"src1":{}}}`, plain, nil, reason.GroupsOverage},
		"overage beside an empty list":        {`{"groups":[],"_claim_names":{"groups":"src1"}}`, plain, nil, reason.GroupsOverage},
		"overage, and groups all the same":    {`{"groups":["a"],"_claim_names":{"groups":"src1"}}`, plain, []string{"a"}, ""},
		"overage of another claim":            {`{"_claim_names":{"photo":"src1"}}`, plain, nil, reason.GroupsMissing},
		"overage of what the claim is within": {`{"_claim_names":{"app":"src1"}}`, named("app.roles"), nil, reason.GroupsOverage},
		"references of another type":          {`{"_claim_names":["groups"]}`, plain, nil, reason.GroupsMissing},
		"hasgroups":                           {`{"hasgroups":true}`, plain, nil, reason.GroupsOverage},
		"hasgroups as a string":               {`{"hasgroups":"true"}`, plain, nil, reason.GroupsOverage},
		"hasgroups that is false":             {`{"hasgroups":false}`, plain, nil, reason.GroupsMissing},
		"hasgroups, and roles are asked for":  {`{"hasgroups":true}`, named("roles"), nil, reason.GroupsMissing},
	} {
		var claims Claims
		if err := json.Unmarshal([]byte(tc.claims), &claims); err != nil {
			t.Fatal(err)
		}
		if got := tc.claim.In(claims); !slices.Equal(got.Names, tc.groups) || got.Reason != tc.reason {
			t.Errorf("%s: %q, %q; want %q, %q", name, got.Names, got.Reason, tc.groups, tc.reason)
		}
	}
}
