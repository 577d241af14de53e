package maia

import (
	"errors"
	"net/http"

	"maiaportal/internal/sandbox/web"
)

const valuePath = "/v1/secrets/{agentId}/secret-value"

// checkValue holds a new secret value to the rules of the API's description.
func (m *Maia) checkValue(c call, members map[string]member) (creation, *web.Answer) {
	check := &checker{members: members}
	query := c.URL.Query()
	projectID := query.Get("projectId")
	if query.Has("projectId") && !isUUID(projectID) {
		check.violate("projectId", "must be a UUID")
	}
	var (
		name, key string
		value     []byte
	)
	if _, properties := check.object("secret"); properties != nil {
		secret := &checker{members: properties}
		name = secret.requiredText("name")
		key = secret.text("key")
		secret.text("type")
		var inside map[string]member
		value, inside = secret.object("value")
		if _, ok := inside[key]; inside != nil && key != "" && !ok {
			secret.violate("key", "must be a top-level property of value")
		}
		check.violations = append(check.violations, secret.violations...)
	}
	if len(check.violations) > 0 {
		refusal := web.Problem(http.StatusBadRequest, c.instance, "Wrong request parameters used", check.violations...)
		return creation{}, &refusal
	}
	commit := func() web.Answer { return m.createValue(c, c.params[0], projectID, name, key, value) }
	return creation{name: name, value: value, commit: commit}, nil
}

func (m *Maia) createValue(c call, agentID, projectID, name, key string, value []byte) web.Answer {
	a, ok := m.agents[agentID]
	if !ok {
		return web.Problem(http.StatusNotFound, c.instance, "Agent not found")
	}
	if projectID != "" && !projectExists(projectID) {
		return web.Problem(http.StatusNotFound, c.instance, "Project not found")
	}
	if refusal := a.refuses(c, projectID); refusal != nil {
		return *refusal
	}
	late := web.Problem(http.StatusGatewayTimeout, c.instance, "The agent did not answer in time")
	if !a.Answers() && !a.Paused() {
		return late
	}
	sealed, err := encrypt(a.identity().certificate, value)
	if err != nil {
		return web.Problem(http.StatusInternalServerError, c.instance, "The value could not be encrypted for the agent")
	}
	vaultName := nameInVault(name)
	if a.Paused() {
		a.later(vaultName, sealed)
		return late
	}
	created, err := a.store(vaultName, sealed)
	var refused vaultError
	switch {
	case errors.As(err, &refused):
		return web.Problem(http.StatusBadRequest, c.instance, "Wrong request parameters used", string(refused))
	case err != nil:
		return web.Problem(http.StatusInternalServerError, c.instance, "The agent could not open the value")
	case !created:
		return web.Problem(http.StatusConflict, c.instance,
			"A secret with that target name already exists in the vault location")
	}
	resolver := "vault:" + a.CloudProvider + ":" + vaultName
	if key != "" {
		resolver += "#" + key
	}
	return web.JSON(http.StatusCreated, struct {
		ResolverRef     string `json:"resolver_ref"`
		VaultSecretName string `json:"vaultSecretName"`
	}{resolver, vaultName})
}
