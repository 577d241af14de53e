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
	}
	return string(action)
}

// setupFields are those of the form for a setup, until that form has a table of its own.
var setupFields = []string{
	"projectId", "secretReferenceName", "agentType", "agentId", "description", "type", "name", "vaultName",
	"recipe", "valueFormat", "key", "pairKey", "ticket", "renewBy",
}

// CatalogueRules are what a catalogue is held against: all forms with their fields, and the rules of these. The
// company's own rule for names is not among them, because it is a setting, and the file can be checked anywhere.
func CatalogueRules() catalogue.Rules {
	rules := catalogue.Rules{
		ProjectID: ruleOf("projectId"),
		AgentID:   ruleOf("agentId"),
		VaultName: ruleOf("vaultName"),
		Forms:     []catalogue.Form{catalogueForm("setup", "/setup", setupFields)},
	}
	for _, f := range forms {
		rules.Forms = append(rules.Forms, catalogueForm(presetForm(f.action), f.page, f.fields))
	}
	for name := range secretFields {
		rules.Secret = append(rules.Secret, name)
	}
	slices.Sort(rules.Secret)
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

func catalogueForm(name, page string, fields []string) catalogue.Form {
	f := catalogue.Form{Name: name, Page: page}
	for _, field := range fields {
		f.Fields = append(f.Fields, catalogue.Field{
			Name:     field,
			Repeated: repeated[field],
			Check: func(value string, whole bool, locked func(string) string) string {
				return submission.GivenField{
					Name:      field,
					Value:     value,
					Whole:     whole,
					AgentType: locked("agentType"),
				}.Check()
			},
		})
	}
	return f
}
