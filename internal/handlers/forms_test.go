package handlers

import (
	"net/url"
	"reflect"
	"strings"
	"testing"
)

// allForms are the forms, by what they are for.
var allForms = map[string]formSpec{"reference": referenceForm, "value": valueForm}

// A login that ran out costs the secret and nothing else: what link makes, fromQuery reads back.
func TestLinkAndBack(t *testing.T) {
	many := make([]string, 30)
	for i := range many {
		many[i] = strings.Repeat("k", i+1)
	}
	for why, in := range map[string]input{
		"nothing": {values: fields{}, rows: standardRows},
		"every character": {
			values: fields{"projectId": {"a b+c&d=e%f#g?h/i\"<>é密\u202e"}},
			rows:   standardRows,
		},
		"two fields": {values: fields{"projectId": {"p"}, "agentId": {"a"}}, rows: standardRows},
		"pairs with a gap": {
			values: fields{"pairKey": {"a", "", "c"}, "valueFormat": {"pairs"}},
			rows:   standardRows,
		},
		"more pairs than the page draws": {values: fields{"pairKey": many}, rows: 30},
		"more rows than pairs":           {values: fields{"pairKey": {"a"}}, rows: 16},
		"line ends":                      {values: fields{"key": {"a\r\nb"}}, rows: standardRows},
	} {
		in.check = true // a link leads to a fresh form
		for name, f := range allForms {
			link := f.link(in)
			path, query, _ := strings.Cut(link, "?")
			if path != f.page || strings.ContainsAny(link, " \"<>\r\n") {
				t.Errorf("%s, %s: %q", name, why, link)
			}
			got, removed, clean, twice := f.fromQuery(query)
			if removed != "" || clean != "" || twice != "" || !reflect.DeepEqual(got, in) {
				t.Errorf("%s, %s: %+v became %+v, removed %q, clean %q, twice %q", name, why, in, got, removed, clean, twice)
			}
		}
	}
}

// What has no place in the form is in no link; no secret can be.
func TestLinkHasNoSecret(t *testing.T) {
	b, err := bodies.Read(post(urlencoded, "projectId=p&valueText=canary&valueJSON=canary&pairKey=k&pairValue=canary&formToken=t&name=n&x=y", -1))
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range allForms {
		link := f.link(f.plain(b))
		if strings.Contains(link, "canary") || strings.Contains(link, "formToken") || strings.Contains(link, "x=") {
			t.Errorf("%s: %s", name, link)
		}
		for field := range secretFields {
			for _, known := range f.fields {
				if known == field {
					t.Errorf("%s: %s counts as a field that is not secret", name, field)
				}
			}
		}
	}
	if got := referenceForm.link(referenceForm.plain(b)); got != "/secret-references/new?projectId=p&pairKey=k" {
		t.Errorf("%s", got)
	}
	if got := valueForm.link(valueForm.plain(b)); got != "/secret-values/new?projectId=p&name=n&pairKey=k" {
		t.Errorf("%s", got)
	}
}

// What is too long for an address is left out, the longest first.
func TestLinkIsBounded(t *testing.T) {
	in := input{
		values: fields{"projectId": {"p"}, "description": {strings.Repeat("é", 1200)}, "secretName": {strings.Repeat("x", 500)}},
		rows:   standardRows,
	}
	link := referenceForm.link(in)
	if len(link) > 7000 || strings.Contains(link, "description") || !strings.Contains(link, "projectId=p") || !strings.Contains(link, "secretName=xxx") {
		t.Errorf("%d bytes: %.100s", len(link), link)
	}
	in.values["description"] = []string{strings.Repeat("é", 900)}
	if link := referenceForm.link(in); !strings.Contains(link, "description") {
		t.Errorf("what fits is left out: %d bytes", len(link))
	}
}

