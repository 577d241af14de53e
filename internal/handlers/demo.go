package handlers

import (
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"maiaportal/web/templates/layout"
	"maiaportal/web/templates/pages"
)

// Demo is what only the demo shows. Its code is in no build without the demo, so it is handed in.
type Demo struct {
	Guide *pages.Guide // things to try, on the start page
	// Styleguide gives the page with all parts of pages, or with one state of one part.
	Styleguide func(p layout.Page, only, state string) (page templ.Component, ok bool)
}

// guide is the list of things to try; nil: there is none.
func (d *Demo) guide() *pages.Guide {
	if d == nil {
		return nil
	}
	return d.Guide
}

// styleguide shows what pages are put together of.
func (h *Handlers) styleguide(c echo.Context) error {
	s, err := h.current(c)
	if err != nil {
		s = nil
	}
	page, ok := h.Site.Demo.Styleguide(h.page(c, s, "Style guide"), c.QueryParam("only"), c.QueryParam("state"))
	if !ok {
		return echo.ErrNotFound
	}
	return render(c, http.StatusOK, page)
}
