package handlers

import (
	"cmp"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/labstack/echo/v4"

	"maiaportal/internal/auth"
	"maiaportal/web/static"
	"maiaportal/web/templates/layout"
	"maiaportal/web/templates/parts"
)

// page is what the layout needs; s may be nil.
func (h *Handlers) page(c echo.Context, s *auth.Session, title string) layout.Page {
	p := layout.Page{
		Title:   title,
		Product: h.Site.Title,
		Region:  h.Site.Region,
		Notice:  h.Site.Notice,
		Support: h.Site.Support,
		Assets: layout.Assets{
			Stylesheet:     h.Files.Path(static.Stylesheet),
			FormStylesheet: h.Files.Path(static.FormStylesheet),
			Icon:           h.Files.Path(static.Icon),
			Logo:           h.Files.Logo(),
		},
	}
	if s == nil {
		return p
	}
	p.User = h.user(s)
	here := c.Request().URL.Path
	add := func(label, href string, prefixes ...string) {
		item := layout.NavItem{Label: label, Href: href}
		for _, prefix := range prefixes {
			item.Current = item.Current || here == prefix || strings.HasPrefix(here, prefix+"/")
		}
		p.Nav = append(p.Nav, item)
	}
	if h.Policy.MaySubmit(s.Login.Groups) {
		for _, f := range forms {
			add(f.nav, f.page, f.post)
		}
	}
	add("Activity", "/activity", "/activity")
	return p
}

// user is who is signed in, as pages show it.
func (h *Handlers) user(s *auth.Session) *layout.User {
	return &layout.User{
		Name:     s.Login.Name,
		Initials: initials(s.Login.Name),
		Detail:   cmp.Or(s.Login.Email, s.Login.Subject),
		Until:    h.until(lasts(s)),
	}
}

// loginLink begins a login that comes back to an address of the portal.
func loginLink(returnTo, prompt string) string {
	q := ""
	if prompt != "" {
		q = "prompt=" + url.QueryEscape(prompt) + "&"
	}
	return "/login?" + q + "return_to=" + url.QueryEscape(returnTo)
}

// initials are up to two letters for a person.
func initials(name string) string {
	var out []rune
	for _, word := range strings.Fields(name) {
		r := []rune(word)[0]
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			out = append(out, unicode.ToUpper(r))
		}
	}
	if len(out) > 2 {
		out = []rune{out[0], out[len(out)-1]}
	}
	return string(out)
}

// until is the end of a login, as a time of day.
func (h *Handlers) until(end time.Time) parts.Moment {
	d := h.dates()
	return d.future(end, d.clock(end))
}

// lasts is until when a login lasts: as long as the session, or the token that nothing can renew.
func lasts(s *auth.Session) time.Time {
	if l := s.Login; l.RefreshToken.Empty() && !l.Expires.IsZero() && l.Expires.Before(s.Until) {
		return l.Expires
	}
	return s.Until
}

// groupWords names groups in a sentence.
func groupWords(groups []string) string {
	switch len(groups) {
	case 0:
		return "no group"
	case 1:
		return "the group " + groups[0]
	}
	return "one of the groups " + strings.Join(groups[:len(groups)-1], ", ") + " or " + groups[len(groups)-1]
}
