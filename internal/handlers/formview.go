package handlers

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"maiaportal/internal/auth"
	"maiaportal/internal/catalogue"
	"maiaportal/internal/record"
	"maiaportal/internal/submission"
	"maiaportal/web/templates/layout"
	"maiaportal/web/templates/pages"
	"maiaportal/web/templates/parts"
)

// formView makes view models of a form's state.
type formView struct {
	st    formState
	form  formSpec
	lists catalogue.Lists
	rule  string // the company's own for names, as a sentence
	cloud string // whose vault the agent writes to, as far as it is known
	// picked keeps what a list has, so that it is looked through once a page.
	picked map[*picks]picked
}

// show draws a form, for a GET and for every refusal.
func (h *Handlers) show(c echo.Context, f formSpec, s *auth.Session, st formState) error {
	v := h.view(f, st, h.lists(c.Request().Context(), s))
	v.cloud = h.cloudOf(s, st.in.get("agentId"))
	if n, ok := h.secondStep(c.Request().Context(), f, s, v.st.in); ok {
		v.st.notices = append([]parts.Notice{n}, v.st.notices...)
	}
	if f.action == record.Value && len(v.st.errs) == 0 {
		id := v.st.in.get("agentId")
		if a, _ := h.Catalogue.Agent(userKey(s), id); id != "" && h.hostedAgent(a, id) {
			v.st.notices = append(v.st.notices, hostedNotice(v.st.in))
		}
	}
	return render(c, st.status, v.page(h.page(c, s, f.title)))
}

// view is what can be drawn of a form from its state and the lists alone.
func (h *Handlers) view(f formSpec, st formState, lists catalogue.Lists) formView {
	v := formView{
		st:     st,
		form:   f,
		lists:  lists,
		rule:   h.NameRule.Sentence,
		picked: map[*picks]picked{},
	}
	v.withIDs()
	return v
}

// page is the form's page, ready to be drawn.
func (v formView) page(p layout.Page) templ.Component {
	p.Error = v.failed()
	return v.form.draw(v.model(p))
}

// model is what the form's page needs.
func (v formView) model(p layout.Page) pages.SecretForm {
	m := pages.SecretForm{
		Page:     p,
		Form:     v.common(),
		Value:    v.value(),
		Lists:    v.listLinks(),
		MoreOpen: v.moreOpen(),
		// It is a part of the target, and a wrong one has to be seen before a secret is typed.
		ProjectFirst: v.form.action == record.Value && v.stands("projectId"),
		Wiki:         wikiLink(v.form, besideRecipe(v.st.in)),
	}
	if why := v.hopeless(); why != nil {
		choose, _ := v.form.field("agentId")
		m.Hopeless = &parts.Notice{
			Kind:  parts.KindWarning,
			Title: "This agent cannot take a secret",
			Text:  append(slices.Clone(why), "Nothing can be entered here for it. Choose another agent."),
			Links: []parts.Link{
				{Label: "Choose another agent", Href: chooseLink(choose.picks.path, v.form, v.st.in, "", 1)},
				{Label: "Look again", Href: v.form.link(v.st.in)},
			},
		}
	}
	if v.st.preset != nil {
		m.Preset = v.st.preset.ID
		m.Notices = append([]parts.Notice{presetNotice(*v.st.preset)}, m.Notices...)
	}
	m.Fields = make(parts.Fields, 0, len(v.form.fields))
	for _, d := range v.form.table {
		if !d.secret && !d.repeated {
			m.Fields = append(m.Fields, v.field(d))
		}
	}
	return m
}

func (v formView) field(d field) parts.Field {
	f := parts.Field{Name: d.name, Value: v.st.in.get(d.name), Errors: v.st.errs[d.name]}
	if d.fixed != "" {
		f.Value = d.fixed
	}
	f.Options = d.options
	f.Locked = v.st.locked(d.name)
	f.Linked = v.st.linked[d.name] && f.Value != "" && !f.Locked
	if d.picks != nil {
		f.Picker = v.picker(d, &f)
	}
	if d.named {
		f.Rule = v.rule
	}
	if d.advice != nil {
		f.Advice = d.advice(v)
	}
	return f
}

