package submission

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// The second try is still checked: what was told passes, and what is new is told.
func TestSecondTry(t *testing.T) {
	c := func() checks { return checks{now: time.Now(), found: Told{}} }
	first := c()
	v := forUse("password", text(" hunter2"))
	if d := v.examine(first, FieldErrors{}); len(d) != 1 || first.found.String() != "valueText.begins-space*1" {
		t.Fatalf("%v, told as %q", d, first.found)
	}
	for why, tc := range map[string]struct {
		value, told string
		check       bool
		says        int
	}{
		"the same again":                  {" hunter2", first.found.String(), false, 0},
		"another fault":                   {"hunter2\u200b", first.found.String(), false, 1},
		"another fault beside it":         {" hunter\u200b2", first.found.String(), false, 1},
		"checked again, all is told":      {" hunter2", first.found.String(), true, 1},
		"neither check nor told":          {" hunter2\u200b", "", false, 0},
		"told that nobody can understand": {" hunter2", "<script> valueText.x*9 a*1 valueText.begins-space*-1", false, 1},
	} {
		v := forUse("password", text(tc.value))
		v.Check = tc.check
		v.Told = ParseTold(tc.told)
		second := c()
		if d := v.examine(second, FieldErrors{}); len(d) != tc.says || len(second.found) != tc.says {
			t.Errorf("%s: %v, %v", why, d, second.found)
		}
	}
	// Each of several texts of one JSON object counts.
	j := forUse("", jsonValue(`{"a":" x","b":" y"}`, ""))
	j.Check = false
	j.Told = Told{"valueJSON.begins-space": 1}
	if d := j.examine(c(), FieldErrors{}); len(d) != 2 {
		t.Errorf("%v", d)
	}
	j.Told["valueJSON.begins-space"] = 2
	if d := j.examine(c(), FieldErrors{}); len(d) != 0 {
		t.Errorf("%v", d)
	}
	if got := ParseTold("pairValue-2.odd-space*3 valueText.x*1").String(); got != "pairValue-2.odd-space*3 valueText.x*1" {
		t.Errorf("%q", got)
	}
}

// Of many findings the worst are told. What had no room is not taken for told: it comes at the next try.
func TestWorstAreTold(t *testing.T) {
	mild := make([]string, 0, 12)
	for _, odd := range []string{" x", "x ", " x ", "a\u200bb", "a\u202fb", "\ufeffx", "a\ue000b"} {
		mild = append(mild, `"`+odd+`"`, `"`+odd+`"`)
	}
	document := `{"a":[` + strings.Join(mild, ",") + `],"token":"[REDACTED]"}`
	c := checks{found: Told{}}
	v := forUse("", jsonValue(document, ""))
	first := v.examine(c, FieldErrors{})
	if len(first) != maxDoubts || first[0].id != "redacted" {
		t.Fatalf("%d, the first is %+v", len(first), first[0])
	}
	v.Check = false
	v.Told = c.found
	second := v.examine(checks{found: Told{}}, FieldErrors{})
	if len(second) == 0 {
		t.Error("what had no room is never told")
	}
	for _, d := range second {
		if v.Told[d.key()] > 0 {
			t.Errorf("told twice: %+v", d)
		}
	}
}

// A phone's return key does not cost a second entry, where one line is expected; elsewhere a line break is kept.
func TestReturnKeyIsDropped(t *testing.T) {
	for why, tc := range map[string]struct {
		in      ValueInput
		object  string
		changes []string
		doubts  int
	}{
		"a password":              {forUse("password", text("hunter2\n")), `{"password":"hunter2"}`, []string{ChangeNoBreak}, 0},
		"a client's secret":       {forUse("oauth-client", pairs("clientId", "a", "clientSecret", "b\n")), `{"clientId":"a","clientSecret":"b"}`, []string{ChangeNoBreak}, 0},
		"two line breaks":         {forUse("password", text("hunter2\n\n")), `{"password":"hunter2\n\n"}`, nil, 1},
		"a text for no use":       {forUse("", text("hunter2\n")), `{"password":"hunter2\n"}`, nil, 1},
		"a text for anything":     {forUse("anything", text("hunter2\n")), `{"password":"hunter2\n"}`, nil, 1},
		"a line break alone":      {forUse("password", text("\n")), `{"password":"\n"}`, nil, 1},
		"two lines for one":       {forUse("password", text("a\nb\n")), `{"password":"a\nb\n"}`, nil, 2},
		"a password and a space ": {forUse("password", text("hunter2 \n")), `{"password":"hunter2 "}`, []string{ChangeNoBreak}, 1},
	} {
		e := FieldErrors{}
		object, _ := tc.in.object(false, e)
		said := len(tc.in.examine(checks{now: time.Now()}, e))
		if written(object) != tc.object || len(e) > 0 || said != tc.doubts || !slices.Equal(tc.in.changes(), tc.changes) {
			t.Errorf("%s: %s, %v, %d doubts, changes %v", why, written(object), e, said, tc.in.changes())
		}
	}
}

// What vaults do not take is told for agents whose cloud is known: the size of the JSON object, as it is sent.
func TestSizes(t *testing.T) {
	for why, tc := range map[string]struct {
		cloud string
		in    ValueInput
		field string
	}{
		"as much as AWS takes":         {CloudAWS, text(strings.Repeat("a", 65_536-len(`{"password":""}`))), ""},
		"more than AWS takes":          {CloudAWS, text(strings.Repeat("a", 65_537-len(`{"password":""}`))), "valueText"},
		"more by its escapes":          {CloudAWS, text(strings.Repeat("\"", 40_000)), "valueText"},
		"as much as Azure takes":       {CloudAzure, file(strings.Repeat("a", 25_600-len(`{"password":""}`))), ""},
		"more than Azure takes":        {CloudAzure, file(strings.Repeat("a", 25_601-len(`{"password":""}`))), "valueFile"},
		"more than Azure takes, pairs": {CloudAzure, pairs("a", strings.Repeat("a", 20_000), "b", strings.Repeat("b", 6_000)), "pairValue-1"},
		"nobody knows which vault":     {"", text(strings.Repeat("a", 200_000)), ""},
	} {
		v := value("")
		v.Name, v.Cloud, v.Value = "n", tc.cloud, forUse("", tc.in)
		p, e := v.prepare(checks{found: Told{}})
		if len(e) > 0 || len(p.doubts) > 1 || (tc.field != "") != (len(p.doubts.byField()[tc.field]) == 1) {
			t.Errorf("%s: %v, %v", why, e, p.doubts)
		}
	}
	v := value("p")
	v.Cloud, v.Name = CloudAzure, "a_b"
	v.Value.Told = Told{"valueText.x": 1}
	if p, _ := v.prepare(checks{found: Told{}}); len(p.doubts.byField()["name"]) != 1 {
		t.Error("a name that its vault does not take is not told at the second try")
	}
	v.Value.Told = Told{"name.vault-rule": 1}
	if p, _ := v.prepare(checks{found: Told{}}); len(p.doubts) != 0 {
		t.Errorf("it is told twice: %v", p.doubts)
	}
}
