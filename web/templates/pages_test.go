package templates_test

import (
	"context"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"golang.org/x/net/html"

	"maiaportal/web/static"
	. "maiaportal/web/templates/layout"
	. "maiaportal/web/templates/pages"
	. "maiaportal/web/templates/parts"
)

var update = flag.Bool("update", false, "write the golden pages anew")

func render(t *testing.T, c templ.Component) string {
	t.Helper()
	var b strings.Builder
	if err := c.Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// brokenAtTags puts each tag on a line of its own: templ writes one line, which makes no readable diff.
func brokenAtTags(page string) string {
	page = regexp.MustCompile(`\s*(<[^>]+>)\s*`).ReplaceAllString(page, "\n$1\n")
	page = regexp.MustCompile(`\n{2,}`).ReplaceAllString(page, "\n")
	return strings.TrimSpace(page) + "\n"
}

// elements returns all elements of a page that pass the test, in document order.
func elements(t *testing.T, page string, pass func(*html.Node) bool) []*html.Node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var found []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && pass(n) {
			found = append(found, n)
		}
	}
	return found
}

func attribute(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

func attributeOf(n *html.Node, name string) string {
	value, _ := attribute(n, name)
	return value
}

// words is the text in an element, with blanks in a row as one.
func words(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// golden are the texts that are kept: of a page what is its own, and the layout around them for itself,
// so that a change of the layout is seen once.
func golden(t *testing.T) map[string]string {
	t.Helper()
	kept := map[string]string{}
	for name, component := range samples() {
		kept[name] = mainOf(t, name, render(t, component))
	}
	for name, p := range layouts() {
		kept[name] = render(t, Base(p))
	}
	return kept
}

// mainOf cuts the main element out of a page.
func mainOf(t *testing.T, name, page string) string {
	t.Helper()
	_, rest, begins := strings.Cut(page, "<main")
	inner, after, ends := strings.Cut(rest, "</main>")
	if !begins || !ends || strings.Contains(after, "<main") {
		t.Fatalf("%s has not one main element", name)
	}
	return "<main" + inner + "</main>"
}

func TestGoldenPages(t *testing.T) {
	for name, page := range golden(t) {
		t.Run(name, func(t *testing.T) {
			got := brokenAtTags(page)
			file := filepath.Join("testdata", name+".html")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s differs at %s; see the change with: go test ./web/templates -update && git diff", file, firstDifference(got, string(want)))
			}
		})
	}
}

func firstDifference(got, want string) string {
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(gotLines), len(wantLines)) {
		if gotLines[i] != wantLines[i] {
			return "got " + gotLines[i] + ", want " + wantLines[i]
		}
	}
	return "the end"
}

// A page links the stylesheet for forms or the one for all other pages. A class that only the other one knows would be
// drawn as if it were none.
func TestPagesLinkTheStylesheetOfTheirClasses(t *testing.T) {
	files := static.New(static.Face{})
	known := map[string]map[string]bool{}
	for address, name := range map[string]string{
		"/static/portal.css": static.Stylesheet,
		"/static/forms.css":  static.FormStylesheet,
	} {
		file, ok := files.Open(files.Path(name))
		if !ok {
			t.Fatalf("no file %s", name)
		}
		known[address] = map[string]bool{}
		for _, class := range regexp.MustCompile(`\.([a-z][\w-]*)`).FindAllStringSubmatch(string(file.Content), -1) {
			known[address][class[1]] = true
		}
	}
	for name, component := range samples() {
		t.Run(name, func(t *testing.T) {
			page := render(t, component)
			linked := elements(t, page, func(n *html.Node) bool { return attributeOf(n, "rel") == "stylesheet" })
			if len(linked) != 1 {
				t.Fatalf("the page links %d stylesheets", len(linked))
			}
			own := attributeOf(linked[0], "href")
			for _, n := range elements(t, page, func(n *html.Node) bool { return attributeOf(n, "class") != "" }) {
				for _, class := range strings.Fields(attributeOf(n, "class")) {
					for address, classes := range known {
						if classes[class] && !known[own][class] {
							t.Errorf("%s knows nothing of the class %s, which is in %s", own, class, address)
						}
					}
				}
			}
		})
	}
}

