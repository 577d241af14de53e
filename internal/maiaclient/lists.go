package maiaclient

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
)

// maxPages bounds a list: 100 entries a page, and no account is known to have nearly as many.
const maxPages = 100

// Project is an entry of GET /v1/projects.
type Project struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Agent is an entry of GET /v1/agents, as far as the portal uses it.
type Agent struct {
	ID            string `json:"agentId"`
	Name          string `json:"name"`
	Type          string `json:"agentType"`     // data_productivity_cloud, streaming
	CloudProvider string `json:"cloudProvider"` // aws, azure, snowflake, gcp
	Status        string `json:"agentStatus"`   // running, stopped, stopping, pausing, paused, pending, unknown; perhaps others
	Deployment    string `json:"deployment"`    // fargate, eks, aks, aci; perhaps others
	// Connected is nil where Maia does not say.
	Connected *bool `json:"connected"`
	// Restricted says that only some projects may use it.
	Restricted  bool         `json:"restrictedAccess"`
	PausedUntil string       `json:"pausedUntil"` // RFC 3339, while it is paused
	Version     AgentVersion `json:"versionDetails"`
}

// AgentVersion is what Maia says of an agent's version.
type AgentVersion struct {
	Support string `json:"support"` // supported, unsupported; perhaps others
}

// Projects lists the projects that the user sees, up to 10,000. An error is of one of the classes of
// this package.
func (c *Client) Projects(ctx context.Context, token string) ([]Project, error) {
	return list[Project](ctx, c, listProjects, token)
}

// Agents lists the agents that the user sees, up to 10,000. An error is of one of the classes of this
// package.
func (c *Client) Agents(ctx context.Context, token string) ([]Agent, error) {
	return list[Agent](ctx, c, listAgents, token)
}

// list reads pages one after the other: Maia limits bursts.
func list[T any](ctx context.Context, c *Client, what Call, token string) ([]T, error) {
	var all []T
	for page := range maxPages {
		to, err := what.to(url.Values{"page": {strconv.Itoa(page)}, "size": {"100"}})
		if err != nil {
			return nil, err
		}
		a, err := c.call(ctx, to, token, nil)
		if err != nil {
			return nil, err
		}
		if a.status != http.StatusOK {
			return nil, readProblem(a.status, a.header, a.body, c.now())
		}
		var got struct {
			Results []T `json:"results"`
			Total   int `json:"total"`
		}
		if !a.whole || json.Unmarshal(a.body, &got) != nil {
			return nil, &transportError{class: ErrUnknown, what: "a list that cannot be read"}
		}
		all = append(all, got.Results...)
		if len(got.Results) == 0 || len(all) >= got.Total {
			break
		}
	}
	return all, nil
}
