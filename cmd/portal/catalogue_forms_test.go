package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"maiaportal/internal/sandbox/maia"
)

// The operators' catalogue counts on the forms: where Maia lists nothing for somebody, and for names in its projects.
func TestCatalogueOnTheForms(t *testing.T) {
	path := filepath.Join(t.TempDir(), "catalogue.yaml")
	text := "projects:\n  - id: " + maia.ProjectFinance + "\n    name: From the catalogue\n" +
		"    nameRule: {pattern: \"^FIN_[A-Z]+$\", message: Finance names begin with FIN_.}\n" +
		"agents:\n  - id: " + maia.AgentAWS + "\n    name: agent of the catalogue\n    agentType: AWS\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r := newRig(t, "CATALOG", path)
	viewer, ada := r.browser(), r.browser()
	viewer.login("victor", "/")
	ada.login("ada", "/")
	// Maia gives a viewer no lists.
	if form := viewer.get("/setup").text(); !strings.Contains(form, "From the catalogue") || !strings.Contains(form, "agent of the catalogue") {
		t.Errorf("nothing of the catalogue is offered: %s", form)
	}
	if form := ada.get("/setup").text(); strings.Contains(form, "From the catalogue") {
		t.Errorf("the catalogue's name counts though Maia has one: %s", form)
	}
	for name, want := range map[string]int{"OTHER": http.StatusUnprocessableEntity, "FIN_LEDGER": http.StatusSeeOther} {
		p := ada.send("/setup", ada.setup(name, "name", "FIN_"+strings.TrimPrefix(name, "FIN_"), "valueFormat", "text", "valueText", "hunter2"))
		if p.status != want || want == http.StatusUnprocessableEntity && !strings.Contains(p.text(), "Finance names begin with FIN_.") {
			t.Errorf("%s: %d, %s", name, p.status, p.text())
		}
	}
}
