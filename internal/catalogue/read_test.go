package catalogue_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"maiaportal/internal/catalogue"
)

// rules are a small world: forms whose fields have simple rules.
func rules() catalogue.Rules {
	digits := func(s string) string {
		if regexp.MustCompile(`^[0-9]+$`).MatchString(s) {
			return ""
		}
		return "Use digits."
	}
	vault := func(s string) string {
		if strings.HasSuffix(s, "-") {
			return "No hyphen at the end."
		}
		return ""
	}
	field := func(name string, check func(string) string) catalogue.Field {
		return catalogue.Field{
			Name:     name,
			Repeated: name == "pairKey",
			Check: func(v string, whole bool, locked func(string) string) string {
				if !whole {
					v += "0"
				}
				if name == "secretName" && locked("agentType") == "Azure" && strings.Contains(v, "/") {
					return "Azure takes no slash."
				}
				return check(v)
			},
		}
	}
	anything := func(string) string { return "" }
	all := []catalogue.Field{
		field("projectId", digits), field("secretReferenceName", anything), field("agentId", digits),
		field("agentType", anything), field("vaultName", vault), field("pairKey", anything), field("secretName", anything),
	}
	return catalogue.Rules{
		ProjectID: digits,
		AgentID:   digits,
		VaultName: vault,
		Forms: []catalogue.Form{
			{Name: "setup", Page: "/setup", Fields: all},
			{Name: "secret-value", Page: "/secret-values/new", Fields: all[2:3]},
		},
		Secret: []string{"valueText"},
	}
}

const good = `# what people need
projects:
  - id: "1"
    name: Finance – nightly
    nameRule: {pattern: "FIN_[A-Z]+|TMP", message: Begin with FIN_.}
  - {id: "2", name: Sales}
agents:
  - id: "8"
    name: azure-eu
    agentType: Azure
    vaultName: contoso-kv
  - {id: "9", name: any}
presets:
  - id: snow-prod
    title: Snowflake, production
    description: |
      For the loaders.

      Ask Ann.
    help: https://wiki.example.com/snow?x=1#y
    form: setup
    groups: [data, "1"]
    fields:
      agentId: {value: "8", locked: true}
      secretReferenceName: {value: SNOW_}
      pairKey: {value: [a, b], locked: false}
      secretName: {value: 2027-03-31}
      vaultName: {value: contoso-}
      projectId: {value: "1", locked: true}
  - {id: all, title: For all, form: secret-value, help: "http://127.0.0.1:8/x"}
`

