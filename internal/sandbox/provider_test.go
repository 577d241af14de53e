package sandbox_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"maiaportal/internal/sandbox"
)

func TestLogin(t *testing.T) {
	s := start(t)
	rp := newRelyingParty(t, s)
	for _, account := range s.Provider.Accounts() {
		t.Run(account.Username, func(t *testing.T) {
			rp.t = t
			verifier := oauth2.GenerateVerifier()
			callback := rp.code(account.Username, verifier, oauth2.SetAuthURLParam("acr_values", "strong weak"))
			if callback.Get("state") != "a state" || callback.Get("iss") != s.Provider.Issuer() {
				t.Errorf("callback = %v", callback)
			}
			before := time.Now()
			token, err := rp.config.Exchange(t.Context(), callback.Get("code"), oauth2.VerifierOption(verifier))
			if err != nil {
				t.Fatal(err)
			}
			if left := token.Expiry.Sub(before); left < 29*time.Minute || left > 31*time.Minute {
				t.Errorf("access token lives %v, want 30m", left)
			}
			raw, _ := token.Extra("id_token").(string)
			id, err := rp.provider.Verifier(&oidc.Config{ClientID: s.Provider.ClientID()}).Verify(t.Context(), raw)
			if err != nil {
				t.Fatal(err)
			}
			if err := id.VerifyAccessToken(token.AccessToken); err != nil {
				t.Error(err)
			}
			var claims struct {
				Name, Email, Sid, Acr string
				Username              string   `json:"preferred_username"`
				Groups                []string `json:"groups"`
				AuthTime              int64    `json:"auth_time"`
			}
			if err := id.Claims(&claims); err != nil {
				t.Fatal(err)
			}
			if id.Subject != account.Subject || id.Nonce != "a nonce" || !slices.Equal(id.Audience, []string{s.Provider.ClientID()}) ||
				claims.Name != account.Name || claims.Email != account.Email || claims.Username != account.Username ||
				claims.Sid == "" || claims.Acr != "strong" || claims.AuthTime == 0 || !slices.Equal(claims.Groups, account.Groups) {
				t.Errorf("ID token = %+v %+v, want %+v", id, claims, account)
			}
			info, err := rp.provider.UserInfo(t.Context(), oauth2.StaticTokenSource(token))
			if err != nil {
				t.Fatal(err)
			}
			var more struct{ Groups []string }
			if err := info.Claims(&more); err != nil || info.Subject != account.Subject || !slices.Equal(more.Groups, account.Groups) {
				t.Errorf("userinfo = %+v %+v %v", info, more, err)
			}
			access, err := rp.provider.Verifier(&oidc.Config{ClientID: "https://api.matillion.com"}).Verify(t.Context(), token.AccessToken)
			if err != nil || access.Subject != account.Subject {
				t.Errorf("access token: %+v, %v", access, err)
			}
		})
	}
}

func TestFirstAccountIsAdmin(t *testing.T) {
	var roles []string
	for _, account := range start(t).Provider.Accounts() {
		roles = append(roles, account.Username+" "+account.Role)
	}
	want := []string{"ada admin", "grace admin", "audrey auditor", "victor viewer", "otto outsider"}
	if !slices.Equal(roles, want) {
		t.Errorf("accounts = %v, want %v", roles, want)
	}
}

func TestClientAuthentication(t *testing.T) {
	s := start(t)
	for name, tc := range map[string]struct {
		style  oauth2.AuthStyle
		secret string
		code   string
	}{
		"basic":               {oauth2.AuthStyleInHeader, s.Provider.ClientSecret(), ""},
		"post":                {oauth2.AuthStyleInParams, s.Provider.ClientSecret(), ""},
		"basic, wrong secret": {oauth2.AuthStyleInHeader, "wrong", "invalid_client"},
		"post, wrong secret":  {oauth2.AuthStyleInParams, "wrong", "invalid_client"},
	} {
		t.Run(name, func(t *testing.T) {
			rp := newRelyingParty(t, s)
			rp.config.Endpoint.AuthStyle, rp.config.ClientSecret = tc.style, tc.secret
			verifier := oauth2.GenerateVerifier()
			_, err := rp.config.Exchange(t.Context(), rp.code("ada", verifier).Get("code"), oauth2.VerifierOption(verifier))
			checkTokenError(t, err, tc.code)
		})
	}
}

