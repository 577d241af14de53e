package auth_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"maiaportal/internal/auth"
	"maiaportal/internal/auth/hostile"
)

// signed answers with a JWT as userinfo.
func signed(s hostile.Signature, claims map[string]any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/jwt; charset=utf-8")
		_, _ = w.Write([]byte(hostile.Sign(s, nil, claims)))
	}
}

// refusing answers that the access token is not taken.
func refusing(status int, challenge string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", challenge)
		w.WriteHeader(status)
	}
}

// half breaks off when a part has arrived: before that, a GET is sent a second time.
func half(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Length", "1000")
	_, _ = w.Write([]byte(`{"sub":"ada","gro`))
	_ = http.NewResponseController(w).Flush()
	hostile.Half(w, r)
}

// S-20, S-60: userinfo that fails says nothing about a user, so nobody is told that the account may not use the
// portal: a stumble is 503, a token that is not taken a new login, and an answer about somebody else is not used.
// Nobody gets a session without groups either.
func TestUserinfoFails(t *testing.T) {
	t.Parallel()
	ada := func(more map[string]any) map[string]any {
		claims := map[string]any{"sub": "ada", "groups": []string{"admins"}}
		for k, v := range more {
			claims[k] = v
		}
		return claims
	}
	secret := "not for the log"
	for name, tc := range map[string]struct {
		h      http.HandlerFunc
		status int
		reason string
	}{
		"500":              {hostile.HTML(500), 503, "userinfo_away"},
		"502":              {hostile.JSON(502, ada(nil)), 503, "userinfo_away"},
		"503":              {hostile.JSON(503, map[string]any{"error": "temporarily_unavailable", "error_description": secret}), 503, "userinfo_away"},
		"429":              {hostile.HTML(429), 503, "userinfo_away"},
		"404":              {hostile.HTML(404), 503, "userinfo_away"},
		"407":              {hostile.HTML(407), 503, "userinfo_away"},
		"400":              {hostile.HTML(400), 503, "userinfo_away"},
		"204":              {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, 503, "userinfo_away"},
		"a firewall's 403": {hostile.HTML(403), 503, "userinfo_away"},
		"HTML":             {hostile.HTML(200), 503, "userinfo_away"},
		"a list":           {hostile.JSON(200, []string{secret}), 503, "userinfo_away"},
		"half":             {half, 503, "userinfo_away"},
		"redirect":         {hostile.Redirect("/elsewhere"), 503, "userinfo_away"},
		"5 MB":             {hostile.JSON(200, ada(map[string]any{"a": strings.Repeat("x", 5<<20)})), 503, "userinfo_away"},
		"encrypted": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/jwt")
			_, _ = w.Write([]byte("a.b.c.d.e"))
		}, 503, "userinfo_away"},
		"signed by none":           {signed(hostile.None, ada(nil)), 503, "userinfo_away"},
		"signed by a shared word":  {signed(hostile.HS256(hostile.PublicPEM()), ada(nil)), 503, "userinfo_away"},
		"signed by an unknown key": {signed(hostile.RS256(1), ada(nil)), 400, "jwt_key"},
		"signed for another":       {signed(hostile.RS256(0), ada(map[string]any{"aud": "another client"})), 400, "jwt_audience"},
		"signed by another":        {signed(hostile.RS256(0), ada(map[string]any{"iss": "https://other.example.com"})), 400, "jwt_issuer"},
		"signed for another user":  {signed(hostile.RS256(0), map[string]any{"sub": "bob", "groups": []string{"admins"}}), 400, "userinfo_subject"},
		"401":                      {hostile.JSON(401, map[string]any{"error": "invalid_token", "error_description": secret}), 401, "userinfo_refused"},
		"401 without a word":       {hostile.HTML(401), 401, "userinfo_refused"},
		"401 with a challenge":     {refusing(401, `Bearer error="invalid_token", error_description="`+secret+`"`), 401, "userinfo_refused"},
		"403 for the scope":        {refusing(403, `Bearer error="insufficient_scope", scope="openid"`), 401, "userinfo_refused"},
		"no sub":                   {hostile.JSON(200, map[string]any{"groups": []string{"admins"}}), 400, "userinfo_subject"},
		"a sub that is a number":   {hostile.JSON(200, map[string]any{"sub": 5, "groups": []string{"admins"}}), 400, "userinfo_subject"},
		"another sub":              {hostile.JSON(200, map[string]any{"sub": "bob", "groups": []string{"admins"}}), 400, "userinfo_subject"},
		"nothing at all":           {hostile.JSON(200, nil), 400, "userinfo_subject"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(o *options) { o.policy = auth.Policy{Allowed: []string{"admins"}} })
			r.op.Set(func(s *hostile.Switches) { s.IDToken = func(c map[string]any) { c["groups"] = nil } })
			r.op.Instead(hostile.Userinfo, tc.h)
			b := r.browser()
			a := b.get(b.begin("/activity"))
			if a.status != tc.status || b.cookie("portal") != "" || strings.Contains(a.text(), "may not use") {
				t.Errorf("%d, want %d: %s", a.status, tc.status, a.text())
			}
			if !a.leads("/login?return_to=%2Factivity") || (a.header.Get("Retry-After") != "") != (tc.status == 503) {
				t.Errorf("leads to %v, %v", a.links(), a.header)
			}
			log := r.logs.String()
			if !strings.Contains(log, `"level":"WARN","msg":"request refused","request_id":"`) || !strings.Contains(log, `"reason":"`+tc.reason+`"`) {
				t.Errorf("log: %s", log)
			}
			if strings.Contains(log, secret) || strings.Contains(log, "access-") || strings.Contains(a.body, secret) {
				t.Errorf("what the provider says is passed on: %s", log)
			}
			if calls := r.op.Calls(hostile.Userinfo); len(calls) != 1 || !strings.HasPrefix(calls[0].Header.Get("Authorization"), "Bearer access-ada-") {
				t.Errorf("userinfo was asked %v", calls)
			}
			if len(r.op.Calls("/elsewhere")) > 0 {
				t.Error("the token followed a redirect")
			}
			// The next try works.
			r.op.Instead(hostile.Userinfo, nil)
			r.op.Set(func(s *hostile.Switches) { s.Claims = ada(nil) })
			b.login()
		})
	}
}

