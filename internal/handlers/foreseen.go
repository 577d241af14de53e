package handlers

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"maiaportal/internal/auth"
	"maiaportal/internal/maiaclient"
	"maiaportal/internal/record"
	"maiaportal/internal/secret/form"
	"maiaportal/internal/submission"
	"maiaportal/web/templates/parts"
)

// This file has the dead ends that Maia's list of agents lets the portal foresee. A list that is away foresees nothing.

// foreseen is what stands against sending a form now.
type foreseen struct {
	errs submission.FieldErrors
	// doubt says that it is not certain: it is told where the user asked for the check.
	doubt   bool
	notices []parts.Notice
}

// foresee looks at the agent of a form that was sent.
func (h *Handlers) foresee(ctx context.Context, f formSpec, s *auth.Session, b *form.Body, in input) foreseen {
	id := b.Get("agentId")
	if d, ok := f.field("agentId"); !ok || id == "" || d.shown != nil && !d.shown(in) {
		return foreseen{}
	}
	a, known := h.Catalogue.Agent(userKey(s), id)
	if known && a.Status == "stopped" {
		// Perhaps somebody has started it since.
		now, ok := h.Catalogue.AgentNow(ctx, userKey(s), id, h.Tokens.For(s).Token)
		if ok && now.Status == "stopped" {
			return foreseen{errs: submission.FieldErrors{
				"agentId": {"Maia says that this agent is stopped, so nothing was sent: it stores nothing until somebody starts it. Have it started, then send the form again, or choose another agent."},
			}}
		}
	}
	if b.Get("check") == "" {
		return foreseen{}
	}
	switch {
	case f.action == record.Value && h.hostedAgent(a, id):
		return foreseen{
			errs: submission.FieldErrors{
				"agentId": {"This agent is run by Matillion, which keeps the secret together with its reference: no value is stored through it alone. Nothing was sent."},
			},
			doubt:   true,
			notices: []parts.Notice{hostedNotice(in)},
		}
	case f.action == record.Reference && known && ownDeployment(a) && !h.hostedAgent(a, id):
		where := clouds[a.CloudProvider]
		if where == "" {
			where = "another cloud"
		}
		return foreseen{
			errs: submission.FieldErrors{
				"agentId": {"This agent is your company’s own, in " + where + ", and Matillion keeps no secret for it. Choose an agent that Matillion hosts. Or choose " + where + " as the place of the secret, where the secret is in its vault already. Nothing was sent."},
			},
			doubt: true,
		}
	}
	return foreseen{}
}

// ownDeployment says whether an agent runs where Maia's documents have a company's own agents run. Other words are not
// known, and count for nothing.
func ownDeployment(a maiaclient.Agent) bool {
	return slices.Contains([]string{"fargate", "eks", "aks", "aci"}, strings.ToLower(a.Deployment))
}

// hostedAgent says whether Matillion runs an agent, as far as its list or the operators' catalogue shows it. Maia's
// documents have no word for that: the deployment's name is a guess, so that nothing is refused for good by it.
func (h *Handlers) hostedAgent(a maiaclient.Agent, id string) bool {
	if own, ok := h.Operators.Catalogue().Agent(id); ok && own.AgentType != "" {
		return own.AgentType == maiaclient.MatillionHosted
	}
	deployment := strings.ToLower(a.Deployment)
	return strings.Contains(deployment, "matillion") || strings.Contains(deployment, "hosted")
}

// hostedNotice leads from a value to the reference that carries it, with all that was entered and is not secret.
func hostedNotice(in input) parts.Notice {
	return parts.Notice{
		Kind:  parts.KindInfo,
		Title: "Matillion keeps the secrets of this agent",
		Text:  []string{"One form does it: a reference that carries the value. Everything is filled in there, but the secret."},
		Links: []parts.Link{{Label: "Create a reference that Matillion keeps", Href: hostedLink(in)}},
	}
}

// hostedLink is the reference form for what was entered as a value.
func hostedLink(in input) string {
	out := input{values: maps.Clone(in.values), rows: in.rows}
	out.values["agentType"] = []string{maiaclient.MatillionHosted}
	out.values["secretReferenceName"] = []string{submission.ProposedName(in.get("name"))}
	delete(out.values, presetField.name) // it is one of the other form
	return referenceForm.link(out)
}

// tell puts what was foreseen on a form that was not sent because of it.
func (w foreseen) tell(st *formState, err error) {
	var fields submission.FieldErrors
	var doubtful *submission.DoubtfulError
	if len(w.errs) == 0 || !errors.As(err, &fields) && !errors.As(err, &doubtful) {
		return
	}
	st.notices = append(st.notices, w.notices...)
	if w.doubt && len(fields) == len(w.errs) {
		st.in.check = false
		st.notices = append(st.notices, parts.Notice{
			Kind:  parts.KindInfo,
			Title: "If you know better, send it again",
			Text:  []string{"The portal has this from Maia’s list of agents. It is not looked at a second time."},
		})
	}
}
