package auth_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"maiaportal/internal/auth"
	"maiaportal/internal/auth/hostile"
	"maiaportal/internal/auth/oidc"
	"maiaportal/internal/auth/session"
)

// S-1: the authorization request is for a code, with PKCE and a state and nonce of its own each time,
// and comes back to the configured address whatever the request said about its host.
func TestAuthorizationRequest(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	b := r.browser()
	seen := map[string]bool{}
	for i := range 3 {
		a := b.do(http.MethodGet, "/login?return_to=/sessions", nil, http.Header{
			"Host": {"evil.example"}, "X-Forwarded-Host": {"evil.example"}, "X-Forwarded-Proto": {"https"}, "Forwarded": {"host=evil.example"},
		})
		to, err := url.Parse(a.location())
		if err != nil || a.status != http.StatusSeeOther || !strings.HasPrefix(a.location(), r.op.Issuer()+hostile.Authorize+"?") {
			t.Fatalf("%d to %q, %v", a.status, a.location(), err)
		}
		q := to.Query()
		for name, want := range map[string]string{"response_type": "code", "client_id": hostile.ClientID, "redirect_uri": r.base + "/auth/callback", "code_challenge_method": "S256", "scope": "openid offline_access"} {
			if len(q[name]) != 1 || q.Get(name) != want {
				t.Errorf("%s is %q, want %q", name, q[name], want)
			}
		}
		for _, name := range []string{"state", "nonce", "code_challenge"} {
			raw, err := base64.RawURLEncoding.DecodeString(q.Get(name))
			if err != nil || len(raw) < 16 {
				t.Errorf("%s is %q: less than 128 bits", name, q.Get(name))
			}
			if seen[q.Get(name)] {
				t.Errorf("%s is the same twice", name)
			}
			seen[q.Get(name)] = true
		}
		if got := b.get(b.begin("/activity")); got.location() != "/activity" {
			t.Fatalf("call-back: %d to %q", got.status, got.location())
		}
		// The provider has compared the verifier with the challenge and the redirect URI with the first one.
		call := r.op.Grants(hostile.CodeGrant)[i]
		if v := call.Form.Get("code_verifier"); len(v) < 43 || seen[v] {
			t.Errorf("code_verifier is %q", v)
		} else {
			seen[v] = true
		}
	}
}

// S-1: what the operator configured goes along, and what comes back for it is checked.
func TestAuthenticationThatWasAskedFor(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *options) {
		o.client = oidc.Client{
			ACRValues: []string{"gold", "silver"},
			MaxAge:    time.Hour,
			Prompt:    "select_account",
			Audience:  "https://maia",
			Resource:  "https://maia/api",
		}
	})
	b := r.browser()
	to, _ := url.Parse(b.get("/login").location())
	for name, want := range map[string]string{"acr_values": "gold silver", "max_age": "3600", "prompt": "select_account", "audience": "https://maia", "resource": "https://maia/api"} {
		if got := to.Query().Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	// A refused token asks for the password again, besides what is configured.
	to, _ = url.Parse(b.get("/login?prompt=login").location())
	if got := to.Query().Get("prompt"); got != "login select_account" {
		t.Errorf("prompt is %q", got)
	}
	to, _ = url.Parse(b.get("/login?prompt=none").location())
	if got := to.Query().Get("prompt"); got != "select_account" {
		t.Errorf("a prompt that anybody can write into a link became %q", got)
	}
	for name, tc := range map[string]struct {
		claims func(map[string]any)
		ok     bool
	}{
		"as asked":                    {func(c map[string]any) { c["acr"] = "silver" }, true},
		"authenticated an hour ago":   {func(c map[string]any) { c["acr"], c["auth_time"] = "gold", r.clock.Now().Unix()-3600 }, true},
		"authenticated two hours ago": {func(c map[string]any) { c["acr"], c["auth_time"] = "gold", r.clock.Now().Unix()-7200 }, false},
		"does not say when":           {func(c map[string]any) { c["acr"], c["auth_time"] = "gold", nil }, false},
		"another acr":                 {func(c map[string]any) { c["acr"] = "bronze" }, false},
		"no acr":                      {nil, false},
	} {
		r.op.Set(func(s *hostile.Switches) { s.IDToken = tc.claims })
		b := r.browser()
		a := b.get(b.begin("/"))
		if want := map[bool]int{true: 303, false: 400}[tc.ok]; a.status != want || b.signedIn() != tc.ok {
			t.Errorf("%s: %d, want %d", name, a.status, want)
		}
	}
}

