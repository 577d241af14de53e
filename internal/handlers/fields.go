package handlers

import (
	"maps"
	"slices"

	"github.com/a-h/templ"

	"maiaportal/internal/record"
	"maiaportal/internal/secret/form"
	"maiaportal/internal/submission"
	"maiaportal/web/templates/pages"
	"maiaportal/web/templates/parts"
)

// field is a field of a form. It is declared once, in the form's table; how it is read, linked, named, recorded and
// shown, and where messages about it stand, follows from that.
type field struct {
	name string // in bodies and deep links
	// label is what people know it by when it comes back after a login, and on receipts; empty: it says nothing to
	// them.
	label string
	// maia has the names that Maia's violations call it by.
	maia []string
	// recorded is its place in the record; nil: it is not recorded.
	recorded func(*record.Fields) *string
	// fact is its label on receipts, where that is another one.
	fact string
	// words stand for its values on receipts; nil: it is shown as it is, as code.
	words func(string) string
	// options are suggested.
	options []parts.Option
	// picks is what it chooses from; nil: nothing.
	picks *picks
	// exact says that it counts as it was entered: spaces at its ends are refused, not dropped.
	exact bool
	// named says that the company's own rule for names holds for it.
	named bool
	// advice is what is better known about what stands in it, though it is no fault.
	advice func(formView) string
	// fixed is its value in every form.
	fixed string
	// secret fields never become strings, whatever the page is, and are in no link.
	secret   bool
	repeated bool
	// shown says whether the form shows it for what was entered; nil: always. A message at a field that is not
	// shown would vanish.
	shown func(input) bool
	// control is the id of the control that messages lead to, and row the key of a message about the whole field,
	// where they are not the name itself.
	control, row string
	// quiet fields have no control that is shown.
	quiet bool
}

// formSpec is a form: what it does, its addresses, its fields in the page's order, and what is said of it.
type formSpec struct {
	action record.Action
	post   string // where it is sent
	page   string // where it is shown
	nav    string // what the navigation calls it
	title  string // of its page
	names  string // the field that names what it makes
	// valueFor is the agent type without which the form takes no value; empty: it takes one for every type.
	valueFor string
	table    []field
	words    words

	// order makes the domain's order of a body. cloud is whose vault the agent writes to, as far as it is known.
	order func(f record.Fields, b *form.Body, cloud string) submission.Order
	// draw makes the form's page.
	draw func(pages.SecretForm) templ.Component

	fields []string // the names of those that are not secret
}

// forms are all that there are.
var forms = []formSpec{setupForm, referenceForm, valueForm}

// formOf finds the form of an action. A record may have an action of a newer portal: that one has no form.
func formOf(action record.Action) formSpec {
	for _, f := range forms {
		if f.action == action {
			return f
		}
	}
	return formSpec{page: "/", words: unknownWords}
}

const keyLabel = "Name of the property"

// The fields of a value, which both forms have.
var (
	recipeField = field{name: "recipe", label: "What it is for", quiet: true}
	formatField = field{
		name:    "valueFormat",
		control: parts.Choice{Name: "valueFormat"}.ID(string(record.FormatText)),
	}
	ticketField = field{
		name:     "ticket",
		label:    "Ticket",
		exact:    true,
		recorded: func(f *record.Fields) *string { return &f.Ticket },
		words:    asEntered,
	}
	renewByField = field{
		name:     "renewBy",
		label:    "Renew by",
		recorded: func(f *record.Fields) *string { return &f.RenewBy },
		words:    dateWords,
	}
	pairKeyField = field{name: "pairKey", label: "Names of the properties", repeated: true, exact: true, control: "pairKey-1"}
)