// A page that was renamed must not leave its golden file behind.
func TestGoldenPagesAreAllUsed(t *testing.T) {
	all := golden(t)
	files, err := filepath.Glob("testdata/*.html")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("no golden pages")
	}
	for _, file := range files {
		if _, ok := all[strings.TrimSuffix(filepath.Base(file), ".html")]; !ok {
			t.Errorf("%s belongs to no sample", file)
		}
	}
}

var secretNames = []string{"valueText", "valueJSON", "valueFile", "pairValue"}

// Without one of these a browser or a password manager keeps, corrects, translates or sends away what
// is typed into a secret field.
func TestSecretFieldsHaveAllAttributes_S35(t *testing.T) {
	want := map[string]string{
		"autocomplete": "off", "spellcheck": "false", "autocorrect": "off", "autocapitalize": "off", "translate": "no",
		"writingsuggestions": "false", "data-1p-ignore": "", "data-lpignore": "true", "data-bwignore": "", "data-form-type": "other",
	}
	all := map[string]int{"valueText": 1, "valueJSON": 1, "valueFile": 1, "pairValue": 8}
	for name, tc := range map[string]struct {
		component templ.Component
		want      map[string]int
	}{
		"reference":            {ReferenceFormPage(referenceForm("Matillion hosted", "text")), all},
		"value":                {ValueFormPage(valueForm("text")), all},
		"for a password":       {ValueFormPage(passwordRecipe()), map[string]int{"valueText": 1}},
		"for a key":            {ValueFormPage(keyRecipe()), map[string]int{"valueText": 1, "valueFile": 1}},
		"for known properties": {ValueFormPage(propertiesRecipe()), map[string]int{"pairValue": 2}},
	} {
		t.Run(name, func(t *testing.T) {
			seen := map[string]int{}
			page := render(t, tc.component)
			if !strings.Contains(page, `<link rel="stylesheet" href="/static/forms.css">`) {
				t.Error("the page lacks the stylesheet that masks")
			}
			for _, n := range elements(t, page, func(n *html.Node) bool {
				return slices.Contains(secretNames, attributeOf(n, "name")) || n.Data == "textarea" || attributeOf(n, "type") == "file" || attributeOf(n, "type") == "password"
			}) {
				field := attributeOf(n, "name")
				seen[field]++
				for key, value := range want {
					if got, ok := attribute(n, key); !ok || got != value {
						t.Errorf("%s (%s): %s is %q, want %q", field, attributeOf(n, "id"), key, got, value)
					}
				}
				if n.Data == "textarea" {
					if !slices.Contains(strings.Fields(attributeOf(n, "class")), "secret") || attributeOf(n, "placeholder") != " " {
						t.Errorf("%s (%s) is not masked: that takes the class and a placeholder", field, attributeOf(n, "id"))
					}
				} else if attributeOf(n, "type") != "file" {
					t.Errorf("%s is neither a textarea nor a file", field)
				}
			}
			if !maps.Equal(seen, tc.want) {
				t.Errorf("secret fields %v, want %v", seen, tc.want)
			}
		})
	}
}

// A form that comes back has its secret fields empty, says so on top and at each of them.
func TestSecretFieldsComeBackEmpty_S36(t *testing.T) {
	const sentence = "The secret was not kept. Enter it again."
	for name, component := range map[string]templ.Component{
		"with a summary":    ValueFormPage(pairErrors()),
		"with doubts":       ValueFormPage(doubts()),
		"with notices only": ReferenceFormPage(noticeForm()),
	} {
		t.Run(name, func(t *testing.T) {
			page := render(t, component)
			for _, n := range elements(t, page, func(n *html.Node) bool { return slices.Contains(secretNames, attributeOf(n, "name")) }) {
				if n.FirstChild != nil || attributeOf(n, "value") != "" {
					t.Errorf("%s has content", attributeOf(n, "id"))
				}
				if !slices.Contains(strings.Fields(attributeOf(n, "aria-describedby")), "value-dropped") {
					t.Errorf("%s does not refer to the sentence that says why it is empty", attributeOf(n, "id"))
				}
			}
			if got := strings.Count(page, sentence); got != 2 {
				t.Errorf("%q stands there %d times, want on top and at the field", sentence, got)
			}
		})
	}
}

