package handlers

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"maiaportal/internal/auth"
	"maiaportal/internal/catalogue"
	"maiaportal/web/templates/pages"
	"maiaportal/web/templates/parts"
)

// This file has the pages that stand beside the forms: to choose a project or an agent on, and to make a link with.
// What is entered into a form there is in the address, as in a form's link.

const (
	choosePath = "/choose/"
	linkPath   = "/link"
	// choosePage is how many entries a page of choices has.
	choosePage = 100
)

// beside is a request for a page that stands beside a form.
type beside struct {
	form    formSpec
	in      input
	removed string
	// own are the page's own parameters.
	own url.Values
}

// besideForm reads the address of such a page: the parameter for, those that are the page's own, and the form's. Where
// it has to be another one, clean is that.
func besideForm(c echo.Context, own ...string) (b beside, clean string, err error) {
	b.own = url.Values{}
	var rest, kept []string
	for pair := range strings.SplitSeq(c.Request().URL.RawQuery, "&") {
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, err1 := url.QueryUnescape(rawName)
		value, err2 := url.QueryUnescape(rawValue)
		if err1 != nil || name != "for" && !slices.Contains(own, name) {
			rest = append(rest, pair)
			continue
		}
		if err2 == nil && !b.own.Has(name) {
			b.own.Set(name, strings.ToValidUTF8(value, ""))
			kept = append(kept, pair)
		}
	}
	i := slices.IndexFunc(forms, func(f formSpec) bool { return f.page == b.own.Get("for") })
	if i < 0 {
		return b, "", &pageError{
			status:  http.StatusBadRequest,
			heading: "This link cannot be read",
			text:    []string{"The link names no form, or one that does not exist. Start at the form."},
			link:    parts.Link{Label: "Go to the start page", Href: "/"},
		}
	}
	b.form = forms[i]
	in, removed, clean, twice := b.form.fromQuery(strings.Join(rest, "&"))
	if twice != "" {
		return b, "", twicePage(b.form, twice)
	}
	b.in, b.removed = in, removed
	if clean != "" {
		_, query, _ := strings.Cut(clean, "?")
		if query != "" {
			kept = append(kept, query)
		}
		clean = c.Request().URL.Path + "?" + strings.Join(kept, "&")
	}
	return b, clean, nil
}

// besidePage is the way of a page that stands beside a form: it cleans the address and wants a login.
func (h *Handlers) besidePage(own []string, show func(echo.Context, *auth.Session, beside) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		b, clean, err := besideForm(c, own...)
		if err != nil {
			return err
		}
		if clean != "" {
			return c.Redirect(http.StatusSeeOther, clean)
		}
		return h.withLogin(func(c echo.Context, s *auth.Session) error {
			if again, err := h.readyForForm(c, s); again || err != nil {
				return err
			}
			return show(c, s, b)
		})(c)
	}
}

// notices say what was taken out of the address.
func (b beside) notices() []parts.Notice {
	if b.removed == "" {
		return nil
	}
	return []parts.Notice{removedNotice(b.removed)}
}

// hidden are a form's fields as a form of another page carries them along.
func (b beside) hidden() []parts.Hidden {
	list := []parts.Hidden{{Name: "for", Value: b.form.page}}
	for _, name := range b.form.fields {
		for _, v := range b.in.values[name] {
			list = append(list, parts.Hidden{Name: name, Value: v})
		}
	}
	if b.in.rows > standardRows {
		list = append(list, parts.Hidden{Name: "rows", Value: strconv.Itoa(b.in.rows)})
	}
	return list
}

// chooseLink leads to a page of choices for a form.
func chooseLink(path string, f formSpec, in input, q string, page int) string {
	own := "?for=" + url.QueryEscape(f.page)
	if q != "" {
		own += "&q=" + url.QueryEscape(q)
	}
	if page > 1 {
		own += "&page=" + strconv.Itoa(page)
	}
	return withFields(path+own, f, in)
}

// wikiLink leads to the page that makes a link to a form.
func wikiLink(f formSpec, in input) string {
	return withFields(linkPath+"?for="+url.QueryEscape(f.page), f, in)
}

// withFields adds a form's fields to an address that has a query.
func withFields(address string, f formSpec, in input) string {
	_, query, _ := strings.Cut(f.link(in), "?")
	if query == "" {
		return address
	}
	return address + "&" + query
}

// choose is the page of choices of a field.
func (h *Handlers) choose(p *picks) echo.HandlerFunc {
	return h.besidePage([]string{"q", "page"}, func(c echo.Context, s *auth.Session, b beside) error {
		list, why := p.entries(h.lists(c.Request().Context(), s))
		return render(c, http.StatusOK, pages.ChoosePage(h.choices(c, s, b, p, list, why)))
	})
}

// fieldOf gives the field of a form that is chosen on a page. Each form has both.
func (p *picks) fieldOf(f formSpec) string {
	i := slices.IndexFunc(f.table, func(d field) bool { return d.picks == p })
	return f.table[i].name
}

func (h *Handlers) choices(c echo.Context, s *auth.Session, b beside, p *picks, list []entry,
	why catalogue.Why) pages.Choose {
	q := strings.TrimSpace(b.own.Get("q"))
	fits := matching(list, q)
	m := pages.Choose{
		Page:    h.page(c, s, "Choose "+article(p.what)),
		Heading: "Choose " + article(p.what),
		What:    p.what,
		Form:    b.form.title,
		Path:    p.path,
		Q:       q,
		Hidden:  b.hidden(),
		Notices: b.notices(),
		Back:    b.form.link(b.in),
		Why:     whyNoList(p.what, picked{entries: list, why: why}),
		Again:   chooseLink(p.path, b.form, b.in, q, 1),
		Total:   len(list),
		Found:   len(fits),
	}
	last := max(1, (len(fits)+choosePage-1)/choosePage)
	number, _ := strconv.Atoi(b.own.Get("page"))
	number = min(max(number, 1), last)
	m.Number, m.Last = number, last
	if number > 1 {
		m.Newer = chooseLink(p.path, b.form, b.in, q, number-1)
	}
	if number < last {
		m.Older = chooseLink(p.path, b.form, b.in, q, number+1)
	}
	name := p.fieldOf(b.form)
	for _, e := range fits[(number-1)*choosePage : min(number*choosePage, len(fits))] {
		row := pages.ChooseRow{Name: cmp.Or(e.name, e.id), ID: e.id, Group: e.cloud, Brief: e.brief}
		if !e.hopeless {
			chosen := input{values: maps.Clone(b.in.values), rows: b.in.rows}
			chosen.values[name] = []string{e.id}
			row.Href = b.form.link(chosen)
		}
		row.Current = b.in.get(name) == e.id
		m.Rows = append(m.Rows, row)
	}
	return m
}

// matching are the entries that have a text in their name or id, by name.
func matching(list []entry, q string) []entry {
	q = strings.ToLower(q)
	var fits []entry
	for _, e := range list {
		if strings.Contains(strings.ToLower(e.name), q) || strings.Contains(strings.ToLower(e.id), q) {
			fits = append(fits, e)
		}
	}
	slices.SortStableFunc(fits, func(a, b entry) int {
		return cmp.Compare(strings.ToLower(a.name), strings.ToLower(b.name))
	})
	return fits
}

// article puts the article before a word.
func article(what string) string {
	if what == "agent" {
		return "an agent"
	}
	return "a " + what
}
