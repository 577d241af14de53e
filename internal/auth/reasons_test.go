package auth_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"maiaportal/internal/auth"
	"maiaportal/internal/auth/hostile"
	"maiaportal/internal/auth/reason"
)

// warnings are the WARN and ERROR lines since a place in the log.
func (r *rig) warnings(since int) []map[string]any {
	r.t.Helper()
	var out []map[string]any
	for line := range strings.Lines(r.logs.String()[since:]) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			r.t.Fatalf("%v: %s", err, line)
		}
		if fields["level"] == "WARN" || fields["level"] == "ERROR" {
			out = append(out, fields)
		}
	}
	return out
}

// wholeSeconds makes the clock's time one that claims can have.
func (r *rig) wholeSeconds() { r.clock.Add(-time.Duration(r.clock.Now().Nanosecond())) }

// S-61: each refused answer to a login leaves one line with the reason, its facts and the page's request id,
// and no token, code, verifier, state or other claim; the page's sentence fits.
func TestReasonsOfRefusedLogins(t *testing.T) {
	t.Parallel()
	const byTrying = "Signing in again will not help"
	claims := func(f func(c map[string]any)) func(*hostile.Switches) {
		return func(s *hostile.Switches) { s.IDToken = f }
	}
	answer := func(f func(q url.Values)) func(*hostile.Switches) {
		return func(s *hostile.Switches) { s.Answer = f }
	}
	failed := func(code string) func(*hostile.Switches) {
		return answer(func(q url.Values) {
			q.Del("code")
			q.Set("error", code)
			q.Set("error_description", "words of the provider")
		})
	}
	tokens := func(h http.HandlerFunc) func(*hostile.Switches) {
		return func(s *hostile.Switches) { s.Instead[hostile.Token] = h }
	}
	r := newRig(t, func(o *options) {
		o.client.ACRValues = []string{"mfa"}
		o.client.MaxAge = time.Hour
		o.policy = auth.Policy{Allowed: []string{"admins"}}
	})
	r.wholeSeconds()
	now := r.clock.Now().Unix()
	for name, tc := range map[string]struct {
		turn   func(*hostile.Switches)
		reason reason.Reason
		facts  string // name=value, space-separated
		status int
		says   string
	}{
		"alg none":    {func(s *hostile.Switches) { s.Signed = hostile.None }, reason.JWTAlgorithm, "algorithm=none announced=RS256", 400, byTrying},
		"HS256":       {func(s *hostile.Switches) { s.Signed = hostile.HS256(hostile.PublicPEM()) }, reason.JWTAlgorithm, "algorithm=HS256", 400, byTrying},
		"unknown key": {func(s *hostile.Switches) { s.Signed = hostile.RS256(7) }, reason.JWTKey, "algorithm=RS256 key_id=true", 400, "Try again"},
		"another's signature": {func(s *hostile.Switches) {
			s.Signed = hostile.RS256(7)
			s.Header = func(h map[string]any) { h["kid"] = "key-0" }
		}, reason.JWTSignature, "algorithm=RS256", 400, "Try again"},
		"no kid, another key": {func(s *hostile.Switches) {
			s.Signed = hostile.RS256(7)
			s.Header = func(h map[string]any) { h["kid"] = "" }
		}, reason.JWTKey, "key_id=false", 400, "Try again"},
		"no ID token":           {func(s *hostile.Switches) { s.Tokens = func(_ string, a map[string]any) { delete(a, "id_token") } }, reason.TokenMissing, "", 400, byTrying},
		"no JWT":                {func(s *hostile.Switches) { s.Tokens = func(_ string, a map[string]any) { a["id_token"] = "a.b.c" } }, reason.JWTMalformed, "", 400, byTrying},
		"another audience":      {claims(func(c map[string]any) { c["aud"] = "another" }), reason.JWTAudience, "", 400, byTrying},
		"another azp":           {claims(func(c map[string]any) { c["azp"] = "another" }), reason.IDTokenAZP, "", 400, byTrying},
		"audiences without azp": {claims(func(c map[string]any) { c["aud"] = []string{hostile.ClientID, "another"} }), reason.IDTokenAudiences, "", 400, byTrying},
		"past":                  {claims(func(c map[string]any) { c["exp"] = now - 90 }), reason.JWTExpired, "seconds_off=90", 400, "clock"},
		"no exp":                {claims(func(c map[string]any) { c["exp"] = nil }), reason.JWTExpired, "", 400, "clock"},
		"not yet":               {claims(func(c map[string]any) { c["nbf"] = now + 900 }), reason.JWTNotYet, "seconds_off=900", 400, "clock"},
		"issued in the future":  {claims(func(c map[string]any) { c["iat"] = now + 120 }), reason.IDTokenFuture, "seconds_off=120", 400, "clock"},
		"another nonce":         {claims(func(c map[string]any) { c["nonce"] = "other" }), reason.IDTokenNonce, "", 400, "Try again"},
		"numeric sub":           {claims(func(c map[string]any) { c["sub"] = 47114711 }), reason.JWTSubject, "", 400, byTrying},
		"no sub":                {claims(func(c map[string]any) { c["sub"] = nil }), reason.JWTSubject, "", 400, byTrying},
		"another issuer":        {claims(func(c map[string]any) { c["iss"] = "https://other.example" }), reason.JWTIssuer, "issuer_seen=https://other.example", 400, byTrying},
		"acr":                   {claims(func(c map[string]any) { c["acr"] = "pwd" }), reason.IDTokenACR, "", 400, "stronger"},
		"auth_time":             {claims(func(c map[string]any) { c["acr"] = "mfa"; c["auth_time"] = now - 7200 }), reason.IDTokenAuthTime, "seconds_off=3600", 400, "recent"},
		"no auth_time":          {claims(func(c map[string]any) { c["acr"] = "mfa"; c["auth_time"] = nil }), reason.IDTokenAuthTime, "", 400, "recent"},
		"no group":              {claims(func(c map[string]any) { c["acr"] = "mfa"; c["groups"] = []string{"other"} }), reason.NotAllowed, "subject=ada", 403, "members of"},

		"iss parameter":           {answer(func(q url.Values) { q.Set("iss", "https://other.example") }), reason.CallbackIssuer, "issuer_seen=https://other.example", 400, byTrying},
		"no code":                 {answer(func(q url.Values) { q.Del("code") }), reason.CallbackNoCode, "", 400, "Try again"},
		"access_denied":           {failed("access_denied"), reason.CallbackError, "error_code=access_denied", 403, "refused you"},
		"login_required":          {failed("login_required"), reason.CallbackError, "error_code=login_required", 403, "refused you"},
		"invalid_scope":           {failed("invalid_scope"), reason.CallbackError, "error_code=invalid_scope", 403, byTrying},
		"unauthorized_client":     {failed("unauthorized_client"), reason.CallbackError, "error_code=unauthorized_client", 403, byTrying},
		"server_error":            {failed("server_error"), reason.CallbackError, "error_code=server_error", 503, "Try again"},
		"temporarily_unavailable": {failed("temporarily_unavailable"), reason.CallbackError, "error_code=temporarily_unavailable", 503, "Try again"},
		"empty error":             {failed(""), reason.CallbackError, "", 403, "refused you"},

		"invalid_client": {tokens(hostile.JSON(401, map[string]any{"error": "invalid_client", "error_description": "code-1"})), reason.ClientRefused, "status=401 error_code=invalid_client", 400, "its credentials there are wrong"},
		"a bare 401":     {tokens(hostile.HTML(401)), reason.ClientRefused, "status=401", 400, "its credentials there are wrong"},
		"invalid_grant":  {tokens(hostile.JSON(400, map[string]any{"error": "invalid_grant"})), reason.CodeRefused, "status=400 error_code=invalid_grant", 400, "Try again"},
		"403 HTML":       {tokens(hostile.HTML(403)), reason.ProviderStatus, "status=403", 503, "has a problem"},
		"407":            {tokens(hostile.HTML(407)), reason.ProviderStatus, "status=407", 503, "has a problem"},
		"500":            {tokens(hostile.HTML(500)), reason.ProviderStatus, "status=500", 503, "has a problem"},
		"slow_down":      {tokens(hostile.JSON(400, map[string]any{"error": "slow_down"})), reason.ProviderStatus, "status=400 error_code=slow_down", 503, "has a problem"},
		"200 with error": {tokens(hostile.JSON(200, map[string]any{"error": "bad_verification_code"})), reason.TokenError, "status=200 error_code=bad_verification_code", 400, byTrying},
		"201":            {tokens(hostile.JSON(201, map[string]any{"access_token": "access-1", "token_type": "Bearer"})), reason.TokenAnswer, "status=201", 503, "cannot be used"},
		"a MAC key":      {func(s *hostile.Switches) { s.Tokens = func(_ string, a map[string]any) { a["token_type"] = "mac" } }, reason.TokenType, "token_type=mac", 503, "cannot be used"},
		"half an answer": {tokens(hostile.Half), reason.ProviderAnswer, "", 503, "does not answer"},
		"keys are away":  {func(s *hostile.Switches) { s.Signed = hostile.RS256(9); s.Instead[hostile.JWKS] = hostile.HTML(500) }, reason.ProviderKeys, "algorithm=RS256", 503, "has a problem"},
	} {
		r.clock.Add(61 * time.Second) // for the keys may be read once a minute
		now = r.clock.Now().Unix()
		r.op.Set(func(s *hostile.Switches) {
			s.IDToken = nil
			s.Signed = nil
			s.Header = nil
			s.Tokens = nil
			s.Answer = nil
			s.Instead = map[string]http.HandlerFunc{}
			tc.turn(s)
		})
		b := r.browser()
		since := len(r.logs.String())
		a := b.get(b.begin("/activity"))
		if a.status != tc.status || !strings.Contains(a.text(), tc.says) {
			t.Errorf("%s: %d, want %d and %q: %s", name, a.status, tc.status, tc.says, a.text())
		}
		lines := r.warnings(since)
		if len(lines) != 1 {
			t.Errorf("%s: %d lines: %v", name, len(lines), lines)
			continue
		}
		line := lines[0]
		id, _ := line["request_id"].(string)
		if line["reason"] != string(tc.reason) || id == "" || !strings.Contains(a.text(), id) || line["hint"] == "" {
			t.Errorf("%s: want %s: %v", name, tc.reason, line)
		}
		for fact := range strings.FieldsSeq(tc.facts) {
			key, value, _ := strings.Cut(fact, "=")
			if fmt.Sprint(line[key]) != value {
				t.Errorf("%s: %s is %v, want %s", name, key, line[key], value)
			}
		}
	}
	if log := r.logs.String(); strings.Contains(log, "eyJ") || strings.Contains(log, "access-") || strings.Contains(log, "code-") ||
		strings.Contains(log, "words of the provider") || strings.Contains(log, `"another"`) || strings.Contains(log, "47114711") {
		t.Error("more than the harmless facts is in the log")
	}
}