// The policy of the portal blocks all of these without a word, and an outside address would tell others
// that somebody is here.
func TestPagesHaveNoScriptStyleOrOutsideAddress_S24(t *testing.T) {
	forbidden := regexp.MustCompile(`(?i)<script|<style|\sstyle=|\son[a-z]+=|javascript:|data:|<iframe|<object|<embed|<base|http-equiv`)
	outside := regexp.MustCompile(`(?i)https?:|(?:href|src|action|srcset)="//`)
	// The vendors' own words on their vaults: links that somebody has to follow, on the page for help alone.
	vendors := regexp.MustCompile(`<a href="https://(docs\.aws\.amazon\.com|learn\.microsoft\.com)/[^"]*" rel="noreferrer">`)
	for name, component := range samples() {
		page := render(t, component)
		if name == "help" {
			page = vendors.ReplaceAllString(page, "<a>")
		}
		if found := forbidden.FindString(page); found != "" {
			t.Errorf("%s has %q", name, found)
		}
		page = strings.ReplaceAll(strings.ReplaceAll(page, supportURL, ""), ">"+maiaAddress+"<", "")
		if found := outside.FindString(page); found != "" {
			t.Errorf("%s has the outside address %q", name, found)
		}
	}
}

// What a user or a provider names may be anything.
func TestPagesEscapeWhatTheyAreGiven(t *testing.T) {
	const hostile = `"><script>alert(1)</script><p title='`
	m := referenceErrors()
	at(m, "projectId").Value = hostile
	*at(m, "projectId").Picker = Picker{
		What:    hostile,
		Groups:  []OptionGroup{{Label: hostile, Options: []Option{{Value: hostile, Label: hostile}}}},
		Other:   &Field{Name: hostile, Value: hostile, Errors: []string{hostile}},
		Why:     hostile,
		Name:    hostile,
		Against: []string{hostile},
	}
	at(m, "projectId").Errors, m.Summary = []string{hostile}, []SummaryItem{{Text: hostile, Href: "javascript:alert(1)"}}
	m.Notices = []Notice{{
		Kind:  KindInfo,
		Title: hostile,
		Text:  []string{hostile},
		Links: []Link{{
			Label:   hostile,
			Href:    "javascript:alert(1)",
			Primary: true,
		}},
	}}
	m.Page.User.Name, m.Page.Product, m.Value.Pairs[0].Key = hostile, hostile, hostile
	m.Lists = []Link{{Label: hostile, Href: "javascript:alert(1)"}}
	page := render(t, ReferenceFormPage(m))
	for _, found := range []string{"<script", "javascript:"} {
		if strings.Contains(page, found) {
			t.Errorf("the page has %q", found)
		}
	}
}

// A hidden control that is required would block the submit in silence, and Enter presses the first
// submit button of a form.
func TestFormsSubmitByOneButtonOnly(t *testing.T) {
	for name, tc := range map[string]struct {
		component      templ.Component
		action, button string
	}{
		"reference": {ReferenceFormPage(referenceErrors()), "/secret-references", "Create a reference"},
		"value":     {ValueFormPage(pairErrors()), "/secret-values", "Store a value"},
	} {
		t.Run(name, func(t *testing.T) {
			page := render(t, tc.component)
			for _, n := range elements(t, page, func(*html.Node) bool { return true }) {
				for _, key := range []string{"required", "pattern", "maxlength", "minlength", "formaction", "formmethod", "form"} {
					if _, ok := attribute(n, key); ok {
						t.Errorf("%s %s has %s", n.Data, attributeOf(n, "id"), key)
					}
				}
			}
			forms := elements(t, page, func(n *html.Node) bool { return n.Data == "form" && attributeOf(n, "action") == tc.action })
			if len(forms) != 1 {
				t.Fatalf("%d forms with the action %s", len(forms), tc.action)
			}
			if _, ok := attribute(forms[0], "novalidate"); !ok || attributeOf(forms[0], "method") != "post" || attributeOf(forms[0], "enctype") != "multipart/form-data" {
				t.Errorf("the form's attributes are %v", forms[0].Attr)
			}
			var submits []string
			for n := range forms[0].Descendants() {
				kind := attributeOf(n, "type")
				if n.Data == "button" && kind != "button" || n.Data == "input" && (kind == "submit" || kind == "image") {
					submits = append(submits, words(n))
				}
			}
			if !slices.Equal(submits, []string{tc.button}) {
				t.Errorf("submit buttons %q, want one, %q", submits, tc.button)
			}
		})
	}
}

