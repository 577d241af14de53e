package sandbox_test

import (
	"context"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"maiaportal/internal/sandbox"
	"maiaportal/internal/sandbox/maia"
)

const redirectURI = "http://127.0.0.1:65535/auth/callback"

func start(t *testing.T) *sandbox.Sandbox {
	t.Helper()
	s, err := sandbox.Start(t.Context(), sandbox.Options{PortalURL: "http://127.0.0.1:65535"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// relyingParty is a client of the provider made of the libraries that the portal uses.
type relyingParty struct {
	t        *testing.T
	provider *oidc.Provider
	config   oauth2.Config
	browser  *http.Client
}

func newRelyingParty(t *testing.T, s *sandbox.Sandbox) *relyingParty {
	t.Helper()
	provider, err := oidc.NewProvider(t.Context(), s.Provider.Issuer())
	if err != nil {
		t.Fatal(err)
	}
	endpoint := provider.Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInHeader
	jar, _ := cookiejar.New(nil)
	return &relyingParty{
		t:        t,
		provider: provider,
		config: oauth2.Config{
			ClientID:     s.Provider.ClientID(),
			ClientSecret: s.Provider.ClientSecret(),
			Endpoint:     endpoint,
			RedirectURL:  redirectURI,
			Scopes:       []string{oidc.ScopeOpenID, "profile", "email", oidc.ScopeOfflineAccess},
		},
		browser: &http.Client{
			Jar: jar,
			CheckRedirect: func(r *http.Request, _ []*http.Request) error {
				if r.URL.Path == "/auth/callback" || r.URL.Path == "/signed-out" {
					return http.ErrUseLastResponse
				}
				return nil
			},
		},
	}
}

var hiddenRequest = regexp.MustCompile(`name="request" value="([^"]*)"`)

// openLogin opens the login page and gives its address and text.
func (rp *relyingParty) openLogin(address string) (page *url.URL, text string) {
	rp.t.Helper()
	response, err := rp.browser.Get(address)
	if err != nil {
		rp.t.Fatal(err)
	}
	text = read(rp.t, response)
	if response.StatusCode != http.StatusOK {
		rp.t.Fatalf("login page: %s: %s", response.Status, text)
	}
	return response.Request.URL, text
}

// signIn posts the login page's form and gives the answer.
func (rp *relyingParty) signIn(address, username, password string) *http.Response {
	rp.t.Helper()
	page, text := rp.openLogin(address)
	found := hiddenRequest.FindStringSubmatch(text)
	if found == nil {
		rp.t.Fatalf("no login form: %s", text)
	}
	response, err := rp.browser.PostForm(page.ResolveReference(&url.URL{Path: "/login"}).String(), url.Values{
		"request": {html.UnescapeString(found[1])}, "username": {username}, "password": {password},
	})
	if err != nil {
		rp.t.Fatal(err)
	}
	return response
}

// code runs a login up to the callback.
func (rp *relyingParty) code(username, verifier string, options ...oauth2.AuthCodeOption) url.Values {
	rp.t.Helper()
	options = append(options, oauth2.S256ChallengeOption(verifier), oidc.Nonce("a nonce"))
	response := rp.signIn(rp.config.AuthCodeURL("a state", options...), username, username+"-password")
	defer response.Body.Close()
	to, err := response.Location()
	if err != nil {
		rp.t.Fatalf("%s: %v", response.Status, err)
	}
	return to.Query()
}

// login runs a whole login.
func (rp *relyingParty) login(username string) *oauth2.Token {
	rp.t.Helper()
	verifier := oauth2.GenerateVerifier()
	callback := rp.code(username, verifier)
	token, err := rp.config.Exchange(rp.t.Context(), callback.Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		rp.t.Fatal(err)
	}
	return token
}

func (rp *relyingParty) refresh(refreshToken string) (*oauth2.Token, error) {
	return rp.config.TokenSource(rp.t.Context(), &oauth2.Token{RefreshToken: refreshToken}).Token()
}

func read(t *testing.T, response *http.Response) string {
	t.Helper()
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// api calls Maia with a token.
type api struct {
	t     *testing.T
	maia  *maia.Maia
	token string
}

type reply struct {
	status int
	header http.Header
	body   string
}

func (a api) do(method, path, contentType, body string) (reply, error) {
	return a.doCtx(a.t.Context(), method, path, contentType, body)
}

func (a api) doCtx(ctx context.Context, method, path, contentType, body string) (reply, error) {
	a.t.Helper()
	request, err := http.NewRequestWithContext(ctx, method, a.maia.URL()+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	if a.token != "" {
		request.Header.Set("Authorization", "Bearer "+a.token)
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	transport := &http.Transport{DisableKeepAlives: true, DisableCompression: true}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	return reply{response.StatusCode, response.Header, string(content)}, err
}

func (a api) get(path string) reply {
	a.t.Helper()
	return a.must(a.do(http.MethodGet, path, "", ""))
}

func (a api) post(path, body string) reply {
	a.t.Helper()
	return a.must(a.do(http.MethodPost, path, "application/json", body))
}

func (a api) must(got reply, err error) reply {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
	return got
}

func referencePath(project, name string) string {
	return "/v1/projects/" + url.PathEscape(project) + "/secret-references/" + url.PathEscape(name)
}

func valuePath(agent string) string { return "/v1/secrets/" + url.PathEscape(agent) + "/secret-value" }

func valueBody(name, value string) string {
	quoted, _ := json.Marshal(name)
	return `{"secret": {"name": ` + string(quoted) + `, "value": ` + value + `}}`
}

const awsBody = `{"agentType": "AWS", "secretReferenceType": "PASSWORD", "secretName": "ledger"}`

// problem decodes an error answer and checks what all of them have in common.
func (r reply) problem(t *testing.T) (detail string, violations []string) {
	t.Helper()
	if got := r.header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type = %q, want application/problem+json", got)
	}
	var p struct {
		Type, Title, Detail, Instance string
		Status                        int
		Violations                    []string
	}
	if err := json.Unmarshal([]byte(r.body), &p); err != nil {
		t.Fatalf("problem: %v: %s", err, r.body)
	}
	if p.Status != r.status || p.Title == "" || !strings.HasPrefix(p.Type, "https://api.matillion.com/problems/") {
		t.Errorf("problem = %s", r.body)
	}
	return p.Detail, p.Violations
}