// S-61: an error of the provider that belongs to no login, as for an unknown redirect URI, shows its code.
func TestCallbackErrorWithoutState(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := r.browser().get("/auth/callback?error=invalid_scope&error_description=" + url.QueryEscape("scope <b> unknown"))
	if a.status != http.StatusForbidden || !strings.Contains(a.text(), "invalid_scope") || !strings.Contains(a.text(), "scope <b> unknown") {
		t.Errorf("%d %s", a.status, a.text())
	}
	if lines := r.warnings(0); len(lines) != 1 || lines[0]["reason"] != string(reason.CallbackError) || lines[0]["error_code"] != "invalid_scope" {
		t.Errorf("%v", lines)
	}
}

// S-16, S-61: each refused logout token leaves one line with the reason.
func TestReasonsOfRefusedLogoutTokens(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.wholeSeconds()
	r.browser().login()
	now := r.clock.Now().Unix()
	const event = "http://schemas.openid.net/event/backchannel-logout"
	events := func(v any) func(c map[string]any) {
		return func(c map[string]any) { c["events"] = map[string]any{event: v} }
	}
	for name, tc := range map[string]struct {
		sign   hostile.Signature
		change func(c map[string]any)
		reason reason.Reason
		fact   string
	}{
		"alg none":            {hostile.None, nil, reason.JWTAlgorithm, "algorithm=none"},
		"a stranger's":        {hostile.RS256(7), nil, reason.JWTKey, "key_id=true"},
		"no event":            {nil, func(c map[string]any) { c["events"] = nil }, reason.LogoutTokenEvent, ""},
		"the event is null":   {nil, events(nil), reason.LogoutTokenEvent, ""},
		"the event is true":   {nil, events(true), reason.LogoutTokenEvent, ""},
		"the event is a word": {nil, events("yes"), reason.LogoutTokenEvent, ""},
		"a nonce":             {nil, func(c map[string]any) { c["nonce"] = "n" }, reason.LogoutTokenNonce, ""},
		"no jti":              {nil, func(c map[string]any) { c["jti"] = nil }, reason.LogoutTokenID, ""},
		"nobody":              {nil, func(c map[string]any) { c["sub"] = nil }, reason.LogoutTokenNobody, ""},
		"no exp":              {nil, func(c map[string]any) { c["exp"] = nil }, reason.JWTExpired, ""},
		"past":                {nil, func(c map[string]any) { c["exp"] = now - 30 }, reason.JWTExpired, "seconds_off=30"},
		"another issuer":      {nil, func(c map[string]any) { c["iss"] = "https://other.example" }, reason.JWTIssuer, "issuer_seen=https://other.example"},
		"another audience":    {nil, func(c map[string]any) { c["aud"] = "another" }, reason.JWTAudience, ""},
		"numeric sub":         {nil, func(c map[string]any) { c["sub"] = 5 }, reason.JWTSubject, ""},
		"old":                 {nil, func(c map[string]any) { c["iat"] = now - 400 }, reason.LogoutTokenAge, "seconds_off=400"},
		"no iat":              {nil, func(c map[string]any) { c["iat"] = nil }, reason.LogoutTokenAge, ""},
		"from the future":     {nil, func(c map[string]any) { c["iat"] = now + 100 }, reason.LogoutTokenAge, "seconds_off=-100"},
	} {
		since := len(r.logs.String())
		a := r.browser().post("/auth/backchannel-logout", url.Values{"logout_token": {r.op.LogoutToken("ada", tc.sign, tc.change)}})
		lines := r.warnings(since)
		if a.status != http.StatusBadRequest || len(lines) != 1 || lines[0]["reason"] != string(tc.reason) || lines[0]["request_id"] == nil {
			t.Errorf("%s: %d, want %s: %v", name, a.status, tc.reason, lines)
			continue
		}
		if key, value, ok := strings.Cut(tc.fact, "="); ok && fmt.Sprint(lines[0][key]) != value {
			t.Errorf("%s: %v, want %s", name, lines[0], tc.fact)
		}
	}
	if strings.Contains(r.logs.String(), "eyJ") {
		t.Error("a token is in the log")
	}
}