// A parameter that does not belong into a link is never read, and the address loses it.
func TestFromQueryRemoves(t *testing.T) {
	for why, tc := range map[string]struct{ query, removed, clean string }{
		"nothing":                              {"", "", ""},
		"fields alone":                         {"projectId=p&agentId=a", "", ""},
		"rows, recipe and preset":              {"rows=3&recipe=r&preset=x", "", ""},
		"a secret":                             {"projectId=p&valueText=s", "", "/secret-references/new?projectId=p&removed=secret"},
		"each secret field":                    {"valueJSON=s&valueFile=s&pairValue=s", "", "/secret-references/new?removed=secret"},
		"a secret in a name that is escaped":   {"%76alueText=s", "", "/secret-references/new?removed=secret"},
		"a secret without a value":             {"valueText", "", "/secret-references/new?removed=secret"},
		"another parameter":                    {"x=y&projectId=p", "", "/secret-references/new?projectId=p&removed=other"},
		"a field of another form":              {"name=n", "", "/secret-references/new?removed=other"},
		"a form token":                         {"formToken=t", "", "/secret-references/new?removed=other"},
		"check":                                {"check=on", "", "/secret-references/new?removed=other"},
		"a secret and another":                 {"x=y&valueText=s&z=1", "", "/secret-references/new?removed=secret"},
		"a secret first, another then":         {"valueText=s&x=y", "", "/secret-references/new?removed=secret"},
		"campaigns go without a word":          {"utm_source=a&projectId=p&utm_medium=b", "", "/secret-references/new?projectId=p"},
		"campaigns alone":                      {"utm_source=a", "", "/secret-references/new"},
		"campaigns and another":                {"utm_source=a&x=y", "", "/secret-references/new?removed=other"},
		"another and campaigns":                {"x=y&utm_source=a", "", "/secret-references/new?removed=other"},
		"campaigns and a secret":               {"utm_source=a&valueText=s", "", "/secret-references/new?removed=secret"},
		"after it was removed":                 {"projectId=p&removed=secret", "secret", ""},
		"campaigns after it was removed":       {"removed=secret&utm_x=1", "secret", "/secret-references/new?removed=secret"},
		"another after a secret was removed":   {"removed=secret&x=y", "secret", "/secret-references/new?removed=secret"},
		"a secret after another was removed":   {"removed=other&valueText=s", "other", "/secret-references/new?removed=secret"},
		"removed may say anything":             {"removed=%3Cscript%3E&utm_x=1", "<script>", "/secret-references/new?removed=%3Cscript%3E"},
		"a name that cannot be read":           {"%zz=1&projectId=p", "", "/secret-references/new?projectId=p&removed=other"},
		"a value that cannot be read":          {"projectId=%zz", "", "/secret-references/new?removed=other"},
		"a value that is not UTF-8":            {"projectId=%ff", "", "/secret-references/new?removed=other"},
		"empty pairs":                          {"&&projectId=p&", "", ""},
		"what is kept stays as it was written": {"projectId=a%20b&x=1&secretName=%2f", "", "/secret-references/new?projectId=a%20b&secretName=%2f&removed=other"},
	} {
		_, removed, clean, _ := referenceForm.fromQuery(tc.query)
		if removed != tc.removed || clean != tc.clean {
			t.Errorf("%s: %q: removed %q, clean %q; want %q, %q", why, tc.query, removed, clean, tc.removed, tc.clean)
		}
		if clean == "" {
			continue
		}
		// The clean address is clean: no second redirect, and no loop.
		_, query, _ := strings.Cut(clean, "?")
		if _, _, again, _ := referenceForm.fromQuery(query); again != "" {
			t.Errorf("%s: the clean address is cleaned again to %q", why, again)
		}
	}
}

