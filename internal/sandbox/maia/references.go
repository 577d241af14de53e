package maia

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"maiaportal/internal/sandbox/web"

	"github.com/google/uuid"
)

const (
	referencesPath = "/v1/projects/{projectId}/secret-references"
	referencePath  = referencesPath + "/{secretReferenceName}"
)

// referenceName is the pattern of the API's description, over the whole decoded segment.
var referenceName = regexp.MustCompile(`^[\w()-]{1,128}$`)

func isUUID(text string) bool {
	return len(text) == 36 && uuid.Validate(text) == nil
}

// checkReference holds a new secret reference to the rules of its agentType.
func (m *Maia) checkReference(c call, members map[string]member) (creation, *web.Answer) {
	check := &checker{members: members}
	projectID, name := c.params[0], c.params[1]
	if !isUUID(projectID) {
		check.violate("projectId", "must be a UUID")
	}
	if !referenceName.MatchString(name) {
		check.violate("secretReferenceName", `must match "%s"`, referenceName)
	}
	reference := Reference{
		ProjectID:           projectID,
		Name:                name,
		CreatedBy:           c.account.Username,
		AgentType:           check.oneOf("agentType", "AWS", "Azure", "Matillion hosted"),
		SecretReferenceType: check.oneOf("secretReferenceType", "PASSWORD"),
		Description:         check.atMost("description", 256),
	}
	var value []byte
	switch reference.AgentType {
	case "Azure":
		reference.VaultName = check.requiredText("vaultName")
		fallthrough
	case "AWS":
		reference.SecretName = check.requiredText("secretName")
		reference.SecretKey = check.text("secretKey")
	case "Matillion hosted":
		reference.AgentID = check.requiredText("agentId")
		value, _ = check.object("secretValue")
	}
	if len(check.violations) > 0 {
		refusal := web.Problem(http.StatusBadRequest, c.instance, "Wrong request parameters used", check.violations...)
		return creation{}, &refusal
	}
	return creation{
		name:   name,
		value:  value,
		commit: func() web.Answer { return m.createReference(c, reference, value) },
	}, nil
}

func (m *Maia) createReference(c call, reference Reference, value []byte) web.Answer {
	if !projectExists(reference.ProjectID) {
		return web.Problem(http.StatusNotFound, c.instance, "Project not found")
	}
	if reference.AgentType == "Matillion hosted" {
		a, ok := m.agents[reference.AgentID]
		if !ok {
			return web.Problem(http.StatusNotFound, c.instance, "Agent not found")
		}
		if refusal := a.refuses(c, reference.ProjectID); refusal != nil {
			return *refusal
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	id := referenceID{reference.ProjectID, reference.Name}
	if _, exists := m.references[id]; exists {
		if m.referenceConflict400 {
			return web.Problem(http.StatusBadRequest, c.instance, "Wrong request parameters used",
				"secretReferenceName: already exists")
		}
		return web.Problem(http.StatusConflict, c.instance, "A secret reference with that name already exists in the project")
	}
	m.references[id] = reference
	if value != nil {
		m.hosted[id] = json.RawMessage(value)
	}
	return web.Answer{Status: http.StatusCreated}
}

// listedReference is a reference as Maia probably lists it.
type listedReference struct {
	Name        string `json:"name"`
	AgentType   string `json:"agentType"`
	Description string `json:"description,omitempty"`
}

func (m *Maia) listReferences(c call) web.Answer {
	projectID := c.params[0]
	if !projectExists(projectID) {
		return web.Problem(http.StatusNotFound, c.instance, "Project not found")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	all := []listedReference{}
	for id, r := range m.references {
		if id.project == projectID {
			all = append(all, listedReference{Name: r.Name, AgentType: r.AgentType, Description: r.Description})
		}
	}
	slices.SortFunc(all, func(a, b listedReference) int { return strings.Compare(a.Name, b.Name) })
	return paged(c, all)
}

// refuses tells why an agent cannot be used: it streams, or it is not for this project.
func (a *agent) refuses(c call, projectID string) *web.Answer {
	var refusal web.Answer
	switch {
	case a.Kind == "streaming":
		refusal = web.Problem(http.StatusBadRequest, c.instance, "Wrong request parameters used",
			"agentId: streaming agents cannot use secrets")
	case !a.mayServe(projectID):
		refusal = web.Problem(http.StatusForbidden, c.instance, "The agent is restricted and does not list this project")
	default:
		return nil
	}
	return &refusal
}