// S-2: a call-back that belongs to no login of this browser redeems nothing, says so, offers a new
// login, and is in the log. Where the pending login is this browser's, the new one leads to its target.
func TestCallbackOfNoLogin(t *testing.T) {
	t.Parallel()
	const target = "/secret-references/new?secretReferenceName=A%26B"
	for name, tc := range map[string]struct {
		// change gives the address that the browser opens in the end, and who does.
		change func(r *rig, b *browser, callback string) (*browser, string)
		knows  bool // the new login leads to the first one's target
	}{
		"state is unknown": {func(_ *rig, b *browser, callback string) (*browser, string) {
			return b, with(callback, "state", session.NewID())
		}, false},
		"state is no id": {func(_ *rig, b *browser, callback string) (*browser, string) {
			return b, with(callback, "state", "x' OR 1=1")
		}, false},
		"state is empty": {func(_ *rig, b *browser, callback string) (*browser, string) { return b, with(callback, "state", "") }, false},
		"nothing at all": {func(_ *rig, b *browser, _ string) (*browser, string) { return b, "/auth/callback" }, false},
		"used": {func(r *rig, b *browser, callback string) (*browser, string) {
			if a := b.get(with(callback, "error", "access_denied", "code", "")); a.status != http.StatusForbidden {
				r.t.Errorf("the first use: %d", a.status)
			}
			return b, callback
		}, true},
		"11 minutes old": {func(r *rig, b *browser, callback string) (*browser, string) {
			r.clock.Add(11 * time.Minute)
			return b, callback
		}, true},
		"23 hours old, and the database was swept": {func(r *rig, b *browser, callback string) (*browser, string) {
			r.clock.Add(23 * time.Hour)
			if err := r.sweeper.Sweep(r.t.Context()); err != nil {
				r.t.Error(err)
			}
			return b, callback
		}, true},
		"25 hours old, and the database was swept": {func(r *rig, b *browser, callback string) (*browser, string) {
			r.clock.Add(25 * time.Hour)
			if err := r.sweeper.Sweep(r.t.Context()); err != nil {
				r.t.Error(err)
			}
			return b, callback
		}, false},
		"another browser": {func(r *rig, _ *browser, callback string) (*browser, string) {
			other := r.browser()
			other.begin("/activity") // it is known, but not for this login
			return other, callback
		}, false},
		"a browser that is not known": {func(r *rig, _ *browser, callback string) (*browser, string) { return r.browser(), callback }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			b := r.browser()
			callback := b.begin(target)
			who, address := tc.change(r, b, callback)
			a := who.get(address)
			if a.status != http.StatusBadRequest || who.cookie("portal") != "" {
				t.Errorf("%d %s", a.status, a.text())
			}
			want := "/login?return_to=" + url.QueryEscape("/")
			if tc.knows {
				want = "/login?return_to=" + url.QueryEscape(target)
			}
			if !a.leads(want) {
				t.Errorf("the page leads to %q, want %q", a.links(), want)
			}
			if n := len(r.op.Calls(hostile.Token)); n != 0 {
				t.Errorf("%d requests at the token endpoint", n)
			}
			if log := r.logs.String(); !strings.Contains(log, `"level":"WARN","msg":"request refused"`) || !strings.Contains(log, `"reason":"callback_state"`) || strings.Contains(log, "code-") {
				t.Errorf("log: %s", log)
			}
			if name == "another browser" {
				// Its attempt has not used up the login of the one that began it.
				if a := b.get(callback); a.location() != target {
					t.Errorf("the true browser: %d to %q", a.status, a.location())
				}
			}
		})
	}
}

// S-2: a login may take ten minutes.
func TestLoginMayTakeTenMinutes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	b := r.browser()
	callback := b.begin("/activity")
	r.clock.Add(10*time.Minute - time.Second)
	if a := b.get(callback); a.location() != "/activity" {
		t.Errorf("%d to %q", a.status, a.location())
	}
}

// with changes parameters of an address; an empty value leaves one out.
func with(address string, pairs ...string) string {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	q := u.Query()
	for i := 0; i+1 < len(pairs); i += 2 {
		if q.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			q.Del(pairs[i])
		}
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// S-3: where the provider announces iss in its answers, one without it or with another's is refused
// before anything else is believed of it, an error too.
func TestIssuerInAnswer(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		announced bool
		iss       func(issuer string) []string // nil: left out
		failed    bool                         // the answer is an error
		status    int
	}{
		"right":                         {true, func(i string) []string { return []string{i} }, false, 303},
		"missing":                       {true, nil, false, 400},
		"empty":                         {true, func(string) []string { return []string{""} }, false, 400},
		"another provider's":            {true, func(string) []string { return []string{"https://evil.example"} }, false, 400},
		"a slash more":                  {true, func(i string) []string { return []string{i + "/"} }, false, 400},
		"error, right":                  {true, func(i string) []string { return []string{i} }, true, 403},
		"error, missing":                {true, nil, true, 400},
		"error, another's":              {true, func(string) []string { return []string{"https://evil.example"} }, true, 400},
		"not announced, missing":        {false, nil, false, 303},
		"not announced, but another's":  {false, func(string) []string { return []string{"https://evil.example"} }, false, 400},
		"not announced, error, missing": {false, nil, true, 403},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.op.Set(func(s *hostile.Switches) {
				s.Metadata = func(m map[string]any) { m["authorization_response_iss_parameter_supported"] = tc.announced }
				s.Answer = func(q url.Values) {
					if tc.iss != nil {
						q["iss"] = tc.iss(r.op.Issuer())
					}
					if tc.failed {
						q.Del("code")
						q.Set("error", "access_denied")
						q.Set("error_description", "words of a stranger")
					}
				}
			})
			b := r.browser()
			a := b.get(b.begin("/activity"))
			if a.status != tc.status || (b.cookie("portal") != "") != (tc.status == 303) {
				t.Errorf("%d, want %d: %s", a.status, tc.status, a.text())
			}
			if n := len(r.op.Calls(hostile.Token)); (n == 1) != (tc.status == 303) {
				t.Errorf("%d requests at the token endpoint", n)
			}
			if tc.status == 400 && (strings.Contains(a.text(), "stranger") || !a.leads("/login?return_to=%2Factivity")) {
				t.Errorf("page: %s, leads to %v", a.text(), a.links())
			}
		})
	}
}

