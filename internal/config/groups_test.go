package config

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Names of groups may have commas, as distinguished names have; a name that is cut at them is no list.
func TestGroupsWithCommas(t *testing.T) {
	const dn = "cn=secrets,ou=groups,dc=example,dc=com"
	for why, tc := range map[string]struct {
		set  string
		want []string
	}{
		"names":                      {"a, b,,c ", []string{"a", "b", "c"}},
		"one distinguished name":     {`["` + dn + `"]`, []string{dn}},
		"several, and a plain one":   {` [ "` + dn + `", "admins" , "CN=x\\, y,DC=com"] `, []string{dn, "admins", `CN=x\, y,DC=com`}},
		"an array on several lines":  {"[\n\"a\",\n\"b\"\n]", []string{"a", "b"}},
		"other letters":              {`["Ä, é","\u00fc"]`, []string{"Ä, é", "ü"}},
		"brackets within a name":     {`["[Team] A, B"]`, []string{"[Team] A, B"}},
		"blanks at a name's end":     {`[" a "]`, []string{" a "}},
		"one name with an equals":    {"cn=admins", []string{"cn=admins"}},
		"names that are like a path": {"/staff/admins,/staff/auditors", []string{"/staff/admins", "/staff/auditors"}},
		"names with an equals":       {"team=a,team=b", []string{"team=a", "team=b"}},
		"nothing":                    {"", nil},
		"blanks":                     {"  ", nil},
	} {
		c, err := load(nil, least("PORTAL_ALLOWED_GROUPS="+tc.set, "PORTAL_AUDITOR_GROUPS="+tc.set))
		if err != nil || !slices.Equal(c.AllowedGroups, tc.want) || !slices.Equal(c.AuditorGroups, tc.want) {
			t.Errorf("%s: %q, %q: %v", why, c.AllowedGroups, c.AuditorGroups, err)
		}
	}
}

// S-20, S-49: a member of "dc=com" does not get in, and the fault says how to write such a name.
func TestGroupsThatWereCut(t *testing.T) {
	for why, set := range map[string]string{
		"a distinguished name":              "cn=canary77,ou=groups,dc=example,dc=com",
		"in capitals, with blanks":          "CN = canary77, OU = groups, DC = com",
		"beside a plain name":               "canary77, cn=x,ou=groups",
		"its end alone":                     "canary77,dc=com",
		"its beginning alone":               "cn=Sales, canary77",
		"an object identifier":              "2.5.4.3=canary77,1.2.840=x",
		"an object identifier, spelt out":   "OID.2.5.4.3=canary77,x",
		"a user id":                         "uid=canary77,o=x",
		"two of the same kind":              "cn=canary77,cn=other",
		"an escaped comma":                  `canary77\, EMEA,admins`,
		"a quoted name":                     `"canary77, EMEA",admins`,
		"an array that does not end":        `["canary77"`,
		"an array with something behind it": `["canary77"] x`,
		"two arrays":                        `["canary77"],["x"]`,
		"an array of numbers":               `[77, "canary77"]`,
		"an array with null":                `["canary77", null]`,
		"an array of arrays":                `[["canary77"]]`,
		"an array with an empty name":       `["canary77", ""]`,
		"an array with a blank name":        `["canary77", " "]`,
		"an array with a comma at its end":  `["canary77",]`,
		"brackets that are no array":        "[canary77] admins",
		"an empty array":                    "[]",
		"commas alone":                      " , ,",
	} {
		for _, variable := range []string{"PORTAL_ALLOWED_GROUPS", "PORTAL_AUDITOR_GROUPS"} {
			_, err := load(nil, least(variable+"="+set))
			got := lines(err)
			if len(got) != 1 || !strings.HasPrefix(got[0], variable+": ") || strings.Contains(got[0], "canary77") {
				t.Errorf("%s: %q", why, got)
			}
			if array := strings.Contains(fmt.Sprint(err), "JSON array"); !array && why != "commas alone" {
				t.Errorf("%s: the fault does not say how to write it: %v", why, err)
			}
		}
	}
}

// What the fault gives as an example works.
func TestGroupsExampleWorks(t *testing.T) {
	_, err := load(nil, least("PORTAL_ALLOWED_GROUPS=cn=a,dc=com"))
	_, example, _ := strings.Cut(fmt.Sprint(err), ": [")
	var names []string
	if json.Unmarshal([]byte("["+example), &names) != nil || len(names) != 1 {
		t.Fatalf("no example in %v", err)
	}
	if c, err := load(nil, least("PORTAL_ALLOWED_GROUPS=["+example)); err != nil || !slices.Equal(c.AllowedGroups, names) {
		t.Errorf("%q: %v", c.AllowedGroups, err)
	}
}
