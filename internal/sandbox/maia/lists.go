package maia

import (
	"cmp"
	"net/http"
	"strconv"
	"time"

	"maiaportal/internal/sandbox/web"
)

// page is how Maia lists things.
type page[T any] struct {
	Page    int `json:"page"`
	Results []T `json:"results"`
	Size    int `json:"size"`
	Total   int `json:"total"`
}

func paged[T any](c call, all []T) web.Answer {
	var violations []string
	number := func(name string, fallback, least, most int) int {
		if !c.URL.Query().Has(name) {
			return fallback
		}
		n, err := strconv.Atoi(c.URL.Query().Get(name))
		if err != nil || n < least || n > most {
			violations = append(violations, name+": must be between "+strconv.Itoa(least)+" and "+strconv.Itoa(most))
		}
		return n
	}
	at, size := number("page", 0, 0, 1_000_000), number("size", 25, 1, 100)
	if violations != nil {
		return web.Problem(http.StatusBadRequest, c.instance, "Wrong request parameters used", violations...)
	}
	from := min(at*size, len(all))
	results := append([]T{}, all[from:min(from+size, len(all))]...)
	return web.JSON(http.StatusOK, page[T]{Page: at, Results: results, Size: size, Total: len(all)})
}

func (m *Maia) listProjects(c call) web.Answer { return paged(c, m.listedProjects()) }

// listedAgent is an agent as Maia shows it.
type listedAgent struct {
	AgentID          string         `json:"agentId"`
	Name             string         `json:"name"`
	Description      string         `json:"description"`
	AgentType        string         `json:"agentType"`
	CloudProvider    string         `json:"cloudProvider"`
	Deployment       string         `json:"deployment"`
	AgentStatus      string         `json:"agentStatus"`
	Connected        bool           `json:"connected"`
	RestrictedAccess bool           `json:"restrictedAccess"`
	PausedUntil      string         `json:"pausedUntil,omitempty"`
	VersionDetails   versionDetails `json:"versionDetails"`
}

type versionDetails struct {
	AgentVersion         string `json:"agentVersion"`
	AgentUpdateAvailable bool   `json:"agentUpdateAvailable"`
	Support              string `json:"support"`
	TrackName            string `json:"trackName"`
}

func listed(a Agent) listedAgent {
	l := listedAgent{
		AgentID:          a.ID,
		Name:             a.Name,
		Description:      a.Description,
		AgentType:        a.Kind,
		CloudProvider:    a.CloudProvider,
		Deployment:       a.Deployment,
		AgentStatus:      a.Status,
		Connected:        a.Running() && !a.Disconnected,
		RestrictedAccess: a.Restricted(),
		VersionDetails: versionDetails{
			AgentVersion: "11.42.0",
			Support:      cmp.Or(a.Support, "supported"),
			TrackName:    "current",
		},
	}
	if a.Paused() {
		l.PausedUntil = time.Now().Add(24 * time.Hour).UTC().Format(time.RFC3339)
	}
	return l
}

func (m *Maia) listAgents(c call) web.Answer {
	now := m.listedAgents()
	all := make([]listedAgent, 0, len(now))
	for _, a := range now {
		all = append(all, listed(a))
	}
	return paged(c, all)
}

func (m *Maia) getAgent(c call) web.Answer {
	a, ok := m.agents[c.params[0]]
	if !ok {
		return web.Problem(http.StatusNotFound, c.instance, "Agent not found")
	}
	return web.JSON(http.StatusOK, listed(a.Agent))
}

// getAllowlist nests projects twice, as Maia does.
func (m *Maia) getAllowlist(c call) web.Answer {
	a, ok := m.agents[c.params[0]]
	if !ok {
		return web.Problem(http.StatusNotFound, c.instance, "Agent not found")
	}
	type environments struct {
		Environments []string `json:"environments"`
	}
	allowed := map[string]environments{}
	for _, id := range a.Projects {
		allowed[id] = environments{[]string{"dev", "prod"}}
	}
	return web.JSON(http.StatusOK, map[string]any{"projects": map[string]any{"projects": allowed}})
}