// S-4: metadata of an issuer that is another one by a character is not used.
func TestIssuerByACharacter(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(string) string{
		"a slash at the end": func(i string) string { return i + "/" },
		"another scheme":     func(i string) string { return strings.Replace(i, "http:", "https:", 1) },
		"another host":       func(i string) string { return strings.Replace(i, "127.0.0.1", "127.0.0.2", 1) },
		"a path":             func(i string) string { return i + "/x" },
		"upper case":         strings.ToUpper,
		"a blank":            func(i string) string { return i + " " },
		"empty":              func(string) string { return "" },
	} {
		r := newRig(t)
		r.op.Set(func(s *hostile.Switches) { s.Metadata = func(m map[string]any) { m["issuer"] = change(r.op.Issuer()) } })
		b := r.browser()
		if a := b.get("/login"); a.status != http.StatusServiceUnavailable || a.location() != "" || r.provider.Ready() {
			t.Errorf("%s: %d to %q, ready: %v", name, a.status, a.location(), r.provider.Ready())
		}
	}
}

// S-5: an ID token that fails any check is refused: no session, a page that says so, and nothing of the
// token in the log.
func TestIDToken(t *testing.T) {
	t.Parallel()
	claims := func(f func(c map[string]any)) func(*hostile.Switches) {
		return func(s *hostile.Switches) { s.IDToken = f }
	}
	signed := func(f hostile.Signature) func(*hostile.Switches) {
		return func(s *hostile.Switches) { s.Signed = f }
	}
	r := newRig(t)
	now := r.clock.Now()
	for name, tc := range map[string]struct {
		turn func(*hostile.Switches)
		ok   bool
	}{
		"good":     {claims(nil), true},
		"alg none": {signed(hostile.None), false},
		"alg none, the signature of another": {func(s *hostile.Switches) {
			s.Signed = func(h map[string]any) func([]byte) []byte {
				sign := hostile.RS256(0)(h)
				h["alg"] = "none"
				return sign
			}
		}, false},
		"HS256 with the public key as PEM": {signed(hostile.HS256(hostile.PublicPEM())), false},
		"HS256 with the modulus":           {signed(hostile.HS256(hostile.Modulus())), false},
		"HS256 with the client's secret":   {signed(hostile.HS256([]byte(hostile.ClientSecret))), false},
		"another key under a known kid": {func(s *hostile.Switches) {
			s.Signed = hostile.RS256(7)
			s.Header = func(h map[string]any) { h["kid"] = "key-0" }
		}, false},
		"unknown kid": {signed(hostile.RS256(7)), false},
		"a key that the token brings itself": {func(s *hostile.Switches) {
			s.Signed = hostile.RS256(7)
			s.Header = func(h map[string]any) { h["jku"] = "http://127.0.0.1:1/keys"; h["kid"] = "key-0" }
		}, false},
		"no kid, the right key":          {func(s *hostile.Switches) { s.Header = func(h map[string]any) { h["kid"] = "" } }, true},
		"no ID token":                    {func(s *hostile.Switches) { s.Tokens = func(_ string, a map[string]any) { delete(a, "id_token") } }, false},
		"ID token is no JWT":             {func(s *hostile.Switches) { s.Tokens = func(_ string, a map[string]any) { a["id_token"] = "a.b.c" } }, false},
		"aud is another client":          {claims(func(c map[string]any) { c["aud"] = "another" }), false},
		"no aud":                         {claims(func(c map[string]any) { c["aud"] = nil }), false},
		"azp is another client":          {claims(func(c map[string]any) { c["azp"] = "another" }), false},
		"azp is no string":               {claims(func(c map[string]any) { c["azp"] = []string{"another"} }), false},
		"several audiences without azp":  {claims(func(c map[string]any) { c["aud"] = []string{hostile.ClientID, "another"} }), false},
		"several audiences, azp another": {claims(func(c map[string]any) { c["aud"], c["azp"] = []string{hostile.ClientID, "another"}, "another" }), false},
		"several audiences, azp is us":   {claims(func(c map[string]any) { c["aud"], c["azp"] = []string{"another", hostile.ClientID}, hostile.ClientID }), true},
		"one audience in a list":         {claims(func(c map[string]any) { c["aud"] = []string{hostile.ClientID} }), true},
		"exp has passed":                 {claims(func(c map[string]any) { c["exp"] = now.Unix() - 1 }), false},
		"no exp":                         {claims(func(c map[string]any) { c["exp"] = nil }), false},
		"iat is two minutes ahead":       {claims(func(c map[string]any) { c["iat"], c["exp"] = now.Unix()+120, now.Unix()+600 }), false},
		"iat is 50 seconds ahead":        {claims(func(c map[string]any) { c["iat"] = now.Unix() + 50 }), true},
		"another nonce":                  {claims(func(c map[string]any) { c["nonce"] = session.NewID() }), false},
		"no nonce":                       {claims(func(c map[string]any) { c["nonce"] = nil }), false},
		"empty sub":                      {claims(func(c map[string]any) { c["sub"] = "" }), false},
		"no sub":                         {claims(func(c map[string]any) { c["sub"] = nil }), false},
		"another issuer":                 {claims(func(c map[string]any) { c["iss"] = "https://evil.example" }), false},
		"issuer by a slash":              {claims(func(c map[string]any) { c["iss"] = r.op.Issuer() + "/" }), false},
		"claims of types nobody expects": {claims(func(c map[string]any) {
			c["name"], c["email"], c["sid"], c["groups"] = 5, []int{1}, true, map[string]any{}
		}), true},
	} {
		r.op.Set(func(s *hostile.Switches) {
			s.IDToken, s.Signed, s.Header, s.Tokens = nil, nil, nil, nil
			tc.turn(s)
		})
		b := r.browser()
		a := b.get(b.begin("/activity"))
		if want := map[bool]int{true: 303, false: 400}[tc.ok]; a.status != want || (b.cookie("portal") != "") != tc.ok || b.signedIn() != tc.ok {
			t.Errorf("%s: %d, want %d: %s", name, a.status, want, a.text())
		}
		if !tc.ok && !a.leads("/login?return_to=%2Factivity") {
			t.Errorf("%s: leads to %v", name, a.links())
		}
	}
	if log := r.logs.String(); strings.Contains(log, "eyJ") || strings.Contains(log, "access-") || strings.Contains(log, "refresh-") {
		t.Error("a token is in the log")
	}
}

