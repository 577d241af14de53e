package auth_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"maiaportal/internal/auth"
	"maiaportal/internal/auth/hostile"
	"maiaportal/internal/auth/session"
	"maiaportal/internal/secret"
)

// S-11: the cookies' names and attributes, on https and on loopback http. They hold an id and nothing
// else.
func TestCookiesOfALogin(t *testing.T) {
	t.Parallel()
	for base, names := range map[string][2]string{"https://portal.example": {"__Host-portal", "__Host-portal-login"}, "http://127.0.0.1:1": {"portal", "portal-login"}} {
		r := newRig(t, func(o *options) { o.base = base })
		serve := func(address string, cookies []*http.Cookie) *http.Response {
			req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
			for _, c := range cookies {
				req.AddCookie(c)
			}
			w := httptest.NewRecorder()
			r.handler.ServeHTTP(w, req)
			return w.Result()
		}
		begun := serve(base+"/login", nil)
		callback := r.browser().get(begun.Header.Get("Location")).location()
		if !strings.HasPrefix(callback, base+"/auth/callback?") {
			t.Fatalf("the provider sends the browser to %q", callback)
		}
		landed := serve(callback, begun.Cookies())
		if landed.StatusCode != http.StatusSeeOther {
			t.Fatalf("%s: %d", base, landed.StatusCode)
		}
		for name, answer := range map[string]*http.Response{names[0]: landed, names[1]: begun} {
			lines := answer.Header.Values("Set-Cookie")
			if len(lines) != 1 {
				t.Fatalf("%s: %q", name, lines)
			}
			c := answer.Cookies()[0]
			secure := strings.HasPrefix(base, "https:")
			if c.Name != name || c.Path != "/" || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Secure != secure || c.Domain != "" || len(lines[0]) >= 200 {
				t.Errorf("%q", lines[0])
			}
			if raw, err := base64.RawURLEncoding.DecodeString(c.Value); err != nil || len(raw) != 32 {
				t.Errorf("%s is %q, not 256 bits", name, c.Value)
			}
			if want := map[string]int{names[0]: 0, names[1]: 3600}[name]; c.MaxAge != want {
				t.Errorf("%s: Max-Age is %d", name, c.MaxAge)
			}
		}
	}
}

// S-11: a login makes a new session id. The one that the browser had is dead, and one that somebody
// planted there is not taken over.
func TestLoginMakesANewSession(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	b := r.browser()
	u, _ := url.Parse(r.base)
	planted := session.NewID()
	b.c.Jar.SetCookies(u, []*http.Cookie{{Name: "portal", Value: planted}})
	b.login()
	first, browser := b.cookie("portal"), b.cookie("portal-login")
	b.login()
	if first == planted || b.cookie("portal") == first || b.cookie("portal-login") != browser {
		t.Errorf("planted %s, then %s, then %s; the browser was %s and is %s", planted, first, b.cookie("portal"), browser, b.cookie("portal-login"))
	}
	for _, dead := range []string{planted, first} {
		other := r.browser()
		other.c.Jar.SetCookies(u, []*http.Cookie{{Name: "portal", Value: dead}})
		if other.signedIn() {
			t.Errorf("%s is a session", dead)
		}
	}
	if !b.signedIn() {
		t.Error("the new one is none")
	}
}

// S-12: a session that is not used ends after the idle time, and each one after its whole life, on the
// server: an old cookie opens nothing.
func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.op.Set(func(s *hostile.Switches) { s.Life = 1 << 20 })
	b := r.browser().login()
	r.clock.Add(29 * time.Minute)
	if !b.signedIn() {
		t.Error("ended before its time")
	}
	r.clock.Add(29 * time.Minute)
	if !b.signedIn() {
		t.Error("its use did not count")
	}
	r.clock.Add(31 * time.Minute)
	if b.signedIn() {
		t.Error("lives on idle")
	}
	b.login()
	for range 23 {
		r.clock.Add(20 * time.Minute)
		if !b.signedIn() {
			t.Fatal("ended while it was used")
		}
	}
	r.clock.Add(19 * time.Minute)
	if !b.signedIn() {
		t.Error("ended before its whole life")
	}
	r.clock.Add(2 * time.Minute)
	if b.signedIn() {
		t.Error("lives for ever if it is used")
	}
	if a := b.get("/secret-references/new?secretName=a%2Fb"); a.location() != "/login?return_to="+url.QueryEscape("/secret-references/new?secretName=a%2Fb") {
		t.Errorf("leads to %q", a.location())
	}
	if err := r.sweeper.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if rows, err := r.store.Sessions(t.Context(), "", "", time.Time{}, time.Time{}); err != nil || len(rows) != 0 {
		t.Errorf("%d rows after the sweep, %v", len(rows), err)
	}
}