func read(t *testing.T, content string) *catalogue.Catalogue {
	t.Helper()
	c, err := catalogue.Read("c.yaml", []byte(content), rules())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCatalogueIsRead(t *testing.T) {
	c := read(t, good)
	p, ok := c.Project("1")
	if !ok || p.Name != "Finance – nightly" || p.Rule.Sentence != "Begin with FIN_." {
		t.Errorf("%+v", p)
	}
	for name, fits := range map[string]bool{"FIN_A": true, "TMP": true, "XFIN_A": false, "FIN_Ax": false, "TMPX": false, "FIN_A\n": false} {
		if p.Rule.Expression.MatchString(name) != fits {
			t.Errorf("the rule and %q: not %v", name, fits)
		}
	}
	if a, ok := c.Agent("8"); !ok || a != (catalogue.Agent{ID: "8", Name: "azure-eu", AgentType: "Azure", VaultName: "contoso-kv"}) {
		t.Errorf("%+v", a)
	}
	s, ok := c.Preset("snow-prod")
	got := fmt.Sprintf("%v %q %q %q %q %q %v", ok, s.Title, s.Description, s.Help, s.Form, s.Groups, s.Fields)
	want := `true "Snowflake, production" "For the loaders.\n\nAsk Ann." "https://wiki.example.com/snow?x=1#y" "setup" ["data" "1"] ` +
		`[{agentId [8] true} {secretReferenceName [SNOW_] false} {pairKey [a b] false} {secretName [2027-03-31] false} ` +
		`{vaultName [contoso-] false} {projectId [1] true}]`
	if got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if f, ok := s.Field("agentId"); !ok || !f.Locked || f.Values[0] != "8" {
		t.Errorf("%+v", f)
	}
	if len(c.Projects) != 2 || len(c.Agents) != 2 || len(c.Presets) != 2 || len(c.Digest) != 64 {
		t.Errorf("%+v", c)
	}
	_, project := c.Project("3")
	_, agent := c.Agent("1")
	_, preset := c.Preset("SNOW-PROD")
	if project || agent || preset {
		t.Error("what is not there is found")
	}
}

// Each kind of mistake, alone: its line, and what to do.
func TestMistakes(t *testing.T) {
	const preset = "presets:\n  - id: p\n    title: T\n    form: setup\n"
	for name, tc := range map[string]struct {
		content string
		want    []string // "LINE what it contains"
	}{
		"unknown key at the top":      {"projects: []\nproject: []\n", []string{`2 no key "project"`}},
		"unknown key":                 {"projects:\n  - id: '1'\n    name: N\n    colour: red\n", []string{`4 no key "colour"`}},
		"merge key":                   {"projects:\n  - id: '1'\n    name: N\n    <<: {}\n", []string{`4 no key "<<"`}},
		"a key that is a list":        {"? [x]\n: 1\n", []string{"1 A key must"}},
		"duplicate key":               {"projects:\n  - id: '1'\n    name: N\n    name: M\n", []string{`4 key "name" is used in line 3`}},
		"duplicate key at the top":    {"agents: []\nagents: []\n", []string{`2 key "agents" is used in line 1`}},
		"the catalogue is a list":     {"- id: '1'\n", []string{"1 The catalogue must have keys"}},
		"a list that is a mapping":    {"projects:\n  id: '1'\n", []string{"2 projects must be a list"}},
		"a list that is a text":       {"presets: none\n", []string{"1 presets must be a list"}},
		"an entry that is a text":     {"agents:\n  - azure\n", []string{"2 An agent must have keys"}},
		"a name that is a list":       {"agents:\n  - id: '1'\n    name: [N]\n", []string{"3 name must be a text"}},
		"a name that is a number":     {"agents:\n  - id: '1'\n    name: 12\n", []string{"3 Put it in quotes"}},
		"a name that is empty":        {"agents:\n  - id: '1'\n    name:\n", []string{"3 name is empty"}},
		"a name of spaces":            {"agents:\n  - id: '1'\n    name: '  '\n", []string{"3 name is empty"}},
		"a name of two lines":         {"agents:\n  - id: '1'\n    name: |\n      a\n      b\n", []string{"3 line breaks"}},
		"an unknown tag":              {"agents:\n  - id: '1'\n    name: !x N\n", []string{"3 must be a text"}},
		"no id":                       {"agents:\n\n  - name: N\n", []string{"3 An agent needs id"}},
		"no name":                     {"projects:\n  - {id: '1'}\n", []string{"2 A project needs name"}},
		"nothing":                     {"presets:\n  - {}\n", []string{"2 needs id", "2 needs title", "2 needs form"}},
		"a project's id":              {"projects:\n  - name: N\n    id: x\n", []string{"3 id: Use digits"}},
		"an agent's id":               {"agents:\n  - name: N\n    id: x\n", []string{"3 id: Use digits"}},
		"projects with one id":        {"projects:\n  - {id: '1', name: N}\n  - name: M\n    id: '1'\n", []string{"4 used in line 2"}},
		"agents with one id":          {"agents:\n  - {id: '1', name: N}\n  - {id: '1', name: M}\n", []string{"3 used in line 2"}},
		"presets with one id":         {preset + "  - id: p\n    title: T\n    form: setup\n", []string{"5 used in line 2"}},
		"agentType":                   {"agents:\n  - id: '1'\n    name: N\n    agentType: azure\n", []string{"4 AWS, Azure or Matillion hosted"}},
		"vaultName":                   {"agents:\n  - {id: '1', name: N, agentType: Azure,\n    vaultName: x-}\n", []string{"3 No hyphen"}},
		"vaultName of AWS":            {"agents:\n  - id: '1'\n    name: N\n    agentType: AWS\n    vaultName: x\n", []string{"5 agentType: Azure"}},
		"vaultName of nothing":        {"agents:\n  - id: '1'\n    name: N\n    vaultName: x\n", []string{"4 agentType: Azure"}},
		"pattern":                     {"projects:\n  - id: '1'\n    name: N\n    nameRule:\n      pattern: '(?=x)'\n      message: M\n", []string{"5 not a regular expression"}},
		"a pattern with loose ends":   {"projects:\n  - id: '1'\n    name: N\n    nameRule:\n      pattern: 'a)|(b'\n      message: M\n", []string{"5 not a regular expression"}},
		"no message":                  {"projects:\n  - id: '1'\n    name: N\n    nameRule:\n      pattern: x\n", []string{"4 nameRule needs message"}},
		"no pattern":                  {"projects:\n  - id: '1'\n    name: N\n    nameRule: {message: x}\n", []string{"4 nameRule needs pattern"}},
		"a rule that is a text":       {"projects:\n  - id: '1'\n    name: N\n    nameRule: x\n", []string{"4 nameRule must have keys"}},
		"a preset's id":               {"presets:\n  - title: T\n    form: setup\n    id: Snow\n", []string{"4 lower-case"}},
		"a preset's id with a hyphen": {"presets:\n  - {id: -x, title: T, form: setup}\n", []string{"2 lower-case"}},
		"a preset's id that is long":  {"presets:\n  - {id: " + strings.Repeat("x", 65) + ", title: T, form: setup}\n", []string{"2 lower-case"}},
		"help by http":                {preset + "    help: http://wiki.example.com\n", []string{"5 https://"}},
		"help that is a script":       {preset + "    help: javascript:alert(1)\n", []string{"5 https://"}},
		"help with a user":            {preset + "    help: https://a:b@wiki.example.com\n", []string{"5 https://"}},
		"form":                        {"presets:\n  - id: p\n    title: T\n    form: Setup\n    fields: {x: {value: y}}\n", []string{"4 setup or secret-value"}},
		"groups that are a text":      {preset + "    groups: data\n", []string{"5 groups must be a list"}},
		"groups that are none":        {preset + "    groups: []\n", []string{"5 groups must be a list"}},
		"groups that are empty":       {preset + "    groups:\n", []string{"5 groups must be a list"}},
		"a group that is a number":    {preset + "    groups:\n      - a\n      - 1\n", []string{"7 A group must be a text"}},
		"fields that are a list":      {preset + "    fields: [a]\n", []string{"5 fields must have keys"}},
		"a field of no form":          {preset + "    fields:\n      name: {value: x}\n", []string{`6 has no field "name"`}},
		"a field of another form":     {"presets:\n  - id: p\n    title: T\n    form: secret-value\n    fields:\n      agentId: {value: '1'}\n      projectId: {value: '1'}\n", []string{`7 has no field "projectId"`}},
		"a secret":                    {preset + "    fields:\n      valueText: {value: hunter2}\n", []string{"6 a catalogue holds none"}},
		"a secret of no form":         {"presets:\n  - id: p\n    title: T\n    form: x\n    fields: {valueText: hunter2}\n", []string{"4 no such form", "5 a catalogue holds none"}},
		"a field without value":       {preset + "    fields:\n      agentId:\n        locked: true\n", []string{`6 "agentId" needs value`}},
		"a field with an empty value": {preset + "    fields:\n      agentId: {value: ''}\n", []string{"6 value is empty"}},
		"a field that is a text":      {preset + "    fields:\n      agentId: 8\n", []string{"6 as {value: …}"}},
		"a field with another key":    {preset + "    fields:\n      agentId: {value: '8', lock: true}\n", []string{`6 no key "lock"`}},
		"locked":                      {preset + "    fields:\n      agentId: {value: '8', locked: yes}\n", []string{"6 true or false"}},
		"a value against its rule":    {preset + "    fields:\n      agentId: {value: x}\n", []string{"6 agentId: Use digits"}},
		"one of several values":       {preset + "    fields:\n      pairKey:\n        value:\n          - a\n          - {}\n", []string{"9 must be a text"}},
		"several values":              {preset + "    fields:\n      agentId: {value: ['1']}\n", []string{"6 value must be a text"}},
		"a locked name that only begins": {preset + "    fields:\n      vaultName: {value: x-, locked: true}\n", []string{
			"6 vaultName: No hyphen",
		}},
		"a value against a locked one": {preset + "    fields:\n      agentType: {value: Azure, locked: true}\n      secretName: {value: a/b}\n", []string{"7 no slash"}},
		"a locked name against its project's rule": {"projects:\n  - id: '1'\n    name: N\n    nameRule: {pattern: A+, message: Take A.}\n" + preset +
			"    fields:\n      secretReferenceName: {value: B, locked: true}\n      projectId: {value: '1', locked: true}\n", []string{"10 Take A."}},
		"YAML: a bracket is open":   {"projects:\n  - id: '1'\nagents: [x\npresets: []\n", []string{"3 not valid YAML"}},
		"YAML: a quote is open":     {"agents:\n  - id: 'x\n    name: y\n\n", []string{"2 not valid YAML"}},
		"YAML: a tab":               {"agents:\n  - id: x\n\tname: y\n", []string{"3 not valid YAML"}},
		"YAML: indentation":         {"agents:\n  - id: x\n   name: y\n", []string{"3 not valid YAML"}},
		"YAML: no colon":            {"agents: []\nprojects\npresets: []\n", []string{"2 not valid YAML"}},
		"YAML: no such anchor":      {"agents:\n  - id: '1'\n    name: *hunter2\n", []string{"3 no anchor"}},
		"a second document":         {"agents: []\n---\nprojects: []\n", []string{"2 second document"}},
		"a second, broken document": {"agents: []\n---\nprojects: [\n", []string{"3 not valid YAML"}},
		"not UTF-8":                 {"agents: []\n# \xff\n", []string{"2 not UTF-8"}},
		"UTF-16":                    {"\xff\xfea\x00:\x00", []string{"1 not UTF-8"}},
		"a control character":       {"agents: []\r\n# \x01\r\n# \x7f\r\n", []string{"2 U+0001", "3 U+007F"}},
		"a line end of YAML alone":  {"# a\u2028b\nagent: []\n", []string{"1 U+2028"}},
		"CRLF":                      {"agents:\r\n  - id: '1'\r\n    name: N\r\n    x: y\r\n", []string{`4 no key "x"`}},
		"too large":                 {"#" + strings.Repeat("x", 1<<20), []string{"1 larger than 1 MiB"}},
		"an alias in itself":        {"agents: &a\n  - *a\n", []string{"2 stands in what it refers to"}},
		"reported once":             {"agents:\n  - &a {id: '1', name: N, x: y}\n  - *a\n", []string{`2 no key "x"`, "2 used in line 2"}},
		"deep":                      {strings.Repeat("[", 100_000), []string{"1 not valid YAML"}},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := catalogue.Read("c.yaml", []byte(tc.content), rules())
			var got catalogue.Mistakes
			if !errors.As(err, &got) || c != nil {
				t.Fatalf("%+v, %v", c, err)
			}
			for i, m := range got {
				if i >= len(tc.want) {
					t.Fatalf("more than is wrong:\n%v", err)
				}
				line, what, _ := strings.Cut(tc.want[i], " ")
				if !strings.HasPrefix(m.String(), "c.yaml:"+line+": ") || !strings.Contains(m.What, what) {
					t.Errorf("%s, want %s", m, tc.want[i])
				}
			}
			if len(got) < len(tc.want) {
				t.Errorf("%d mistakes, want %d", len(got), len(tc.want))
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("what may be a secret is repeated: %v", err)
			}
		})
	}
}