// A session knows when and how its user authenticated, as far as the provider says it at the login, and keeps that.
func TestAuthTimeAndACRAreKept(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.op.Set(func(s *hostile.Switches) { s.Life = 20 * 60 })
	at := r.clock.Now().Add(-time.Hour).Unix()
	for name, tc := range map[string]struct {
		authTime, acr any
		wantTime      int64 // 0: nobody said
		wantACR       string
	}{
		"both":                  {at, "gold", at, "gold"},
		"neither":               {nil, nil, 0, ""},
		"of types nobody knows": {"yesterday", 5, 0, ""},
		"after the year 9999":   {int64(1) << 50, "gold", 1 << 50, "gold"},
	} {
		r.op.Set(func(s *hostile.Switches) {
			s.IDToken = func(c map[string]any) { c["auth_time"], c["acr"] = tc.authTime, tc.acr }
		})
		b := r.browser().login()
		login := b.session().Login
		// A refresh is no authentication, whatever its answer says.
		r.op.Set(func(s *hostile.Switches) {
			s.IDToken = func(c map[string]any) { c["auth_time"], c["acr"] = r.clock.Now().Unix(), "bronze" }
		})
		r.clock.Add(21 * time.Minute)
		if a := b.get("/secret-references/new"); a.status != http.StatusOK {
			t.Fatalf("%s: %d %s", name, a.status, a.text())
		}
		later := b.session().Login
		if later.AccessToken.Reveal() == login.AccessToken.Reveal() {
			t.Errorf("%s: not refreshed", name)
		}
		for _, l := range []auth.Login{login, later} {
			if l.AuthTime.IsZero() != (tc.wantTime == 0) || tc.wantTime != 0 && l.AuthTime.Unix() != tc.wantTime || l.ACR != tc.wantACR {
				t.Errorf("%s: %v %q", name, l.AuthTime, l.ACR)
			}
		}
	}
}