// gate holds the token endpoint up until it is opened.
func (r *rig) gate() (open func()) {
	gate := make(chan struct{})
	r.op.Set(func(s *hostile.Switches) { s.Before[hostile.Token] = func() { <-gate } })
	return sync.OnceFunc(func() { close(gate) })
}

// S-13: however many need the token at once, on two replicas, one refresh is made, and all go on with
// its result; also after Maia refused a token that looked good.
func TestOneRefreshForAll(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		later time.Duration
		ask   func(d *auth.Delegated, t *testing.T, old string) (string, error)
	}{
		"has ended":       {61 * time.Minute, func(d *auth.Delegated, t *testing.T, _ string) (string, error) { return d.Token(t.Context()) }},
		"is about to end": {time.Hour - 10*time.Second, func(d *auth.Delegated, t *testing.T, _ string) (string, error) { return d.Token(t.Context()) }},
		"was refused":     {0, func(d *auth.Delegated, t *testing.T, old string) (string, error) { return d.Renew(t.Context(), old) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			replicas := []*rig{r, r.again()}
			b := r.browser().login()
			old := b.session().Login.AccessToken.Reveal()
			// Nobody idles away: the session is used, the token is not.
			for passed := time.Duration(0); passed < tc.later; {
				step := min(20*time.Minute, tc.later-passed)
				r.clock.Add(step)
				passed += step
				if !b.signedIn() {
					t.Fatal("the session ended")
				}
			}
			open := r.gate()
			defer open()
			var begun, done sync.WaitGroup
			tokens, errs := make([]string, 10), make([]error, 10)
			for i := range 10 {
				replica := replicas[i%2]
				if i%2 == 1 {
					if err := replica.provider.Discover(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				d := replica.tokens.For(b.at(replica).session())
				begun.Add(1)
				done.Go(func() {
					begun.Done()
					tokens[i], errs[i] = tc.ask(d, t, old)
				})
			}
			begun.Wait()
			r.op.Await(t, hostile.Token, 2) // the login's and the first refresh
			open()
			done.Wait()
			for i := range tokens {
				if errs[i] != nil || tokens[i] != tokens[0] || tokens[i] == old || tokens[i] == "" {
					t.Errorf("%d got %q, %v; the old one was %q", i, tokens[i], errs[i], old)
				}
			}
			if n := len(r.op.Grants(hostile.RefreshGrant)); n != 1 || r.op.Reuses() != 0 {
				t.Errorf("%d refreshes, %d of them with a used token", n, r.op.Reuses())
			}
			// And the result is kept.
			if got := b.session().Login.AccessToken.Reveal(); got != tokens[0] {
				t.Errorf("the session has %q", got)
			}
		})
	}
}

// S-13: ten submissions at once, over two replicas, with a token that has ended or that Maia refuses.
func TestSubmissionsShareARefresh(t *testing.T) {
	t.Parallel()
	for name, refused := range map[string]bool{"ended": false, "refused by Maia": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.op.Set(func(s *hostile.Switches) { s.Life = 20 * 60 })
			b := r.browser().login()
			browsers := []*browser{b, b.at(r.again())}
			old := b.session().Login.AccessToken.Reveal()
			forms := make([]url.Values, 10)
			for i := range forms {
				forms[i] = browsers[i%2].reference("R" + string(rune('A'+i)))
			}
			if refused {
				r.maia.refuses(old)
			} else {
				r.clock.Add(21 * time.Minute)
			}
			var all sync.WaitGroup
			for i, form := range forms {
				all.Go(func() {
					if a := browsers[i%2].post("/secret-references", form); a.status != http.StatusSeeOther || !strings.HasPrefix(a.location(), "/activity/") {
						t.Errorf("%d: %d %s", i, a.status, a.text())
					}
				})
			}
			all.Wait()
			if n := len(r.op.Grants(hostile.RefreshGrant)); n != 1 || r.op.Reuses() != 0 {
				t.Errorf("%d refreshes, %d of them with a used token", n, r.op.Reuses())
			}
			fresh := b.session().Login.AccessToken.Reveal()
			got := slices.DeleteFunc(r.maia.got(), func(token string) bool { return refused && token == old })
			if len(got) != 10 || slices.ContainsFunc(got, func(token string) bool { return token != fresh }) || fresh == old {
				t.Errorf("Maia got %q, the session has %q", got, fresh)
			}
		})
	}
}

