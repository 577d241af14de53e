package auth_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"maiaportal/internal/auth/hostile"
	"maiaportal/internal/record"
	"maiaportal/internal/store"
)

// gone sends a request whose client has hung up by the time the portal looks at it.
func (b *browser) gone(method, path string, form url.Values) *httptest.ResponseRecorder {
	b.r.t.Helper()
	ctx, cancel := context.WithCancel(b.r.t.Context())
	cancel()
	req := httptest.NewRequestWithContext(ctx, method, b.r.base+path, strings.NewReader(form.Encode()))
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", b.r.base)
		req.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	base, _ := url.Parse(b.r.base)
	for _, c := range b.c.Jar.Cookies(base) {
		req.AddCookie(c)
	}
	w := httptest.NewRecorder()
	b.r.handler.ServeHTTP(w, req)
	return w
}

// S-56: what ends a session has ended it, although whoever asked for it left at once.
func TestSessionsEndThoughTheBrowserLeft(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		path string
		form func(b *browser) url.Values
	}{
		"sign out":        {"/logout", func(*browser) url.Values { return nil }},
		"all sessions":    {"/sessions", func(*browser) url.Values { return url.Values{"session": {"all"}} }},
		"one's own":       {"/sessions", func(b *browser) url.Values { return url.Values{"session": {b.session().Handle}} }},
		"by the provider": {"/auth/backchannel-logout", func(b *browser) url.Values { return url.Values{"logout_token": {b.r.op.LogoutToken("ada", nil, nil)}} }},
	} {
		r := newRig(t)
		b := r.browser().login()
		b.gone(http.MethodPost, tc.path, tc.form(b))
		if b.signedIn() {
			t.Errorf("%s: the session lives", name)
		}
		if log := r.logs.String(); strings.Contains(log, `"level":"ERROR"`) || strings.Contains(log, "database") {
			t.Errorf("%s: log %s", name, log)
		}
	}
}

// S-56: a logout token that ended nothing can be sent again; one that ended a session cannot.
func TestLogoutTokenThatEndedNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	b := r.browser()
	send := func(token string) int {
		return b.do(http.MethodPost, "/auth/backchannel-logout", url.Values{"logout_token": {token}}, nil).status
	}
	token := r.op.LogoutToken("ada", nil, nil)
	if status := send(token); status != http.StatusOK {
		t.Errorf("nobody is signed in: %d", status)
	}
	b.login()
	if status := send(token); status != http.StatusOK || b.signedIn() {
		t.Errorf("again: %d, signed in: %v", status, b.signedIn())
	}
	b.login()
	if status := send(token); status != http.StatusBadRequest || !b.signedIn() {
		t.Errorf("a replay: %d, signed in: %v", status, b.signedIn())
	}
}

// S-56: a login whose browser left is whole: its code is redeemed, the session that this browser had is
// over, and reloading the page does no harm.
func TestLoginThoughTheBrowserLeft(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	b := r.browser().login()
	before := b.cookie("portal")
	callback, _ := url.Parse(b.begin("/activity"))
	w := b.gone(http.MethodGet, callback.RequestURI(), nil)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/activity" {
		t.Errorf("%d to %q", w.Code, w.Header().Get("Location"))
	}
	if b.signedIn() {
		t.Error("the session before lives")
	}
	after := w.Result().Cookies()
	if len(after) != 1 || after[0].Value == before {
		t.Fatalf("cookies: %v", after)
	}
	base, _ := url.Parse(r.base)
	b.c.Jar.SetCookies(base, after)
	if !b.signedIn() {
		t.Error("the new session is none")
	}
	if n := len(r.op.Grants("authorization_code")); n != 2 {
		t.Errorf("%d codes redeemed", n)
	}
}