// S-5: however many tokens with an unknown kid come, the keys are read once a minute; also while the
// provider fails to give them. A new key is taken up without a restart.
func TestKeysAreReadOnceAMinute(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.browser().login()
	read := func() int { return len(r.op.Calls(hostile.JWKS)) }
	if read() != 1 {
		t.Fatalf("read %d times for the first login", read())
	}
	r.op.Set(func(s *hostile.Switches) { s.Signed = hostile.RS256(9) })
	flood := func() {
		for range 5 {
			b := r.browser()
			if a := b.get(b.begin("/")); a.status == http.StatusSeeOther {
				t.Errorf("a stranger's key: %d", a.status)
			}
			// Nobody has to log in for these.
			token := r.op.LogoutToken("ada", hostile.RS256(9), nil)
			if a := r.browser().post("/auth/backchannel-logout", url.Values{"logout_token": {token}}); a.status != 400 && a.status != 503 {
				t.Errorf("a stranger's logout token: %d", a.status)
			}
		}
	}
	// One read a minute for tokens that the provider itself gave, and one for what anybody can send.
	flood()
	if read() != 3 {
		t.Errorf("read %d times within a minute", read())
	}
	r.clock.Add(61 * time.Second)
	flood()
	if read() != 5 {
		t.Errorf("read %d times, want twice more after a minute", read())
	}
	for status, answer := range map[int]http.HandlerFunc{500: hostile.HTML(500), 200: hostile.HTML(200)} {
		r.clock.Add(61 * time.Second)
		r.op.Instead(hostile.JWKS, answer)
		before := read()
		flood()
		if n := read() - before; n != 2 {
			t.Errorf("while the keys cannot be read (%d): %d times within a minute", status, n)
		}
	}
	r.op.Instead(hostile.JWKS, nil)
	r.op.Set(func(s *hostile.Switches) { s.Key, s.Signed = 3, nil }) // rotation
	r.clock.Add(61 * time.Second)
	r.browser().login()
}

// S-5: after a rotation the next login works at once: neither the read of the first login, nor tokens that
// anybody can send, use up the one that it needs.
func TestKeysAreRotatedRightAfterALogin(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.browser().login()
	for range 3 {
		token := r.op.LogoutToken("ada", hostile.RS256(9), nil)
		if a := r.browser().post("/auth/backchannel-logout", url.Values{"logout_token": {token}}); a.status != 400 {
			t.Errorf("a stranger's logout token: %d", a.status)
		}
		r.browser().get("/auth/callback?state=x&code=y")
	}
	r.op.Set(func(s *hostile.Switches) { s.Key = 3 })
	r.browser().login()
}

// S-5: metadata that is read again drops no key that still verifies: not where it names the same address, nor
// where the new one cannot be read, and a key set without keys is none.
func TestKeysOutliveRediscovery(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.browser().login()
	for name, spoil := range map[string]func(){
		"the same address": func() { r.op.Instead(hostile.JWKS, hostile.HTML(500)) },
		"no keys":          func() { r.op.Instead(hostile.JWKS, hostile.JSON(200, map[string]any{"keys": []any{}})) },
		"another address": func() {
			r.op.Set(func(s *hostile.Switches) {
				s.Metadata = func(m map[string]any) { m["jwks_uri"] = r.op.Issuer() + "/nowhere" }
			})
		},
	} {
		spoil()
		if err := r.provider.Discover(t.Context()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		r.browser().login()
	}
}

// S-5: on schedule the keys are read again, too: one that the provider took back is not good for ever.
func TestKeyThatWasTakenBack(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.browser().login()
	r.op.Set(func(s *hostile.Switches) { s.Key = 3 })
	if err := r.provider.Discover(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.op.Set(func(s *hostile.Switches) { s.Signed = hostile.RS256(0) })
	b := r.browser()
	if a := b.get(b.begin("/")); a.status != http.StatusBadRequest {
		t.Errorf("signed with the key that was taken back: %d", a.status)
	}
}

// S-10: keys that cannot be had at the first login are the provider's fault, and are asked for again.
func TestFirstKeysCannotBeRead(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.op.Instead(hostile.JWKS, hostile.HTML(500))
	b := r.browser()
	if a := b.get(b.begin("/activity")); a.status != http.StatusServiceUnavailable || !a.leads("/login?return_to=%2Factivity") {
		t.Errorf("%d %s", a.status, a.text())
	}
	r.op.Instead(hostile.JWKS, nil)
	r.clock.Add(time.Second)
	b.login()
}

// S-5: keys that hang, for somebody else's unknown kid, do not hold up those whose key is known.
func TestHangingKeysHoldUpNobody(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.browser().login()
	r.clock.Add(2 * time.Minute)
	r.provider.HTTP.Timeout = 4 * time.Second
	r.op.Instead(hostile.JWKS, r.op.Hang)
	token := r.op.LogoutToken("ada", hostile.RS256(9), nil)
	done := make(chan int, 1)
	go func() {
		resp, err := http.PostForm(r.base+"/auth/backchannel-logout", url.Values{"logout_token": {token}})
		if err != nil {
			done <- 0
			return
		}
		_ = resp.Body.Close()
		done <- resp.StatusCode
	}()
	r.op.Await(t, hostile.JWKS, 2)
	r.browser().login() // within the time that the other one still waits
	select {
	case status := <-done:
		t.Fatalf("the login waited for somebody else's keys; that answer was %d", status)
	default:
	}
	if status := <-done; status != http.StatusServiceUnavailable {
		t.Errorf("keys that hang: %d", status)
	}
}

// S-6: a user is issuer and subject; name and e-mail only show.
func TestUserIsIssuerAndSubject(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	as := func(sub, name, email string) *browser {
		r.op.Set(func(s *hostile.Switches) {
			s.Subject = sub
			s.IDToken = func(c map[string]any) { c["name"], c["email"], c["preferred_username"] = name, email, email }
		})
		return r.browser().login()
	}
	before := as("1", "Ada Winter", "ada@example.com")
	if a := before.post("/secret-references", before.reference("OWN")); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.text())
	}
	married := as("1", "Ada Summer", "summer@example.com")
	namesake := as("2", "Ada Winter", "ada@example.com")
	if n := strings.Count(married.get("/sessions").body, `name="session"`); n != 3 { // two, and "all of them"
		t.Errorf("the same user after a new e-mail has %d buttons", n)
	}
	if a := married.get("/activity").text(); !strings.Contains(a, "OWN") {
		t.Errorf("the activity is lost with the e-mail: %s", a)
	}
	if n := strings.Count(namesake.get("/sessions").body, `name="session"`); n != 1 {
		t.Errorf("another user of the same e-mail sees %d sessions", n)
	}
	if a := namesake.get("/activity").text(); strings.Contains(a, "OWN") {
		t.Errorf("another user of the same e-mail sees: %s", a)
	}
}

