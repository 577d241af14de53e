package pages

import (
	"maiaportal/web/templates/layout"
	"maiaportal/web/templates/parts"
)

// SecretForm is a page with a form for a reference or a value.
type SecretForm struct {
	Page layout.Page
	parts.Form
	Preset string       // id of what it was opened for; may be empty
	Fields parts.Fields // all that are neither secret nor repeated
	Value  parts.ValueFields
	// Hopeless stands in the place of the secret's fields where the agent can take none for sure; nil elsewhere.
	Hopeless *parts.Notice
	// Wiki is the address of the page that makes a link to this form.
	Wiki string
}

// TypeUnknown says that nobody can look up whose vault the agent writes to: there is no list of agents, or none that
// has the one that is filled in.
func (m SecretForm) TypeUnknown() bool {
	agent := m.Fields.Named("agentId")
	return agent.Picker != nil && (agent.Picker.Nowhere || agent.Picker.Why != "" && len(agent.Picker.Groups) == 0)
}

// typeLegend says whether the type of the agent has to be chosen.
func typeLegend(m SecretForm) string {
	if m.TypeUnknown() {
		return "Agent type"
	}
	return "Agent type (optional)"
}