// S-10: userinfo that never answers is 503 like any other endpoint, where it is needed.
func TestUserinfoHangs(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *options) { o.policy = auth.Policy{Allowed: []string{"admins"}} })
	r.op.Set(func(s *hostile.Switches) { s.IDToken = func(c map[string]any) { c["groups"] = nil } })
	r.op.Instead(hostile.Userinfo, r.op.Hang)
	b := r.browser()
	callback := b.begin("/")
	if err := r.provider.Discover(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.provider.HTTP.Timeout = 500 * time.Millisecond
	if a := b.get(callback); a.status != http.StatusServiceUnavailable || b.cookie("portal") != "" {
		t.Errorf("%d %s", a.status, a.text())
	}
	if log := r.logs.String(); !strings.Contains(log, `"reason":"userinfo_away"`) || !strings.Contains(log, `"why":"provider_timeout"`) {
		t.Errorf("log: %s", log)
	}
	// For a name alone the login does not wait for ever, and works.
	r.op.Set(func(s *hostile.Switches) { s.IDToken = func(c map[string]any) { c["name"] = nil } })
	b.login()
}

// S-20: userinfo that is signed counts, with the keys of ID tokens.
func TestSignedUserinfo(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *options) { o.policy = auth.Policy{Allowed: []string{"admins"}} })
	r.op.Set(func(s *hostile.Switches) { s.IDToken = func(c map[string]any) { c["groups"] = nil } })
	r.op.Instead(hostile.Userinfo, signed(hostile.RS256(0), map[string]any{
		"sub":    "ada",
		"iss":    r.op.Issuer(),
		"aud":    []string{hostile.ClientID},
		"groups": []string{"admins"},
	}))
	r.browser().login()
	if n := len(r.op.Calls(hostile.JWKS)); n != 1 {
		t.Errorf("the keys were read %d times", n)
	}
}