// S-7: what the provider says is shown escaped and shortened, and not logged.
func TestProvidersWords(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.op.Set(func(s *hostile.Switches) {
		s.Answer = func(q url.Values) {
			q.Del("code")
			q.Set("error", `access"><img src=x onerror=alert(1)>`)
			q.Set("error_description", "<script>alert('hello')</script>\x1b[31m\u202e\r\nX: y "+strings.Repeat("long ", 5000))
		}
	})
	b := r.browser()
	a := b.get(b.begin("/activity"))
	if a.status != http.StatusForbidden || !strings.Contains(a.text(), "It said: <script>alert('hello')</script>") || !a.leads("/login?return_to=%2Factivity") {
		t.Errorf("%d %.300s", a.status, a.text())
	}
	if strings.Contains(a.body, "<script") || strings.Contains(a.body, "<img") || strings.ContainsAny(a.body, "\x1b\u202e") {
		t.Error("not escaped")
	}
	if strings.Count(a.text(), "long") > 60 {
		t.Error("not shortened")
	}
	if log := r.logs.String(); strings.Contains(log, "hello") || strings.Contains(log, "long long") {
		t.Errorf("log: %s", log)
	}
}

// S-7: a refusal of the token endpoint is logged by its code; its description may hold anything.
func TestRefusalOfTheTokenEndpoint(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.op.Instead(hostile.Token, hostile.JSON(400, map[string]any{"error": "invalid_grant", "error_description": "<b>stolen</b> eyJhbGciOiJSUzI1NiJ9.canary", "error_uri": "https://canary.example"}))
	b := r.browser()
	a := b.get(b.begin("/activity"))
	if a.status != http.StatusBadRequest || strings.Contains(a.body, "stolen") || strings.Contains(a.body, "canary") || b.cookie("portal") != "" {
		t.Errorf("%d %s", a.status, a.text())
	}
	if log := r.logs.String(); !strings.Contains(log, "invalid_grant") || strings.Contains(log, "canary") || strings.Contains(log, "stolen") || strings.Contains(log, "code-") {
		t.Errorf("log: %s", log)
	}
}

// S-8: whatever a link says, a login ends on the portal.
func TestLoginEndsOnThePortal(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	b := r.browser()
	for _, bad := range []string{
		"https://evil.example/activity", "//evil.example", `/\\evil.example`, "/\t/evil.example", "/%2f/evil.example", "/%0d%0aX", "//user@evil.example", "/login",
		"/activity?x=" + strings.Repeat("x", 8001),
	} {
		if a := b.get(b.begin(bad)); a.status != http.StatusSeeOther || a.location() != "/" {
			t.Errorf("%.60q: %d to %q", bad, a.status, a.location())
		}
	}
	const good = "/secret-references/new?description=https%3A%2F%2Fx.example%2F&secretReferenceName=%C3%A9"
	if a := b.get(b.begin(good)); a.location() != good {
		t.Errorf("a good one leads to %q", a.location())
	}
}

