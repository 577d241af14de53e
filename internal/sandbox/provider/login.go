package provider

import (
	"crypto/subtle"
	"embed"
	"net/http"
	"net/url"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"maiaportal/internal/sandbox/web"
)

//go:embed pages
var own embed.FS

var pages = web.Pages(own)

// loginPage is what the login page shows.
type loginPage struct {
	Request, Username, Password string
	Wrong                       bool
	Accounts                    []Account
}

// UseLink reloads the page with an account filled in.
func (l loginPage) UseLink(username string) string {
	return "/login?" + url.Values{"request": {l.Request}, "username": {username}}.Encode()
}

func (p *Provider) showLogin(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	page := loginPage{
		Request:  query.Get("request"),
		Username: query.Get("hint"),
		Accounts: accounts,
	}
	if account := accountByUsername(query.Get("username")); account != nil {
		page.Username = account.Username
		page.Password = account.Password
	}
	p.drawLogin(w, r, http.StatusOK, page)
}

func (p *Provider) drawLogin(w http.ResponseWriter, r *http.Request, status int, page loginPage) {
	request, err := p.storage.AuthRequestByID(r.Context(), page.Request)
	if err != nil {
		p.loginGone(w)
		return
	}
	web.Show(w, status, pages, "login.html", page, formTarget(request.GetRedirectURI()))
}

// formTarget is where the form's answer leads, for the page's form-action: Chromium holds a
// redirect after a POST to it, too.
func formTarget(redirectURI string) string {
	u, err := url.Parse(redirectURI)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

func (p *Provider) loginGone(w http.ResponseWriter) {
	web.Message(w, http.StatusBadRequest, "This login page is too old",
		"An hour has passed, or the sandbox has been started again. "+
			"Go back to the portal and log in from there.")
}

func (p *Provider) login(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	page := loginPage{
		Request:  r.PostFormValue("request"),
		Username: r.PostFormValue("username"),
		Accounts: accounts,
	}
	account := accountByUsername(page.Username)
	given := []byte(r.PostFormValue("password"))
	if account == nil || subtle.ConstantTimeCompare([]byte(account.Password), given) != 1 {
		page.Wrong = true
		p.drawLogin(w, r, http.StatusUnprocessableEntity, page)
		return
	}
	request, ok := p.storage.signIn(page.Request, account)
	if !ok {
		p.loginGone(w)
		return
	}
	answer := op.CodeResponseType{Code: request.code, State: request.GetState()}
	to, err := op.AuthResponseURL(
		request.GetRedirectURI(), oidc.ResponseTypeCode, oidc.ResponseModeQuery, &answer, p.op.Encoder())
	if err != nil {
		p.refusePage(w, err)
		return
	}
	http.Redirect(w, r, p.withIssuer(to), http.StatusSeeOther)
}