func checkTokenError(t *testing.T, err error, code string) {
	t.Helper()
	got := ""
	if refusal, ok := err.(*oauth2.RetrieveError); ok {
		got = refusal.ErrorCode
	} else if wrapped, ok := err.(*url.Error); ok {
		got = wrapped.Error()
	} else if err != nil {
		got = err.Error()
	}
	if got != code {
		t.Errorf("error = %q, want %q", got, code)
	}
}

func TestAuthorizationRequestRefused(t *testing.T) {
	s := start(t)
	rp := newRelyingParty(t, s)
	challenge := oauth2.S256ChallengeOption(oauth2.GenerateVerifier())
	param := oauth2.SetAuthURLParam
	for name, tc := range map[string]struct {
		options []oauth2.AuthCodeOption
		code    string // "" where the answer must stay here: the redirect URI is not to be trusted
	}{
		"no PKCE":                {nil, "invalid_request"},
		"plain PKCE":             {[]oauth2.AuthCodeOption{param("code_challenge", strings.Repeat("x", 43)), param("code_challenge_method", "plain")}, "invalid_request"},
		"prompt=none":            {[]oauth2.AuthCodeOption{challenge, param("prompt", "none")}, "login_required"},
		"implicit":               {[]oauth2.AuthCodeOption{challenge, param("response_type", "id_token token")}, "unauthorized_client"},
		"form_post":              {[]oauth2.AuthCodeOption{challenge, param("response_mode", "form_post")}, "invalid_request"},
		"request object":         {[]oauth2.AuthCodeOption{challenge, param("request", "e30.e30.x")}, "request_not_supported"},
		"foreign redirect":       {[]oauth2.AuthCodeOption{challenge, param("redirect_uri", "https://elsewhere.example/auth/callback")}, ""},
		"port that is a host":    {[]oauth2.AuthCodeOption{challenge, param("redirect_uri", "http://127.0.0.1:1@elsewhere.example/auth/callback")}, ""},
		"other path on loopback": {[]oauth2.AuthCodeOption{challenge, param("redirect_uri", "http://127.0.0.1:1234/other")}, ""},
		"unknown client":         {[]oauth2.AuthCodeOption{challenge, param("client_id", "somebody")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			response, err := rp.browser.Get(rp.config.AuthCodeURL("a state", tc.options...))
			if err != nil {
				t.Fatal(err)
			}
			text := read(t, response)
			if tc.code == "" {
				if response.StatusCode != http.StatusBadRequest || response.Header.Get("Location") != "" {
					t.Errorf("answer = %s %v %s, want a page with 400", response.Status, response.Header, text)
				}
				return
			}
			to, err := response.Location()
			if err != nil {
				t.Fatalf("%s: %v", response.Status, err)
			}
			q := to.Query()
			if q.Get("error") != tc.code || q.Get("state") != "a state" || q.Get("iss") != s.Provider.Issuer() || q.Has("code") {
				t.Errorf("redirect = %s, want error %s", to, tc.code)
			}
		})
	}
}

