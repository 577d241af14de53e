package sandbox

import (
	"encoding/json"
	"slices"
	"sync"
)

// apiPrefix is the path prefix of Maia's own servers; a client that drops it finds nothing.
const apiPrefix = "/dpc"

// Maia is the sandbox's Maia API with its agents.
type Maia struct {
	host     *host
	provider *Provider
	options  Options
	calls    *callLog

	mu                   sync.Mutex
	agents               map[string]*agent
	references           map[referenceID]Reference
	hosted               map[referenceID]json.RawMessage
	fault                *Fault
	firstTokens          map[string]string // demo-expired: the jti seen first, by user and name
	referenceConflict400 bool
}

type referenceID struct{ project, name string }

// Reference is a secret reference as it was created.
type Reference struct {
	// ProjectID and Name identify it.
	ProjectID, Name string
	// AgentType, SecretReferenceType and Description are as sent.
	AgentType, SecretReferenceType, Description string
	// VaultName, SecretName and SecretKey say where the value is, for AWS and Azure.
	VaultName, SecretName, SecretKey string
	// AgentID is the agent of a Matillion hosted reference.
	AgentID string
	// CreatedBy is the username of the token.
	CreatedBy string
}

func startMaia(o Options, provider *Provider) (*Maia, error) {
	h, err := listen(o.Logger)
	if err != nil {
		return nil, err
	}
	m := &Maia{
		host:        h,
		provider:    provider,
		options:     o,
		calls:       newCallLog(),
		agents:      map[string]*agent{},
		references:  map[referenceID]Reference{},
		hosted:      map[referenceID]json.RawMessage{},
		firstTokens: map[string]string{},
	}
	for _, a := range agents {
		m.agents[a.ID] = newAgent(a)
	}
	h.serve(m)
	return m, nil
}

// URL is the base URL of the API, path prefix included.
func (m *Maia) URL() string { return m.host.url + apiPrefix }

// StartPageURL is the address of the page that shows what is in the sandbox.
func (m *Maia) StartPageURL() string { return m.host.url + "/" }

// VaultSecret reads an agent's vault: the value's JSON, byte for byte as it was sent. The name is
// the one that was sent or the vault's own.
func (m *Maia) VaultSecret(agentID, name string) ([]byte, bool) {
	a, ok := m.agents[agentID]
	if !ok || name == "" {
		return nil, false
	}
	return a.secret(name)
}

// VaultProperty reads one property of a secret in an agent's vault, decoded. It is false where
// there is none, or where it is not a string.
func (m *Maia) VaultProperty(agentID, name, property string) (string, bool) {
	value, ok := m.VaultSecret(agentID, name)
	return stringProperty(value, property, ok)
}

// HostedSecret reads what a Matillion hosted reference holds: the JSON, byte for byte.
func (m *Maia) HostedSecret(projectID, referenceName string) ([]byte, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	value, ok := m.hosted[referenceID{projectID, referenceName}]
	return slices.Clone(value), ok
}

// HostedProperty is to HostedSecret what VaultProperty is to VaultSecret.
func (m *Maia) HostedProperty(projectID, referenceName, property string) (string, bool) {
	value, ok := m.HostedSecret(projectID, referenceName)
	return stringProperty(value, property, ok)
}

func stringProperty(value []byte, property string, ok bool) (string, bool) {
	var properties map[string]any
	if !ok || json.Unmarshal(value, &properties) != nil {
		return "", false
	}
	text, ok := properties[property].(string)
	return text, ok
}

// Reference finds a secret reference.
func (m *Maia) Reference(projectID, name string) (Reference, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	reference, ok := m.references[referenceID{projectID, name}]
	return reference, ok
}

// ReferenceConflictAs400 makes the API answer 400 instead of 409 for a reference that exists: the
// documents name no 409 there.
func (m *Maia) ReferenceConflictAs400(on bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.referenceConflict400 = on
}

// ResumeAgent makes a paused agent do what it has queued. It is paused again afterwards.
func (m *Maia) ResumeAgent(agentID string) error { return m.agents[agentID].resume() }

// Reset empties vaults, references and the list of calls, and clears faults and switches.
func (m *Maia) Reset() {
	for _, a := range m.agents {
		a.empty()
	}
	m.calls.reset()
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.references)
	clear(m.hosted)
	clear(m.firstTokens)
	m.fault = nil
	m.referenceConflict400 = false
}