// S-13: a refresh keeps what its answer leaves out, and times that come as a string count.
func TestRefreshAnswers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.op.Set(func(s *hostile.Switches) {
		s.Tokens = func(grant string, a map[string]any) {
			if a["expires_in"] = "600"; grant == hostile.RefreshGrant {
				delete(a, "refresh_token")
				delete(a, "id_token")
			}
		}
	})
	b := r.browser().login()
	before := b.session().Login
	r.clock.Add(9 * time.Minute)
	if a := b.get("/secret-references/new"); a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.text())
	}
	after := b.session().Login
	if n := len(r.op.Grants(hostile.RefreshGrant)); n != 1 {
		t.Errorf("a token with a minute left was refreshed %d times", n)
	}
	if after.AccessToken.Reveal() == before.AccessToken.Reveal() || after.RefreshToken.Reveal() != before.RefreshToken.Reveal() || after.IDToken.Reveal() != before.IDToken.Reveal() || after.Expires.Sub(after.Obtained) != 10*time.Minute {
		t.Errorf("was %+v, is %+v", before, after)
	}
	// A token whose life is not told is used until it is refused.
	r2 := newRig(t)
	r2.op.Set(func(s *hostile.Switches) { s.Tokens = func(_ string, a map[string]any) { delete(a, "expires_in") } })
	b2 := r2.browser().login()
	for range 20 {
		r2.clock.Add(20 * time.Minute)
		if a := b2.get("/secret-references/new"); a.status != http.StatusOK {
			t.Fatalf("%d to %q", a.status, a.location())
		}
	}
	if n := len(r2.op.Grants(hostile.RefreshGrant)); n != 0 {
		t.Errorf("%d refreshes", n)
	}
}

// spend uses a session until its token has ended, without letting it idle away.
func (b *browser) spend() {
	for range 3 {
		b.r.clock.Add(21 * time.Minute)
		b.get("/activity")
	}
}

// S-14: a refresh that gives another user's tokens ends the session, and the token goes nowhere: also
// while the provider's keys cannot be had, which would let the signature wait.
func TestRefreshGivesAnotherUser(t *testing.T) {
	t.Parallel()
	for name, keysAway := range map[string]bool{"keys at hand": false, "keys away": true} {
		r := newRig(t)
		b := r.browser().login()
		form := b.reference("ANOTHER")
		r.op.Set(func(s *hostile.Switches) {
			s.Life = 7200
			s.IDToken = func(c map[string]any) { c["sub"] = "mallory" }
		})
		if keysAway {
			r.op.Set(func(s *hostile.Switches) { s.Key = 4 })
			r.op.Instead(hostile.JWKS, hostile.HTML(500))
		}
		b.spend()
		a := b.post("/secret-references", form)
		if a.status != http.StatusUnauthorized || len(a.links()) == 0 {
			t.Errorf("%s: %d %s", name, a.status, a.text())
		}
		if b.signedIn() {
			t.Errorf("%s: the session lives", name)
		}
		if got := r.maia.got(); len(got) != 0 {
			t.Errorf("%s: Maia got %q", name, got)
		}
	}
}

// S-60: an answer that contradicts itself in another way is not used, and ends nothing.
func TestRefreshForSomebodyElse(t *testing.T) {
	t.Parallel()
	for name, turn := range map[string]func(*hostile.Switches){
		"another issuer":   func(s *hostile.Switches) { s.IDToken = func(c map[string]any) { c["iss"] = "https://evil.example" } },
		"another audience": func(s *hostile.Switches) { s.IDToken = func(c map[string]any) { c["aud"] = "another" } },
		"no JWT": func(s *hostile.Switches) {
			s.Tokens = func(grant string, a map[string]any) {
				if grant == hostile.RefreshGrant {
					a["id_token"] = "opaque"
				}
			}
		},
	} {
		r := newRig(t)
		b := r.browser().login()
		form := b.reference("ELSE")
		r.op.Set(turn)
		b.spend()
		if a := b.post("/secret-references", form); a.status != http.StatusServiceUnavailable || !strings.Contains(a.text(), "Nothing was created") {
			t.Errorf("%s: %d %s", name, a.status, a.text())
		}
		if !b.signedIn() {
			t.Errorf("%s: the session ended", name)
		}
		if got := r.maia.got(); len(got) != 0 {
			t.Errorf("%s: Maia got %q", name, got)
		}
	}
}

