package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"maiaportal/internal/sandbox/fault"
	"maiaportal/internal/sandbox/maia"
)

// From a value's receipt to its reference everything known goes along, and the page says that it is the second step. A
// name out of Maia's own answer is taken as it is, which no other name is.
func TestFromValueToReference(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	b.login("ada", "/")
	r.sb.Maia.SetFault(&fault.Fault{
		Status:      201,
		Body:        `{"resolver_ref":"vault:aws:x","vaultSecretName":"odd#name"}`,
		ContentType: "application/json",
	})
	p := b.send("/secret-values", b.value("odd-name", "projectId", maia.ProjectFinance, "valueFormat", "text", "valueText", "v"))
	r.sb.Maia.SetFault(nil)
	if p.status != http.StatusSeeOther {
		t.Fatalf("%d: %s", p.status, p.text())
	}
	link := b.get(p.location()).href("Create the reference")
	to, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"projectId": maia.ProjectFinance, "agentType": "AWS", "secretReferenceName": "odd-name", "secretName": "odd#name", "secretKey": "password",
	} {
		if got := to.Query().Get(name); got != want {
			t.Errorf("%s is %q in %s", name, got, link)
		}
	}
	form := b.get(link)
	if !strings.Contains(form.text(), "Step 2 of 2") {
		t.Errorf("the form does not say that it is the second step: %s", form.text())
	}
	p = b.send("/secret-references", filled(form))
	if p.status != http.StatusSeeOther {
		t.Fatalf("%d: %s", p.status, p.text())
	}
	if receipt := b.get(p.location()).text(); !strings.Contains(receipt, "Nobody has checked that it exists: run a pipeline") {
		t.Errorf("the receipt: %s", receipt)
	}
	other := b.get("/secret-references/new?agentType=AWS&secretName=odd%23other&secretReferenceName=OTHER&projectId=" + maia.ProjectFinance)
	if strings.Contains(other.text(), "Step 2 of 2") {
		t.Errorf("a second step of nothing: %s", other.text())
	}
	if p := b.send("/secret-references", filled(other)); p.status != http.StatusUnprocessableEntity || !strings.Contains(p.text(), "Secrets Manager takes") {
		t.Errorf("a name of nobody’s answer: %d: %s", p.status, p.text())
	}
}
