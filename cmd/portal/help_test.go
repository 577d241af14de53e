package main

import (
	"net/http"
	"strings"
	"testing"
)

// Whoever cannot sign in needs help most, and it must be there when the database is not.
func TestHelpIsForEverybody(t *testing.T) {
	r := newRig(t, "SUPPORT_URL", "https://help.example.com/")
	stranger, ada := r.browser(), r.browser()
	ada.login("ada", "/")
	for name, b := range map[string]*browser{"signed out": stranger, "admin": ada} {
		p := b.get("/help")
		if p.status != http.StatusOK || p.header.Get("Cache-Control") != "no-store" {
			t.Fatalf("%s: %d %v", name, p.status, p.header)
		}
		for _, want := range []string{
			"What is a reference, a value, an agent?", "Reference missing", "How do I change or delete a secret?", "your company’s support",
		} {
			if !strings.Contains(p.text(), want) {
				t.Errorf("%s: no %q", name, want)
			}
		}
		if signedIn := strings.Contains(p.body, `action="/logout"`); signedIn != (name == "admin") {
			t.Errorf("%s: the header shows a login: %v", name, signedIn)
		}
	}
	for _, path := range []string{"/nowhere", "/signed-out"} {
		if p := stranger.get(path); !strings.Contains(p.body, `href="/help"`) {
			t.Errorf("%s does not lead there", path)
		}
	}
	if err := r.p.store.Close(); err != nil {
		t.Fatal(err)
	}
	if p := ada.get("/help"); p.status != http.StatusOK {
		t.Errorf("without the database: %d", p.status)
	}
}

// Each entry of the contents leads to its answer.
func TestHelpLeadsToItsAnswers(t *testing.T) {
	p := newRig(t).browser().get("/help")
	ids := map[string]bool{}
	var targets []string
	for n := range p.doc().Descendants() {
		ids[attr(n, "id")] = true
		if target, ok := strings.CutPrefix(attr(n, "href"), "#"); n.Data == "a" && ok {
			targets = append(targets, target)
		}
	}
	if len(targets) < 10 {
		t.Fatalf("%d links to places on the page", len(targets))
	}
	for _, target := range targets {
		if !ids[target] {
			t.Errorf("nothing on the page is called %q", target)
		}
	}
}
