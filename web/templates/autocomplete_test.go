package templates_test

import (
	"maps"
	"slices"
	"testing"

	"golang.org/x/net/html"
)

// WebKit brings a field's text back by the Back button unless its form says no: it does not look at what
// the field says. So every form that people fill in says it, whatever it asks for.
func TestFormsThatAreFilledInAreNotKept_S35a(t *testing.T) {
	forms := map[string]bool{}
	for name, component := range samples() {
		for _, n := range elements(t, render(t, component), isFilledIn) {
			form := n.Parent
			for form != nil && form.Data != "form" {
				form = form.Parent
			}
			if form == nil {
				t.Errorf("%s: %s is in no form", name, attributeOf(n, "name"))
				continue
			}
			forms[attributeOf(form, "action")] = true
			if got := attributeOf(form, "autocomplete"); got != "off" {
				t.Errorf("%s: the form around %s has autocomplete %q, want off", name, attributeOf(n, "name"), got)
			}
		}
	}
	for _, want := range []string{"/secret-references", "/secret-values"} {
		if !forms[want] {
			t.Errorf("no page has the form for %s; seen: %v", want, slices.Sorted(maps.Keys(forms)))
		}
	}
}

// isFilledIn tells whether an element is a control that takes what somebody types or chooses.
func isFilledIn(n *html.Node) bool {
	switch n.Data {
	case "textarea", "select":
		return true
	case "input":
		return !slices.Contains([]string{"hidden", "submit", "button"}, attributeOf(n, "type"))
	}
	return false
}
