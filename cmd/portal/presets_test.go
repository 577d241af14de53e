package main

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"maiaportal/internal/sandbox/maia"
)

// presetRig is a portal with three presets: for everybody, for a group that nobody is in, and for another form.
func presetRig(t *testing.T) *rig {
	t.Helper()
	path := filepath.Join(t.TempDir(), "catalogue.yaml")
	text := `presets:
  - id: snowflake-prod
    title: Snowflake password, production
    description: For the loaders.
    help: https://wiki.example.com/snowflake
    form: setup
    fields:
      agentId: {value: ` + maia.AgentAWS + `, locked: true}
      projectId: {value: ` + maia.ProjectFinance + `, locked: true}
      secretReferenceName: {value: SNOWFLAKE_}
      recipe: {value: password, locked: true}
      agentType: {value: AWS, locked: true}
  - id: for-others
    title: For others
    form: setup
    groups: [nobody-is-in-it]
    fields:
      agentId: {value: ` + maia.AgentAWS + `}
  - id: a-reference
    title: A reference
    form: secret-reference
    fields:
      agentType: {value: AWS, locked: true}
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return newRig(t, "CATALOG", path)
}

func TestPresetsOnTheForms(t *testing.T) {
	r := presetRig(t)
	b := r.browser()
	b.login("ada", "/")
	home := b.get("/").text()
	if !strings.Contains(home, "Snowflake password, production") || !strings.Contains(home, "A reference") || strings.Contains(home, "For others") {
		t.Errorf("the start page: %s", home)
	}
	const page = "/setup?preset=snowflake-prod"
	p := b.get(page)
	form := filled(p)
	if form.Get("agentId") != maia.AgentAWS || form.Get("projectId") != maia.ProjectFinance || form.Get("preset") != "snowflake-prod" ||
		form.Get("secretReferenceName") != "SNOWFLAKE_" || form.Get("recipe") != "password" || form.Get("agentType") != "AWS" {
		t.Errorf("filled in: %v", form)
	}
	if p.status != http.StatusOK || !strings.Contains(p.text(), "For the loaders.") || p.href("Read more about it") == "" {
		t.Errorf("%d: %s", p.status, p.text())
	}
	if p := b.get(page + "&secretReferenceName=SNOWFLAKE_NIGHTLY"); filled(p).Get("secretReferenceName") != "SNOWFLAKE_NIGHTLY" {
		t.Error("what is only proposed cannot be changed by a link")
	}
	if p := b.get(page + "&agentId=" + maia.AgentAzure); p.status != http.StatusUnprocessableEntity || !strings.Contains(p.text(), "fixes this field") || filled(p).Get("agentId") != maia.AgentAWS {
		t.Errorf("a link with another agent: %d, %v", p.status, filled(p))
	}
	if p := b.get("/secret-values/new?preset=snowflake-prod"); p.status != http.StatusSeeOther || p.location() != page {
		t.Errorf("another form's address: %d to %q", p.status, p.location())
	}
	for _, id := range []string{"for-others", "gone"} {
		if p := b.get("/setup?preset=" + id); p.status != http.StatusOK || !strings.Contains(p.text(), "an unknown preset") || filled(p).Get("preset") != "" {
			t.Errorf("%s: %d, %s", id, p.status, p.text())
		}
	}
	// A link for somebody who is not signed in, and a login that runs out, come back with the preset.
	stranger := r.browser()
	if p := stranger.get(page); !strings.Contains(p.location(), url.QueryEscape(page)) {
		t.Errorf("the way to the login: %q", p.location())
	}
	if p := stranger.send("/setup", form); p.status != http.StatusUnauthorized || !strings.Contains(p.href("Sign in and go on"), url.QueryEscape("preset=snowflake-prod")) {
		t.Errorf("%d, %q", p.status, p.href("Sign in and go on"))
	}
}

// A locked field is held on the server: nothing is sent with another value, and nothing under a preset that is gone.
func TestPresetsHoldAtThePost(t *testing.T) {
	r := presetRig(t)
	b := r.browser()
	b.login("ada", "/")
	fresh := func(fields ...string) url.Values {
		return filled(b.get("/setup?preset=snowflake-prod"), append([]string{
			"secretReferenceName", "SNOWFLAKE_X", "valueFormat", "text", "valueText", "hunter2",
		}, fields...)...)
	}
	for why, form := range map[string]url.Values{
		"another agent":       fresh("agentId", maia.AgentAzure),
		"an agent beside it":  fresh("agentId", "", "otherAgentId", maia.AgentAzure),
		"another recipe":      fresh("recipe", "anything"),
		"a preset of others":  fresh("preset", "for-others"),
		"a preset of a form":  fresh("preset", "a-reference"),
		"a preset that is no": fresh("preset", "gone"),
	} {
		if p := b.send("/setup", form); p.status != http.StatusUnprocessableEntity || len(r.sb.Maia.WriteCalls()) != 0 {
			t.Errorf("%s: %d, %d calls: %s", why, p.status, len(r.sb.Maia.WriteCalls()), p.text())
		}
	}
	form := fresh()
	form.Del("agentId")
	form.Set("projectId", "")
	form.Del("agentType")
	p := b.send("/setup", form)
	if p.status != http.StatusSeeOther || !strings.Contains(b.get(p.location()).text(), "The secret SNOWFLAKE_X was set up") {
		t.Fatalf("what is left out takes the preset's value: %d, %s", p.status, p.text())
	}
	if calls := r.sb.Maia.WriteCalls(); len(calls) != 2 || !strings.Contains(calls[0].Path, maia.AgentAWS) {
		t.Errorf("%+v", calls)
	}
}
