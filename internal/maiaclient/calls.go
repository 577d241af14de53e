package maiaclient

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Call is an entry of the closed list of calls that the client can make. The portal shows the list to
// people, so the words are theirs.
type Call struct {
	Name   string // its operation's id in the API's description, or one in that manner where it has none
	Method string
	Path   string // with its parameters in braces, as the API's description has it
	What   string // what it does, in a sentence
	Secret string // when its body carries a secret value; empty: never
}

// The closed list. What is not here cannot be called: an address is made by the method to of an entry,
// and by nothing else.
var (
	createReference = Call{
		Name:   "createSecretReference",
		Method: http.MethodPost,
		Path:   "/v1/projects/{projectId}/secret-references/{secretReferenceName}",
		What:   "Creates a secret reference in a project.",
		Secret: "only where Matillion hosts the secret",
	}
	storeValue = Call{
		Name:   "encryptAndStoreSecret",
		Method: http.MethodPost,
		Path:   "/v1/secrets/{agentId}/secret-value",
		What:   "Has a secret value encrypted for an agent, which stores it in its own vault.",
		Secret: "always",
	}
	listProjects = Call{
		Name:   "listProjects",
		Method: http.MethodGet,
		Path:   "/v1/projects",
		What:   "Lists the projects that you may see, as suggestions in a form.",
	}
	listAgents = Call{
		Name:   "listAgents",
		Method: http.MethodGet,
		Path:   "/v1/agents",
		What:   "Lists the agents that you may see, as suggestions in a form.",
	}

	listReferences = Call{
		Name:   "listSecretReferences",
		Method: http.MethodGet,
		Path:   "/v1/projects/{projectId}/secret-references",
		What:   "Lists the names of a project’s secret references, when you ask whether one was created.",
	}

	closedList = []Call{createReference, storeValue, listProjects, listAgents, listReferences}
)

// Calls is the closed list, the writing calls first.
func Calls() []Call { return slices.Clone(closedList) }

// target is one address of the closed list; name and template are its call's.
type target struct{ name, method, path, template string }

// to fills in a call's parameters, in their order, each as one segment. query may be nil.
func (c Call) to(query url.Values, parameters ...string) (target, error) {
	var path strings.Builder
	rest := c.Path
	for _, p := range parameters {
		escaped, err := segment(p)
		if err != nil {
			return target{}, err
		}
		before, after, _ := strings.Cut(rest, "{")
		_, rest, _ = strings.Cut(after, "}")
		path.WriteString(before + escaped)
	}
	path.WriteString(rest)
	if len(query) > 0 {
		path.WriteString("?" + query.Encode())
	}
	return target{c.Name, c.Method, path.String(), c.Path}, nil
}