// All of them at once, in the order of their lines.
func TestAllMistakesAtOnce(t *testing.T) {
	_, err := catalogue.Read("dir/c.yaml", []byte(`presets:
  - id: Upper
    title: T
    form: other
    groups: data
    help: ftp://wiki
    fields:
      valueText: {value: x}
  - id: p
    id: q
    form: setup
    fields:
      agentId: {value: x}
      nope: {value: y}
      projectId: {locked: true}
agents:
  - {id: x, name: N, agentType: GCP}
projects:
  - id: "1"
    name: 1
    nameRule: {pattern: "(", message: M}
  - {id: "1", name: N}
extra:
`), rules())
	var lines []string
	for _, l := range strings.Split(err.Error(), "\n") {
		lines = append(lines, strings.Split(l, ":")[1])
	}
	if got := strings.Join(lines, " "); got != "2 4 5 6 8 9 10 13 14 15 17 17 20 21 22 23" {
		t.Errorf("%s\n%v", got, err)
	}
}

// What holds nothing is a catalogue, too, and so is what has only keys.
func TestEmptyCatalogue(t *testing.T) {
	for _, content := range []string{"", "\n", "# nothing yet\n", "---\n", "--- # nothing\n...\n", "{}", "null", "\uFEFF", "projects:\nagents: []\npresets: ~\n", "\uFEFFprojects:\r\n"} {
		if c := read(t, content); len(c.Projects)+len(c.Agents)+len(c.Presets) != 0 {
			t.Errorf("%q: %+v", content, c)
		}
	}
	var none *catalogue.Catalogue
	if _, ok := none.Preset("x"); ok || none.PresetsFor(nil) != nil {
		t.Error("there is something in no catalogue")
	}
}

