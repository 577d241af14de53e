package main

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// handles are the sessions that a page of sessions offers to end, by their handles.
func handles(p page) []string {
	var out []string
	for n := range p.doc.Descendants() {
		if n.Type == html.ElementNode && n.Data == "input" && attr(n, "name") == "session" && attr(n, "value") != "all" {
			out = append(out, attr(n, "value"))
		}
	}
	return out
}

func TestPeopleEndTheirOwnSessions(t *testing.T) {
	r := newRig(t)
	here, elsewhere, other := r.browser(), r.browser(), r.browser()
	elsewhere.login("ada", "/")
	here.login("ada", "/")
	other.login("grace", "/")
	p := here.get("/sessions")
	own := handles(p)
	if len(own) != 2 || strings.Count(p.text(), "This one") != 1 {
		t.Fatalf("%d sessions: %s", len(own), p.text())
	}
	// Somebody else's session cannot be ended, and a handle opens nothing.
	others := handles(other.get("/sessions"))
	here.sendPlain("/sessions", url.Values{"session": others})
	if p := other.get("/sessions"); p.status != http.StatusOK {
		t.Errorf("grace's session was ended by ada: %d", p.status)
	}
	stranger := r.browser()
	stranger.client.Jar.SetCookies(must(url.Parse(r.base)), []*http.Cookie{{Name: "portal", Value: own[0]}})
	if p := stranger.get("/sessions"); p.status != http.StatusSeeOther {
		t.Errorf("a handle as a cookie: %d", p.status)
	}
	// S-22: without Origin and Sec-Fetch-Site nothing ends.
	here.bare = true
	if p := here.sendPlain("/sessions", url.Values{"session": {"all"}}); p.status != http.StatusForbidden {
		t.Errorf("from nobody knows where: %d", p.status)
	}
	here.bare = false
	for _, h := range own {
		if h != thisOne(p) {
			if p := here.sendPlain("/sessions", url.Values{"session": {h}}); p.location() != "/sessions" {
				t.Errorf("end the other one: %d to %q", p.status, p.location())
			}
		}
	}
	if p := elsewhere.get("/"); p.status != http.StatusSeeOther {
		t.Errorf("the other session lives: %d", p.status)
	}
	if p := here.get("/"); p.status != http.StatusOK {
		t.Errorf("this session ended: %d", p.status)
	}
	if p := here.sendPlain("/sessions", url.Values{"session": {"all"}}); p.location() != "/signed-out" {
		t.Errorf("end all: %d to %q", p.status, p.location())
	}
	if p := here.get("/"); p.status != http.StatusSeeOther {
		t.Errorf("after ending all: %d", p.status)
	}
}

// thisOne is the handle of the session that a page of sessions is shown in.
func thisOne(p page) string {
	for n := range p.doc.Descendants() {
		if n.Type == html.ElementNode && n.Data == "li" {
			item := page{doc: n}
			if strings.Contains(item.text(), "This one") {
				return handles(item)[0]
			}
		}
	}
	return ""
}

func TestOperatorsListAndEndSessions(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	b.login("ada", "/")
	environ := []string{"PORTAL_DATABASE_URL=sqlite:" + r.dir + "/portal.db"}
	portal := func(args ...string) (int, string) {
		var out bytes.Buffer
		code := run(context.Background(), args, environ, &out, &out)
		return code, out.String()
	}
	code, list := portal("sessions", "list")
	if code != 0 || !strings.Contains(list, "Ada Winter") {
		t.Fatalf("%d: %s", code, list)
	}
	if code, out := portal("sessions", "end"); code != 2 || !strings.Contains(out, "name one") {
		t.Errorf("end nothing: %d %s", code, out)
	}
	if code, _ := portal("sessions", "end", "nonsense"); code != 1 {
		t.Errorf("end what is not there: %d", code)
	}
	handle := handles(b.get("/sessions"))[0]
	if code, out := portal("sessions", "end", handle); code != 0 || !strings.Contains(out, "1 ended") {
		t.Errorf("end: %d %s", code, out)
	}
	if p := b.get("/"); p.status != http.StatusSeeOther {
		t.Errorf("the session lives: %d", p.status)
	}
}

func TestCommandLine(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		code int
		says string
	}{
		"nothing explains itself":           {nil, 0, "Usage: portal"},
		"help":                              {[]string{"help"}, 0, "Commands:"},
		"help of a command":                 {[]string{"help", "serve"}, 0, "PORTAL_SESSION_KEYS"},
		"a flag of the settings":            {[]string{"serve", "--help"}, 0, "--base-url"},
		"no such command":                   {[]string{"frobnicate"}, 2, "portal help"},
		"no such flag":                      {[]string{"keygen", "--loud"}, 2, "portal help"},
		"a secret has no flag":              {[]string{"serve", "--session-keys=hunter2"}, 2, "unknown flag"},
		"demo stays on loopback":            {[]string{"demo", "--listen", "0.0.0.0:0"}, 2, "loopback"},
		"no settings: every one that lacks": {[]string{"serve"}, 2, "PORTAL_OIDC_ISSUER"},
		"version":                           {[]string{"version"}, 0, "go1."},
		"nobody answers the health check":   {[]string{"healthcheck", "--listen", "127.0.0.1:1"}, 1, "does not answer"},
	} {
		var out bytes.Buffer
		code := run(context.Background(), tc.args, nil, &out, &out)
		if code != tc.code || !strings.Contains(out.String(), tc.says) || strings.Contains(out.String(), "hunter2") {
			t.Errorf("%s: exit code %d, want %d: %s", name, code, tc.code, out.String())
		}
	}
}