// S-57: a refusal has its own status and its page, whatever became of the request's context, and the log
// has that status and blames nobody.
func TestRefusalThoughTheBrowserLeft(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	b := r.browser().login()
	wrong := b.reference("WRONG")
	wrong.Set("formToken", "x")
	for name, tc := range map[string]struct {
		method, path string
		form         url.Values
		status       int
	}{
		"a form token of nobody": {http.MethodPost, "/secret-references", wrong, 403},
		"a wrong field":          {http.MethodPost, "/secret-references", b.reference("no name"), 422},
		"a damaged body":         {http.MethodPost, "/secret-values", url.Values{"name": {"a", "b"}}, 400},
		"no such page":           {http.MethodGet, "/nothing", nil, 404},
		"a wrong method":         {http.MethodPost, "/activity", nil, 405},
		"no logout token":        {http.MethodPost, "/auth/backchannel-logout", url.Values{"logout_token": {"x"}}, 400},
		"no such login":          {http.MethodGet, "/auth/callback?state=x", nil, 400},
		"a page":                 {http.MethodGet, "/activity", nil, 200},
	} {
		w := b.gone(tc.method, tc.path, tc.form)
		if w.Code != tc.status || w.Body.Len() < 100 {
			t.Errorf("%s: %d with %d bytes, want %d", name, w.Code, w.Body.Len(), tc.status)
		}
	}
	log := r.logs.String()
	if strings.Contains(log, `"level":"ERROR"`) || strings.Contains(log, "canceled") {
		t.Errorf("log: %s", log)
	}
}

// S-57: a provider that is away stays the reason, though the browser left.
func TestProviderAwayThoughTheBrowserLeft(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.op.Instead(hostile.Discovery, hostile.HTML(503))
	w := r.browser().gone(http.MethodGet, "/login", nil)
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "sign-in does not answer") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// S-35a: the answer to a POST repeats the cookie of a session that lives.
func TestCookieOfALivingSessionIsRepeated(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	b := r.browser().login()
	id := b.cookie("portal")
	for name, form := range map[string]url.Values{"refused": {}, "a receipt": b.reference("R")} {
		a := b.post("/secret-references", form)
		lines := a.header.Values("Set-Cookie")
		if len(lines) != 1 || lines[0] != "portal="+id+"; Path=/; HttpOnly; SameSite=Lax" {
			t.Errorf("%s: %d sets %q", name, a.status, lines)
		}
	}
}

// S-11, S-35a: the answer to an older POST does not put its dead cookie over the one of a newer login,
// whose session would stay open without an owner. It sets another cookie, so that what was typed stays out
// of the back/forward cache.
func TestCookieOfADeadSessionIsNotRepeated(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ path string }{
		"a submission": {"/secret-references"},
		"a sign-out":   {"/logout"},
	} {
		r := newRig(t)
		b := r.browser().login()
		old := b.cookie("portal")
		form := b.reference("R")
		// The browser has sent the POST; a login in another tab is answered first.
		older := r.browser()
		base, _ := url.Parse(r.base)
		older.c.Jar.SetCookies(base, []*http.Cookie{{
			Name:  "portal",
			Value: old,
		}, {
			Name:  "portal-login",
			Value: b.cookie("portal-login"),
		}})
		b.login()
		a := older.post(tc.path, form)
		for _, c := range (&http.Response{Header: a.header}).Cookies() {
			if c.Name == "portal" {
				t.Errorf("%s: sets %v", name, c)
			}
		}
		if len(a.header.Values("Set-Cookie")) != 1 {
			t.Errorf("%s: sets %q", name, a.header.Values("Set-Cookie"))
		}
		if b.cookie("portal") == old || !b.signedIn() {
			t.Errorf("%s: the newer login is gone", name)
		}
	}
}

// S-35a: a session that a request lost while it ran is not repeated either.
func TestCookieOfASessionThatEndsMeanwhile(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	b := r.browser().login()
	form := b.reference("R")
	b.spend()
	open := r.gate()
	defer open()
	done := make(chan answer, 1)
	go func() { done <- b.at(r).post("/secret-references", form) }()
	r.op.Await(t, hostile.Token, 2)
	id := b.cookie("portal")
	if _, err := r.store.EndSessions(t.Context(), r.op.Issuer(), "ada", "", store.Ending{By: record.ByUser}); err != nil {
		t.Fatal(err)
	}
	open()
	a := <-done
	if lines := a.header.Values("Set-Cookie"); len(lines) != 1 || strings.Contains(lines[0], id) {
		t.Errorf("%d sets %q", a.status, lines)
	}
}
