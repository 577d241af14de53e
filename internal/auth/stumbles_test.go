package auth_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"maiaportal/internal/auth/hostile"
	"maiaportal/internal/auth/oidc"
	"maiaportal/internal/auth/reason"
)

// S-60: a provider that stumbles while a token is refreshed costs neither the session nor the refresh token:
// the form stays, and the next try works. Only a definite word about the refresh token ends it.
func TestStumblesAtARefresh(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer http.HandlerFunc
		ends   bool // the refresh token
		reason reason.Reason
	}{
		"403 HTML":                    {hostile.HTML(403), false, reason.ProviderStatus},
		"404 HTML":                    {hostile.HTML(404), false, reason.ProviderStatus},
		"407":                         {hostile.HTML(407), false, reason.ProviderStatus},
		"401 invalid_client":          {hostile.JSON(401, map[string]any{"error": "invalid_client"}), false, reason.ProviderStatus},
		"400 temporarily_unavailable": {hostile.JSON(400, map[string]any{"error": "temporarily_unavailable"}), false, reason.ProviderStatus},
		"400 slow_down":               {hostile.JSON(400, map[string]any{"error": "slow_down"}), false, reason.ProviderStatus},
		"400 without a word":          {hostile.JSON(400, map[string]any{}), false, reason.ProviderStatus},
		"500":                         {hostile.HTML(500), false, reason.ProviderStatus},
		"500 invalid_request":         {hostile.JSON(500, map[string]any{"error": "invalid_request"}), false, reason.ProviderStatus},
		"200 with slow_down":          {hostile.JSON(200, map[string]any{"error": "slow_down"}), false, reason.ProviderStatus},
		"200 HTML":                    {hostile.HTML(200), false, reason.TokenAnswer},
		"201":                         {hostile.JSON(201, map[string]any{"access_token": "a"}), false, reason.TokenAnswer},
		"half":                        {hostile.Half, false, reason.ProviderAnswer},
		"redirect":                    {hostile.Redirect("/elsewhere"), false, reason.ProviderStatus},
		"400 invalid_grant":           {hostile.JSON(400, map[string]any{"error": "invalid_grant"}), true, reason.RefreshRefused},
		"401 invalid_grant":           {hostile.JSON(401, map[string]any{"error": "invalid_grant"}), true, reason.RefreshRefused},
		"400 invalid_request (Dex)":   {hostile.JSON(400, map[string]any{"error": "invalid_request"}), true, reason.RefreshRefused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			b := r.browser().login()
			form := b.reference("STUMBLE")
			before := b.session().Login
			b.spend()
			r.op.Instead(hostile.Token, tc.answer)
			since := len(r.logs.String())
			a := b.post("/secret-references", form)
			want := http.StatusServiceUnavailable
			if tc.ends {
				want = http.StatusUnauthorized
			}
			if a.status != want || !b.signedIn() {
				t.Errorf("%d, want %d, signed in: %v: %s", a.status, want, b.signedIn(), a.text())
			}
			if got := b.session().Login.RefreshToken.Reveal(); (got == "") != tc.ends || !tc.ends && got != before.RefreshToken.Reveal() {
				t.Errorf("the refresh token is %q", got)
			}
			// The form that is shown again asks for its lists, and may stumble once more.
			lines := r.warnings(since)
			if len(lines) == 0 {
				t.Error("no line")
			}
			for _, line := range lines {
				if line["msg"] == "token not renewed" && line["reason"] != string(tc.reason) {
					t.Errorf("want %s: %v", tc.reason, line)
				}
			}
			r.op.Instead(hostile.Token, nil)
			if tc.ends {
				return
			}
			if a := b.post("/secret-references", form); a.status != http.StatusSeeOther {
				t.Errorf("the next try: %d %s", a.status, a.text())
			}
		})
	}
}