// listLinks lead to the pages to choose a project or an agent on, where there is something to choose.
func (v formView) listLinks() []parts.Link {
	var links []parts.Link
	in := besideRecipe(v.st.in)
	for _, d := range v.form.table {
		if d.picks != nil && !v.st.locked(d.name) {
			links = append(links, parts.Link{
				Label: d.picks.what + "s",
				Href:  chooseLink(d.picks.path, v.form, in, "", 1),
			})
		}
	}
	return links
}

// moreOpen says whether there is something to see at a field in the fold.
func (v formView) moreOpen() bool {
	return slices.ContainsFunc(v.form.table, func(d field) bool { return v.inFold(d) && v.stands(d.name) })
}

// inFold says whether a field stands in the fold now: a project leaves it where there is something to see at it.
func (v formView) inFold(d field) bool {
	return v.form.folds(d) && (d.picks == nil || !v.stands(d.name))
}

// stands says whether a field that few people need has something, is fixed, is wrong, or has a list that Maia did not
// give. What the recipe says, nobody needs to see.
func (v formView) stands(name string) bool {
	d, ok := v.form.field(name)
	if !ok {
		return false
	}
	r, _ := recipeOf(v.st.in)
	usual := map[string]string{"type": r.Type, "key": r.Key}
	value := v.st.in.get(name)
	about := d.picks != nil && whyNoList(d.picks.what, v.pick(d)) != ""
	return value != "" && value != usual[name] || v.st.locked(name) || len(v.st.errs[name]) > 0 || about
}

func (v formView) secret(name string) parts.SecretField {
	return parts.SecretField{Name: name, Errors: v.st.errs[name]}
}

// named gives the view of a field by its name.
func (v formView) named(name string) parts.Field {
	d, _ := v.form.field(name)
	return v.field(d)
}

func (v formView) choice(name string) parts.Choice {
	locked := v.st.locked(name)
	return parts.Choice{
		Name:   name,
		Chosen: v.st.in.get(name),
		Errors: v.st.errs[name],
		Linked: v.st.linked[name] && !locked,
		Locked: locked,
	}
}

func (v formView) value() parts.ValueFields {
	m := parts.ValueFields{
		Picker:   v.form.picker(v.st.in),
		Check:    v.st.in.check,
		Doubted:  v.st.doubtful != nil,
		Told:     v.st.in.told.String(),
		Format:   v.choice("valueFormat"),
		Key:      v.named("key"),
		Text:     v.secret("valueText"),
		JSON:     v.secret("valueJSON"),
		File:     v.secret("valueFile"),
		PairsErr: v.st.errs["pairKey"],
		// Nobody can tell later which rows the link had.
		PairsLinked: v.st.linked["pairKey"] && !v.st.locked("pairKey"),
	}
	if m.Format.Chosen == "" && v.st.fresh {
		m.Format.Chosen = string(record.FormatText)
	}
	keys := v.st.in.values["pairKey"]
	for i := range v.st.in.rows {
		p := parts.Pair{
			KeyErrors:   v.messages("pairKey-" + strconv.Itoa(i+1)),
			ValueErrors: v.messages("pairValue-" + strconv.Itoa(i+1)),
		}
		if i < len(keys) {
			p.Key = keys[i]
		}
		m.Pairs = append(m.Pairs, p)
	}
	if v.st.in.rows < submission.MaxPairs {
		more := v.st.in
		more.rows = min(more.rows+moreRows, submission.MaxPairs)
		m.MoreRows = v.form.link(more)
	}
	if v.st.locked(recipeField.name) {
		m.Picker.Change = ""
	}
	v.shaped(&m)
	return m
}

// failed says whether the page is an answer to something that went wrong.
func (v formView) failed() bool { return v.st.status >= 400 }