// secretParts are the fields of which one takes the secret, by the format. Maia has one name for all of them.
func secretParts(maia string, shown func(input) bool) []field {
	in := func(formats ...record.Format) func(input) bool {
		return func(in input) bool {
			return slices.Contains(formats, record.Format(in.get("valueFormat"))) && (shown == nil || shown(in))
		}
	}
	names := []string{maia}
	return []field{
		{name: "valueText", secret: true, maia: names, shown: in(record.FormatText, "")},
		{name: "valueJSON", secret: true, maia: names, shown: in(record.FormatJSON)},
		{name: "valueFile", secret: true, maia: names, shown: in(record.FormatFile)},
		{
			name:     "pairValue",
			secret:   true,
			repeated: true,
			maia:     names,
			shown:    in(record.FormatPairs),
			control:  "pairValue-1",
			row:      "pairKey-1",
		},
	}
}

// keptBy says whether the secret is kept in one of the places.
func keptBy(agentTypes ...string) func(input) bool {
	return func(in input) bool { return slices.Contains(agentTypes, in.get("agentType")) }
}

// asEntered are words of a field whose values are words already.
func asEntered(value string) string { return value }

func newForm(f formSpec) formSpec {
	for _, d := range f.table {
		if !d.secret {
			f.fields = append(f.fields, d.name)
		}
	}
	return f
}

// folds says whether a field stands in the fold at the form's end: few people need it.
func (f formSpec) folds(d field) bool {
	switch d.name {
	case "type", "key", "ticket", "renewBy":
		return true
	case "projectId":
		return f.action == record.Value
	}
	return false
}

// field gives a field of the form.
func (f formSpec) field(name string) (field, bool) {
	i := slices.IndexFunc(f.table, func(d field) bool { return d.name == name })
	if i < 0 {
		return field{}, false
	}
	return f.table[i], true
}

// recorded are the fields that a record has, the one that names it first.
func (f formSpec) recorded() []field {
	var list []field
	for _, d := range f.table {
		switch {
		case d.recorded == nil:
		case d.name == f.names:
			list = slices.Insert(list, 0, d)
		default:
			list = append(list, d)
		}
	}
	return list
}

// factLabel is what receipts call a field.
func (d field) factLabel() string {
	if d.fact != "" {
		return d.fact
	}
	return d.label
}

// byMaia finds the message's key of each name that Maia has for a field that is shown.
func (f formSpec) byMaia(in input) map[string]string {
	keys := map[string]string{}
	for _, d := range f.table {
		if d.shown != nil && !d.shown(in) {
			continue
		}
		for _, name := range d.maia {
			keys[name] = d.name
			if d.row != "" {
				keys[name] = d.row
			}
		}
	}
	return keys
}

// What follows for the fields of all forms, for the reader of bodies, which does not know yet which form it reads.
var (
	secretFields = fieldsWith(func(d field) bool { return d.secret })
	repeated     = fieldsWith(func(d field) bool { return d.repeated })
	exactFields  = fieldsWith(func(d field) bool { return d.exact })
	// othersFields are for typed ids. What they hold is in links under another name.
	othersFields = func() map[string]bool {
		found := map[string]bool{}
		for _, f := range forms {
			for _, d := range f.table {
				if d.picks != nil {
					found[d.picks.other] = true
				}
			}
		}
		return found
	}()
	// comesBack are the fields that come back after a login.
	comesBack = func() map[string]bool {
		found := fieldsWith(func(d field) bool { return !d.secret })
		maps.Copy(found, othersFields)
		return found
	}()
	// knownFields are all that any form has. Others are ignored.
	knownFields = func() map[string]bool {
		known := fieldsWith(func(field) bool { return true })
		for _, name := range []string{"formToken", "session", "check", "told", "proven"} {
			known[name] = true
		}
		for name := range othersFields {
			known[name] = true
		}
		return known
	}()
)

func fieldsWith(property func(field) bool) map[string]bool {
	found := map[string]bool{}
	for _, f := range forms {
		for _, d := range f.table {
			if property(d) {
				found[d.name] = true
			}
		}
	}
	return found
}