// S-60: the same for the exchange: only a definite word refuses the user.
func TestStumblesAtAnExchange(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer http.HandlerFunc
		status int
	}{
		"403 HTML":                    {hostile.HTML(403), 503},
		"407":                         {hostile.HTML(407), 503},
		"401 invalid_client":          {hostile.JSON(401, map[string]any{"error": "invalid_client"}), 503},
		"400 temporarily_unavailable": {hostile.JSON(400, map[string]any{"error": "temporarily_unavailable"}), 503},
		"400 invalid_target":          {hostile.JSON(400, map[string]any{"error": "invalid_target"}), 401},
		"403 access_denied":           {hostile.JSON(403, map[string]any{"error": "access_denied"}), 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(o *options) { o.exchange = &oidc.Exchange{Audience: "maia"} })
			// Without a refresh token the exchange alone is asked for.
			r.op.Set(func(s *hostile.Switches) { s.Tokens = func(_ string, a map[string]any) { delete(a, "refresh_token") } })
			b := r.browser().login()
			r.op.Instead(hostile.Token, tc.answer)
			form := b.reference("STUMBLE")
			if a := b.post("/secret-references", form); a.status != tc.status {
				t.Errorf("%d, want %d: %s", a.status, tc.status, a.text())
			}
			r.op.Instead(hostile.Token, nil)
			if tc.status == 401 {
				return
			}
			if a := b.post("/secret-references", form); a.status != http.StatusSeeOther {
				t.Errorf("the next try: %d %s", a.status, a.text())
			}
		})
	}
}

// S-16: a refresh may change the provider's id of its session; a logout of that one ends ours.
func TestRefreshChangesSID(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	b := r.browser().login()
	r.op.Set(func(s *hostile.Switches) { s.IDToken = func(c map[string]any) { c["sid"] = "the new one" } })
	b.spend()
	if a := b.get("/secret-references/new"); a.status != http.StatusOK {
		t.Fatalf("%d", a.status)
	}
	token := r.op.LogoutToken("nobody", nil, func(c map[string]any) { c["sid"] = "the new one" })
	if a := r.browser().post("/auth/backchannel-logout", url.Values{"logout_token": {token}}); a.status != http.StatusOK || b.signedIn() {
		t.Errorf("%d, signed in: %v", a.status, b.signedIn())
	}
}

// S-16: a logout token with sid and sub ends the sid's sessions, not the user's others; where no session has
// the sid, the user's.
func TestLogoutTokenWithBoth(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	login := func(sid string) *browser {
		r.op.Set(func(s *hostile.Switches) { s.IDToken = func(c map[string]any) { c["sid"] = sid } })
		return r.browser().login()
	}
	laptop, phone := login("1"), login("2")
	send := func(sid string) {
		token := r.op.LogoutToken("ada", nil, func(c map[string]any) { c["sid"] = sid })
		if a := r.browser().post("/auth/backchannel-logout", url.Values{"logout_token": {token}}); a.status != http.StatusOK {
			t.Errorf("%d", a.status)
		}
	}
	send("1")
	if laptop.signedIn() || !phone.signedIn() {
		t.Errorf("laptop: %v, phone: %v", laptop.signedIn(), phone.signedIn())
	}
	// The same for the message that follows a sign-out here, and for a second one about the same session.
	tablet := login("3")
	tablet.post("/logout", nil)
	send("3")
	send("1")
	if !phone.signedIn() {
		t.Error("a message about a session that was over ended another one")
	}
	send("unknown")
	if phone.signedIn() {
		t.Error("the user's session lives")
	}
}

// S-60: where an answer to a refresh is not used, the refresh token that came with it is kept: the one
// before is used up, and sending it again would look like theft.
func TestRotatedTokenOfAnAnswerThatIsNotUsed(t *testing.T) {
	t.Parallel()
	for name, turn := range map[string]func(*hostile.Switches){
		"another audience of the ID token": func(s *hostile.Switches) { s.IDToken = func(c map[string]any) { c["aud"] = "another" } },
		"no JWT": func(s *hostile.Switches) {
			s.Tokens = func(_ string, a map[string]any) { a["id_token"] = "opaque" }
		},
	} {
		r := newRig(t)
		b := r.browser().login()
		form := b.reference("ROTATED")
		b.spend()
		r.op.Set(turn)
		if a := b.post("/secret-references", form); a.status != http.StatusServiceUnavailable {
			t.Errorf("%s: %d", name, a.status)
		}
		r.op.Set(func(s *hostile.Switches) {
			s.IDToken = nil
			s.Tokens = nil
		})
		if a := b.post("/secret-references", form); a.status != http.StatusSeeOther || r.op.Reuses() != 0 {
			t.Errorf("%s: the next try: %d, %d used tokens were sent", name, a.status, r.op.Reuses())
		}
	}
}

