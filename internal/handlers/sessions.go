package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"maiaportal/internal/auth"
	"maiaportal/internal/secret/form"
	"maiaportal/web/templates/pages"
	"maiaportal/web/templates/parts"
)

// signInsShown is how many of a user's last sign-ins are shown.
const signInsShown = 20

// sessions lists the user's own sessions, and their last sign-ins: people see what they did not do.
func (h *Handlers) sessions(c echo.Context, s *auth.Session) error {
	list, err := h.Sessions.Own(c.Request().Context(), s)
	if err != nil {
		return databaseAway(err)
	}
	signIns, err := h.Records.SignIns(c.Request().Context(), actor(s), signInsShown)
	if err != nil {
		return databaseAway(err)
	}
	m := pages.Sessions{Page: h.page(c, s, "Your sessions"), Shown: signInsShown}
	d := h.dates()
	for _, in := range signIns {
		m.SignIns = append(m.SignIns, pages.SignIn{
			When:    d.past(in.At, d.moment(in.At)),
			Browser: in.Browser,
			Address: in.Address,
		})
	}
	for _, row := range list {
		m.Rows = append(m.Rows, pages.SessionRow{
			Handle:  row.Handle,
			Browser: row.Browser,
			Begun:   d.past(row.CreatedAt, d.moment(row.CreatedAt)),
			Used:    d.past(row.SeenAt, d.minute(row.SeenAt)),
			This:    row.Handle == s.Handle,
		})
	}
	return render(c, http.StatusOK, pages.SessionsPage(m))
}

// endSessions ends one of the user's own sessions, or all of them. Ending the one that asks is what
// signing out does, but for the login at the provider.
func (h *Handlers) endSessions(c echo.Context) error {
	if err := sentByPage(c); err != nil {
		return err
	}
	s, err := h.current(c)
	if err != nil {
		return databaseAway(err)
	}
	if s == nil {
		return &pageError{
			status:  http.StatusUnauthorized,
			heading: "Sign in again to continue",
			text:    []string{"Your login has ended, so there was nothing to end."},
			link:    parts.Link{Label: "Sign in", Href: loginLink("/sessions", "")},
		}
	}
	body, err := bodies.Read(c.Request())
	defer body.Wipe()
	if err != nil {
		return err
	}
	handle, all := body.Get("session"), body.Get("session") == "all"
	if handle == "" {
		return form.ErrMalformed
	}
	if all {
		handle = ""
	}
	if err := h.Sessions.EndOwn(c.Request().Context(), s, handle, over(c)); err != nil {
		return databaseAway(err)
	}
	if all || handle == s.Handle {
		h.Sessions.Cookies.Expire(c.Response(), h.Sessions.Cookies.SessionName())
		return c.Redirect(http.StatusSeeOther, "/signed-out")
	}
	return c.Redirect(http.StatusSeeOther, "/sessions")
}

// sentByPage refuses what carries neither Sec-Fetch-Site nor Origin, for the forms without a form token:
// it could come from anybody's page.
func sentByPage(c echo.Context) error {
	h := c.Request().Header
	if h.Get("Sec-Fetch-Site") == "" && h.Get("Origin") == "" {
		return &pageError{
			status:  http.StatusForbidden,
			heading: "The portal’s own page did not send this",
			text:    []string{"Open the portal and use its own button."},
		}
	}
	return nil
}
