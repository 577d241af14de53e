package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"maiaportal/internal/record"
	"maiaportal/internal/sandbox/maia"
)

// S-21: GET and HEAD change nothing, and wrong methods are refused.
func TestMethods(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	b.login("ada", "/")
	query := "?projectId=" + maia.ProjectFinance + "&secretReferenceName=R&agentType=AWS&secretName=s"
	for _, path := range []string{"/secret-references/new" + query, "/secret-references" + query, "/secret-values", "/activity", "/", "/healthz"} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			if p := b.do(b.request(method, path, nil)); p.status != 200 && p.status != 303 {
				t.Errorf("%s %s: %d", method, path, p.status)
			}
		}
	}
	for path, methods := range map[string][]string{
		"/secret-references": {"PUT", "DELETE", "PATCH"}, "/secret-values/new": {"POST"}, "/logout": {"GET", "HEAD"}, "/auth/callback": {"POST", "HEAD"}, "/activity": {"POST"},
	} {
		for _, method := range methods {
			req := b.request(method, path, nil)
			req.Header.Set("Sec-Fetch-Site", "same-origin")
			if p := b.do(req); p.status != http.StatusMethodNotAllowed || p.header.Get("Allow") == "" {
				t.Errorf("%s %s: %d, Allow %q", method, path, p.status, p.header.Get("Allow"))
			}
		}
	}
	if n := len(r.sb.Maia.WriteCalls()); n != 0 {
		t.Errorf("%d calls", n)
	}
	if p := b.get("/"); p.status != 200 {
		t.Errorf("the session is gone: %d", p.status)
	}
}