// The names of the fields are what the handlers read and what links to the forms carry.
func TestFormsHaveTheFieldsOfTheContract(t *testing.T) {
	value := []string{"valueFormat", "valueText", "pairKey", "pairValue", "valueJSON", "valueFile", "key", "check", "ticket", "renewBy"}
	for name, tc := range map[string]struct {
		component templ.Component
		want      []string
	}{
		"reference": {ReferenceFormPage(referenceForm("AWS", "text")), append([]string{
			"formToken", "projectId", "secretReferenceName", "agentType", "secretReferenceType", "description", "vaultName", "secretName", "secretKey", "agentId",
			"otherProjectId", "otherAgentId",
		}, value...)},
		"value": {ValueFormPage(valueForm("text")), append([]string{"formToken", "agentId", "otherAgentId", "projectId", "name", "type"}, value...)},
		"setup": {SetupFormPage(setupForm("AWS", "text")), append([]string{
			"formToken", "projectId", "secretReferenceName", "agentType", "agentId", "description", "type", "name", "vaultName", "otherProjectId", "otherAgentId",
		}, value...)},
		"recipe": {ValueFormPage(keyRecipe()), []string{"formToken", "agentId", "otherAgentId", "projectId", "name", "type", "recipe", "valueFormat", "valueText", "valueFile", "key", "check", "ticket", "renewBy"}},
	} {
		t.Run(name, func(t *testing.T) {
			names := map[string]bool{}
			for _, n := range elements(t, render(t, tc.component), func(n *html.Node) bool { return n.Data == "input" || n.Data == "textarea" || n.Data == "select" }) {
				if field := attributeOf(n, "name"); field != "" {
					names[field] = true
				}
			}
			for _, field := range tc.want {
				if !names[field] {
					t.Errorf("no field %s", field)
				}
				delete(names, field)
			}
			for field := range names {
				t.Errorf("a field %s, which the contract does not know", field)
			}
		})
	}
}

func TestRadioIDs(t *testing.T) {
	page := render(t, ReferenceFormPage(referenceForm("Azure", "json")))
	got := map[string]string{}
	var checked []string
	for _, n := range elements(t, page, func(n *html.Node) bool { return attributeOf(n, "type") == "radio" }) {
		got[attributeOf(n, "id")] = attributeOf(n, "value")
		if _, ok := attribute(n, "checked"); ok {
			checked = append(checked, attributeOf(n, "id"))
		}
	}
	want := map[string]string{
		"agentType-AWS": "AWS", "agentType-Azure": "Azure", "agentType-hosted": "Matillion hosted",
		"valueFormat-text": "text", "valueFormat-pairs": "pairs", "valueFormat-json": "json", "valueFormat-file": "file",
	}
	for id, value := range want {
		if got[id] != value {
			t.Errorf("%s has the value %q, want %q", id, got[id], value)
		}
	}
	if len(got) != len(want) {
		t.Errorf("radio buttons %v", got)
	}
	if !slices.Equal(checked, []string{"agentType-Azure", "valueFormat-json"}) {
		t.Errorf("checked are %v", checked)
	}
}

