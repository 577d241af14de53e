package handlers

import (
	"context"

	"maiaportal/internal/auth"
	"maiaportal/internal/catalogue"
	"maiaportal/internal/record"
	"maiaportal/web/templates/parts"
)

// pickersMost is how many entries are suggested: with more, a browser's list of suggestions gets slow.
const pickersMost = 300

// lists are what Maia lists for a session's user.
func (h *Handlers) lists(ctx context.Context, s *auth.Session) catalogue.Lists {
	return h.Catalogue.For(ctx, userKey(s), h.Tokens.For(s).Token)
}

// cloudOf says whose vault an agent writes to, as the last form that this user saw knew it, or nothing.
func (h *Handlers) cloudOf(s *auth.Session, agentID string) string {
	a, _ := h.Catalogue.Agent(userKey(s), agentID)
	return a.CloudProvider
}

// known adds the names of project and agent to what is recorded, as far as they are known, and says whose vault the
// agent writes to. Where the type of the reference follows from that, it is asked for: the form may have been drawn by
// another process.
func (h *Handlers) known(ctx context.Context, s *auth.Session, form formSpec, f *record.Fields) string {
	user := userKey(s)
	a, ok := h.Catalogue.Agent(user, f.AgentID)
	if _, follows := form.field("agentType"); follows && f.AgentType == "" && f.AgentID != "" && !ok {
		h.lists(ctx, s)
		a, _ = h.Catalogue.Agent(user, f.AgentID)
	}
	p, _ := h.Catalogue.Project(user, f.ProjectID)
	f.ProjectName = p.Name
	f.AgentName = a.Name
	return a.CloudProvider
}

func userKey(s *auth.Session) string { return s.Login.Issuer + "\x00" + s.Login.Subject }

func projectOptions(lists catalogue.Lists) []parts.Option {
	var out []parts.Option
	for _, p := range lists.Projects[:min(len(lists.Projects), pickersMost)] {
		out = append(out, parts.Option{Value: p.ID, Label: p.Name})
	}
	return out
}

// clouds name what an agent's vault is.
var clouds = map[string]string{"aws": "AWS", "azure": "Azure"}

// states are Maia's words for what an agent does that is not simply running, as people read them beside its name. A
// word that is not here is shown as it comes: Maia may learn new ones.
var states = map[string]string{
	"running":  "",
	"stopped":  "stopped",
	"stopping": "stopping",
	"pausing":  "pausing: queues what it is sent",
	"paused":   "paused: queues what it is sent",
	"pending":  "pending: not started yet",
	"unknown":  "state unknown",
}

// state is what to add to an agent's name, or nothing.
func state(status string) string {
	if words, ok := states[status]; ok {
		return words
	}
	return status
}

// agentOptions leaves out agents that cannot take a secret: streaming ones, and those of a cloud for
// which there is no type of reference.
func agentOptions(lists catalogue.Lists) []parts.Option {
	var out []parts.Option
	for _, a := range lists.Agents[:min(len(lists.Agents), pickersMost)] {
		cloud, ok := clouds[a.CloudProvider]
		if a.Type == "streaming" || a.CloudProvider != "" && !ok {
			continue
		}
		label := a.Name
		if cloud != "" {
			label += " · " + cloud
		}
		if words := state(a.Status); words != "" {
			label += " · " + words
		}
		out = append(out, parts.Option{Value: a.ID, Label: label})
	}
	return out
}