// S-60: a refreshed ID token that names this user and cannot be verified is as good as none.
func TestRefreshedIDTokenNotVerified(t *testing.T) {
	t.Parallel()
	for name, turn := range map[string]func(*hostile.Switches, *rig){
		"alg none": func(s *hostile.Switches, _ *rig) { s.Signed = hostile.None },
		"past": func(s *hostile.Switches, r *rig) {
			s.IDToken = func(c map[string]any) { c["exp"] = r.clock.Now().Add(-time.Hour).Unix() }
		},
	} {
		r := newRig(t)
		b := r.browser().login()
		form := b.reference("UNVERIFIED")
		before := b.session().Login
		r.op.Set(func(s *hostile.Switches) { turn(s, r) })
		b.spend()
		if a := b.post("/secret-references", form); a.status != http.StatusSeeOther {
			t.Errorf("%s: %d %s", name, a.status, a.text())
		}
		after := b.session().Login
		if after.IDToken.Reveal() != before.IDToken.Reveal() || after.AccessToken.Reveal() == before.AccessToken.Reveal() || after.Subject != before.Subject {
			t.Errorf("%s: was %+v, is %+v", name, before, after)
		}
	}
}

// S-14: a refused refresh asks for a login and loses nothing that is not secret. It is not tried again.
func TestRefreshIsRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	b := r.browser().login()
	form := b.reference("KEEP")
	r.op.RevokeRefreshTokens()
	for range 3 {
		r.clock.Add(21 * time.Minute)
		b.get("/activity")
	}
	a := b.post("/secret-references", form)
	if a.status != http.StatusUnauthorized {
		t.Fatalf("%d %s", a.status, a.text())
	}
	i := slices.IndexFunc(a.links(), func(l string) bool { return strings.HasPrefix(l, "/login?") })
	if i < 0 {
		t.Fatalf("leads to %v", a.links())
	}
	link, _ := url.Parse(a.links()[i])
	back, _ := url.Parse(link.Query().Get("return_to"))
	if q := back.Query(); back.Path != "/secret-references/new" || q.Get("secretReferenceName") != "KEEP" || q.Get("secretName") != "prod/db" || q.Get("projectId") != project {
		t.Errorf("leads back to %s", back)
	}
	const deep = "/secret-references/new?secretReferenceName=KEEP"
	if got := b.get(deep); got.location() != "/login?return_to="+url.QueryEscape(deep) {
		t.Errorf("the form: %d to %q", got.status, got.location())
	}
	if n := len(r.op.Grants(hostile.RefreshGrant)); n != 1 {
		t.Errorf("the refused token was sent %d times", n)
	}
	if got := r.maia.got(); len(got) != 0 {
		t.Errorf("Maia got %q", got)
	}
	if a := b.follow(a.links()[i]); a.status != http.StatusOK || a.inputs().Get("secretReferenceName") != "KEEP" {
		t.Errorf("after the login: %d %v", a.status, a.inputs())
	}
}

// S-14: a provider that is away while a token is refreshed costs nothing but the moment.
func TestRefreshWhileTheProviderIsAway(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*rig){
		"500":  func(r *rig) { r.op.Instead(hostile.Token, hostile.HTML(500)) },
		"hang": func(r *rig) { r.provider.HTTP.Timeout = time.Second; r.op.Instead(hostile.Token, r.op.Hang) },
		"HTML": func(r *rig) { r.op.Instead(hostile.Token, hostile.HTML(200)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.op.Set(func(s *hostile.Switches) { s.Life = 20 * 60 })
			b := r.browser().login()
			form := b.reference("LATER")
			spoil(r)
			r.clock.Add(16 * time.Minute)
			if a := b.get("/secret-references/new"); a.status != http.StatusOK {
				t.Errorf("a form whose token still lives: %d", a.status)
			}
			r.clock.Add(5 * time.Minute)
			if a := b.post("/secret-references", form); a.status != http.StatusServiceUnavailable || !strings.Contains(a.text(), "Nothing was created") {
				t.Errorf("%d %s", a.status, a.text())
			}
			r.op.Instead(hostile.Token, nil)
			// The page with the refusal may have begun another attempt; a submission then shares its fate.
			a := b.post("/secret-references", form)
			if a.status == http.StatusServiceUnavailable {
				a = b.post("/secret-references", form)
			}
			if a.status != http.StatusSeeOther {
				t.Errorf("after it came back: %d %s", a.status, a.text())
			}
		})
	}
}

// S-14: a refresh whose ID token cannot be checked, for the provider's keys cannot be had just now, has
// used the refresh token up: what came is kept.
func TestRefreshWhileTheKeysAreAway(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.op.Set(func(s *hostile.Switches) { s.Life = 20 * 60 })
	b := r.browser().login()
	form := b.reference("KEYS")
	r.op.Set(func(s *hostile.Switches) { s.Key = 4 })
	r.op.Instead(hostile.JWKS, hostile.HTML(500))
	r.clock.Add(21 * time.Minute)
	if a := b.post("/secret-references", form); a.status != http.StatusSeeOther {
		t.Errorf("%d %s", a.status, a.text())
	}
}

