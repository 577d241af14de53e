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
	// Lists lead to the pages to choose a project or an agent on.
	Lists []parts.Link
	// MoreOpen says that one of the fields that are folded has something, or is wrong.
	MoreOpen bool
	// ProjectFirst says that there is something to see at the project of a value, which is folded else.
	ProjectFirst bool
	// Wiki is the address of the page that makes a link to this form.
	Wiki string
}

// valueFolded names the first fields in the fold of a value's form.
func valueFolded(m SecretForm) string {
	if m.ProjectFirst {
		return "secret type, "
	}
	return "project, secret type, "
}

// TypeUnknown says that nobody can look up whose vault the agent writes to: there is no list of agents, or none that
// has the one that is filled in.
func (m SecretForm) TypeUnknown() bool {
	agent := m.Fields.Named("agentId")
	return agent.Picker != nil && (agent.Picker.Nowhere || agent.Picker.Why != "" && len(agent.Picker.Groups) == 0)
}

// vaultName is the field for the vault's name where the type of the agent may still be chosen: it is needed for one of
// them only.
func (m SecretForm) vaultName() parts.Field {
	f := m.Fields.Named("vaultName")
	f.MayStay = m.Fields.Named("agentType").Value != "Azure"
	return f
}

// agentType is the choice of the agent's type, which may stay open where it follows from the agent.
func (m SecretForm) agentType() parts.Choice {
	c := m.Fields.Choice("agentType")
	c.Optional = !m.TypeUnknown()
	return c
}