func (v formView) common() parts.Form {
	f := parts.Form{
		Token:         v.st.token,
		Summary:       v.summary(),
		Notices:       v.st.notices,
		SecretDropped: v.st.dropped,
		Help:          v.st.help,
	}
	if d := v.st.doubtful; d != nil {
		f.Doubt = "Fix it where it comes from. If it is correct as it is, enter it again and send; what is listed here will not be reported again."
		f.SummaryHeading = "The value looks wrong and was not sent"
		if d.NameOnly {
			f.Doubt = "Correct it. If it is correct as it is, enter the secret again and send; the name will not be reported again."
			f.SummaryHeading = "The name looks wrong, and nothing was sent"
		}
		f.Faults = v.faults()
		if f.Faults > 0 {
			f.SummaryHeading = ""
		}
	}
	return f
}

// summary lists the messages, each with a link to its control: what has to be put right in the order of the fields,
// then what is odd, the worst first.
func (v formView) summary() []parts.SummaryItem {
	order := []string{""}
	for _, folded := range []bool{false, true} { // the fold comes last
		for _, d := range v.form.table {
			if v.inFold(d) == folded {
				order = append(order, d.name)
			}
		}
	}
	rank := func(field string) int {
		// Rows of pairs stand together, at the place of their first control.
		name, row, isRow := strings.Cut(field, "-")
		n, _ := strconv.Atoi(row)
		if isRow {
			return 1000*(1+slices.Index(order, "pairKey")) + 2*n + len(name)%2
		}
		return 1000 * (1 + slices.Index(order, field))
	}
	faults := v.st.errs
	var doubts submission.Doubts
	if v.st.doubtful != nil {
		faults = v.st.doubtful.Faults
		doubts = slices.Clone(v.st.doubtful.Doubts)
	}
	var items []parts.SummaryItem
	for _, f := range slices.SortedFunc(maps.Keys(faults), func(a, b string) int { return rank(a) - rank(b) }) {
		for _, text := range faults[f] {
			items = append(items, parts.SummaryItem{Text: v.rowWord(f) + text, Href: v.control(f)})
		}
	}
	slices.SortStableFunc(doubts, func(a, b submission.Doubt) int {
		return cmp.Or(cmp.Compare(b.Weight, a.Weight), rank(a.Field)-rank(b.Field))
	})
	for _, d := range doubts {
		items = append(items, parts.SummaryItem{Text: v.rowWord(d.Field) + d.Text, Href: v.control(d.Field)})
	}
	return items
}

// faults is how many messages have to be put right beside what is only odd.
func (v formView) faults() int {
	n := 0
	for _, list := range v.st.doubtful.Faults {
		n += len(list)
	}
	return n
}

// messages are those at a field, as the summary has them, too: whoever comes from there finds the same words.
func (v formView) messages(field string) []string {
	row := v.rowWord(field)
	if row == "" {
		return v.st.errs[field]
	}
	list := make([]string, len(v.st.errs[field]))
	for i, text := range v.st.errs[field] {
		list[i] = row + text
	}
	return list
}

// rowWord names the row that a message is about, so that several can be told apart.
func (v formView) rowWord(field string) string {
	_, row, isRow := strings.Cut(field, "-")
	if !isRow {
		return ""
	}
	n, err := strconv.Atoi(row)
	if err != nil {
		return ""
	}
	if properties, ok := v.properties(); ok && n <= len(properties) {
		return properties[n-1].Label + ": "
	}
	return "Row " + row + ": "
}

// control is where a message's link leads: the field's own control, the first one of a group, nothing
// for what has no visible control.
func (v formView) control(field string) string {
	if _, ok := v.properties(); ok && strings.HasPrefix(field, "pairKey") {
		// The names of a recipe's properties are no controls; their values are.
		field = "pairValue" + strings.TrimPrefix(field, "pairKey")
	}
	d, ok := v.form.field(field)
	switch {
	case field == "" || d.quiet:
		return ""
	case ok && d.control != "":
		return "#" + d.control
	case ok && v.typedBeside(d):
		return "#" + d.picks.other
	}
	return "#" + field
}
