package main

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"maiaportal/internal/audit"
	"maiaportal/internal/store"
)

// handles are the sessions that a page of sessions offers to end, by their handles.
func handles(p page) []string {
	var out []string
	for n := range p.doc().Descendants() {
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
	if len(own) != 2 || strings.Count(p.text(), "This session") != 1 {
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
	for n := range p.doc().Descendants() {
		if n.Type == html.ElementNode && n.Data == "li" {
			item := page{doc: func() *html.Node { return n }}
			if strings.Contains(item.text(), "This session") {
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
	code, list := r.command("sessions", "list")
	if code != 0 || !strings.Contains(list, "Ada Winter") || !strings.Contains(list, r.sb.Provider.Issuer()) {
		t.Fatalf("%d: %s", code, list)
	}
	for _, args := range [][]string{{}, {"--subject", ""}, {"--subject", "https://login.example.com", ""}, {"--issuer", "https://login.example.com", "--all"}, {"a-handle", "--all"}, {"--subject", "sub", "--all"}} {
		if code, out := r.command(append([]string{"sessions", "end"}, args...)...); code != 2 || !strings.Contains(out, "name one") {
			t.Errorf("end %q: %d %s", args, code, out)
		}
	}
	if code, _ := r.command("sessions", "end", "nonsense"); code != 1 {
		t.Errorf("end what is not there: %d", code)
	}
	handle := handles(b.get("/sessions"))[0]
	if code, out := r.command("sessions", "end", handle); code != 0 || !strings.Contains(out, "1 ended") {
		t.Errorf("end: %d %s", code, out)
	}
	if p := b.get("/"); p.status != http.StatusSeeOther {
		t.Errorf("the session lives: %d", p.status)
	}
}

// command runs one of the operator's commands on the rig's database, with settings of its own.
func (r *rig) command(args ...string) (int, string) {
	return r.commandWith(nil, args...)
}

// What it gives is standard output and then standard error, but for the lines of the audit trail.
func (r *rig) commandWith(environ []string, args ...string) (int, string) {
	code, out, logs := r.commandParts(environ, args...)
	for line := range strings.Lines(logs) {
		if !strings.Contains(line, `"msg":"audit"`) {
			out += line
		}
	}
	return code, out
}

func (r *rig) commandParts(environ []string, args ...string) (code int, out, logs string) {
	var o, l bytes.Buffer
	code = run(context.Background(), args, append(environ, "PORTAL_DATABASE_URL=sqlite:"+r.dir+"/portal.db"), &o, &l)
	return code, o.String(), l.String()
}

// What the operator ends is ended, whatever lifetimes the command's own environment says; and what a
// server with longer ones holds alive is in the list.
func TestOperatorsEndWhatAServerHoldsAlive(t *testing.T) {
	r := newRig(t)
	issuer := r.sb.Provider.Issuer()
	for name, environ := range map[string][]string{
		"shorter lifetimes": {"PORTAL_SESSION_IDLE=1ns", "PORTAL_SESSION_MAX=1ns"},
		"bad lifetimes":     {"PORTAL_SESSION_IDLE=soon", "PORTAL_SESSION_MAX=9 o'clock"},
	} {
		for _, tc := range []struct {
			args []string
			ends string
		}{
			{[]string{"--subject", "sandbox-ada"}, "1 ended"},
			{[]string{"--subject=sandbox-ada"}, "1 ended"},
			{[]string{"--subject", issuer, "sandbox-ada"}, "1 ended"},
			{[]string{"--subject=" + issuer, "sandbox-ada"}, "1 ended"},
			{[]string{"--subject", "https://another.example.com", "sandbox-ada"}, "0 ended"}, // S-6
			{[]string{"--subject", issuer, "sandbox-nobody"}, "0 ended"},
			{[]string{"--all"}, "2 ended"},
		} {
			ada, grace := r.browser(), r.browser()
			ada.login("ada", "/")
			grace.login("grace", "/")
			if code, list := r.commandWith(environ, "sessions", "list"); code != 0 || !strings.Contains(list, "Ada Winter") || !strings.Contains(list, "Grace Moreno") {
				t.Errorf("%s: list: %d %s", name, code, list)
			}
			if code, out := r.commandWith(environ, append([]string{"sessions", "end"}, tc.args...)...); code != 0 || out != tc.ends+"\n" {
				t.Errorf("%s: end %q: %d %s", name, tc.args, code, out)
			}
			lives := ada.get("/").status == http.StatusOK
			if lives != (tc.ends == "0 ended") {
				t.Errorf("%s: end %q: ada's session lives: %v", name, tc.args, lives)
			}
			if lives := grace.get("/").status == http.StatusOK; lives != (tc.ends != "2 ended") {
				t.Errorf("%s: end %q: grace's session lives: %v", name, tc.args, lives)
			}
			r.command("sessions", "end", "--all")
		}
	}
	// The list of one user, in both forms.
	b := r.browser()
	b.login("ada", "/")
	for args, want := range map[string]bool{"sandbox-ada": true, issuer + " sandbox-ada": true, "sandbox-grace": false, "https://another.example.com sandbox-ada": false} {
		code, list := r.command(append([]string{"sessions", "list", "--subject"}, strings.Fields(args)...)...)
		if code != 0 || strings.Contains(list, "Ada Winter") != want {
			t.Errorf("list --subject %s: %d %s", args, code, list)
		}
	}
}

// A handle, or a user's sub, that begins with a hyphen is no flag.
func TestHyphensAreNoFlags(t *testing.T) {
	r := newRig(t)
	st := must(store.Open("sqlite:"+r.dir+"/portal.db", time.Now))
	defer func() { _ = st.Close() }()
	st.KeepTrail(audit.NewChain(nil), nil)
	const issuer = "https://login.example.com"
	for i, tc := range []struct {
		handle, subject string
		args            []string
	}{
		{"-bcdefghijklmnop", "sub", []string{"-bcdefghijklmnop"}},
		{"--cdefghijklmnop", "sub", []string{"--cdefghijklmnop"}},
		{"-hcdefghijklmnop", "sub", []string{"-hcdefghijklmnop"}},
		{"-bcdefghijklmnop", "sub", []string{"--", "-bcdefghijklmnop"}},
		{"--all-lmnopqrstu", "sub", []string{"--", "--all-lmnopqrstu"}},
		{"abcdefghijklmnop", "-sub", []string{"--subject", "-sub"}},
		{"abcdefghijklmnop", "-bcdefghijklmnop", []string{"--subject", "-bcdefghijklmnop"}},
		{"abcdefghijklmnop", "-sub", []string{"--subject", issuer, "-sub"}},
		{"abcdefghijklmnop", "--sub", []string{"--subject", issuer, "--sub"}},
		{"abcdefghijklmnop", "-bcdefghijklmnop", []string{"--subject", issuer, "-bcdefghijklmnop"}},
	} {
		if err := st.CreateSession(t.Context(), []byte{byte(i)}, store.Session{
			Handle:       tc.handle,
			ActorIssuer:  issuer,
			ActorSubject: tc.subject,
			Sealed:       []byte{1},
		}, nil); err != nil {
			t.Fatal(err)
		}
		if code, out := r.command(append([]string{"sessions", "end"}, tc.args...)...); code != 0 || out != "1 ended\n" {
			t.Errorf("end %q: %d %s", tc.args, code, out)
		}
		r.command("sessions", "end", "--all")
	}
	if code, out := r.command("sessions", "end", "--al"); code != 2 || !strings.Contains(out, "unknown flag") {
		t.Errorf("a flag that is none: %d %s", code, out)
	}
	if code, out := r.command("sessions", "end", "--subject", issuer, "--help"); code != 0 || !strings.Contains(out, "Usage") {
		t.Errorf("help: %d %s", code, out)
	}
}

// A command that only looks into the database, or ends sessions, makes none.
func TestCommandsMakeNoDatabase(t *testing.T) {
	dir := t.TempDir()
	at := func(database string, args ...string) (int, string) {
		var out bytes.Buffer
		return run(context.Background(), args, []string{"PORTAL_DATABASE_URL=sqlite:" + database}, &out, &out), out.String()
	}
	for _, args := range [][]string{{"sessions", "list"}, {"sessions", "end", "--all"}, {"sessions", "end", "abcdefghijklmnop"}, {"sessions", "end", "--subject", "sub"}} {
		code, out := at(dir+"/portal.db", args...)
		if code != 1 || !strings.Contains(out, "there is no database file") {
			t.Errorf("%q: %d %s", args, code, out)
		}
	}
	if left := must(os.ReadDir(dir)); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	// An empty file is no database yet, and stays empty.
	if err := os.WriteFile(dir+"/empty.db", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out := at(dir+"/empty.db", "sessions", "list"); code != 1 {
		t.Errorf("an empty file: %d %s", code, out)
	}
	if left := must(os.ReadDir(dir)); len(left) != 1 || must(left[0].Info()).Size() != 0 {
		t.Errorf("left behind: %v", left)
	}
	if code, out := at(dir+"/portal.db", "migrate"); code != 0 {
		t.Errorf("migrate makes it: %d %s", code, out)
	}
	if code, out := at(dir+"/portal.db", "sessions", "list"); code != 0 {
		t.Errorf("after migrate: %d %s", code, out)
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