// S-15: a logout ends the session here, revokes both tokens, tells the browser to forget, and goes on to
// the provider.
func TestLogout(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	b := r.browser().login()
	id, login := b.cookie("portal"), b.session().Login
	a := b.post("/logout", nil)
	if a.status != http.StatusOK || a.header.Get("Clear-Site-Data") != `"cache", "storage"` || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v", a.status, a.header)
	}
	if b.cookie("portal") != "" || len(a.header.Values("Set-Cookie")) != 1 || !strings.HasPrefix(a.header.Get("Set-Cookie"), "portal=;") {
		t.Errorf("cookies: %q", a.header.Values("Set-Cookie"))
	}
	to, ok := strings.CutPrefix(a.header.Get("Refresh"), "0; url=")
	u, err := url.Parse(to)
	if !ok || err != nil || !strings.HasPrefix(to, r.op.Issuer()+hostile.EndSession+"?") || !a.leads(to) {
		t.Fatalf("goes on to %q, leads to %v", to, a.links())
	}
	if q := u.Query(); q.Get("id_token_hint") != login.IDToken.Reveal() || q.Get("client_id") != hostile.ClientID || q.Get("post_logout_redirect_uri") != r.base+"/signed-out" {
		t.Errorf("%v", q)
	}
	revoked := map[string]string{}
	for _, c := range r.op.Calls(hostile.Revocation) {
		revoked[c.Form.Get("token_type_hint")] = c.Form.Get("token")
		if c.Auth != "client_secret_basic" || c.AuthError != "" {
			t.Errorf("authenticated by %s: %s", c.Auth, c.AuthError)
		}
	}
	if len(revoked) != 2 || revoked["access_token"] != login.AccessToken.Reveal() || revoked["refresh_token"] != login.RefreshToken.Reveal() {
		t.Errorf("revoked %v", revoked)
	}
	// The session is gone on the server, not only in this browser.
	base, _ := url.Parse(r.base)
	b.c.Jar.SetCookies(base, []*http.Cookie{{Name: "portal", Value: id}})
	if b.signedIn() {
		t.Error("the old cookie still opens the session")
	}
	if end := b.follow(to); end.status != http.StatusOK || !strings.Contains(end.text(), "You are signed out") {
		t.Errorf("at the end: %d %s", end.status, end.text())
	}
	// Nobody is signed in any more: another logout is harmless.
	if a := b.post("/logout", nil); a.status != http.StatusSeeOther || a.location() != "/signed-out" {
		t.Errorf("again: %d to %q", a.status, a.location())
	}
	if n := len(r.op.Calls(hostile.Revocation)); n != 2 {
		t.Errorf("%d revocations", n)
	}
}

// S-15: nothing that the provider does stops a logout.
func TestLogoutWhateverTheProviderDoes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		spoil func(*rig)
		at    string // where it goes on: the end of the session there, or here
		hint  bool
	}{
		"revocation hangs": {func(r *rig) { r.op.Instead(hostile.Revocation, r.op.Hang) }, hostile.EndSession, true},
		"revocation fails": {func(r *rig) { r.op.Instead(hostile.Revocation, hostile.HTML(500)) }, hostile.EndSession, true},
		"revocation refuses": {func(r *rig) {
			r.op.Instead(hostile.Revocation, hostile.JSON(400, map[string]any{"error": "unsupported_token_type"}))
		}, hostile.EndSession, true},
		"a long ID token": {func(r *rig) {
			r.op.Set(func(s *hostile.Switches) {
				s.IDToken = func(c map[string]any) { c["picture"] = strings.Repeat("x", 4000) }
			})
		}, hostile.EndSession, false},
		"no end of session": {func(r *rig) {
			r.op.Set(func(s *hostile.Switches) { s.Metadata = func(m map[string]any) { delete(m, "end_session_endpoint") } })
		}, "", false},
		"it has a query itself": {func(r *rig) {
			r.op.Set(func(s *hostile.Switches) {
				s.Metadata = func(m map[string]any) { m["end_session_endpoint"] = r.op.Issuer() + "/end?tenant=a;b" }
			})
		}, "/end", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			tc.spoil(r)
			b := r.browser().login()
			id := b.cookie("portal")
			begun := time.Now()
			a := b.post("/logout", nil)
			if took := time.Since(begun); took > 6*time.Second {
				t.Errorf("took %s", took)
			}
			if a.header.Get("Clear-Site-Data") != `"cache", "storage"` {
				t.Errorf("Clear-Site-Data: %q", a.header.Get("Clear-Site-Data"))
			}
			base, _ := url.Parse(r.base)
			b.c.Jar.SetCookies(base, []*http.Cookie{{Name: "portal", Value: id}})
			if b.signedIn() {
				t.Error("the session lives")
			}
			if tc.at == "" {
				if a.status != http.StatusSeeOther || a.location() != "/signed-out" {
					t.Errorf("%d to %q", a.status, a.location())
				}
				return
			}
			to := strings.TrimPrefix(a.header.Get("Refresh"), "0; url=")
			u, err := url.Parse(to)
			if err != nil || a.status != http.StatusOK || u.Path != tc.at || u.Query().Has("id_token_hint") != tc.hint || u.Query().Get("client_id") != hostile.ClientID || u.Query().Get("post_logout_redirect_uri") == "" || len(to) > 4000 {
				t.Errorf("%d to %.300q", a.status, to)
			}
			if log := r.logs.String(); strings.HasPrefix(name, "revocation") && (!strings.Contains(log, "token not revoked") || strings.Contains(log, "refresh-")) {
				t.Errorf("log: %.1000s", log)
			}
		})
	}
}

