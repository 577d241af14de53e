package handlers

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"maiaportal/internal/auth"
	"maiaportal/internal/record"
	"maiaportal/internal/store"
	"maiaportal/web/templates/pages"
	"maiaportal/web/templates/parts"
)

// activity lists submissions, newest first: one's own, or everybody's for auditors.
func (h *Handlers) activity(c echo.Context, s *auth.Session) error {
	audits := h.Policy.Audits(s.Login.Groups)
	f, err := readFilter(c, audits, h.dates().zone)
	if err != nil {
		return err
	}
	q := record.Query{
		Of:     h.whose(s),
		Limit:  activityPage,
		Filter: f.filter,
	}
	if q.Before, err = h.cursor(c, s); err != nil {
		return err
	}
	ctx := c.Request().Context()
	page, err := h.Records.Page(ctx, q)
	if err != nil {
		return databaseAway(err)
	}
	m := pages.Activity{
		Page:    h.page(c, s, "Your activity"),
		Heading: "Your activity",
		ShowWho: audits,
		Rows:    h.activityRows(page.List, audits),
		Filter:  f.view(),
		CSV:     "/activity.csv" + f.query(""),
		JSON:    "/activity.jsonl" + f.query(""),
	}
	if audits {
		m.Page.Title, m.Heading = "Everybody’s activity", "Everybody’s activity"
	}
	if page.Next != "" {
		m.Older = "/activity" + f.query(page.Next)
		m.Searched = page.Short
	}
	if q.Before == "" {
		counts, err := h.Records.CountSubmissions(ctx, q)
		if err != nil {
			return databaseAway(err)
		}
		m.Counts = countWords(counts)
	} else {
		m.Newest = "/activity" + f.query("")
	}
	return render(c, http.StatusOK, pages.ActivityPage(m))
}

// whose are the submissions that somebody may see.
func (h *Handlers) whose(s *auth.Session) record.Whose {
	if h.Policy.Audits(s.Login.Groups) {
		return record.Everyone
	}
	return record.Own(actor(s))
}

// cursor is the id that a page goes on after. Somebody else's could tell what there is and what not.
func (h *Handlers) cursor(c echo.Context, s *auth.Session) (string, error) {
	before, err := onlyOne(c.QueryParams(), "before")
	if err != nil || before == "" {
		return "", err
	}
	none := badFilter("before", "It is not the id of an entry in this list.")
	if uuid.Validate(before) != nil || len(before) != 36 {
		return "", none
	}
	r, err := h.Records.SubmissionByID(c.Request().Context(), before)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && !own(s, r) && !h.Policy.Audits(s.Login.Groups):
		return "", none
	case err != nil:
		return "", databaseAway(err)
	}
	return before, nil
}

// badFilter is the page for a filter that cannot be read.
func badFilter(name, text string) *pageError {
	return &pageError{
		status:  http.StatusBadRequest,
		heading: "The filter “" + name + "” cannot be used",
		text:    []string{text, "Remove it from the address, or choose it on the page."},
		link:    parts.Link{Label: "See the activity without filters", Href: "/activity"},
	}
}

// onlyOne gives a parameter that may be there once.
func onlyOne(q url.Values, name string) (string, error) {
	if len(q[name]) > 1 {
		return "", badFilter(name, "The address has it twice.")
	}
	return q.Get(name), nil
}

// countWords are how many entries ended how, the most telling ones first.
func countWords(c record.Counts) []parts.Count {
	if c.All == 0 {
		return nil
	}
	all := parts.Count{Label: "Entries", Number: c.All}
	if c.More {
		all.Label = "Newest entries"
		all.More = true
	}
	list := []parts.Count{all}
	for _, o := range record.Outcomes {
		if n := c.By[o]; n > 0 {
			list = append(list, parts.Count{Label: outcomes[o].Label, Number: n})
		}
	}
	return list
}