func TestFromQueryReads(t *testing.T) {
	for why, tc := range map[string]struct {
		query string
		want  fields
		rows  int
		twice string
	}{
		"blanks around a field go":           {"projectId=+p%09", fields{"projectId": {"p"}}, standardRows, ""},
		"pairs":                              {"pairKey=a&pairKey=&pairKey=c&pairKey=&pairKey=", fields{"pairKey": {"a", "", "c"}}, standardRows, ""},
		"empty pairs alone":                  {"pairKey=&pairKey=", fields{}, standardRows, ""},
		"a field twice":                      {"projectId=a&projectId=b", fields{"projectId": {"a", "b"}}, standardRows, "projectId"},
		"more rows":                          {"rows=16", fields{}, 16, ""},
		"as many rows as there can be":       {"rows=99999999", fields{}, 50, ""},
		"rows that are none":                 {"rows=x", fields{}, standardRows, ""},
		"fewer rows than the page draws":     {"rows=-3", fields{}, standardRows, ""},
		"rows beyond numbers":                {"rows=99999999999999999999999", fields{}, standardRows, ""},
		"rows for all the pairs":             {strings.Repeat("pairKey=a&", 12), fields{"pairKey": strings.Split(strings.Repeat("a", 12), "")}, 12, ""},
		"more pairs than can be":             {strings.Repeat("pairKey=a&", 60), fields{"pairKey": strings.Split(strings.Repeat("a", 60), "")}, 50, ""},
		"a field that is empty":              {"projectId=", fields{"projectId": {""}}, standardRows, ""},
		"a plus and a percent sign are kept": {"secretName=%2B%25", fields{"secretName": {"+%"}}, standardRows, ""},
		"an equals sign in a value":          {"secretName=a=b", fields{"secretName": {"a=b"}}, standardRows, ""},
		"a recipe and a preset are fields":   {"recipe=r&preset=p", fields{"recipe": {"r"}, "preset": {"p"}}, standardRows, ""},
		"a recipe twice":                     {"recipe=r&recipe=s", fields{"recipe": {"r", "s"}}, standardRows, "recipe"},
		"what is hidden by the type is kept": {"agentType=AWS&vaultName=v", fields{"agentType": {"AWS"}, "vaultName": {"v"}}, standardRows, ""},
	} {
		in, removed, clean, twice := referenceForm.fromQuery(tc.query)
		if !reflect.DeepEqual(in, input{values: tc.want, rows: tc.rows, check: true}) || removed+clean != "" || twice != tc.twice {
			t.Errorf("%s: %+v, removed %q, clean %q, twice %q; want %+v, %d rows, twice %q", why, in, removed, clean, twice, tc.want, tc.rows, tc.twice)
		}
	}
}

// The rows that a page draws after a POST.
func TestRowsOfABody(t *testing.T) {
	for why, tc := range map[string]struct {
		body string
		rows int
	}{
		"none":                        {"name=n", standardRows},
		"as the page draws":           {strings.Repeat("pairKey=&pairValue=&", 8), 8},
		"as the longer page draws":    {strings.Repeat("pairKey=&pairValue=&", 16), 16},
		"keys beyond the values":      {strings.Repeat("pairKey=a&", 20), 20},
		"more than there can be":      {strings.Repeat("pairKey=a&pairValue=b&", 70), 50},
		"values alone, nothing typed": {strings.Repeat("pairValue=&", 12), 12},
	} {
		b, err := bodies.Read(post(urlencoded, tc.body, -1))
		if err != nil {
			t.Fatal(err)
		}
		if got := valueForm.plain(b).rows; got != tc.rows {
			t.Errorf("%s: %d rows, want %d", why, got, tc.rows)
		}
	}
}

// FuzzFromQuery: a link never brings a secret in, and cleaning it ends after one step.
func FuzzFromQuery(f *testing.F) {
	for _, q := range []string{"projectId=p&valueText=s", "utm_x=1&removed=secret", "%zz=1&pairKey=a&pairKey=", "rows=12&x", "%76alueText=s&removed=%ff"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, query string) {
		for name, form := range allForms {
			in, _, clean, _ := form.fromQuery(query)
			for field := range in.values {
				if secretFields[field] || !knownFields[field] {
					t.Fatalf("%s: %q brings %s in", name, query, field)
				}
			}
			if in.rows < standardRows || in.rows > 50 {
				t.Fatalf("%s: %q draws %d rows", name, query, in.rows)
			}
			if clean == "" {
				continue
			}
			path, rest, _ := strings.Cut(clean, "?")
			again, _, second, _ := form.fromQuery(rest)
			if path != form.page || second != "" {
				t.Fatalf("%s: %q is cleaned to %q and then to %q", name, query, clean, second)
			}
			if !reflect.DeepEqual(again.values, in.trimmed().values) {
				t.Fatalf("%s: %q loses fields: %q, %q", name, query, in.values, again.values)
			}
			parsed, err := url.ParseQuery(strings.ReplaceAll(rest, ";", "%3B"))
			for field := range secretFields {
				if err == nil && parsed.Has(field) {
					t.Fatalf("%s: %q keeps %s in %q", name, query, field, clean)
				}
			}
		}
	})
}
