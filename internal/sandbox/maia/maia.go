// Package maia is the sandbox's Maia API with its agents and their vaults. It checks what it gets by
// the published rules, and can be told to go wrong.
package maia

import (
	"encoding/json"
	"log/slog"
	"slices"
	"sync"

	"maiaportal/internal/sandbox/fault"
	"maiaportal/internal/sandbox/provider"
	"maiaportal/internal/sandbox/web"
)

// apiPrefix is the path prefix of Maia's own servers; a client that drops it finds nothing.
const apiPrefix = "/dpc"

// Maia is the sandbox's Maia API with its agents.
type Maia struct {
	host    *web.Host
	options Options
	calls   *callLog
	faults  fault.Injector

	mu                   sync.Mutex
	agents               map[string]*agent
	references           map[referenceID]Reference
	hosted               map[referenceID]json.RawMessage
	referenceConflict400 bool
	lists                ListSwitch
}

// Options say whose tokens the API takes, and what its start page links to.
type Options struct {
	// Provider issues the tokens, and has the accounts that the start page shows.
	Provider *provider.Provider
	// PortalURL is the portal's address, for the links on the start page.
	PortalURL string
	// Logger hears what net/http complains about, at debug level.
	Logger *slog.Logger
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

// Start listens on a free port of 127.0.0.1 and returns at once. The API runs until Close.
func Start(o Options) (*Maia, error) {
	h, err := web.Listen(o.Logger)
	if err != nil {
		return nil, err
	}
	m := &Maia{
		host:       h,
		options:    o,
		calls:      newCallLog(),
		agents:     map[string]*agent{},
		references: map[referenceID]Reference{},
		hosted:     map[referenceID]json.RawMessage{},
	}
	for _, a := range allAgents {
		m.agents[a.ID] = newAgent(a)
	}
	h.Serve(m)
	return m, nil
}

// Close ends the server and every request that is still under way. It may be called twice.
func (m *Maia) Close() error { return m.host.Close() }

// SetFault makes the coming POST calls of authenticated users go wrong, each in f's way. With nil
// they go right again.
func (m *Maia) SetFault(f *fault.Fault) { m.faults.Set(f) }

// URL is the base URL of the API, path prefix included.
func (m *Maia) URL() string { return m.host.URL() + apiPrefix }

// StartPageURL is the address of the page that shows what is in the sandbox.
func (m *Maia) StartPageURL() string { return m.host.URL() + "/" }

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
	m.faults.Reset()
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.references)
	clear(m.hosted)
	m.referenceConflict400 = false
	m.lists = ListSwitch{}
}

// SecretNames lists what an agent's vault has, by its own names, in their order.
func (m *Maia) SecretNames(agentID string) []string {
	var names []string
	if a, ok := m.agents[agentID]; ok {
		for _, s := range a.secrets() {
			names = append(names, s.Name)
		}
	}
	return names
}

// ReferenceCount is how many references there are in all projects.
func (m *Maia) ReferenceCount() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.references)
}
