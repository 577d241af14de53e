package handlers

import (
	"context"

	"maiaportal/internal/auth"
	"maiaportal/internal/maiaclient"
	"maiaportal/internal/record"
	"maiaportal/internal/secret/form"
	"maiaportal/internal/submission"
	"maiaportal/web/templates/parts"
)

// This file has what is carried along from a value that is stored to the reference that points to it.

// answered says whether the secret that a reference points to has its name out of Maia's own answer to this user: then
// the vault has it, whatever its rules. Where the database does not answer, the rules hold.
func (h *Handlers) answered(ctx context.Context, f formSpec, s *auth.Session, b *form.Body) bool {
	name := b.Get("secretName")
	if f.action != record.Reference || name == "" {
		return false
	}
	r, err := h.Records.Stored(ctx, actor(s), b.Get("projectId"), name)
	return err == nil && r.VaultSecretName == name
}

// secondStep says of a reference form that it goes on from something that this user has stored.
func (h *Handlers) secondStep(ctx context.Context, f formSpec, s *auth.Session, in input) (parts.Notice, bool) {
	name := in.get("secretName")
	if f.action != record.Reference || name == "" {
		return parts.Notice{}, false
	}
	r, err := h.Records.Stored(ctx, actor(s), in.get("projectId"), name)
	if err != nil {
		return parts.Notice{}, false
	}
	return parts.Notice{
		Kind:  parts.KindInfo,
		Title: "Step 2 of 2: the reference",
		Text:  []string{"Step 1 is done: you stored the value of " + name + " on " + h.dates().moment(r.CreatedAt) + ". It need not be entered again."},
		Links: []parts.Link{{Label: "See what was stored", Href: receiptPath(r.ID)}},
	}, true
}

// withAgentType adds to a value's record what is known of its agent, for the reference that comes next: the type of the
// reference and the vault. It is not recorded with the value.
func (h *Handlers) withAgentType(s *auth.Session, r record.Submission) record.Submission {
	if r.Action != record.Value {
		return r
	}
	own, _ := h.Operators.Catalogue().Agent(r.AgentID)
	types := map[string]string{"aws": maiaclient.AWS, "azure": maiaclient.Azure}
	r.AgentType = types[h.cloudOf(s, r.AgentID)]
	if r.AgentType == "" && own.AgentType != maiaclient.MatillionHosted {
		r.AgentType = own.AgentType
	}
	if r.AgentType == maiaclient.Azure {
		r.VaultName = own.VaultName
	}
	return r
}

// pointingLink is the reference form, filled in so that it points to the secret that a value or a setup has stored, or
// may have. A value's agent type has to be filled in before: withAgentType. The description is not recorded.
func pointingLink(r record.Submission, description string) string {
	name := r.Name
	secret := r.SecretName
	if r.Action == record.Value {
		name = submission.ProposedName(r.Name)
		secret = r.Name
	}
	in := input{values: map[string][]string{}}
	for field, value := range map[string]string{
		"projectId":           r.ProjectID,
		"secretReferenceName": name,
		"agentType":           r.AgentType,
		"vaultName":           r.VaultName,
		"secretName":          vaultName(r, secret),
		"secretKey":           r.SecretKey,
		"description":         description,
		"ticket":              r.Ticket, // but not renewBy: what was stored keeps it, and one secret is due once
	} {
		if value != "" {
			in.values[field] = []string{value}
		}
	}
	return referenceForm.link(in)
}

// thereNotice leads from a name that the vault has already to the reference that points to it: the secret may be the
// one that is meant, put there by an attempt that Maia said had failed, or by a colleague.
func thereNotice(r record.Submission, in input) parts.Notice {
	return parts.Notice{
		Kind:  parts.KindInfo,
		Title: "Is it the secret that you mean?",
		Text:  []string{"Then do not store it again. Create a reference that points to it: everything is filled in, and you do not need the secret."},
		Links: []parts.Link{{Label: "Create a reference to the one that is there", Href: pointingLink(r, in.get("description"))}},
	}
}