// Aliases save writing; a few lines of them that stand for millions of entries are refused, and soon.
func TestAliases(t *testing.T) {
	c := read(t, "presets:\n  - {id: a, title: A, form: setup, groups: &g [x, y]}\n  - {id: b, title: B, form: setup, groups: *g}\n")
	if b, _ := c.Preset("b"); !slices.Equal(b.Groups, []string{"x", "y"}) {
		t.Errorf("%+v", b)
	}
	bomb := "projects: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := range 20 {
		bomb += fmt.Sprintf("k%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i+1, i, i, i, i, i, i, i, i, i)
	}
	wide := "presets:\n  - &p {id: x, title: T, form: setup, fields: {" + strings.Repeat("x: {}, ", 30_000) + "}}\n" + strings.Repeat("  - *p\n", 100_000)
	for name, content := range map[string]string{"deep": bomb, "wide": wide} {
		done := make(chan error, 1)
		go func() {
			_, err := catalogue.Read("c.yaml", []byte(content), rules())
			done <- err
		}()
		select {
		case err := <-done:
			if err == nil || !strings.Contains(err.Error(), "With its aliases") || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: %.200v", name, err)
			}
		case <-time.After(time.Minute):
			t.Fatalf("%s: no end", name)
		}
	}
}

// Who is in which groups.
func TestPresetsFor(t *testing.T) {
	c := read(t, good)
	for groups, want := range map[string]string{"": "all", "other": "all", "Data": "all", "other data": "snow-prod all", "1": "snow-prod all"} {
		var got []string
		for _, p := range c.PresetsFor(strings.Fields(groups)) {
			got = append(got, p.ID)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %s, want %s", groups, got, want)
		}
	}
}

// Nothing in a file can end the process that reads it, and every mistake has its line.
func FuzzRead(f *testing.F) {
	f.Add(good)
	f.Add("a: &a [*a]\n? [b]\n: c\n")
	f.Add("presets:\n  - {id: a, title: A, form: setup, groups: &g [x, y], fields: {agentId: {value: x}}}\n  - *g\n")
	all := rules()
	f.Fuzz(func(t *testing.T, content string) {
		_, err := catalogue.Read("c.yaml", []byte(content), all)
		var mistakes catalogue.Mistakes
		if err != nil && !errors.As(err, &mistakes) {
			t.Fatal(err)
		}
		lines := strings.Count(content, "\n") + strings.Count(content, "\r") + 2
		for i, m := range mistakes {
			if m.Line < 1 || m.Line > lines || i > 0 && m.Line < mistakes[i-1].Line {
				t.Errorf("%d lines: %s", lines, m)
			}
		}
	})
}
