package handlers

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"maiaportal/internal/auth"
	"maiaportal/internal/maiaclient"
	"maiaportal/internal/record"
	"maiaportal/internal/secret/form"
	"maiaportal/internal/submission"
	"maiaportal/web/templates/pages"
	"maiaportal/web/templates/parts"
)

// wikiRows is how many names of properties the page takes that makes a link.
const wikiRows = 4

// link is the page that makes a link to a form, for a wiki.
func (h *Handlers) link() echo.HandlerFunc {
	own := []string{projectPicks.other, agentPicks.other}
	return h.besidePage(own, func(c echo.Context, s *auth.Session, b beside) error {
		for _, d := range b.form.table {
			if d.picks == nil || b.in.get(d.name) != "" {
				continue
			}
			if other := form.Line(b.own.Get(d.picks.other)); other != "" {
				b.in.values[d.name] = []string{other}
			}
		}
		v := formView{
			st:     formState{in: b.in},
			form:   b.form,
			lists:  h.lists(c.Request().Context(), s),
			picked: map[*picks]picked{},
		}
		v.withIDs()
		address := h.Site.BaseURL + b.form.link(b.in)
		m := pages.Wiki{
			Page:     h.page(c, s, "Make a link"),
			Title:    b.form.title,
			For:      b.form.page,
			URL:      address,
			Preset:   b.in.get(presetField.name),
			Markdown: "[" + b.form.title + "](" + address + ")",
			Open:     b.form.link(b.in),
			Notices:  b.notices(),
		}
		if len(b.form.fitting(b.in).filled()) < len(b.in.filled()) {
			m.Notices = append(m.Notices, parts.Notice{
				Kind:  parts.KindWarning,
				Title: "Some of this is too long for a link",
				Text:  []string{"The longest part was left out of the address. Shorten it."},
			})
		}
		for _, d := range b.form.table {
			if !d.secret && d.fixed == "" && d.name != presetField.name {
				m.Fields = append(m.Fields, v.wikiFields(d)...)
			}
		}
		return render(c, http.StatusOK, pages.WikiPage(m))
	})
}

// wikiFields are the controls for a field on the page that makes a link.
func (v formView) wikiFields(d field) []pages.WikiField {
	if d.repeated {
		names := v.st.in.values[d.name]
		var list []pages.WikiField
		for i := range max(wikiRows, len(names)+1) {
			f := pages.WikiField{ID: d.name + "-" + strconv.Itoa(i+1), Label: "Property " + strconv.Itoa(i+1) + ", name", Field: parts.Field{Name: d.name}}
			if i < len(names) {
				f.Field.Value = names[i]
			}
			list = append(list, f)
		}
		return list
	}
	f := v.field(d)
	f.Rule, f.Advice, f.Errors, f.MayStay = "", "", nil, true
	if wikiChoices[d.name] != nil {
		f.Picker = &parts.Picker{Groups: []parts.OptionGroup{{Options: wikiChoices[d.name]}}}
	}
	return []pages.WikiField{{ID: d.name, Label: wikiLabel(d), Field: f}}
}

// wikiChoices are the values of fields that have only certain ones.
var wikiChoices = map[string][]parts.Option{
	"recipe": recipeOptions(),
	"agentType": {
		{Value: maiaclient.AWS, Label: agentTypeWords(maiaclient.AWS)},
		{Value: maiaclient.Azure, Label: agentTypeWords(maiaclient.Azure)},
		{Value: maiaclient.MatillionHosted, Label: agentTypeWords(maiaclient.MatillionHosted)},
	},
	formatField.name: {
		{Value: string(record.FormatText), Label: "Text"},
		{Value: string(record.FormatPairs), Label: "Pairs of names and values"},
		{Value: string(record.FormatJSON), Label: "JSON"},
		{Value: string(record.FormatFile), Label: "A file"},
	},
}

func recipeOptions() []parts.Option {
	list := make([]parts.Option, 0, len(submission.Recipes))
	for _, r := range submission.Recipes {
		list = append(list, parts.Option{Value: r.ID, Label: r.Title})
	}
	return list
}

// wikiLabel is what the page calls a field.
func wikiLabel(d field) string {
	if d.name == formatField.name {
		return "How the value is entered"
	}
	return d.label
}
