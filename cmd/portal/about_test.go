package main

import (
	"net/http"
	"strings"
	"testing"

	"maiaportal/internal/maiaclient"
)

// Reviewers have no account: what the portal does with secrets is told to everybody.
func TestAboutIsForEverybody(t *testing.T) {
	r := newRig(t, "SESSION_IDLE", "20m", "SESSION_MAX", "2h", "SUPPORT_URL", "https://help.example.com/")
	stranger, ada, audrey := r.browser(), r.browser(), r.browser()
	ada.login("ada", "/")
	audrey.login("audrey", "/")
	for name, b := range map[string]*browser{"signed out": stranger, "admin": ada, "auditor": audrey} {
		p := b.get("/about")
		if p.status != http.StatusOK || p.header.Get("Cache-Control") != "no-store" || !strings.Contains(p.header.Get("Content-Security-Policy"), "script-src 'none'") {
			t.Fatalf("%s: %d %v", name, p.status, p.header)
		}
		text := p.text()
		for _, want := range []string{
			r.sb.Maia.URL()[:strings.LastIndex(r.sb.Maia.URL(), "/")], "after 20 minutes without use, and after 2 hours in any case", "get help", "Version of the portal: " + Version,
			"the access token of your own login",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in %s", name, want, text)
			}
		}
		for _, c := range maiaclient.Calls() {
			if !strings.Contains(text, c.Path) {
				t.Errorf("%s: no call %s", name, c.Path)
			}
		}
		if signedIn := strings.Contains(p.body, `action="/logout"`); signedIn != (name != "signed out") {
			t.Errorf("%s: the header shows a login: %v", name, signedIn)
		}
		if p := b.do(b.request(http.MethodHead, "/about", nil)); p.status != http.StatusOK || p.body != "" {
			t.Errorf("%s: HEAD %d %q", name, p.status, p.body)
		}
		req := b.request(http.MethodPost, "/about", nil)
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		if p := b.do(req); p.status != http.StatusMethodNotAllowed {
			t.Errorf("%s: POST %d", name, p.status)
		}
	}
	for _, path := range []string{"/nowhere", "/signed-out"} {
		if p := stranger.get(path); !strings.Contains(p.body, `href="/about"`) {
			t.Errorf("%s does not lead there", path)
		}
	}
	if p := ada.get("/secret-values/new"); strings.Count(p.body, `href="/about"`) != 2 {
		t.Error("the form does not lead there from its secret field and from its foot")
	}
	// It is there when the database is not.
	if err := r.p.store.Close(); err != nil {
		t.Fatal(err)
	}
	if p := ada.get("/about"); p.status != http.StatusOK {
		t.Errorf("without the database: %d", p.status)
	}
}

// What the checksums of the audit trail are worth hangs on a setting, and both the page and the log say so.
func TestAboutSaysWhatTheTrailIsWorth(t *testing.T) {
	const withKey, without = "a person who changes an entry there cannot hide it", "made without a key here"
	for want, settings := range map[string][]string{
		withKey: {"AUDIT_KEYS", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="},
		without: nil,
	} {
		r := newRig(t, settings...)
		text := r.browser().get("/about").text()
		for _, sentence := range []string{withKey, without} {
			if strings.Contains(text, sentence) != (sentence == want) {
				t.Errorf("settings %v: %q is said or missing", settings, sentence)
			}
		}
		if hash := `"hash":"HMAC-SHA-256"`; strings.Contains(r.logs.String(), hash) != (want == withKey) {
			t.Errorf("settings %v: the log is wrong about the hash", settings)
		}
	}
}