// S-22: what another site's page sends is refused before the body is read.
func TestCrossOrigin(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	b.login("ada", "/")
	form := b.reference("X", "agentType", "AWS", "secretName", "s")
	send := func(path string, change func(http.Header)) int {
		req := b.request(http.MethodPost, path, strings.NewReader(form.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		change(req.Header)
		return b.do(req).status
	}
	for name, tc := range map[string]struct {
		path   string
		change func(http.Header)
		status int
	}{
		"cross-site":                {"/secret-references", func(h http.Header) { h.Set("Sec-Fetch-Site", "cross-site") }, 403},
		"same-site is another host": {"/secret-references", func(h http.Header) { h.Set("Sec-Fetch-Site", "same-site") }, 403},
		"foreign Origin alone":      {"/secret-references", func(h http.Header) { h.Del("Sec-Fetch-Site"); h.Set("Origin", "https://evil.example") }, 403},
		"Origin null alone":         {"/secret-references", func(h http.Header) { h.Del("Sec-Fetch-Site"); h.Set("Origin", "null") }, 403},
		"another scheme alone": {"/secret-references", func(h http.Header) {
			h.Del("Sec-Fetch-Site")
			h.Set("Origin", strings.Replace(r.base, "http:", "ftp:", 1))
		}, 403},
		"no scheme": {"/secret-references", func(h http.Header) { h.Del("Sec-Fetch-Site"); h.Set("Origin", strings.TrimPrefix(r.base, "http:")) }, 403},
		"https against http": {"/logout", func(h http.Header) {
			h.Del("Sec-Fetch-Site")
			h.Set("Origin", strings.Replace(r.base, "http:", "https:", 1))
		}, 403},
		"logout from elsewhere":       {"/logout", func(h http.Header) { h.Set("Sec-Fetch-Site", "cross-site") }, 403},
		"logout by nobody knows whom": {"/logout", func(h http.Header) { h.Del("Sec-Fetch-Site"); h.Del("Origin") }, 403},
		"own Origin behind a proxy":   {"/secret-references", func(h http.Header) { h.Del("Sec-Fetch-Site") }, 303},
	} {
		if got := send(tc.path, tc.change); got != tc.status {
			t.Errorf("%s: %d, want %d", name, got, tc.status)
		}
	}
	// Neither header: the form token decides.
	b.bare = true
	if p := b.sendPlain("/secret-references", b.reference("BARE", "agentType", "AWS", "secretName", "s")); p.status != 303 {
		t.Errorf("a program with a form token of its own: %d", p.status)
	}
	form.Set("formToken", "")
	if p := b.sendPlain("/secret-references", form); p.status != 403 {
		t.Errorf("without a form token: %d", p.status)
	}
}

// S-23, S-24: every answer has the contract's headers, errors too, and nothing tells what runs here.
func TestHeadersOfEveryAnswer(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	landed := b.login("ada", "/")
	stylesheet := ""
	for n := range landed.doc().Descendants() {
		if n.Data == "link" && attr(n, "rel") == "stylesheet" {
			stylesheet = attr(n, "href")
		}
	}
	stranger := r.browser()
	answers := map[string]page{
		"home": landed, "form": b.get("/secret-values/new"), "404": b.get("/nowhere"), "404 of a receipt": b.get("/activity/00000000-0000-7000-8000-000000000000"),
		"login": stranger.get("/login"), "redirect to the login": stranger.get("/activity"), "405": b.get("/logout"), "stale call-back": stranger.get("/auth/callback?state=x&code=y"),
		"422": b.send("/secret-references", b.reference("", "agentType", "AWS")), "303": b.send("/secret-references", b.reference("OK", "agentType", "AWS", "secretName", "s")),
		"403": b.sendPlain("/secret-values", url.Values{}), "401": stranger.sendPlain("/secret-values", url.Values{}),
		"415": b.do(b.request(http.MethodPost, "/secret-values", strings.NewReader("x"))), "healthz": b.get("/healthz"), "signed out": stranger.get("/signed-out"), "about": stranger.get("/about"), "help": stranger.get("/help"),
		"static": b.get(stylesheet),
	}
	for name, p := range answers {
		for header, want := range map[string][]string{
			"Content-Security-Policy": {"default-src 'none'", "script-src 'none'", "style-src 'self'", "img-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"},
			"Referrer-Policy":         {"same-origin"}, "X-Content-Type-Options": {"nosniff"}, "Cross-Origin-Opener-Policy": {"same-origin"},
			"Cross-Origin-Resource-Policy": {"same-origin"}, "Permissions-Policy": {"camera=()", "geolocation=()"},
		} {
			for _, w := range want {
				if !strings.Contains(p.header.Get(header), w) {
					t.Errorf("%s: %s is %q, without %s", name, header, p.header.Get(header), w)
				}
			}
		}
		if want := map[bool]string{true: "public, max-age=31536000, immutable", false: "no-store"}[name == "static"]; p.header.Get("Cache-Control") != want {
			t.Errorf("%s: Cache-Control is %q", name, p.header.Get("Cache-Control"))
		}
		for header := range p.header {
			if strings.HasPrefix(header, "Access-Control-") || header == "Server" || header == "X-Powered-By" {
				t.Errorf("%s: has %s", name, header)
			}
		}
		lower := strings.ToLower(p.body)
		if name != "static" && (strings.Contains(lower, "<script") || strings.Contains(lower, " style=") || strings.Contains(lower, "goroutine ")) {
			t.Errorf("%s: has script, style or a stack", name)
		}
	}
	if p := answers["422"]; !strings.Contains(p.header.Get("Set-Cookie"), "portal=") {
		t.Error("the answer to a POST does not set the session's cookie again")
	}
	for _, name := range []string{"303", "403", "415"} {
		if !strings.Contains(strings.Join(answers[name].header.Values("Set-Cookie"), "\n"), "portal=") {
			t.Errorf("%s: the answer to a POST does not set the session's cookie again", name)
		}
	}
}

// S-25: a single-valued field that comes twice is refused, fields of another type and unknown ones do
// not count.
func TestFieldsThatDoNotBelong(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	b.login("ada", "/")
	twice := b.reference("TWICE", "agentType", "AWS", "secretName", "a")
	twice.Add("secretName", "b")
	if p := b.send("/secret-references", twice); p.status != http.StatusBadRequest {
		t.Errorf("a field twice: %d", p.status)
	}
	other := b.reference("OTHER", "agentType", "AWS", "secretName", "a", "vaultName", "a vault", "agentId", "not/an/agent", "valueText", "x", "nobody", "knows")
	if p := b.send("/secret-references", other); p.status != http.StatusSeeOther {
		t.Fatalf("fields of other types: %d %s", p.status, p.text())
	}
	if got, _ := r.sb.Maia.Reference(maia.ProjectFinance, "OTHER"); got.VaultName != "" || got.AgentID != "" {
		t.Errorf("Maia got %+v", got)
	}
	for name, fields := range map[string][]string{"line break at the end": {"NAME\n"}, "path": {"../x"}, "slash": {"a/b"}, "query": {"a?b"}, "letter that only looks like one": {"PАSS"}} {
		form := b.reference(fields[0], "agentType", "AWS", "secretName", "a")
		if p := b.sendPlain("/secret-references", form); p.status != http.StatusUnprocessableEntity {
			t.Errorf("S-26: a name with a %s: %d", name, p.status)
		}
	}
}

// S-42: whatever people type, a line of the log stays one JSON object.
func TestLogLinesStayWhole(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	b.login("ada", "/")
	b.send("/secret-references", b.reference("LOG", "agentType", "AWS", "secretName", "s", "secretKey", `"}{"level":"ERROR`, "description", "\x1b[31m\"}{\u2028"))
	b.get("/%22%7D%7B%0A%1b%5B31m")
	b.get("/auth/callback?state=%0A%22%7D&error=%1b&iss=%0A")
	for line := range strings.Lines(r.logs.String()) {
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil || strings.ContainsRune(line, '\x1b') {
			t.Errorf("not one JSON object: %q", line)
		}
	}
	if !strings.Contains(r.logs.String(), `"path":"/auth/callback"`) || strings.Contains(r.logs.String(), "return_to=") {
		t.Error("the log has no path, or it has a query")
	}
}

// S-41: one record for each attempt, with who, what, where, when and how it ended.
func TestRecord(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	b.login("ada", "/")
	form := b.reference("demo-conflict", "agentType", "Azure", "vaultName", "contoso-kv", "secretName", "s", "secretKey", "k")
	b.send("/secret-references", form)
	b.send("/secret-references", form)
	list, err := r.p.store.Submissions(t.Context(), record.Query{Of: record.Everyone, Limit: 10})
	if err != nil || len(list) != 2 {
		t.Fatalf("%d records, %v", len(list), err)
	}
	got := list[0]
	if got.Actor.Issuer != r.sb.Provider.Issuer() || got.Actor.Subject == "" || got.Actor.Name != "Ada Winter" || got.Action != "reference" || got.ProjectID != maia.ProjectFinance ||
		got.AgentType != "Azure" || got.Name != "demo-conflict" || got.VaultName != "contoso-kv" || got.SecretName != "s" || got.SecretKey != "k" || got.Type != "PASSWORD" ||
		got.Outcome != "conflict" || got.Status != 409 || !got.Sent || got.RequestID == "" || got.ClientAddress != "127.0.0.1" || got.CreatedAt.IsZero() || got.FinishedAt.IsZero() || got.Attempt != 2 {
		t.Errorf("recorded: %+v", got)
	}
	other := r.browser()
	other.login("grace", "/")
	if p := other.get("/activity/" + got.ID); p.status != http.StatusNotFound {
		t.Errorf("somebody else's receipt: %d", p.status)
	}
	auditor := r.browser()
	auditor.login("audrey", "/")
	if p := auditor.get("/activity/" + got.ID); p.status != http.StatusOK {
		t.Errorf("an auditor: %d", p.status)
	}
	if p := auditor.get("/secret-references/new"); p.status != http.StatusForbidden {
		t.Errorf("an auditor at a form: %d", p.status)
	}
	if text := auditor.get("/activity").text(); !strings.Contains(text, "Ada Winter") || !strings.Contains(text, "demo-conflict") {
		t.Errorf("an auditor's list: %s", text)
	}
}

// A link may fill in every field but a secret one; what does not belong is taken out, before a login too.
func TestDeepLinks(t *testing.T) {
	r := newRig(t)
	stranger := r.browser()
	link := "/secret-values/new?agentId=a1&name=prod%2Fdb&valueText=geheim&utm_source=wiki&pairKey=one&pairKey=two&valueFormat=pairs"
	p := stranger.get(link)
	if p.status != http.StatusSeeOther || strings.Contains(p.location(), "geheim") || !strings.Contains(p.location(), "removed=secret") || strings.Contains(p.location(), "utm_") {
		t.Fatalf("%d to %q", p.status, p.location())
	}
	form := stranger.login("ada", p.location())
	got := inputs(form.doc())
	if got.Get("agentId") != "a1" || got.Get("name") != "prod/db" || got.Get("valueFormat") != "pairs" || got["pairKey"][0] != "one" || got["pairKey"][1] != "two" {
		t.Errorf("filled in: %v", got)
	}
	if !strings.Contains(form.text(), "Treat it as leaked") {
		t.Error("the page does not warn")
	}
	for link, want := range map[string]string{
		"/secret-values/new?utm_x=1&agentId=a":   "/secret-values/new?agentId=a",
		"/secret-values/new?colour=red":          "/secret-values/new?removed=other",
		"/secret-values/new?formToken=x&name=n":  "/secret-values/new?name=n&removed=other",
		"/secret-references/new?pairValue=x&a=b": "/secret-references/new?removed=secret",
		"/secret-references/new?%zz=1":           "/secret-references/new?removed=other",
	} {
		if p := stranger.get(link); p.location() != want {
			t.Errorf("%s leads to %q, want %q", link, p.location(), want)
		}
	}
	if p := stranger.get("/secret-values/new?name=a&name=b"); p.status != http.StatusBadRequest {
		t.Errorf("a field twice: %d", p.status)
	}
}
