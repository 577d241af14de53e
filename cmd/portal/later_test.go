package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"maiaportal/internal/sandbox/fault"
)

// What is said or asked later about a record is for the one whose it is, and for nobody else.
func TestLaterIsForItsOwner(t *testing.T) {
	r := newRig(t)
	ada, auditor, stranger := r.browser(), r.browser(), r.browser()
	ada.login("ada", "/")
	auditor.login("audrey", "/")
	created := ada.send("/setup", ada.setup("OWN", "valueFormat", "text", "valueText", "hunter2", "renewBy", "2099-01-31")).location()
	r.sb.Maia.SetFault(&fault.Fault{Status: http.StatusGatewayTimeout})
	unknown := ada.send("/secret-references", ada.reference("LOST", "agentType", "AWS", "secretName", "s")).location()
	r.sb.Maia.SetFault(nil)
	if !strings.HasPrefix(created, "/activity/") || !strings.HasPrefix(unknown, "/activity/") {
		t.Fatalf("receipts %q and %q", created, unknown)
	}
	reads := func() int { return len(r.sb.Maia.Calls()) }
	for _, path := range []string{unknown + "/check", created + "/proven", created + "/renewed"} {
		form := url.Values{"proven": {"on"}, "renewBy": {"2099-02-28"}}
		before := reads()
		if p := auditor.sendPlain(path, form); p.status != http.StatusNotFound {
			t.Errorf("%s of another one: %d", path, p.status)
		}
		if p := stranger.sendPlain(path, form); p.status != http.StatusUnauthorized || !strings.Contains(p.text(), "Sign in") {
			t.Errorf("%s without a login: %d", path, p.status)
		}
		bare := r.browser()
		bare.client.Jar = ada.client.Jar
		bare.bare = true
		if p := bare.sendPlain(path, form); p.status != http.StatusForbidden {
			t.Errorf("%s from elsewhere: %d", path, p.status)
		}
		if reads() != before {
			t.Errorf("%s: Maia was asked for somebody else", path)
		}
	}
	if text := ada.get(created).text(); strings.Contains(text, "You confirmed on") || !strings.Contains(text, "31 January 2099") {
		t.Errorf("somebody else has changed it: %s", text)
	}
	if p := ada.sendPlain(created+"/renewed", url.Values{"renewBy": {"2001-01-31"}}); p.status != http.StatusUnprocessableEntity {
		t.Errorf("a day that is over: %d", p.status)
	}
	for path, says := range map[string]string{
		created + "/proven":  "You confirmed on",
		created + "/renewed": "28 February 2099",
		unknown + "/check":   "may or may not have been created",
	} {
		p := ada.sendPlain(path, url.Values{"proven": {"on"}, "renewBy": {"2099-02-28"}})
		receipt := path[:strings.LastIndex(path, "/")]
		if p.status != http.StatusSeeOther || p.location() != receipt || !strings.Contains(ada.get(receipt).text(), says) {
			t.Errorf("%s: %d to %q, %s", path, p.status, p.location(), ada.get(receipt).text())
		}
	}
	// Of what is known nobody asks.
	before := reads()
	if p := ada.sendPlain(created+"/check", url.Values{}); p.status != http.StatusSeeOther || reads() != before {
		t.Errorf("%d, %d calls", p.status, reads()-before)
	}
}

// What is said or asked later has a bucket of its own: whoever ticks and unticks fills no trail, and can still send.
func TestLaterHasItsLimit(t *testing.T) {
	t.Parallel()
	r := newRig(t, "SUBMISSIONS_PER_MINUTE", "2")
	b := r.browser()
	b.login("ada", "/")
	receipt := b.send("/setup", b.setup("TICKED", "valueFormat", "text", "valueText", "hunter2")).location()
	for i, proven := range []string{"on", ""} {
		if p := b.sendPlain(receipt+"/proven", url.Values{"proven": {proven}}); p.status != http.StatusSeeOther {
			t.Fatalf("tick %d: %d", i, p.status)
		}
	}
	p := b.sendPlain(receipt+"/proven", url.Values{"proven": {"on"}})
	if p.status != http.StatusTooManyRequests || p.header.Get("Retry-After") == "" || p.href("Back to the receipt") != receipt {
		t.Errorf("%d, Retry-After %q: %s", p.status, p.header.Get("Retry-After"), p.text())
	}
	if text := b.get(receipt).text(); strings.Contains(text, "You confirmed on") {
		t.Errorf("it was changed nonetheless: %s", text)
	}
	if p := b.send("/setup", b.setup("STILL", "name", "still", "valueFormat", "text", "valueText", "hunter2")); p.status != http.StatusSeeOther {
		t.Errorf("a form after that: %d", p.status)
	}
}
