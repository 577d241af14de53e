package main

import (
	"strings"
	"testing"

	"maiaportal/internal/sandbox/fault"
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
	for n := range b.get("/activity").doc.Descendants() {
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