// What the ID token says already is not asked for, and overage is no reason to believe a userinfo that fails.
func TestUserinfoIsAskedOnlyWhereItMatters(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		policy  auth.Policy
		idToken map[string]any // changes; nil: left out
		h       http.HandlerFunc
		calls   int
		status  int
		reason  string
	}{
		"everything is there":                    {auth.Policy{Allowed: []string{"admins"}}, nil, hostile.HTML(503), 0, 303, ""},
		"groups are not needed":                  {auth.Policy{}, map[string]any{"groups": nil}, hostile.HTML(503), 0, 303, ""},
		"a group that is not allowed":            {auth.Policy{Allowed: []string{"x"}}, nil, hostile.HTML(503), 0, 403, "not_allowed"},
		"auditors, and it stumbles":              {auth.Policy{Auditors: []string{"x"}}, map[string]any{"groups": nil}, hostile.HTML(503), 1, 503, "userinfo_away"},
		"auditors, and the token is not taken":   {auth.Policy{Auditors: []string{"x"}}, map[string]any{"groups": nil}, hostile.HTML(401), 1, 303, "userinfo_refused"},
		"overage, and it stumbles":               {auth.Policy{Allowed: []string{"x"}}, map[string]any{"groups": nil, "hasgroups": true}, hostile.HTML(503), 1, 403, "groups_overage"},
		"overage, and the token is not taken":    {auth.Policy{Allowed: []string{"x"}}, map[string]any{"groups": nil, "hasgroups": true}, hostile.HTML(401), 1, 403, "groups_overage"},
		"a name is missing, and it stumbles":     {auth.Policy{}, map[string]any{"name": nil}, hostile.HTML(503), 1, 303, "userinfo_away"},
		"an address is missing, and it stumbles": {auth.Policy{}, map[string]any{"email": nil}, hostile.HTML(503), 1, 303, "userinfo_away"},
		"a name is missing, and it is refused":   {auth.Policy{Allowed: []string{"admins"}}, map[string]any{"name": ""}, hostile.HTML(401), 1, 303, "userinfo_refused"},
		"a name is missing, and it is another's": {auth.Policy{}, map[string]any{"name": nil}, hostile.JSON(200, map[string]any{"sub": "bob", "name": "Bob"}), 1, 303, "userinfo_subject"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(o *options) { o.policy = tc.policy })
			r.op.Set(func(s *hostile.Switches) {
				s.IDToken = func(c map[string]any) {
					for k, v := range tc.idToken {
						c[k] = v
					}
				}
			})
			r.op.Instead(hostile.Userinfo, tc.h)
			b := r.browser()
			a := b.get(b.begin("/"))
			if a.status != tc.status {
				t.Fatalf("%d, want %d: %s", a.status, tc.status, a.text())
			}
			if n := len(r.op.Calls(hostile.Userinfo)); n != tc.calls {
				t.Errorf("userinfo was asked %d times", n)
			}
			if log := r.logs.String(); !strings.Contains(log, `"reason":"`+tc.reason) && tc.reason != "" {
				t.Errorf("log: %s", log)
			}
			if tc.status == 303 && strings.Contains(b.get("/").text(), "Bob") {
				t.Error("somebody else's name is used")
			}
		})
	}
}

// Name and e-mail address that only userinfo has are those of the header, of sessions and of records. What the
// ID token has goes first.
func TestNamesFromUserinfo(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		idToken     map[string]any
		userinfo    map[string]any
		name, email string
	}{
		"in the ID token":              {nil, map[string]any{"name": "X", "email": "x@example.com"}, "ada Winter", "ada@example.com"},
		"in userinfo":                  {map[string]any{"name": nil, "email": nil}, map[string]any{"name": " Ada L. ", "email": "al@example.com"}, "Ada L.", "al@example.com"},
		"one here, one there":          {map[string]any{"email": nil}, map[string]any{"name": "X", "email": "al@example.com"}, "ada Winter", "al@example.com"},
		"of another type here":         {map[string]any{"name": 5, "email": []string{}}, map[string]any{"name": "Ada L.", "email": "al@example.com"}, "Ada L.", "al@example.com"},
		"a user name":                  {map[string]any{"name": nil, "email": nil}, map[string]any{"preferred_username": "al"}, "al", ""},
		"a name there, user name here": {map[string]any{"name": nil, "preferred_username": "al"}, map[string]any{"name": "Ada L."}, "Ada L.", "ada@example.com"},
		"nowhere":                      {map[string]any{"name": nil, "email": nil}, nil, "ada", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.op.Set(func(s *hostile.Switches) {
				s.IDToken = func(c map[string]any) {
					for k, v := range tc.idToken {
						c[k] = v
					}
				}
				if tc.userinfo != nil {
					tc.userinfo["sub"] = "ada"
				}
				s.Claims = tc.userinfo
			})
			b := r.browser().login()
			if l := b.session().Login; l.Name != tc.name || l.Email != tc.email {
				t.Errorf("%q, %q; want %q, %q", l.Name, l.Email, tc.name, tc.email)
			}
			if a := b.get("/"); !strings.Contains(a.text(), tc.name) || !strings.Contains(a.text(), tc.email) {
				t.Errorf("the header says %s", a.text())
			}
			if a := b.post("/secret-references", b.reference("one")); a.status != http.StatusSeeOther {
				t.Fatalf("%d %s", a.status, a.text())
			} else if receipt := b.get(a.location()); !strings.Contains(receipt.text(), tc.name) {
				t.Errorf("the receipt says %s", receipt.text())
			}
		})
	}
}