// S-16: a logout token that is not right in every point ends nothing.
func TestBackchannelLogoutRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	b := r.browser().login()
	now := r.clock.Now().Unix()
	const event = "http://schemas.openid.net/event/backchannel-logout"
	tokens := map[string]string{
		"no token": "", "no JWT": "x", "three parts": "a.b.c",
		"the ID token of a login": b.session().Login.IDToken.Reveal(),
		"alg none":                r.op.LogoutToken("ada", hostile.None, nil),
		"HS256 by the public key": r.op.LogoutToken("ada", hostile.HS256(hostile.PublicPEM()), nil),
		"signed by a stranger":    r.op.LogoutToken("ada", hostile.RS256(7), nil),
	}
	for name, change := range map[string]func(map[string]any){
		"with a nonce":        func(c map[string]any) { c["nonce"] = "n" },
		"with an empty nonce": func(c map[string]any) { c["nonce"] = "" },
		"no events":           func(c map[string]any) { c["events"] = nil },
		"another event": func(c map[string]any) {
			c["events"] = map[string]any{"http://schemas.openid.net/event/other": map[string]any{}}
		},
		"the event as a string":  func(c map[string]any) { c["events"] = event },
		"another audience":       func(c map[string]any) { c["aud"] = "another" },
		"no audience":            func(c map[string]any) { c["aud"] = nil },
		"another issuer":         func(c map[string]any) { c["iss"] = "https://evil.example" },
		"the issuer and a slash": func(c map[string]any) { c["iss"] = r.op.Issuer() + "/" },
		"iat six minutes ago":    func(c map[string]any) { c["iat"] = now - 360 },
		"iat two minutes ahead":  func(c map[string]any) { c["iat"] = now + 120; c["exp"] = now + 240 },
		"no iat":                 func(c map[string]any) { c["iat"] = nil },
		"expired":                func(c map[string]any) { c["exp"] = now - 1 },
		"no exp":                 func(c map[string]any) { c["exp"] = nil },
		"no jti":                 func(c map[string]any) { c["jti"] = nil },
		"empty jti":              func(c map[string]any) { c["jti"] = "" },
		"neither sid nor sub":    func(c map[string]any) { c["sub"] = nil },
		"empty sid and sub":      func(c map[string]any) { c["sub"], c["sid"] = "", "" },
	} {
		tokens[name] = r.op.LogoutToken("ada", nil, change)
	}
	for name, token := range tokens {
		a := r.browser().post("/auth/backchannel-logout", url.Values{"logout_token": {token}})
		if a.status != http.StatusBadRequest || a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d, Cache-Control %q", name, a.status, a.header.Get("Cache-Control"))
		}
		if !b.signedIn() {
			t.Fatalf("%s: the session ended", name)
		}
	}
	good := r.op.LogoutToken("ada", nil, nil)
	for name, tc := range map[string]struct {
		form   url.Values
		header http.Header
		status int
	}{
		"two tokens":      {url.Values{"logout_token": {good, good}}, nil, 400},
		"another type":    {url.Values{"logout_token": {good}}, http.Header{"Content-Type": {"application/json"}}, 415},
		"100 KB":          {url.Values{"logout_token": {good}, "x": {strings.Repeat("x", 100<<10)}}, nil, 400},
		"nothing at all":  {nil, nil, 400},
		"another's field": {url.Values{"token": {good}}, nil, 400},
	} {
		if a := r.browser().do(http.MethodPost, "/auth/backchannel-logout", tc.form, tc.header); a.status != tc.status || !b.signedIn() {
			t.Errorf("%s: %d, want %d", name, a.status, tc.status)
		}
	}
	if strings.Contains(r.logs.String(), "eyJ") {
		t.Error("a token is in the log")
	}
}

