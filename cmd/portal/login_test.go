package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"maiaportal/internal/auth/hostile"
)

// hostileRig is the whole system with a provider that a test can spoil.
func hostileRig(t *testing.T, op *hostile.Provider, settings ...string) *rig {
	t.Helper()
	return newRig(t, append([]string{
		"OIDC_ISSUER", op.Issuer(), "OIDC_CLIENT_ID", hostile.ClientID, "OIDC_CLIENT_SECRET", hostile.ClientSecret, "ALLOWED_GROUPS", "admins", "AUDITOR_GROUPS", "auditors",
	}, settings...)...)
}

// S-10: the portal starts while the provider is away, says so, and finds it by itself once it is back.
func TestStartsWithoutTheProvider(t *testing.T) {
	op := hostile.Start(t)
	op.Instead(hostile.Discovery, hostile.HTML(http.StatusBadGateway))
	r := hostileRig(t, op)
	b := r.browser()
	op.Await(t, hostile.Discovery, 1)
	for path, want := range map[string]int{"/readyz": 503, "/healthz": 200, "/login": 503, "/signed-out": 200} {
		if p := b.get(path); p.status != want {
			t.Errorf("%s: %d, want %d", path, p.status, want)
		}
	}
	if p := b.get("/activity"); p.status != http.StatusSeeOther || p.location() != "/login?return_to=%2Factivity" {
		t.Errorf("a page: %d to %q", p.status, p.location())
	}
	op.Instead(hostile.Discovery, nil)
	// Nobody asks for a login meanwhile: its own schedule does it.
	op.Await(t, hostile.Discovery, len(op.Calls(hostile.Discovery))+1)
	ready := page{}
	for range 1000 {
		if ready = b.get("/readyz"); ready.status == http.StatusOK {
			break
		}
	}
	if ready.status != http.StatusOK {
		t.Fatalf("readyz: %d", ready.status)
	}
	if p, at := b.follow(r.base + "/activity"); p.status != http.StatusOK || at != r.base+"/activity" {
		t.Errorf("login: %d at %s: %s", p.status, at, p.text())
	}
	// A provider that goes away later ends neither readiness nor sessions.
	op.Instead(hostile.Discovery, op.Hang)
	op.Instead(hostile.Token, op.Hang)
	if p := b.get("/readyz"); p.status != http.StatusOK {
		t.Errorf("readyz: %d", p.status)
	}
	if p := b.get("/activity"); p.status != http.StatusOK {
		t.Errorf("a session: %d", p.status)
	}
}

// S-1, S-19: the settings reach the authorization request and the exchange.
func TestProviderSettings(t *testing.T) {
	op := hostile.Start(t)
	r := hostileRig(t, op, "OIDC_SCOPES", "openid maia", "OIDC_AUDIENCE", "https://maia", "OIDC_RESOURCE", "https://maia/api", "OIDC_ACR_VALUES", "gold", "OIDC_MAX_AGE", "3600", "OIDC_PROMPT", "select_account",
		"TOKEN_MODE", "exchange", "TOKEN_EXCHANGE_AUDIENCE", "https://maia/exchanged", "TOKEN_EXCHANGE_SCOPE", "secrets")
	op.Set(func(s *hostile.Switches) { s.IDToken = func(c map[string]any) { c["acr"] = "gold" } })
	b := r.browser()
	if p, at := b.follow(r.base + "/secret-references/new"); p.status != http.StatusOK || at != r.base+"/secret-references/new" {
		t.Fatalf("%d at %s: %s", p.status, at, p.text())
	}
	q := op.Calls(hostile.Authorize)[0].Form
	for name, want := range map[string]string{
		"client_id": hostile.ClientID, "scope": "openid maia", "audience": "https://maia", "resource": "https://maia/api", "acr_values": "gold", "max_age": "3600", "prompt": "select_account",
		"redirect_uri": r.base + "/auth/callback", "response_type": "code",
	} {
		if got := q[name]; len(got) != 1 || got[0] != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	op.Await(t, hostile.Token, 2)
	exchanges := op.Grants(hostile.ExchangeGrant)
	if len(exchanges) != 1 || exchanges[0].Form.Get("audience") != "https://maia/exchanged" || exchanges[0].Form.Get("scope") != "secrets" || exchanges[0].AuthError != "" {
		t.Errorf("exchanges: %v", exchanges)
	}
}

// S-17: neither the log at its most talkative nor the database has a token, a code or a state, after a
// login, a failed one and a logout.
func TestLoginLeavesNoTrace(t *testing.T) {
	op := hostile.Start(t)
	r := hostileRig(t, op)
	b := r.browser()
	b.follow(r.base + "/activity")
	b.get("/auth/callback?state=x&code=planted-code")
	b.get("/auth/callback?state=x&error=access_denied&error_description=planted-words")
	op.Instead(hostile.Token, hostile.JSON(400, map[string]any{"error": "invalid_grant", "error_description": "planted-words"}))
	r.browser().follow(r.base + "/activity")
	op.Instead(hostile.Token, nil)
	request := op.Calls(hostile.Authorize)[0].Form
	first := op.Calls(hostile.Token)[0].Form
	secrets := map[string]string{
		"state": request.Get("state"), "nonce": request.Get("nonce"), "verifier": first.Get("code_verifier"), "code": first.Get("code"), "client secret": hostile.ClientSecret,
		"client secret, encoded": url.QueryEscape(hostile.ClientSecret), "planted code": "planted-code", "a stranger's words": "planted-words", "an ID token": "eyJ", "access token": "access-ada", "refresh token": "refresh-",
	}
	if p := b.send("/logout", nil); p.status != http.StatusOK {
		t.Errorf("logout: %d %s", p.status, p.text())
	}
	places := map[string]string{"log": r.logs.String()}
	for path, content := range r.files() {
		places[path] = string(content)
	}
	for what, secret := range secrets {
		for where, content := range places {
			if secret == "" || strings.Contains(content, secret) {
				t.Errorf("%s has the %s %q", where, what, secret)
			}
		}
	}
}
