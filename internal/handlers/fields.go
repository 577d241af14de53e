package handlers

import (
	"slices"

	"maiaportal/internal/maiaclient"
	"maiaportal/internal/record"
	"maiaportal/web/templates/parts"
)

// field is a field of a form. It is declared once, in the form's table; how it is read, linked, named and where
// messages about it stand follows from that.
type field struct {
	name string // in bodies and deep links
	// label is what people know it by when it comes back after a login; empty: it says nothing to them.
	label string
	// maia has the names that Maia's violations call it by.
	maia []string
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

// formSpec is a form: what it does, its addresses, and its fields in the page's order.
type formSpec struct {
	action record.Action
	post   string // where it is sent
	page   string // where it is shown
	nav    string // what the navigation calls it
	table  []field

	fields []string // the names of those that are not secret
}

var (
	referenceForm = newForm(formSpec{
		action: record.Reference,
		post:   "/secret-references",
		page:   "/secret-references/new",
		nav:    "New reference",
		table: slices.Concat(
			[]field{
				{name: "projectId", label: "Project", maia: []string{"projectId"}},
				{name: "secretReferenceName", label: "Reference name", maia: []string{"secretReferenceName", "name"}},
				{
					name:    "agentType",
					label:   "Agent type",
					maia:    []string{"agentType"},
					control: parts.Choice{Name: "agentType"}.ID(maiaclient.AWS),
				},
				{name: "secretReferenceType", quiet: true},
				{name: "vaultName", label: "Vault name", maia: []string{"vaultName"}, shown: keptBy(maiaclient.Azure)},
				{
					name:  "secretName",
					label: "Secret name",
					maia:  []string{"secretName"},
					shown: keptBy(maiaclient.AWS, maiaclient.Azure),
				},
				{
					name:  "secretKey",
					label: "Secret key",
					maia:  []string{"secretKey"},
					shown: keptBy(maiaclient.AWS, maiaclient.Azure),
				},
				{name: "agentId", label: "Agent", maia: []string{"agentId"}, shown: keptBy(maiaclient.MatillionHosted)},
				recipeField,
				formatField,
				{name: "key", label: keyLabel},
				pairKeyField,
				{name: "description", label: "Description", maia: []string{"description"}},
			},
			secretParts("secretValue", keptBy(maiaclient.MatillionHosted)),
		),
	})
	valueForm = newForm(formSpec{
		action: record.Value,
		post:   "/secret-values",
		page:   "/secret-values/new",
		nav:    "New value",
		table: slices.Concat(
			[]field{
				recipeField,
				{name: "agentId", label: "Agent", maia: []string{"agentId"}},
				{name: "projectId", label: "Project", maia: []string{"projectId"}},
				{name: "name", label: "Secret name", maia: []string{"name"}},
				{name: "type", label: "Secret type", maia: []string{"type"}},
				formatField,
				{name: "key", label: keyLabel, maia: []string{"key"}},
				pairKeyField,
			},
			secretParts("value", nil),
		),
	})
	forms = []formSpec{referenceForm, valueForm}
)

const keyLabel = "Name of the property"

// The fields of a value, which both forms have.
var (
	recipeField = field{name: "recipe", label: "What it is for", quiet: true}
	formatField = field{
		name:    "valueFormat",
		control: parts.Choice{Name: "valueFormat"}.ID(string(record.FormatText)),
	}
	pairKeyField = field{name: "pairKey", label: "Names of the properties", repeated: true, control: "pairKey-1"}
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

func newForm(f formSpec) formSpec {
	for _, d := range f.table {
		if !d.secret {
			f.fields = append(f.fields, d.name)
		}
	}
	return f
}

// field gives a field of the form.
func (f formSpec) field(name string) (field, bool) {
	i := slices.IndexFunc(f.table, func(d field) bool { return d.name == name })
	if i < 0 {
		return field{}, false
	}
	return f.table[i], true
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
	// inLinks are the fields that come back after a login.
	inLinks = fieldsWith(func(d field) bool { return !d.secret })
	// knownFields are all that any form has. Others are ignored.
	knownFields = func() map[string]bool {
		known := fieldsWith(func(field) bool { return true })
		for _, name := range []string{"formToken", "session", "check"} {
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