// S-16: a valid one ends the sessions of its sid, or of its sub, and nobody else's; and that once.
func TestBackchannelLogout(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	as := func(sub, sid string) *browser {
		r.op.Set(func(s *hostile.Switches) {
			s.Subject = sub
			s.IDToken = func(c map[string]any) { c["sid"] = sid }
		})
		return r.browser().login()
	}
	send := func(token string) answer {
		// The provider's own call: no Origin, no cookies.
		return r.browser().do(http.MethodPost, "/auth/backchannel-logout", url.Values{"logout_token": {token}}, http.Header{"Origin": nil, "Sec-Fetch-Site": nil})
	}
	laptop, phone, bob := as("ada", "1"), as("ada", "2"), as("bob", "3")
	bySID := r.op.LogoutToken("ada", nil, func(c map[string]any) { c["sid"], c["sub"] = "1", nil })
	if a := send(bySID); a.status != http.StatusOK || a.header.Get("Cache-Control") != "no-store" || len(a.header.Values("Set-Cookie")) != 0 {
		t.Errorf("by sid: %d %v", a.status, a.header)
	}
	if laptop.signedIn() || !phone.signedIn() || !bob.signedIn() {
		t.Errorf("by sid: %v %v %v", laptop.signedIn(), phone.signedIn(), bob.signedIn())
	}
	laptop = as("ada", "1")
	if a := send(bySID); a.status != http.StatusBadRequest || !laptop.signedIn() {
		t.Errorf("a replay: %d, signed in %v", a.status, laptop.signedIn())
	}
	// On another replica and after a sweep, too.
	other := r.again()
	if err := other.sweeper.Sweep(t.Context()); err != nil {
		t.Error(err)
	}
	if a := other.browser().do(http.MethodPost, "/auth/backchannel-logout", url.Values{"logout_token": {bySID}}, nil); a.status != http.StatusBadRequest || !laptop.signedIn() {
		t.Errorf("a replay on another replica: %d", a.status)
	}
	if a := send(r.op.LogoutToken("ada", nil, nil)); a.status != http.StatusOK || laptop.signedIn() || phone.signedIn() || !bob.signedIn() {
		t.Errorf("by sub: %d, %v %v %v", a.status, laptop.signedIn(), phone.signedIn(), bob.signedIn())
	}
	// One that names nobody here is fine, and so is one that was on its way for a while.
	if a := send(r.op.LogoutToken("nobody", nil, func(c map[string]any) { c["iat"], c["sid"] = r.clock.Now().Unix()-240, "9" })); a.status != http.StatusOK || !bob.signedIn() {
		t.Errorf("of nobody: %d", a.status)
	}
	// Keys that cannot be had are no fault of the token: the provider may send it again.
	r.op.Set(func(s *hostile.Switches) { s.Key = 5 })
	token := r.op.LogoutToken("bob", nil, nil)
	r.op.Instead(hostile.JWKS, hostile.HTML(502))
	r.clock.Add(61 * time.Second)
	if a := send(token); a.status != http.StatusServiceUnavailable || !bob.signedIn() {
		t.Errorf("without keys: %d", a.status)
	}
	r.op.Instead(hostile.JWKS, nil)
	r.clock.Add(30 * time.Second)
	if a := send(token); a.status != http.StatusServiceUnavailable { // still the same minute
		t.Errorf("within the minute: %d", a.status)
	}
	r.clock.Add(29 * time.Second)
	token = r.op.LogoutToken("bob", nil, nil)
	r.clock.Add(2 * time.Second)
	if a := send(token); a.status != http.StatusOK || bob.signedIn() {
		t.Errorf("again: %d", a.status)
	}
}

// S-17: without the database nobody is anonymous: every page that would have to know says 503.
func TestStoreFails(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	b := r.browser().login()
	form := b.reference("STORE")
	callback := b.begin("/activity")
	token := r.op.LogoutToken("ada", nil, nil)
	if err := r.store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/", "/secret-references/new", "/secret-values/new", "/activity", "/sessions", "/login", "/signed-out", callback, "/readyz"} {
		if a := b.get(path); a.status != http.StatusServiceUnavailable || len(a.header.Values("Location")) != 0 {
			t.Errorf("%.40s: %d to %q", path, a.status, a.location())
		}
	}
	for path, f := range map[string]url.Values{"/secret-references": form, "/secret-values": form, "/logout": nil, "/sessions": {"session": {"all"}}, "/auth/backchannel-logout": {"logout_token": {token}}} {
		if a := b.post(path, f); a.status != http.StatusServiceUnavailable {
			t.Errorf("POST %s: %d %s", path, a.status, a.text())
		}
	}
	if n := len(r.op.Grants(hostile.CodeGrant)); n != 1 {
		t.Errorf("%d codes were redeemed", n)
	}
	if len(r.maia.got()) != 0 {
		t.Error("something was sent to Maia")
	}
	if a := b.get("/healthz"); a.status != http.StatusOK {
		t.Errorf("healthz: %d", a.status)
	}
}

