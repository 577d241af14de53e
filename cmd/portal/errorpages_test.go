package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Every refusal is a page in the portal's own design: what happened, a next step that leads somewhere, and the id that
// finds it in the log.
func TestErrorPagesHaveANextStepAndTheRequestID(t *testing.T) {
	r := newRig(t, "SUBMISSIONS_PER_MINUTE", "1")
	b := r.browser()
	b.login("ada", "/")
	stranger := r.browser()
	reader := r.browser()
	reader.login("audrey", "/")
	receipt := b.send("/secret-references", b.reference("A", "agentType", "AWS", "secretName", "x")).location()

	foreign := b.request(http.MethodPost, "/secret-references", strings.NewReader(""))
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")
	json := b.request(http.MethodPost, "/secret-values", strings.NewReader("{}"))
	json.Header.Set("Content-Type", "application/json")
	damaged := b.request(http.MethodPost, "/setup", strings.NewReader("x"))
	damaged.Header.Set("Content-Type", "multipart/form-data; boundary=y")

	for _, tc := range []struct {
		why    string
		p      page
		status int
		next   string // where the first link leads
	}{
		{"a filter that cannot be read", b.get("/activity?from=x"), 400, "/activity"},
		{"a link with a field twice", b.get("/setup?name=a&name=b"), 400, "/setup"},
		{"a damaged form", b.do(damaged), 400, "/setup"},
		{"a login link that has expired", stranger.get("/auth/callback?code=x&state=y"), 400, "/login?"},
		{"a form of nobody", stranger.sendPlain("/setup", url.Values{"name": {"a"}}), 401, "/login?"},
		{"a session that has ended", stranger.sendPlain("/sessions", url.Values{"session": {"all"}}), 401, "/login?"},
		{"another site", b.do(foreign), 403, "/secret-references/new"},
		{"an account that only reads", reader.get("/setup"), 403, "/activity"},
		{"a form of somebody else", b.sendPlain("/secret-values", url.Values{"formToken": {"x"}}), 403, "/secret-values/new"},
		{"an address that leads nowhere", b.get("/nowhere"), 404, "/"},
		{"the demo's style guide", b.get("/styleguide"), 404, "/"},
		{"the same for a stranger", stranger.get("/nowhere"), 404, "/"},
		{"somebody else's receipt", b.get("/activity/00000000-0000-7000-8000-000000000000"), 404, "/"},
		{"a file that is not there", stranger.get("/static/nothing.css"), 404, "/"},
		{"another method", b.sendPlain("/about", nil), 405, "/"},
		{"a body over the limit", b.sendPlain("/secret-values", url.Values{"valueText": {strings.Repeat("x", 2<<20)}}), 413, "/secret-values/new"},
		{"no form", b.do(json), 415, "/secret-values/new"},
		{"the first mark of two", b.sendPlain(receipt+"/proven", url.Values{"proven": {"on"}}), 303, ""},
		{"marks that come too often", b.sendPlain(receipt+"/proven", url.Values{"proven": {"on"}}), 429, receipt},
		{"signed out", stranger.get("/signed-out"), 200, "/login?"},
	} {
		expectErrorPage(t, tc.why, tc.p, tc.status, tc.next)
	}

	away := newRig(t, "OIDC_ISSUER", "http://127.0.0.1:1").browser()
	expectErrorPage(t, "a provider that is away", away.get("/login?return_to=%2Factivity"), 503, "/login?return_to=%2Factivity")
	if err := r.p.store.Close(); err != nil {
		t.Fatal(err)
	}
	expectErrorPage(t, "a database that is away", b.get("/activity?name=A"), 503, "/activity?name=A")
}

// expectErrorPage says what is missing on a page.
func expectErrorPage(t *testing.T, why string, p page, status int, next string) {
	t.Helper()
	if p.status != status {
		t.Errorf("%s: %d, want %d", why, p.status, status)
		return
	}
	if status == http.StatusSeeOther {
		return
	}
	if h := p.headings("h1"); len(h) != 1 || h[0] == "" {
		t.Errorf("%s: headings %q", why, h)
	}
	if id := p.header.Get("X-Request-Id"); id == "" || !strings.Contains(p.text(), "give this request id: "+id) {
		t.Errorf("%s: the page lacks the request id %q", why, id)
	}
	if got := p.primary(); got == "" || !strings.HasPrefix(got, next) || next == "/" && got != next {
		t.Errorf("%s: the next step is %q, want %q", why, got, next)
	}
}

// primary is where the link leads that looks like a button.
func (p page) primary() string {
	for n := range p.doc().Descendants() {
		if n.Data == "a" && attr(n, "class") == "button" {
			return attr(n, "href")
		}
	}
	return ""
}