// S-9: two tabs that log in at once both arrive, each at its own target, in any order. Reloading a
// call-back shows a page and ends nobody's session.
func TestTwoTabs(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	b := r.browser()
	one, two, three := b.begin("/activity"), b.begin("/sessions"), b.begin("/secret-values/new?name=n")
	for callback, want := range map[string]string{two: "/sessions", one: "/activity"} {
		if a := b.get(callback); a.location() != want {
			t.Errorf("%d to %q, want %q", a.status, a.location(), want)
		}
	}
	id := b.cookie("portal")
	a := b.get(two)
	if a.status != http.StatusBadRequest || !strings.Contains(a.text(), "You are signed in as ada Winter.") || !a.leads("/sessions") {
		t.Errorf("reloaded: %d %s %v", a.status, a.text(), a.links())
	}
	if !b.signedIn() || b.cookie("portal") != id {
		t.Error("the reload ended the session")
	}
	// S-11: the session that just began has not touched the third tab's login.
	if a := b.get(three); a.location() != "/secret-values/new?name=n" {
		t.Errorf("the third tab: %d to %q", a.status, a.location())
	}
	if len(r.op.Grants(hostile.CodeGrant)) != 3 {
		t.Errorf("%d codes were redeemed", len(r.op.Grants(hostile.CodeGrant)))
	}
}

// S-10: a provider that is away or answers nonsense costs a clear page in bounded time, and nothing
// more: the next login finds it well again.
func TestDiscovery(t *testing.T) {
	t.Parallel()
	at := func(endpoint, address string) func(*rig) {
		return func(r *rig) {
			r.op.Set(func(s *hostile.Switches) { s.Metadata = func(m map[string]any) { m[endpoint] = address } })
		}
	}
	lacks := func(name string) func(*rig) {
		return func(r *rig) {
			r.op.Set(func(s *hostile.Switches) { s.Metadata = func(m map[string]any) { delete(m, name) } })
		}
	}
	instead := func(h http.HandlerFunc) func(*rig) {
		return func(r *rig) { r.op.Instead(hostile.Discovery, h) }
	}
	for name, spoil := range map[string]func(*rig){
		"500":        instead(hostile.HTML(500)),
		"404":        instead(hostile.HTML(404)),
		"HTML":       instead(hostile.HTML(200)),
		"a list":     instead(hostile.JSON(200, []int{1})),
		"null":       instead(hostile.JSON(200, nil)),
		"half":       instead(hostile.Half),
		"a redirect": instead(hostile.Redirect("/elsewhere")),
		"hangs":      func(r *rig) { r.op.Instead(hostile.Discovery, r.op.Hang) },
		"5 MB": func(r *rig) {
			r.op.Set(func(s *hostile.Switches) {
				s.Metadata = func(m map[string]any) { m["padding"] = strings.Repeat("x", 5<<20) }
			})
		},
		"no authorization endpoint": lacks("authorization_endpoint"),
		"no token endpoint":         lacks("token_endpoint"),
		"no jwks_uri":               lacks("jwks_uri"),
		// S-59: nothing that the portal or a browser sends to the provider may be listened to.
		"authorization_endpoint": at("authorization_endpoint", "http://id.example/authorize"),
		"token_endpoint":         at("token_endpoint", "http://id.example/token"),
		"jwks_uri":               at("jwks_uri", "http://id.example/keys"),
		"userinfo_endpoint":      at("userinfo_endpoint", "http://127.0.0.1.id.example/userinfo"),
		"revocation_endpoint":    at("revocation_endpoint", "//id.example/revoke"),
		"end_session_endpoint":   at("end_session_endpoint", "javascript:alert(1)"),
		"introspection_endpoint": at("introspection_endpoint", "ftp://id.example/introspect"),
		"members of another type": func(r *rig) {
			r.op.Set(func(s *hostile.Switches) { s.Metadata = func(m map[string]any) { m["end_session_endpoint"] = 5 } })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			spoil(r)
			b := r.browser()
			begun := time.Now()
			a := b.get("/login?return_to=/activity")
			if took := time.Since(begun); took > 8*time.Second {
				t.Errorf("took %s", took)
			}
			if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" || !strings.Contains(a.text(), "Your company’s sign-in does not answer") || !a.leads("/login?return_to=%2Factivity") {
				t.Errorf("%d %s %v", a.status, a.text(), a.links())
			}
			if ready := b.get("/readyz"); ready.status != http.StatusServiceUnavailable || ready.body != "unavailable\n" {
				t.Errorf("readyz: %d %s", ready.status, ready.body)
			}
			if b.get("/healthz").status != http.StatusOK {
				t.Error("healthz says no")
			}
			if log := r.logs.String(); !strings.Contains(log, "provider not discovered") || strings.Contains(log, "It works!") || strings.Contains(log, "xxxx") {
				t.Errorf("log: %.2000s", log)
			}
			if strings.HasSuffix(name, "_endpoint") || name == "jwks_uri" {
				if log := r.logs.String(); !strings.Contains(log, `"reason":"discovery_endpoint"`) || !strings.Contains(log, `"endpoint":"`+name+`"`) || strings.Contains(log, "id.example") {
					t.Errorf("log: %.2000s", log)
				}
			}
			r.op.Instead(hostile.Discovery, nil)
			r.op.Set(func(s *hostile.Switches) { s.Metadata = nil })
			b.login()
			if ready := b.get("/readyz"); ready.status != http.StatusOK {
				t.Errorf("readyz after it recovered: %d", ready.status)
			}
		})
	}
}