// S-17: what a thief of the database and of the session keys has is no session, no state and no token.
func TestStolenDatabase(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ada, bob := r.browser().login(), r.browser()
	r.op.Set(func(s *hostile.Switches) { s.Subject = "bob" })
	bob.login()
	callback, _ := url.Parse(ada.begin("/activity?before=canary"))
	login := ada.session().Login
	hidden := map[string]string{
		"session id": ada.cookie("portal"), "browser id": ada.cookie("portal-login"), "state": callback.Query().Get("state"), "access token": login.AccessToken.Reveal(),
		"refresh token": login.RefreshToken.Reveal(), "ID token": login.IDToken.Reveal(), "return target": "canary",
	}
	files, err := filepath.Glob(r.dbPath + "*")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, path := range files {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for what, value := range hidden {
			if value == "" || strings.Contains(string(raw), value) {
				t.Errorf("%s has the %s %q", filepath.Base(path), what, value)
			}
		}
	}
	base, _ := url.Parse(r.base)
	hash := sha256.Sum256([]byte(ada.cookie("portal")))
	thief := r.browser()
	thief.c.Jar.SetCookies(base, []*http.Cookie{{Name: "portal", Value: base64.RawURLEncoding.EncodeToString(hash[:])}})
	if thief.signedIn() {
		t.Error("the hash of an id is a session")
	}
	// One who can write, too, does not become somebody else by swapping what is sealed.
	row, err := r.store.Session(t.Context(), hash[:], time.Time{}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	bobs := sha256.Sum256([]byte(bob.cookie("portal")))
	if err := r.store.SaveSession(t.Context(), bobs[:], row.Sealed); err != nil {
		t.Fatal(err)
	}
	if bob.signedIn() {
		t.Error("bob is ada now")
	}
}

// S-18: sessions and pending logins that were sealed with a key that is still listed live on; those of
// a key that is gone end.
func TestKeysAreRotated(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	b := r.browser().login()
	callback, _ := url.Parse(b.begin("/activity"))
	rotated := r.again(func(o *options) { o.keys = []secret.Value{key(2), key(1)} })
	gone := r.again(func(o *options) { o.keys = []secret.Value{key(2)} })
	if !b.at(rotated).signedIn() {
		t.Error("a key that is still listed does not open")
	}
	if b.at(gone).signedIn() {
		t.Error("a key that is gone opens")
	}
	if !b.signedIn() {
		t.Error("one who could not open the session ended it")
	}
	if a := b.at(rotated).get(rotated.base + callback.RequestURI()); a.status == http.StatusBadRequest && strings.Contains(a.text(), "This login link has expired") {
		t.Errorf("the pending login is lost: %s", a.text())
	}
	other := r.browser().at(rotated).login()
	if !other.at(gone).signedIn() || other.at(r).signedIn() {
		t.Error("the first key does not seal")
	}
	another := r.browser()
	callback, _ = url.Parse(another.begin("/activity"))
	if a := another.at(gone).get(gone.base + callback.RequestURI()); a.status != http.StatusBadRequest || another.cookie("portal") != "" {
		t.Errorf("a pending login of a key that is gone: %d", a.status)
	}
}

// S-19: each user's submissions bear that user's own token, and no ID token ever goes to Maia.
func TestOwnToken(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var all sync.WaitGroup
	for _, sub := range []string{"ada", "bob", "eve"} {
		r.op.Set(func(s *hostile.Switches) { s.Subject = sub })
		b := r.browser().login()
		all.Go(func() {
			for i := range 5 {
				if a := b.post("/secret-references", b.reference(sub+string(rune('0'+i)))); a.status != http.StatusSeeOther {
					t.Errorf("%d %s", a.status, a.text())
				}
			}
		})
	}
	all.Wait()
	count := map[string]int{}
	for _, token := range r.maia.ever() {
		if !strings.HasPrefix(token, "access-") {
			t.Errorf("Maia got %q", token)
		}
	}
	for _, token := range r.maia.got() {
		count[token]++
	}
	for token, n := range count {
		if n != 5 {
			t.Errorf("%q bore %d submissions", token, n)
		}
	}
	// A form of one user is of no use to another.
	ada, bob := r.browser().login(), r.browser()
	r.op.Set(func(s *hostile.Switches) { s.Subject = "bob" })
	bob.login()
	if a := bob.post("/secret-references", ada.reference("X")); a.status != http.StatusForbidden {
		t.Errorf("somebody else's form: %d", a.status)
	}
}