// S-5, S-58: keys that cannot be had are waited for once by all who need them, not by one after the other.
func TestHangingFirstKeysAreReadOnceForAll(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.provider.HTTP.Timeout = time.Second
	r.op.Set(func(s *hostile.Switches) { s.Before[hostile.JWKS] = func() { r.clock.Add(2 * time.Second) } }) // time goes by
	r.op.Instead(hostile.JWKS, r.op.Hang)
	var all sync.WaitGroup
	for range 8 {
		token := r.op.LogoutToken("ada", nil, nil)
		all.Go(func() {
			if a := r.browser().post("/auth/backchannel-logout", url.Values{"logout_token": {token}}); a.status != http.StatusServiceUnavailable {
				t.Errorf("%d", a.status)
			}
		})
	}
	r.op.Await(t, hostile.JWKS, 1)
	all.Wait()
	if n := len(r.op.Calls(hostile.JWKS)); n > 2 {
		t.Errorf("the keys were asked for %d times", n)
	}
}

// S-10, S-61: each way in which discovery fails has its own reason.
func TestReasonsOfDiscovery(t *testing.T) {
	t.Parallel()
	issuer := func(f func(own string) string) func(*rig) {
		return func(r *rig) {
			r.op.Set(func(s *hostile.Switches) { s.Metadata = func(m map[string]any) { m["issuer"] = f(r.op.Issuer()) } })
		}
	}
	instead := func(h http.HandlerFunc) func(*rig) { return func(r *rig) { r.op.Instead(hostile.Discovery, h) } }
	for name, tc := range map[string]struct {
		spoil  func(*rig)
		issuer string // configured; empty: the provider's
		reason reason.Reason
	}{
		"a slash at the issuer":  {issuer(func(own string) string { return own + "/" }), "", reason.DiscoveryIssuerSlash},
		"a placeholder":          {issuer(func(string) string { return "https://login.example/{tenantid}/v2.0" }), "", reason.DiscoveryIssuerTemplate},
		"another issuer":         {issuer(func(string) string { return "https://other.example" }), "", reason.DiscoveryIssuerOther},
		"the metadata's address": {nil, "https://id.example/.well-known/openid-configuration", reason.DiscoveryIssuerIsMetadata},
		"404":                    {instead(hostile.HTML(404)), "", reason.DiscoveryNotFound},
		"redirect":               {instead(hostile.Redirect("https://elsewhere.example/x")), "", reason.DiscoveryRedirect},
		"403":                    {instead(hostile.HTML(403)), "", reason.DiscoveryForbidden},
		"503":                    {instead(hostile.HTML(503)), "", reason.DiscoveryStatus},
		"HTML":                   {instead(hostile.HTML(200)), "", reason.DiscoveryNotJSON},
		"half":                   {instead(hostile.Half), "", reason.ProviderAnswer},
		"no token endpoint": {func(r *rig) {
			r.op.Set(func(s *hostile.Switches) { s.Metadata = func(m map[string]any) { delete(m, "token_endpoint") } })
		}, "", reason.DiscoveryIncomplete},
		"hangs":           {func(r *rig) { r.op.Instead(hostile.Discovery, r.op.Hang) }, "", reason.ProviderTimeout},
		"nobody listens":  {nil, "http://127.0.0.1:1", reason.ProviderConnection},
		"an unknown name": {nil, "https://id.invalid", reason.ProviderName},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(o *options) { o.client.Issuer = tc.issuer })
			if tc.spoil != nil {
				tc.spoil(r)
			}
			if err := r.provider.Discover(t.Context()); err == nil {
				t.Fatal("discovered")
			}
			lines := r.warnings(0)
			if len(lines) != 1 || lines[0]["reason"] != string(tc.reason) || !strings.Contains(lines[0]["hint"].(string), ".") || lines[0]["issuer"] == "" {
				t.Errorf("want %s: %v", tc.reason, lines)
			}
			if log := r.logs.String(); strings.Contains(log, "It works") {
				t.Errorf("log: %s", log)
			}
			if a := r.browser().get("/readyz"); a.status != http.StatusServiceUnavailable || a.body != "unavailable\n" {
				t.Errorf("readyz: %d %q", a.status, a.body)
			}
		})
	}
}

// S-15: a revocation may be answered with 204.
func TestRevocationWithoutContent(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.op.Instead(hostile.Revocation, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	r.browser().login().post("/logout", nil)
	if strings.Contains(r.logs.String(), "token not revoked") {
		t.Error("204 was taken for a failure")
	}
}
