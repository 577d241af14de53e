package handlers

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"unicode"

	"github.com/labstack/echo/v4"

	"maiaportal/internal/auth"
	"maiaportal/internal/auth/reason"
	"maiaportal/web/templates/pages"
	"maiaportal/web/templates/parts"
)

// login begins a new login, for somebody with a session too.
func (h *Handlers) login(c echo.Context) error {
	q := c.Request().URL.Query()
	returnTo, prompt := auth.ReturnTo(q.Get("return_to")), ""
	if q.Get("prompt") == "login" {
		prompt = "login"
	}
	away := func(err error) *pageError {
		e := databaseAway(err)
		e.link = parts.Link{Label: "Try again", Href: loginLink(returnTo.String(), prompt)}
		return e
	}
	s, err := h.current(c)
	if err != nil {
		return away(err)
	}
	to, err := h.RP.Begin(c.Request().Context(), auth.Beginning{
		Browser:  h.Sessions.Cookies.Browser(c.Response(), c.Request()),
		Address:  c.RealIP(),
		SignedIn: s != nil,
		ReturnTo: returnTo,
		Prompt:   prompt,
	})
	if err != nil {
		h.RP.LoginEnded(err)
	}
	if errors.Is(err, reason.ErrProviderAway) {
		e := asPageError(err)
		e.link = parts.Link{Label: "Try again", Href: loginLink(returnTo.String(), prompt)}
		return e
	}
	if err != nil {
		return away(err)
	}
	if hasGetForm(returnTo.String()) {
		// Browsers apply form-action to the redirects that follow a form, and it cannot list a provider's hosts.
		return h.goOn(c, to, pages.Message{
			Page:    h.page(c, nil, "Sign in"),
			Heading: "You need to sign in",
			Text:    []string{"Your browser now goes to your company’s sign-in."},
		})
	}
	return c.Redirect(http.StatusSeeOther, to)
}

// hasGetForm says whether an address of the portal is a page with a form that the browser adds to its address.
func hasGetForm(address string) bool {
	path, _, _ := strings.Cut(address, "?")
	return path == "/activity" || path == linkPath || strings.HasPrefix(path, choosePath)
}

// goOn has the browser go on to another origin by itself, with a link where it does not.
func (h *Handlers) goOn(c echo.Context, to string, m pages.Message) error {
	c.Response().Header().Set("Refresh", "0; url="+to)
	m.Links = []parts.Link{{Label: "Go on", Href: to, Primary: true}}
	return render(c, http.StatusOK, pages.MessagePage(m))
}

// callback takes the provider's answer and begins a session.
func (h *Handlers) callback(c echo.Context) error {
	r := c.Request()
	login, returnTo, err := h.RP.Finish(r.Context(), h.Sessions.Cookies.BrowserOf(r), r.URL.Query())
	if err != nil {
		h.RP.LoginEnded(err)
		h.noteRefusal(c, login, err)
		return h.loginFailed(c, login, returnTo, err)
	}
	err = h.Sessions.Start(r, c.Response(), login, over(c))
	h.RP.LoginEnded(err)
	if err != nil {
		e := databaseAway(err)
		e.link = parts.Link{Label: "Sign in again", Href: loginLink(returnTo.String(), "")} // the answer is used up
		return e
	}
	h.Log.LogAttrs(r.Context(), slog.LevelInfo, "login", slog.String("request_id", requestID(c)), slog.String("issuer", login.Issuer), slog.String("subject", login.Subject))
	return c.Redirect(http.StatusSeeOther, returnTo.String())
}

// strangersWords shortens what came in an address and takes out what cannot be seen.
func strangersWords(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	if r := []rune(s); len(r) > 200 {
		s = string(r[:200]) + "…"
	}
	return strings.TrimRight(s, ".")
}

// logout ends the session here, then at the provider.
func (h *Handlers) logout(c echo.Context) error {
	r := c.Request()
	if err := sentByPage(c); err != nil {
		return err
	}
	s, err := h.current(c)
	if err != nil {
		return databaseAway(err)
	}
	if err := h.Sessions.End(r, c.Response(), over(c)); err != nil {
		return databaseAway(err)
	}
	// Never "cookies": that would clear the company's whole domain.
	c.Response().Header().Set("Clear-Site-Data", `"cache", "storage"`)
	if s == nil {
		return c.Redirect(http.StatusSeeOther, "/signed-out")
	}
	h.Log.LogAttrs(r.Context(), slog.LevelInfo, "logout", slog.String("request_id", requestID(c)), slog.String("issuer", s.Login.Issuer), slog.String("subject", s.Login.Subject))
	to := h.Tokens.Logout(r.Context(), s, h.Site.BaseURL+"/signed-out")
	if to == "" {
		return c.Redirect(http.StatusSeeOther, "/signed-out")
	}
	// A redirect would be subject to form-action, which cannot list a provider's hosts.
	return h.goOn(c, to, pages.Message{
		Page:    h.page(c, nil, "Signing out"),
		Heading: "You are signed out of the portal",
		Text:    []string{"Your browser now goes on to your company’s sign-in, to sign you out there too."},
	})
}

// BackchannelPath is where the provider sends its logout tokens.
const BackchannelPath = "/auth/backchannel-logout"

// backchannelLogout takes a logout token from the provider (Back-Channel Logout 1.0 section 2.8).
func (h *Handlers) backchannelLogout(c echo.Context) error {
	token, err := h.logoutToken(c.Request())
	if err != nil {
		return err
	}
	_, err = h.Tokens.BackchannelLogout(c.Request().Context(), token, over(c))
	switch {
	case errors.Is(err, reason.ErrLogoutToken):
		return &pageError{
			status:  http.StatusBadRequest,
			heading: "The logout token was not accepted",
			cause:   err,
			text:    []string{"It is not valid for this portal, is too old, or was used before. No session was ended."},
		}
	case errors.Is(err, reason.ErrProviderAway):
		return err
	case err != nil:
		return databaseAway(err)
	}
	return c.NoContent(http.StatusOK)
}

func (h *Handlers) signedOut(c echo.Context) error {
	s, err := h.current(c)
	if err != nil {
		// Without the database nobody can tell: saying "signed out" could be wrong.
		return databaseAway(err)
	}
	m := pages.Message{
		Page:    h.page(c, s, "Signed out"),
		Heading: "You are signed out",
		Text:    []string{"Your session in the portal has ended. On a shared computer, close the browser as well."},
		Links:   []parts.Link{{Label: "Sign in again", Href: loginLink("/", ""), Primary: true}},
		// Where signing out did not do what somebody expected, the log says why.
		RequestID: requestID(c),
	}
	if s != nil {
		m.Page.Title, m.Heading = "Signed in", "You are signed in"
		m.Text = []string{"This browser has a session of " + s.Login.Name + "."}
		m.Links = []parts.Link{{Label: "Go to the start page", Href: "/", Primary: true}}
	}
	return render(c, http.StatusOK, pages.MessagePage(m))
}