func TestRedirectURIs(t *testing.T) {
	s, err := sandbox.Start(t.Context(), sandbox.Options{RedirectURI: "http://portal.internal/auth/callback"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	rp := newRelyingParty(t, s)
	for _, uri := range []string{"http://portal.internal/auth/callback", "http://localhost:1/auth/callback", "http://127.0.0.1:8080/auth/callback"} {
		rp.config.RedirectURL = uri
		rp.openLogin(rp.config.AuthCodeURL("s", oauth2.S256ChallengeOption(oauth2.GenerateVerifier())))
	}
}

func TestLoginPage(t *testing.T) {
	s := start(t)
	rp := newRelyingParty(t, s)
	address := rp.config.AuthCodeURL("s", oauth2.S256ChallengeOption(oauth2.GenerateVerifier()), oauth2.SetAuthURLParam("login_hint", "grace"))
	page, text := rp.openLogin(address)
	for pattern, want := range map[string]int{`<form [^>]*method="post"`: 1, `<form`: 1, `<button`: 1, `<button type="submit">Sign in</button>`: 1, `<script`: 0, ` name="username"`: 1, ` name="password" type="password"`: 1, `sandbox`: -1} {
		got := len(regexp.MustCompile(pattern).FindAllString(text, -1))
		if got != want && (want >= 0 || got == 0) {
			t.Errorf("%d times %s, want %d", got, pattern, want)
		}
	}
	if !strings.Contains(text, `name="username" value="grace"`) {
		t.Error("login_hint is not filled in")
	}
	link := regexp.MustCompile(`<a href="([^"]+)">Use ada</a>`).FindStringSubmatch(text)
	if link == nil {
		t.Fatalf("no link to use ada: %s", text)
	}
	to, err := page.Parse(strings.ReplaceAll(link[1], "&amp;", "&"))
	if err != nil {
		t.Fatal(err)
	}
	_, text = rp.openLogin(to.String())
	if !strings.Contains(text, `value="ada"`) || !strings.Contains(text, `value="ada-password"`) {
		t.Errorf("ada is not filled in: %s", text)
	}
	t.Run("wrong password", func(t *testing.T) {
		response := rp.signIn(address, "ada", "wrong <b>")
		text := read(t, response)
		if response.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, "Not signed in.") || strings.Contains(text, "wrong <b>") {
			t.Errorf("answer = %s %s", response.Status, text)
		}
	})
	t.Run("second click", func(t *testing.T) {
		for range 2 {
			response, err := rp.browser.PostForm(s.Provider.Issuer()+"/login", url.Values{
				"request": {page.Query().Get("request")}, "username": {"ada"}, "password": {"ada-password"},
			})
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			if response.StatusCode != http.StatusSeeOther {
				t.Errorf("answer = %s, want 303", response.Status)
			}
		}
	})
	t.Run("unknown request", func(t *testing.T) {
		response, err := rp.browser.Get(s.Provider.Issuer() + "/login?request=gone")
		if err != nil {
			t.Fatal(err)
		}
		if text := read(t, response); response.StatusCode != http.StatusBadRequest || !strings.Contains(text, "too old") {
			t.Errorf("answer = %s %s", response.Status, text)
		}
	})
}

func TestCodeIsGoodOnce(t *testing.T) {
	s := start(t)
	rp := newRelyingParty(t, s)
	verifier := oauth2.GenerateVerifier()
	code := rp.code("ada", verifier).Get("code")
	_, err := rp.config.Exchange(t.Context(), code, oauth2.VerifierOption(oauth2.GenerateVerifier()))
	checkTokenError(t, err, "invalid_grant") // another verifier
	token, err := rp.config.Exchange(t.Context(), code, oauth2.VerifierOption(verifier))
	checkTokenError(t, err, "")
	_, err = rp.config.Exchange(t.Context(), code, oauth2.VerifierOption(verifier))
	checkTokenError(t, err, "invalid_grant")
	if got := (api{t, s.Maia, token.AccessToken}).get("/v1/projects").status; got != http.StatusUnauthorized {
		t.Errorf("after reuse of the code the access token gets %d, want 401", got)
	}
}

func TestRefreshRotation(t *testing.T) {
	s := start(t)
	rp := newRelyingParty(t, s)
	first := rp.login("ada")
	other := rp.login("ada")
	second, err := rp.refresh(first.RefreshToken)
	checkTokenError(t, err, "")
	if second.RefreshToken == first.RefreshToken || second.AccessToken == first.AccessToken {
		t.Error("tokens did not change")
	}
	for name, token := range map[string]*oauth2.Token{"old": first, "new": second} {
		if got := (api{t, s.Maia, token.AccessToken}).get("/v1/projects").status; got != http.StatusOK {
			t.Errorf("%s access token gets %d, want 200", name, got)
		}
	}

	_, err = rp.refresh(first.RefreshToken)
	checkTokenError(t, err, "invalid_grant")
	_, err = rp.refresh(second.RefreshToken)
	checkTokenError(t, err, "invalid_grant")
	for name, token := range map[string]*oauth2.Token{"old": first, "new": second} {
		if got := (api{t, s.Maia, token.AccessToken}).get("/v1/projects").status; got != http.StatusUnauthorized {
			t.Errorf("after reuse the %s access token gets %d, want 401", name, got)
		}
	}
	if got := (api{t, s.Maia, other.AccessToken}).get("/v1/projects").status; got != http.StatusOK {
		t.Errorf("the other login's token gets %d, want 200", got)
	}
	if got := s.Provider.RefreshCount(); got != 3 {
		t.Errorf("RefreshCount = %d, want 3", got)
	}
	if got := s.Provider.TokenGrants(); got != 5 {
		t.Errorf("TokenGrants = %d, want 5", got)
	}
}

func TestRefreshAtOnce(t *testing.T) {
	rp := newRelyingParty(t, start(t))
	token := rp.login("ada")
	var (
		wait sync.WaitGroup
		mu   sync.Mutex
		good int
	)
	for range 8 {
		wait.Go(func() {
			if _, err := rp.refresh(token.RefreshToken); err == nil {
				mu.Lock()
				defer mu.Unlock()
				good++
			}
		})
	}
	wait.Wait()
	if good > 1 {
		t.Errorf("%d refreshes of one token succeeded", good)
	}
}

func TestRevocation(t *testing.T) {
	s := start(t)
	rp := newRelyingParty(t, s)
	revoke := func(t *testing.T, token, hint string) {
		t.Helper()
		request, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, s.Provider.Issuer()+"/revoke",
			strings.NewReader(url.Values{"token": {token}, "token_type_hint": {hint}}.Encode()))
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.SetBasicAuth(s.Provider.ClientID(), s.Provider.ClientSecret())
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Errorf("revocation: %s", response.Status)
		}
	}
	for name, tc := range map[string]struct {
		end          func(*testing.T, *oauth2.Token)
		maia         int
		refreshError string
		revocations  int
	}{
		"nothing":                  {func(*testing.T, *oauth2.Token) {}, 200, "", 0},
		"the access token":         {func(t *testing.T, k *oauth2.Token) { revoke(t, k.AccessToken, "access_token") }, 401, "", 1},
		"the access token, unsaid": {func(t *testing.T, k *oauth2.Token) { revoke(t, k.AccessToken, "") }, 401, "", 1},
		"the refresh token":        {func(t *testing.T, k *oauth2.Token) { revoke(t, k.RefreshToken, "refresh_token") }, 401, "invalid_grant", 1},
		"by RevokeTokens":          {func(*testing.T, *oauth2.Token) { s.Provider.RevokeTokens("ada") }, 401, "invalid_grant", 0},
		"another user's":           {func(*testing.T, *oauth2.Token) { s.Provider.RevokeTokens("grace") }, 200, "", 0},
		"by ExpireAccessTokens":    {func(*testing.T, *oauth2.Token) { s.Provider.ExpireAccessTokens("ada") }, 401, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			rp.t = t
			token := rp.login("ada")
			before := s.Provider.Revocations()
			tc.end(t, token)
			got := api{t, s.Maia, token.AccessToken}.get("/v1/projects")
			if got.status != tc.maia {
				t.Errorf("Maia answers %d, want %d", got.status, tc.maia)
			}
			if got.status == 401 && !strings.HasPrefix(got.header.Get("WWW-Authenticate"), "Bearer") {
				t.Errorf("WWW-Authenticate = %q", got.header.Get("WWW-Authenticate"))
			}
			_, err := rp.refresh(token.RefreshToken)
			checkTokenError(t, err, tc.refreshError)
			if got := s.Provider.Revocations() - before; got != tc.revocations {
				t.Errorf("Revocations = %d, want %d", got, tc.revocations)
			}
		})
	}
}

