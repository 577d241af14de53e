package handlers

import (
	"context"
	"sync"
	"time"

	"maiaportal/internal/auth"
	"maiaportal/internal/maiaclient"
	"maiaportal/web/templates"
)

const (
	// pickersWait is how long a form waits for its suggestions: a comfort must not hold up the job.
	pickersWait = 1500 * time.Millisecond
	// pickersFresh is how long lists are used, and how long a failure is remembered.
	pickersFresh = time.Minute
	pickersMost  = 300 // entries; with more, a browser's list of suggestions gets slow
	pickersUsers = 1000
)

// Lists are the calls that feed the suggestions.
type Lists interface {
	Projects(ctx context.Context, token string) ([]maiaclient.Project, error)
	Agents(ctx context.Context, token string) ([]maiaclient.Agent, error)
}

// Pickers suggests projects and agents, each user's own. Whatever fails, a form works without.
type Pickers struct {
	Lists Lists
	Now   func() time.Time

	mu   sync.Mutex
	seen map[string]pickerLists
}

type pickerLists struct {
	projects, agents []templates.Option
	clouds           map[string]string // whose vault an agent writes to, by the agent's id
	at               time.Time
}

// For gives the suggestions for a session's user.
func (p *Pickers) For(ctx context.Context, s *auth.Session, tokens *auth.Tokens) pickerLists {
	key := userKey(s)
	p.mu.Lock()
	known, ok := p.seen[key]
	p.mu.Unlock()
	if ok && p.Now().Sub(known.at) < pickersFresh {
		return known
	}
	ctx, cancel := context.WithTimeout(ctx, pickersWait)
	defer cancel()
	fresh := pickerLists{at: p.Now()}
	if token, err := tokens.For(s).Token(ctx); err == nil {
		// One after the other: Maia limits bursts.
		if projects, err := p.Lists.Projects(ctx, token); err == nil {
			fresh.projects = projectOptions(projects)
			if agents, err := p.Lists.Agents(ctx, token); err == nil {
				fresh.agents, fresh.clouds = agentOptions(agents), cloudsOf(agents)
			}
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.seen == nil || len(p.seen) >= pickersUsers {
		p.seen = map[string]pickerLists{}
	}
	p.seen[key] = fresh
	return fresh
}

// CloudOf says whose vault an agent writes to, as the last form that this user saw knew it, or nothing.
// Maia is not asked again: what is told from it is a comfort.
func (p *Pickers) CloudOf(s *auth.Session, agentID string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seen[userKey(s)].clouds[agentID]
}

func userKey(s *auth.Session) string { return s.Login.Issuer + "\x00" + s.Login.Subject }

func cloudsOf(agents []maiaclient.Agent) map[string]string {
	of := map[string]string{}
	for _, a := range agents {
		of[a.ID] = a.CloudProvider
	}
	return of
}

func projectOptions(projects []maiaclient.Project) []templates.Option {
	var out []templates.Option
	for _, p := range projects[:min(len(projects), pickersMost)] {
		out = append(out, templates.Option{Value: p.ID, Label: p.Name})
	}
	return out
}

// clouds name what an agent's vault is.
var clouds = map[string]string{"aws": "AWS", "azure": "Azure"}

// agentOptions leaves out agents that cannot take a secret: streaming ones, and those of a cloud for
// which there is no type of reference.
func agentOptions(agents []maiaclient.Agent) []templates.Option {
	var out []templates.Option
	for _, a := range agents[:min(len(agents), pickersMost)] {
		cloud, ok := clouds[a.CloudProvider]
		if a.Type == "streaming" || a.CloudProvider != "" && !ok {
			continue
		}
		label := a.Name
		if cloud != "" {
			label += " · " + cloud
		}
		if a.Status != "" && a.Status != "running" {
			label += " · " + a.Status
		}
		out = append(out, templates.Option{Value: a.ID, Label: label})
	}
	return out
}
