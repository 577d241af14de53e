package handlers

import (
	"slices"

	"maiaportal/internal/record"
	"maiaportal/internal/secret/form"
	"maiaportal/internal/submission"
	"maiaportal/web/templates/pages"
	"maiaportal/web/templates/parts"
)

// valueForm stores a secret value.
var valueForm = newForm(formSpec{
	action: record.Value,
	post:   "/secret-values",
	page:   "/secret-values/new",
	nav:    "Store a value",
	title:  "Store a value",
	names:  "name",
	table: slices.Concat(
		[]field{
			recipeField,
			{
				name:     "agentId",
				label:    "Agent",
				maia:     []string{"agentId"},
				picks:    agentPicks,
				recorded: func(f *record.Fields) *string { return &f.AgentID },
			}, {
				name:     "projectId",
				label:    "Project",
				maia:     []string{"projectId"},
				picks:    projectPicks,
				recorded: func(f *record.Fields) *string { return &f.ProjectID },
			}, {
				name:     "name",
				exact:    true,
				label:    "Secret name",
				maia:     []string{"name"},
				named:    true,
				advice:   func(v formView) string { return submission.NameAdvice(v.cloud, v.st.in.get("name")) },
				recorded: func(f *record.Fields) *string { return &f.Name },
			}, {
				name:     "type",
				exact:    true,
				label:    "Secret type",
				maia:     []string{"type"},
				options:  kinds,
				recorded: func(f *record.Fields) *string { return &f.Type },
				words:    asEntered,
			},
			formatField,
			{
				name:     "key",
				exact:    true,
				label:    keyLabel,
				maia:     []string{"key"},
				fact:     "Secret key",
				recorded: func(f *record.Fields) *string { return &f.SecretKey },
			},
			pairKeyField,
			ticketField,
			renewByField,
			presetField,
		},
		secretParts("value", nil),
	),
	order: func(f record.Fields, b *form.Body, cloud string) submission.Order {
		return submission.Value{Fields: f, Value: value(b), Cloud: cloud}
	},
	draw: pages.ValueFormPage,
	words: words{
		kind:    "Value",
		noun:    "value",
		notDone: "was not stored",
		where:   func(f record.Fields) string { return "Agent " + orID(f.AgentName, f.AgentID) },
		created: valueStored,
		unknown: func(record.Fields) string {
			return "To find out, look in the vault’s console for a secret of this name. If it is there, it was stored. If not, store it again."
		},
		failed: func(record.Fields) string {
			return "To make sure, look in the vault’s console for a secret of this name."
		},
		taken: func(input) (string, string) {
			return "name", "The vault holds a secret of this name already, and the portal never overwrites one. Choose another name, or change the value in the vault’s own console."
		},
		forbidden: func(f record.Fields) string {
			return "Maia refused to store a value through the agent " + f.AgentID + ". Nothing was stored."
		},
		notFound: func(in input) submission.FieldErrors {
			e := submission.FieldErrors{"agentId": {"Maia knows no such agent, or your account may not see it. Copy its id again from the list of agents (“runners”) in Maia."}}
			if in.get("projectId") != "" {
				e["projectId"] = []string{"It may also be the project that Maia does not find. Leave it empty if the agent is not restricted to projects."}
			}
			return e
		},
	},
})

// kinds are the types of secret values that Maia's documents name. Any other may be typed.
var kinds = []parts.Option{{
	Value: "PASSWORD",
	Label: "One password",
}, {
	Value: "OAUTH_CLIENT_CREDENTIALS",
	Label: "Client id and client secret",
}}

func valueStored(f formSpec, m *pages.Receipt, r record.Submission, name string, own bool) {
	m.Heading = name + " was stored"
	m.Text = []string{"The agent put it into its vault. The portal kept nothing of it, and nobody can read it back here."}
	if r.VaultSecretName != "" && r.VaultSecretName != r.Name {
		m.Text = append(m.Text, "In the vault it is called "+r.VaultSecretName+". Use this name in the reference.")
	}
	if r.AnswerPartial {
		m.Text = append(m.Text, "Maia said that it was stored, but a part of its answer could not be read, so a name or reference may be missing below.")
	}
	m.Text = append(m.Text, changeWords(r)...)
	m.Text = append(m.Text, "To use it in pipelines, create a reference that points to it.")
	if own {
		m.Next = []parts.Link{{
			Label:   "Create the reference",
			Href:    pointingLink(r, ""),
			Primary: true,
		}, {
			Label: "Store another value",
			Href:  f.page,
		}}
	}
}

// vaultName is the secret's name as the vault has it: Maia's answer knows better than what was sent.
func vaultName(r record.Submission, sent string) string {
	if r.VaultSecretName != "" {
		return r.VaultSecretName
	}
	return sent
}