func TestEndSession(t *testing.T) {
	s := start(t)
	rp := newRelyingParty(t, s)
	back := "http://localhost:4711/signed-out"
	for name, tc := range map[string]struct {
		query url.Values
		to    string // "" where the answer is a page
		code  int
		maia  int
	}{
		"without anything": {url.Values{}, "", 200, 200},
		"client id":        {url.Values{"client_id": {s.Provider.ClientID()}, "post_logout_redirect_uri": {back}, "state": {"bye"}}, back + "?state=bye", 302, 200},
		"elsewhere":        {url.Values{"client_id": {s.Provider.ClientID()}, "post_logout_redirect_uri": {"http://elsewhere.example/signed-out"}}, "", 400, 200},
		"ID token":         {url.Values{"id_token_hint": {""}, "post_logout_redirect_uri": {back}, "state": {"bye"}}, back + "?state=bye", 302, 401},
	} {
		t.Run(name, func(t *testing.T) {
			rp.t = t
			token := rp.login("ada")
			if tc.query.Has("id_token_hint") {
				tc.query.Set("id_token_hint", token.Extra("id_token").(string))
			}
			response, err := rp.browser.Get(s.Provider.Issuer() + "/end_session?" + tc.query.Encode())
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			if response.StatusCode != tc.code || response.Header.Get("Location") != tc.to {
				t.Errorf("answer = %s to %q, want %d to %q", response.Status, response.Header.Get("Location"), tc.code, tc.to)
			}
			if got := (api{t, s.Maia, token.AccessToken}).get("/v1/projects").status; got != tc.maia {
				t.Errorf("Maia answers %d, want %d", got, tc.maia)
			}
		})
	}
}

