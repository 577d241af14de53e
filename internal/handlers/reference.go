package handlers

import (
	"slices"

	"maiaportal/internal/maiaclient"
	"maiaportal/internal/record"
	"maiaportal/internal/secret/form"
	"maiaportal/internal/submission"
	"maiaportal/web/templates/pages"
	"maiaportal/web/templates/parts"
)

// referenceForm creates a secret reference.
var referenceForm = newForm(formSpec{
	action:   record.Reference,
	post:     "/secret-references",
	page:     "/secret-references/new",
	nav:      "Create a reference",
	title:    "Create a reference",
	names:    "secretReferenceName",
	valueFor: maiaclient.MatillionHosted,
	table: slices.Concat(
		[]field{
			{
				name:     "projectId",
				label:    "Project",
				maia:     []string{"projectId"},
				picks:    projectPicks,
				recorded: func(f *record.Fields) *string { return &f.ProjectID },
			}, {
				name:     "secretReferenceName",
				exact:    true,
				label:    "Reference name",
				maia:     []string{"secretReferenceName", "name"},
				named:    true,
				recorded: func(f *record.Fields) *string { return &f.Name },
			}, {
				name:     "agentType",
				label:    "Agent type",
				maia:     []string{"agentType"},
				control:  parts.Choice{Name: "agentType"}.ID(maiaclient.AWS),
				recorded: func(f *record.Fields) *string { return &f.AgentType },
				words:    agentTypeWords,
			}, {
				name:     "secretReferenceType",
				fixed:    "PASSWORD", // the only one that there is
				quiet:    true,
				fact:     "Secret type",
				recorded: func(f *record.Fields) *string { return &f.Type },
				words:    asEntered,
			}, {
				name:     "vaultName",
				exact:    true,
				label:    "Vault name",
				maia:     []string{"vaultName"},
				shown:    keptBy(maiaclient.Azure),
				recorded: func(f *record.Fields) *string { return &f.VaultName },
			}, {
				name:     "secretName",
				exact:    true,
				label:    "Secret name",
				maia:     []string{"secretName"},
				shown:    keptBy(maiaclient.AWS, maiaclient.Azure),
				recorded: func(f *record.Fields) *string { return &f.SecretName },
			}, {
				name:     "secretKey",
				exact:    true,
				label:    "Secret key",
				maia:     []string{"secretKey"},
				shown:    keptBy(maiaclient.AWS, maiaclient.Azure),
				recorded: func(f *record.Fields) *string { return &f.SecretKey },
			}, {
				name:     "agentId",
				label:    "Agent",
				maia:     []string{"agentId"},
				picks:    agentPicks,
				shown:    keptBy(maiaclient.MatillionHosted),
				recorded: func(f *record.Fields) *string { return &f.AgentID },
			},
			recipeField,
			formatField,
			{name: "key", exact: true, label: keyLabel},
			pairKeyField,
			{name: "description", label: "Description", maia: []string{"description"}},
			ticketField,
			renewByField,
			presetField,
		},
		secretParts("secretValue", keptBy(maiaclient.MatillionHosted)),
	),
	order: func(f record.Fields, b *form.Body, _ string) submission.Order {
		return submission.Reference{Fields: f, Description: b.Get("description"), Value: value(b)}
	},
	draw: pages.ReferenceFormPage,
	words: words{
		kind:    "Reference",
		noun:    "reference",
		notDone: "was not created",
		where:   func(f record.Fields) string { return "Project " + orID(f.ProjectName, f.ProjectID) },
		created: referenceCreated,
		unknown: func(record.Fields) string {
			return "To find out, look at the secret definitions of the project in Maia. If the name is there, it was created. If not, create it again."
		},
		failed: func(record.Fields) string {
			return "To make sure, look at the project’s secret definitions in Maia. If the name is not there, send the form again."
		},
		taken: func(input) (string, string) {
			return "secretReferenceName", "A reference of this name exists in the project already. Choose another name, or use the one that is there."
		},
		forbidden: func(f record.Fields) string {
			return "Maia refused to create a reference in the project " + f.ProjectID + ". Nothing was created."
		},
		notFound: func(in input) submission.FieldErrors {
			e := submission.FieldErrors{"projectId": {"Maia knows no such project, or your account may not see it. Copy the id again from the address of the project in Maia."}}
			if takesValue(in.get("agentType")) {
				e["agentId"] = []string{"It may also be the agent that Maia does not find."}
			}
			return e
		},
	},
})

func referenceCreated(f formSpec, m *pages.Receipt, r record.Submission, name string, own bool) {
	m.Heading = name + " was created"
	m.Text = []string{"Pipelines of the project can use it now by its name, as a plain string. Names are case-sensitive. Run a pipeline to confirm that it works."}
	if !takesValue(r.AgentType) {
		m.Text = append(m.Text, "It points to "+r.SecretName+". Nobody has checked that it exists: run a pipeline with it.")
	}
	m.Text = append(m.Text, changeWords(r)...)
	m.Snippet = pipelineLine(r)
	m.Tell = tellWords(r)
	if own {
		m.Next = []parts.Link{{
			Label: "Create another reference",
			Href:  f.link(input{values: map[string][]string{"projectId": {r.ProjectID}, "agentType": {r.AgentType}}}),
		}}
	}
}

// pipelineLine is how a pipeline names the reference.
func pipelineLine(r record.Submission) string { return `password: "` + r.Name + `"` }

// tellWords are for the person who asked for the secret.
func tellWords(r record.Submission) string {
	text := "The secret " + r.Name + " is ready in the project " + orID(r.ProjectName, r.ProjectID) + ". Pipelines use it by this name, as a plain string."
	if r.Ticket != "" {
		text += " Ticket: " + r.Ticket + "."
	}
	return text
}

// takesValue says whether a reference of this type carries a value.
func takesValue(agentType string) bool { return agentType == maiaclient.MatillionHosted }

// agentTypeWords say where a secret of a reference is kept.
func agentTypeWords(agentType string) string {
	switch agentType {
	case maiaclient.AWS:
		return "AWS Secrets Manager"
	case maiaclient.Azure:
		return "Azure Key Vault"
	case maiaclient.MatillionHosted:
		return "The vault that Matillion hosts"
	}
	return agentType
}
