package handlers

import (
	"net/http"
	"slices"

	"maiaportal/internal/maiaclient"
	"maiaportal/internal/record"
	"maiaportal/internal/secret/form"
	"maiaportal/internal/submission"
	"maiaportal/web/templates/pages"
	"maiaportal/web/templates/parts"
)

// setupForm stores a value and creates the reference that points to it, in one go.
var setupForm = newForm(formSpec{
	action: record.Setup,
	post:   "/setup",
	page:   "/setup",
	nav:    "Set up a secret",
	title:  "Set up a secret",
	names:  "secretReferenceName",
	table: slices.Concat(
		[]field{
			recipeField,
			{
				name:     "projectId",
				label:    "Project",
				maia:     []string{"projectId"},
				picks:    projectPicks,
				recorded: func(f *record.Fields) *string { return &f.ProjectID },
			}, {
				name:     "agentId",
				label:    "Agent",
				maia:     []string{"agentId"},
				picks:    agentPicks,
				recorded: func(f *record.Fields) *string { return &f.AgentID },
			}, {
				name:     "agentType",
				label:    "Agent type",
				maia:     []string{"agentType"},
				control:  parts.Choice{Name: "agentType"}.ID(maiaclient.AWS),
				recorded: func(f *record.Fields) *string { return &f.AgentType },
				words:    agentTypeWords,
			}, {
				name:     "secretReferenceName",
				exact:    true,
				label:    "Reference name",
				maia:     []string{"secretReferenceName", "name"},
				named:    true,
				recorded: func(f *record.Fields) *string { return &f.Name },
			}, {
				name:     "name",
				exact:    true,
				label:    "Secret name",
				maia:     []string{"name"},
				named:    true,
				shown:    keptInVault,
				advice:   func(v formView) string { return submission.NameAdvice(v.cloud, v.st.in.get("name")) },
				recorded: func(f *record.Fields) *string { return &f.SecretName },
			}, {
				name:  "vaultName",
				label: "Vault name",
				maia:  []string{"vaultName"},
				shown: func(in input) bool {
					return !slices.Contains([]string{maiaclient.AWS, maiaclient.MatillionHosted}, in.get("agentType"))
				},
				recorded: func(f *record.Fields) *string { return &f.VaultName },
			}, {
				name:     "type",
				exact:    true,
				label:    "Secret type",
				maia:     []string{"type"},
				options:  kinds,
				shown:    keptInVault,
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
			{name: "description", label: "Description", maia: []string{"description"}},
			ticketField,
			renewByField,
			presetField,
		},
		secretParts("value", keptInVault),
		secretParts("secretValue", keptBy(maiaclient.MatillionHosted)),
	),
	order: func(f record.Fields, b *form.Body, cloud string) submission.Order {
		return submission.Setup{Fields: f, Description: b.Get("description"), Value: value(b), Cloud: cloud}
	},
	draw: pages.SetupFormPage,
	words: words{
		kind:    "Setup",
		noun:    "secret",
		notDone: "was not set up",
		where:   func(f record.Fields) string { return "Project " + orID(f.ProjectName, f.ProjectID) },
		created: secretSetUp,
		unknown: func(f record.Fields) string {
			if f.AgentType == maiaclient.MatillionHosted {
				return referenceForm.words.unknown(f)
			}
			return "To find out, look in the vault’s console for a secret of this name, or send the form again with the same names. If the vault has the secret, the answer says that the name is taken, and only the reference is missing."
		},
		failed: func(f record.Fields) string {
			if f.AgentType == maiaclient.MatillionHosted {
				return referenceForm.words.failed(f)
			}
			return "To make sure, look in the vault’s console for a secret of this name."
		},
		taken: func(in input) (string, string) {
			if in.get("agentType") == maiaclient.MatillionHosted {
				return referenceForm.words.taken(in)
			}
			return "name", "The vault holds a secret of this name already, and the portal never overwrites one. Enter another name for the vault, or create a reference to the one that is there."
		},
		forbidden: func(f record.Fields) string {
			if f.AgentType == maiaclient.MatillionHosted {
				return referenceForm.words.forbidden(f)
			}
			return valueForm.words.forbidden(f)
		},
		notFound: func(in input) submission.FieldErrors {
			if in.get("agentType") == maiaclient.MatillionHosted {
				return referenceForm.words.notFound(in)
			}
			return valueForm.words.notFound(in)
		},
		later: finishLinks,
	},
})

// keptInVault says whether the secret goes into the company's own vault.
func keptInVault(in input) bool { return in.get("agentType") != maiaclient.MatillionHosted }

func secretSetUp(f formSpec, m *pages.Receipt, r record.Submission, name string, own bool) {
	m.Heading = name + " was set up"
	m.Text = []string{"Pipelines of the project can use it now by its name, as a plain string. Names are case-sensitive. Run a pipeline to confirm that it works."}
	if stored := vaultName(r, r.SecretName); r.SecretName != "" && stored != r.SecretName {
		m.Text = append(m.Text, "In the vault it is called "+stored+". The reference points there.")
	}
	m.Text = append(m.Text, changeWords(r)...)
	m.Snippet = pipelineLine(r)
	m.Tell = tellWords(r)
	if own {
		m.Next = []parts.Link{{
			Label: "Set up another one",
			Href:  f.link(input{values: map[string][]string{"projectId": {r.ProjectID}, "agentId": {r.AgentID}, "agentType": {r.AgentType}}}),
		}}
	}
}

// halfWay is the receipt of a setup whose value is stored and whose reference is missing. description travels with
// the address and nowhere else.
func halfWay(m *pages.Receipt, r record.Submission, own bool, description string) {
	m.Heading = "The value of " + r.Name + " is stored, the reference is missing"
	m.Text = []string{
		"The agent has put the value into its vault under the name " + vaultName(r, r.SecretName) + ". It need not be entered again.",
		missingWords(r),
	}
	m.Text = append(m.Text, changeWords(r)...)
	if !own {
		return
	}
	m.Text = append(m.Text, "Finish it with the reference alone: everything is filled in, and no secret is needed.")
	if description == "" {
		m.Text = append(m.Text, "If you entered a description, enter it again there: it is not kept.")
	}
	finish := parts.Link{
		Label:   "Finish the reference",
		Href:    pointingLink(r, description),
		Primary: true,
	}
	if n := len(r.Steps); n > 1 && r.Steps[n-1].Outcome == record.Unauthenticated {
		finish.Label = "Sign in and finish the reference"
		finish.Href = loginLink(finish.Href, "login")
	}
	m.Next = []parts.Link{finish}
}

// missingWords say why the reference of a setup is missing.
func missingWords(r record.Submission) string {
	if len(r.Steps) < 2 {
		return "The reference was not sent to Maia: the portal could not go on after the value."
	}
	last := r.Steps[len(r.Steps)-1]
	switch last.Outcome {
	case record.Pending, record.Unknown:
		return "For the reference no clear answer came: it may or may not have been created. Look at the project’s secret definitions in Maia. If it is not there, finish it here; if it is, Maia says so, and nothing is made twice."
	case record.Rejected:
		if last.Status == http.StatusRequestHeaderFieldsTooLarge {
			return "Your login’s token was too long for Maia: most often it lists too many groups. Ask your portal administrator."
		}
		return "Maia refused what was entered for the reference."
	case record.Unauthenticated:
		return "Your login was not accepted for the reference. Sign in again, and finish it."
	case record.Forbidden:
		return "Maia does not allow your account to create a reference in this project. What usually helps: the role Owner or Contributor in it. Ask one of its owners, then finish it here."
	case record.NotFound:
		return "Maia knows no such project, or your account may not see it."
	case record.Conflict:
		return "A reference of this name exists in the project already. Finish it under another name."
	case record.RateLimited:
		return "Maia had too many requests when the reference’s turn came. Wait a minute, then finish it."
	case record.Failed:
		switch {
		case !last.Sent:
			return "The reference was not sent to Maia: the portal could not reach it."
		case last.Status == http.StatusUnauthorized:
			return "Maia did not accept your login’s token when the reference’s turn came, and no fresh one could be had. It was not created."
		}
		if last.Status == http.StatusServiceUnavailable {
			return "Maia was away when the reference’s turn came. Most likely it was not created. If it was, Maia says so when you finish it, and nothing is made twice."
		}
		return "Maia answered that it failed when the reference’s turn came. Most likely it was not created. If it was, Maia says so when you finish it, and nothing is made twice."
	case record.Created, record.ValueStored:
	}
	return "The reference was not created."
}

// finishLinks come first where nobody knows whether the value was stored.
func finishLinks(r record.Submission) []parts.Link {
	if r.SecretName == "" {
		return nil // one call: the reference is there, or nothing is
	}
	return []parts.Link{{Label: "It is there: create the reference", Href: pointingLink(r, "")}}
}
