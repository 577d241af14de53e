package handlers

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"maiaportal/internal/auth"
	"maiaportal/internal/record"
	"maiaportal/internal/submission"
	"maiaportal/web/templates/pages"
	"maiaportal/web/templates/parts"
)

// showReference draws the reference form, for a GET and for every refusal.
func (h *Handlers) showReference(c echo.Context, s *auth.Session, st formState) error {
	v := formView{st: st, form: referenceForm}
	lists := h.lists(c.Request().Context(), s)
	m := pages.ReferenceForm{
		Page:                h.page(c, s, "Create a secret reference"),
		ProjectID:           v.field("projectId", projectOptions(lists.Projects)),
		SecretReferenceName: v.field("secretReferenceName", nil),
		AgentType:           v.choice("agentType"),
		SecretReferenceType: parts.Field{Name: "secretReferenceType", Value: "PASSWORD"},
		Description:         v.field("description", nil),
		VaultName:           v.field("vaultName", nil),
		SecretName:          v.field("secretName", nil),
		SecretKey:           v.field("secretKey", nil),
		AgentID:             v.field("agentId", agentOptions(lists.Agents)),
		Value:               v.value(),
	}
	m.Form = v.common()
	m.SecretReferenceName.Rule = h.NameRule.Sentence
	m.Page.Error = v.failed()
	return render(c, st.status, pages.ReferenceFormPage(m))
}

// kinds are the types of secret values that Maia's documents name. Any other may be typed.
var kinds = []parts.Option{{
	Value: "PASSWORD",
	Label: "One password",
}, {
	Value: "OAUTH_CLIENT_CREDENTIALS",
	Label: "Client id and client secret",
}}

// showValue draws the value form, for a GET and for every refusal.
func (h *Handlers) showValue(c echo.Context, s *auth.Session, st formState) error {
	v := formView{st: st, form: valueForm}
	lists := h.lists(c.Request().Context(), s)
	m := pages.ValueForm{
		Page:      h.page(c, s, "Store a secret value"),
		AgentID:   v.field("agentId", agentOptions(lists.Agents)),
		ProjectID: v.field("projectId", projectOptions(lists.Projects)),
		Name:      v.field("name", nil),
		Type:      v.field("type", kinds),
		Value:     v.value(),
	}
	m.Form = v.common()
	m.Name.Rule = h.NameRule.Sentence
	m.Name.Advice = submission.NameAdvice(h.cloudOf(s, st.in.get("agentId")), m.Name.Value)
	m.Page.Error = v.failed()
	return render(c, st.status, pages.ValueFormPage(m))
}

// formView makes view models of a form's state.
type formView struct {
	st   formState
	form formSpec
}

func (v formView) field(name string, options []parts.Option) parts.Field {
	return parts.Field{Name: name, Value: v.st.in.get(name), Errors: v.st.errs[name], Options: options}
}

func (v formView) secret(name string) parts.SecretField {
	return parts.SecretField{Name: name, Errors: v.st.errs[name]}
}

func (v formView) choice(name string) parts.Choice {
	return parts.Choice{Name: name, Chosen: v.st.in.get(name), Errors: v.st.errs[name]}
}

func (v formView) value() parts.ValueFields {
	m := parts.ValueFields{
		Picker:   v.form.picker(v.st.in),
		Check:    v.st.in.check,
		Doubted:  v.st.doubtful != nil,
		Format:   v.choice("valueFormat"),
		Key:      v.field("key", nil),
		Text:     v.secret("valueText"),
		JSON:     v.secret("valueJSON"),
		File:     v.secret("valueFile"),
		PairsErr: v.st.errs["pairKey"],
	}
	if m.Format.Chosen == "" && v.st.fresh {
		m.Format.Chosen = string(record.FormatText)
	}
	keys := v.st.in.values["pairKey"]
	for i := range v.st.in.rows {
		p := parts.Pair{
			KeyErrors:   v.st.errs["pairKey-"+strconv.Itoa(i+1)],
			ValueErrors: v.st.errs["pairValue-"+strconv.Itoa(i+1)],
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
	v.shaped(&m)
	return m
}

// failed says whether the page is an answer to something that went wrong.
func (v formView) failed() bool { return v.st.status >= 400 }

func (v formView) common() parts.Form {
	f := parts.Form{Token: v.st.token, Summary: v.summary(), Notices: v.st.notices, SecretDropped: v.st.dropped}
	if d := v.st.doubtful; d != nil {
		f.Doubt = "Correct it at its source, or, if it is right as it is, enter it again and send: it is not checked a second time."
		f.SummaryHeading = "The value looks odd, and was not sent"
		if d.NameOnly {
			f.Doubt = "Correct it, or, if it is right as it is, enter the secret again and send: the name is not checked a second time."
			f.SummaryHeading = "The name looks wrong, and nothing was sent"
		}
		if d.Faults {
			f.SummaryHeading = ""
		}
	}
	return f
}

// summary lists the messages in the order of the fields, each with a link to its control.
func (v formView) summary() []parts.SummaryItem {
	order := []string{""}
	for _, d := range v.form.table {
		order = append(order, d.name)
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
	fields := slices.SortedFunc(maps.Keys(v.st.errs), func(a, b string) int { return rank(a) - rank(b) })
	var items []parts.SummaryItem
	for _, f := range fields {
		for _, text := range v.st.errs[f] {
			items = append(items, parts.SummaryItem{Text: text, Href: v.control(f)})
		}
	}
	return items
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
	}
	return "#" + field
}
