package handlers

import (
	"slices"

	"maiaportal/internal/catalogue"
	"maiaportal/internal/record"
	"maiaportal/internal/submission"
)

// presetForm is what a catalogue calls the form of an action.
func presetForm(action record.Action) string {
	switch action {
	case record.Reference:
		return "secret-reference"
	case record.Value:
		return "secret-value"
	case record.Setup:
		return "setup"
	}
	return string(action)
}

// CatalogueRules are what a catalogue is held against: all forms with their fields, and the rules of these. The
// company's own rule for names is not among them, because it is a setting, and the file can be checked anywhere.
func CatalogueRules() catalogue.Rules {
	rules := catalogue.Rules{
		ProjectID: ruleOf("projectId"),
		AgentID:   ruleOf("agentId"),
		VaultName: ruleOf("vaultName"),
	}
	for _, f := range forms {
		form := catalogue.Form{Name: presetForm(f.action), Page: f.page}
		for _, d := range f.table {
			switch {
			case d.name == presetField.name: // a preset of a preset would be nobody's
			case !d.secret:
				form.Fields = append(form.Fields, catalogueField(d.name, d.repeated))
			case !slices.Contains(rules.Secret, d.name):
				rules.Secret = append(rules.Secret, d.name)
			}
		}
		rules.Forms = append(rules.Forms, form)
	}
	return rules
}

// ruleOf checks a field's whole value.
func ruleOf(field string) func(string) string {
	return func(value string) string {
		return submission.GivenField{
			Name:  field,
			Value: value,
			Whole: true,
		}.Check()
	}
}

func catalogueField(name string, repeated bool) catalogue.Field {
	return catalogue.Field{
		Name:     name,
		Repeated: repeated,
		Check: func(value string, whole bool, locked func(string) string) string {
			return submission.GivenField{
				Name:      name,
				Value:     value,
				Whole:     whole,
				AgentType: locked("agentType"),
			}.Check()
		},
	}
}