// The first autofocus in document order wins, so a page has at most one: the summary, else the first
// notice that says why the form came back. A fresh form has none.
func TestFocusAfterAnError_S52(t *testing.T) {
	both := noticeForm()
	both.Summary = []SummaryItem{{Text: "Enter a name.", Href: "#secretReferenceName"}}
	warningOnly := noticeForm()
	warningOnly.Notices = warningOnly.Notices[2:]
	for name, tc := range map[string]struct {
		form SecretForm
		want []string
	}{
		"fresh":                      {referenceForm("AWS", "text"), nil},
		"summary":                    {referenceErrors(), []string{"Fix 4 problems"}},
		"problem after a mere info":  {noticeForm(), []string{"Problem: Your account may not do this"}},
		"warning":                    {warningOnly, []string{"Warning: The list of agents could not be read"}},
		"the summary goes before it": {both, []string{"There is a problem"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, n := range elements(t, render(t, ReferenceFormPage(tc.form)), func(n *html.Node) bool { _, ok := attribute(n, "autofocus"); return ok }) {
				if attributeOf(n, "tabindex") != "-1" || attributeOf(n, "role") != "alert" {
					t.Errorf("%v can take no focus or is no alert", n.Attr)
				}
				for d := range n.Descendants() {
					if d.Data == "h2" {
						got = append(got, words(d))
					}
				}
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("focused %q, want %q", got, tc.want)
			}
		})
	}
}

// Each message on top leads to a control that is there, is marked, and is described by the same words.
func TestSummaryLeadsToFields_S52(t *testing.T) {
	for name, component := range map[string]templ.Component{
		"reference": ReferenceFormPage(referenceErrors()), "azure": ReferenceFormPage(azureErrors()), "pairs": ValueFormPage(pairErrors()),
	} {
		t.Run(name, func(t *testing.T) {
			page := render(t, component)
			byID := map[string]*html.Node{}
			for _, n := range elements(t, page, func(n *html.Node) bool { return attributeOf(n, "id") != "" }) {
				byID[attributeOf(n, "id")] = n
			}
			if got := words(elements(t, page, func(n *html.Node) bool { return n.Data == "title" })[0]); !strings.HasPrefix(got, "Error: ") {
				t.Errorf("the title is %q", got)
			}
			links := 0
			for _, link := range elements(t, page, func(n *html.Node) bool {
				return n.Data == "a" && strings.HasPrefix(attributeOf(n, "href"), "#") && attributeOf(n, "class") != "skip"
			}) {
				links++
				control := byID[strings.TrimPrefix(attributeOf(link, "href"), "#")]
				if control == nil {
					t.Errorf("%s leads nowhere", attributeOf(link, "href"))
					continue
				}
				marked := control
				if attributeOf(control, "type") == "radio" {
					for marked.Data != "fieldset" {
						marked = marked.Parent
					}
				}
				if attributeOf(marked, "aria-invalid") != "true" {
					t.Errorf("%s is not marked as invalid", attributeOf(link, "href"))
				}
				var described string
				for _, id := range strings.Fields(attributeOf(control, "aria-describedby")) {
					if byID[id] != nil {
						described += words(byID[id]) + "\n"
					}
				}
				if !strings.Contains(described, words(link)) {
					t.Errorf("%s is described by %q, want %q in it", attributeOf(link, "href"), described, words(link))
				}
			}
			if links == 0 {
				t.Error("no links in the summary")
			}
		})
	}
}

// Ids that occur twice, or that a label or a description refers to in vain, are found by no eye.
func TestPagesAreSound(t *testing.T) {
	for name, component := range samples() {
		t.Run(name, func(t *testing.T) {
			page := render(t, component)
			ids := map[string]bool{}
			for _, n := range elements(t, page, func(n *html.Node) bool { return attributeOf(n, "id") != "" }) {
				id := attributeOf(n, "id")
				if ids[id] {
					t.Errorf("the id %s occurs twice", id)
				}
				ids[id] = true
			}
			for _, n := range elements(t, page, func(*html.Node) bool { return true }) {
				for _, key := range []string{"for", "list", "aria-describedby", "aria-labelledby", "popovertarget"} {
					for _, id := range strings.Fields(attributeOf(n, key)) {
						if !ids[id] {
							t.Errorf("%s %s refers to %s, which is not there", n.Data, key, id)
						}
					}
				}
			}
			count := func(tag string) int { return len(elements(t, page, func(n *html.Node) bool { return n.Data == tag })) }
			for tag, want := range map[string]int{"h1": 1, "main": 1, "title": 1, "header": 1, "footer": 1} {
				if got := count(tag); got != want {
					t.Errorf("%d %s, want %d", got, tag, want)
				}
			}
		})
	}
}
