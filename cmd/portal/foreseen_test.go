package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"maiaportal/internal/sandbox/maia"
)

// A stopped agent stores nothing: nothing is sent to it, whether the user asked for the check or not, and what was sent
// before keeps its receipt.
func TestStoppedAgentIsForeseen(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	b.login("ada", "/")
	for path, form := range map[string]url.Values{
		"/secret-values":     b.value("to-the-stopped", "valueFormat", "text", "valueText", "v", "check", ""),
		"/setup":             b.setup("TO_THE_STOPPED", "agentType", "AWS", "valueFormat", "text", "valueText", "v"),
		"/secret-references": b.reference("TO_THE_STOPPED_TOO", "agentType", "Matillion hosted", "agentId", maia.AgentStopped, "valueFormat", "text", "valueText", "v", "check", ""),
	} {
		form.Set("agentId", maia.AgentStopped)
		p := b.send(path, form)
		if text := p.text(); p.status != http.StatusUnprocessableEntity || !strings.Contains(text, "is stopped, so nothing was sent") {
			t.Errorf("%s: %d: %s", path, p.status, text)
		}
	}
	if list := b.get("/activity").text(); strings.Contains(strings.ToUpper(list), "STOPPED") {
		t.Errorf("something was sent: %s", list)
	}
	// A reference to a vault goes through no agent, whatever is left in the field.
	if p := b.send("/secret-references", b.reference("NO_AGENT", "agentType", "AWS", "secretName", "s", "agentId", maia.AgentStopped)); p.status != http.StatusSeeOther {
		t.Errorf("a reference to a vault: %d: %s", p.status, p.text())
	}
}

// An agent that Matillion runs keeps values with their references: the portal says so, and leads there with all that is
// not secret. Who knows better sends it again.
func TestValueThroughHostedAgent(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	b.login("ada", "/")
	link := func(p page) string {
		for n := range p.doc().Descendants() {
			if href := attr(n, "href"); strings.HasPrefix(href, "/secret-references/new?") && strings.Contains(href, "agentType=Matillion") {
				return href
			}
		}
		return ""
	}
	if p := b.get("/secret-values/new?agentId=" + maia.AgentHosted); link(p) == "" {
		t.Errorf("the form: %s", p.text())
	}
	form := b.value("prod/api-key", "projectId", maia.ProjectFinance, "ticket", "T-1", "valueFormat", "text", "valueText", "hidden-word")
	form.Set("agentId", maia.AgentHosted)
	p := b.send("/secret-values", form)
	if p.status != http.StatusUnprocessableEntity || !strings.Contains(p.text(), "Nothing was sent") {
		t.Fatalf("%d: %s", p.status, p.text())
	}
	to, err := url.Parse(link(p))
	q := to.Query()
	for name, want := range map[string]string{
		"agentId": maia.AgentHosted, "projectId": maia.ProjectFinance, "secretReferenceName": "prod_api-key", "ticket": "T-1",
	} {
		if err != nil || q.Get(name) != want {
			t.Errorf("%s is %q in %s", name, q.Get(name), to)
		}
	}
	hosted := b.get(to.String())
	if hosted.status != http.StatusOK || strings.Contains(hosted.text(), "was ignored") || strings.Contains(to.String(), "hidden-word") {
		t.Errorf("%d: %s", hosted.status, hosted.text())
	}
	form.Set("check", "")
	if p := b.send("/secret-values", form); p.status != http.StatusSeeOther {
		t.Errorf("sent again: %d: %s", p.status, p.text())
	}
}

// Matillion keeps no secret for a company's own agent.
func TestHostedReferenceThroughOwnAgent(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	b.login("ada", "/")
	form := b.reference("OWN", "agentType", "Matillion hosted", "agentId", maia.AgentAzure, "valueFormat", "text", "valueText", "v")
	p := b.send("/secret-references", form)
	if text := p.text(); p.status != http.StatusUnprocessableEntity || !strings.Contains(text, "your company’s own, in Azure") || !strings.Contains(text, "Choose an agent that Matillion hosts") {
		t.Fatalf("%d: %s", p.status, text)
	}
	form.Set("check", "")
	if text := b.send("/secret-references", form).text(); strings.Contains(text, "company’s own, in Azure") {
		t.Errorf("told twice: %s", text)
	}
}
