package handlers

import (
	"slices"
	"strings"
	"testing"

	"maiaportal/internal/catalogue"
	"maiaportal/internal/submission"
)

// Presets know every form, its fields that are not secret, and nothing else.
func TestCatalogueKnowsEveryForm(t *testing.T) {
	rules := CatalogueRules()
	pages := map[string]string{"setup": "/setup", "secret-reference": "/secret-references/new", "secret-value": "/secret-values/new"}
	if len(rules.Forms) != len(pages) {
		t.Errorf("%d forms, want %d: each has one name", len(rules.Forms), len(pages))
	}
	for _, form := range rules.Forms {
		if pages[form.Name] != form.Page {
			t.Errorf("%s is at %s", form.Name, form.Page)
		}
		for _, f := range form.Fields {
			if slices.Contains(rules.Secret, f.Name) {
				t.Errorf("%s: %s is secret", form.Name, f.Name)
			}
			if f.Repeated != (f.Name == "pairKey") {
				t.Errorf("%s: %s is repeated: %v", form.Name, f.Name, f.Repeated)
			}
		}
	}
	slices.Sort(rules.Secret)
	if got := strings.Join(rules.Secret, " "); got != "pairValue valueFile valueJSON valueText" {
		t.Errorf("secret: %s", got)
	}
}

// Whatever a recipe is called, and whatever there is to choose, a preset may name.
func TestCatalogueTakesWhatFormsOffer(t *testing.T) {
	rules := CatalogueRules()
	check := func(field, value string) string {
		t.Helper()
		f := rules.Forms[slices.IndexFunc(rules.Forms, func(f catalogue.Form) bool { return f.Name == "secret-reference" })]
		i := slices.IndexFunc(f.Fields, func(f catalogue.Field) bool { return f.Name == field })
		return f.Fields[i].Check(value, true, func(string) string { return "" })
	}
	for _, r := range submission.Recipes {
		if said := check("recipe", r.ID); said != "" {
			t.Errorf("%s: %s", r.ID, said)
		}
		for _, f := range r.Formats {
			if said := check("valueFormat", string(f)); said != "" {
				t.Errorf("%s: %s", f, said)
			}
		}
	}
	if said := check("secretReferenceType", referenceForm.table[3].fixed); said != "" {
		t.Errorf("%s", said)
	}
	if check("agentId", "a b") == "" || rules.ProjectID("x") == "" || rules.AgentID("x") != "" || rules.VaultName("x-") == "" {
		t.Error("a rule is not held")
	}
}