func TestDiscoveryPromisesWhatIsThere(t *testing.T) {
	var found struct {
		Introspection string   `json:"introspection_endpoint"`
		Device        string   `json:"device_authorization_endpoint"`
		EndSession    string   `json:"end_session_endpoint"`
		Revocation    string   `json:"revocation_endpoint"`
		ResponseTypes []string `json:"response_types_supported"`
		Grants        []string `json:"grant_types_supported"`
		Methods       []string `json:"token_endpoint_auth_methods_supported"`
		Challenges    []string `json:"code_challenge_methods_supported"`
		Iss           bool     `json:"authorization_response_iss_parameter_supported"`
	}
	s := start(t)
	if err := newRelyingParty(t, s).provider.Claims(&found); err != nil {
		t.Fatal(err)
	}
	if found.Introspection != "" || found.Device != "" || found.EndSession != s.Provider.Issuer()+"/end_session" || found.Revocation != s.Provider.Issuer()+"/revoke" ||
		!slices.Equal(found.ResponseTypes, []string{"code"}) || !slices.Equal(found.Grants, []string{"authorization_code", "refresh_token"}) ||
		!slices.Equal(found.Methods, []string{"client_secret_basic", "client_secret_post"}) || !slices.Equal(found.Challenges, []string{"S256"}) || !found.Iss {
		t.Errorf("discovery = %+v", found)
	}
}

func TestOffline(t *testing.T) {
	s := start(t)
	get := func() error {
		response, err := http.Get(s.Provider.Issuer() + "/keys")
		if err == nil {
			response.Body.Close()
		}
		return err
	}
	if err := get(); err != nil {
		t.Fatal(err)
	}
	s.Provider.Offline(true)
	if err := get(); err == nil {
		t.Error("the provider answers while it is offline")
	}
	s.Provider.Offline(false)
	if err := get(); err != nil {
		t.Error(err)
	}
}

func TestShortLife(t *testing.T) {
	s := start(t)
	s.Provider.SetAccessTokenLife(2 * time.Hour)
	if left := time.Until(newRelyingParty(t, s).login("ada").Expiry); left < time.Hour {
		t.Errorf("the token lives %v, want 2h", left)
	}
}

func TestEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s, err := sandbox.Start(ctx, sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := s.Close(); err != nil { // waits for nothing, and a second Close is fine
		t.Error(err)
	}
	if _, err := http.Get(s.Provider.Issuer() + "/keys"); err == nil {
		t.Error("the provider answers after its end")
	}
}

func TestForeignHostIsRefused(t *testing.T) {
	s := start(t)
	for _, address := range []string{s.Provider.Issuer() + "/", s.Maia.StartPageURL()} {
		request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		request.Host = "rebound.example"
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusMisdirectedRequest {
			t.Errorf("%s: %s, want 421", address, response.Status)
		}
	}
}

// The demo shares its terminal with the provider, which must not write what it refuses there.
func TestRefusalsStayOffTheDefaultLogger(t *testing.T) {
	var logged bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug})))
	defer slog.SetDefault(before)
	s := start(t)
	rp := newRelyingParty(t, s)
	for _, path := range []string{"/authorize", "/authorize?client_id=x", "/userinfo", "/end_session?id_token_hint=x", "/nothing"} {
		response, err := rp.browser.Get(s.Provider.Issuer() + path)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode < 400 {
			t.Errorf("%s: %s", path, response.Status)
		}
	}
	if _, err := rp.refresh("unknown"); err == nil {
		t.Error("an unknown refresh token is good")
	}
	if _, err := rp.config.Exchange(t.Context(), "unknown"); err == nil {
		t.Error("an unknown code is good")
	}
	if logged.Len() > 0 {
		t.Errorf("logged: %s", &logged)
	}
}
