package main

import (
	"strings"
	"testing"

	"maiaportal/internal/sandbox/fault"
	"maiaportal/internal/sandbox/maia"
)

// What Maia refuses is explained, and can be handed on: with its own words, without the value that they repeat, and
// under the request's id. The receipt has it too, but for the words, which are not kept.
func TestHelpDesk(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	b.login("ada", "/")
	const secret = "correct-horse-battery"
	r.sb.Maia.SetFault(&fault.Fault{
		Status:      403,
		Body:        `{"status":403,"detail":"IP not allowed for ` + secret + `"}`,
		ContentType: "application/problem+json",
	})
	defer r.sb.Maia.SetFault(nil)
	p := b.send("/secret-values", b.value("help-desk", "valueFormat", "text", "valueText", secret))
	text := p.text()
	for _, want := range []string{
		"this portal’s is not among them", "Ask an administrator", "Maia’s status: 403 Forbidden", "Maia says: IP not allowed for",
		"Name: help-desk", "Who: Ada", "Request id: ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%d: no %q in %s", p.status, want, text)
		}
	}
	if strings.Contains(text, secret) {
		t.Errorf("the value is on the page: %s", text)
	}
	for n := range b.get("/activity").doc().Descendants() {
		if href := attr(n, "href"); strings.HasPrefix(href, "/activity/") && len(href) == len("/activity/")+36 {
			text = b.get(href).text()
			break
		}
	}
	for _, want := range []string{"What this usually means", "Maia’s status: 403 Forbidden", "Request id: "} {
		if !strings.Contains(text, want) {
			t.Errorf("receipt: no %q in %s", want, text)
		}
	}
	if strings.Contains(text, "Maia says: ") {
		t.Errorf("receipt: Maia’s words were kept: %s", text)
	}
}

// Who sends what a vault does not take, without the check, hears it from the vault: at its field, explained, and with
// nothing of the value.
func TestVaultRefusesWhatWasNotChecked(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	b.login("ada", "/")
	const secret = "correct-horse-battery"
	for why, tc := range map[string]struct {
		agent, name, value string
		wants              []string
	}{
		"a name that Key Vault does not take": {maia.AgentAzure, "db_password", secret, []string{"BadParameter", "does not take a secret of this name"}},
		"a value that is too large for AWS":   {maia.AgentAWS, "large", strings.Repeat(secret, 4000), []string{"Value at 'secretString'", "larger than the vault of the agent aws-fargate-eu"}},
		"a value that is too large for Azure": {maia.AgentAzure, "large", strings.Repeat(secret, 1300), []string{"larger than 25600 bytes", "larger than the vault of the agent azure-aks-eu"}},
	} {
		form := b.value(tc.name, "valueFormat", "text", "valueText", tc.value, "check", "")
		form.Set("agentId", tc.agent)
		p := b.send("/secret-values", form)
		for _, want := range tc.wants {
			if p.status != 422 || !strings.Contains(p.text(), want) {
				t.Errorf("%s: %d: no %q in %s", why, p.status, want, p.text())
			}
		}
		if strings.Contains(p.body, secret) {
			t.Errorf("%s: the value is on the page", why)
		}
		if _, ok := r.sb.Maia.VaultSecret(tc.agent, tc.name); ok {
			t.Errorf("%s: it was stored", why)
		}
	}
}