// S-10: a provider that is well has what is optional missing.
func TestLeanProvider(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.op.Set(func(s *hostile.Switches) {
		s.Metadata = func(m map[string]any) {
			for _, name := range []string{"userinfo_endpoint", "revocation_endpoint", "end_session_endpoint", "token_endpoint_auth_methods_supported", "id_token_signing_alg_values_supported"} {
				delete(m, name)
			}
		}
		s.Tokens = func(_ string, a map[string]any) { delete(a, "refresh_token"); delete(a, "token_type") }
	})
	b := r.browser().login()
	if a := b.post("/logout", nil); a.status != http.StatusSeeOther || a.location() != "/signed-out" {
		t.Errorf("logout: %d to %q", a.status, a.location())
	}
}

// S-10: whatever the token endpoint does, the login ends in a clear page in bounded time and memory,
// the code goes nowhere else, and the next attempt succeeds.
func TestTokenEndpoint(t *testing.T) {
	t.Parallel()
	elsewhere := hostile.Start(t)
	tokens := func(f func(a map[string]any)) func(*rig) {
		return func(r *rig) {
			r.op.Set(func(s *hostile.Switches) { s.Tokens = func(_ string, a map[string]any) { f(a) } })
		}
	}
	instead := func(h http.HandlerFunc) func(*rig) { return func(r *rig) { r.op.Instead(hostile.Token, h) } }
	for name, tc := range map[string]struct {
		spoil  func(*rig)
		status int
	}{
		"hangs":                     {func(r *rig) { r.op.Instead(hostile.Token, r.op.Hang) }, 503},
		"500":                       {instead(hostile.HTML(500)), 503},
		"429":                       {instead(hostile.JSON(429, map[string]any{"error": "slow_down"})), 503},
		"HTML":                      {instead(hostile.HTML(200)), 503},
		"half":                      {instead(hostile.Half), 503},
		"redirect":                  {instead(hostile.Redirect(elsewhere.Issuer() + hostile.Token)), 503},
		"redirect on its own host":  {instead(hostile.Redirect("/elsewhere")), 503},
		"10 MB":                     {tokens(func(a map[string]any) { a["padding"] = strings.Repeat("x", 10<<20) }), 503},
		"no access token":           {tokens(func(a map[string]any) { delete(a, "access_token") }), 503},
		"a token that is a MAC key": {tokens(func(a map[string]any) { a["token_type"] = "mac" }), 503},
		"a number for a token":      {tokens(func(a map[string]any) { a["access_token"] = 5 }), 503},
		"401":                       {instead(hostile.JSON(401, map[string]any{"error": "invalid_client"})), 400},
		"bearer in lower case":      {tokens(func(a map[string]any) { a["token_type"] = "bearer" }), 303},
		"expires_in as a string":    {tokens(func(a map[string]any) { a["expires_in"] = "3600" }), 303},
		"expires_in is nonsense":    {tokens(func(a map[string]any) { a["expires_in"] = "soon" }), 303},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			tc.spoil(r)
			b := r.browser()
			begun := time.Now()
			a := b.get(b.begin("/activity"))
			if took := time.Since(begun); took > 15*time.Second {
				t.Errorf("took %s", took)
			}
			if a.status != tc.status || (b.cookie("portal") != "") != (tc.status == 303) {
				t.Errorf("%d, want %d: %s", a.status, tc.status, a.text())
			}
			if tc.status != 303 && !a.leads("/login?return_to=%2Factivity") {
				t.Errorf("leads to %v", a.links())
			}
			if n := len(r.op.Calls(hostile.Token)); n != 1 {
				t.Errorf("the code was sent %d times", n)
			}
			if n := len(r.op.Calls("/elsewhere")) + len(elsewhere.Calls(hostile.Token)); n != 0 {
				t.Errorf("%d requests followed the redirect", n)
			}
			if log := r.logs.String(); strings.Contains(log, "code-") || strings.Contains(log, "It works") || strings.Contains(log, "access-") {
				t.Errorf("log: %.1000s", log)
			}
			r.op.Instead(hostile.Token, nil)
			r.op.Set(func(s *hostile.Switches) { s.Tokens = nil })
			b.login()
		})
	}
}

// S-20: an auditor who is in no allowed group sees activity, and no form.
func TestAuditorsOnly(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *options) {
		o.policy = auth.Policy{
			Allowed:  []string{"admins"},
			Auditors: []string{"auditors"},
		}
	})
	r.op.Set(func(s *hostile.Switches) { s.IDToken = func(c map[string]any) { c["groups"] = "auditors" } })
	b := r.browser().login()
	for path, want := range map[string]int{"/activity": 200, "/secret-references/new": 403, "/secret-values/new": 403} {
		if a := b.get(path); a.status != want || want == 403 && !strings.Contains(a.text(), "the group admins") {
			t.Errorf("%s: %d %s", path, a.status, a.text())
		}
	}
}
