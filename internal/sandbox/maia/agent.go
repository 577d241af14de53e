package maia

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"maiaportal/internal/sandbox/fault"
)

// agent has a key pair, a certificate that Maia encrypts for, and a vault. Only the agent can
// open what Maia passes to it.
type agent struct {
	Agent
	identity func() agentIdentity

	mu    sync.Mutex
	vault vault
	queue []queued // of a paused agent
}

// queued is work that waits until the agent is resumed.
type queued struct{ name, sealed string }

type agentIdentity struct {
	key         *rsa.PrivateKey
	certificate *x509.Certificate
}

func newAgent(a Agent) *agent {
	return &agent{
		Agent: a,
		vault: newVault(a.AgentType),
		// Made on first use: most runs need the keys of one agent or of none.
		identity: sync.OnceValue(func() agentIdentity { return newIdentity(a) }),
	}
}

func newIdentity(a Agent) agentIdentity {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err) // crypto/rand does not fail, and 2048 bits are allowed
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: a.ID, Organization: []string{"Sandbox agents"}},
		NotBefore:    time.Now().Add(-time.Minute),
		NotAfter:     time.Now().Add(24 * time.Hour),
		KeyUsage:     x509.KeyUsageKeyEncipherment | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(fmt.Sprintf("sandbox: certificate: %v", err)) // a constant template and a fresh key
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		panic(fmt.Sprintf("sandbox: certificate: %v", err))
	}
	return agentIdentity{key: key, certificate: certificate}
}

// encrypt is Maia's side: it knows the agent's certificate only.
func encrypt(certificate *x509.Certificate, value []byte) (string, error) {
	recipient := jose.Recipient{Algorithm: jose.RSA_OAEP_256, Key: certificate.PublicKey}
	encrypter, err := jose.NewEncrypter(jose.A256GCM, recipient, nil)
	if err != nil {
		return "", fmt.Errorf("sandbox: encrypt: %w", err)
	}
	sealed, err := encrypter.Encrypt(value)
	if err != nil {
		return "", fmt.Errorf("sandbox: encrypt: %w", err)
	}
	return sealed.CompactSerialize()
}

// store is the agent's side: it decrypts a value and writes it into the vault, unless the name
// is taken. Where the vault refuses it, the error is a vaultError.
func (a *agent) store(name, sealed string) (created bool, err error) {
	parsed, err := jose.ParseEncryptedCompact(sealed,
		[]jose.KeyAlgorithm{jose.RSA_OAEP_256}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		return false, fmt.Errorf("sandbox: decrypt: %w", err)
	}
	value, err := parsed.Decrypt(a.identity().key)
	if err != nil {
		return false, fmt.Errorf("sandbox: decrypt: %w", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.vault.put(name, value)
}

// secret reads the vault. Both the vault's name of a secret and the name that was asked for will do.
func (a *agent) secret(name string) ([]byte, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	value, ok := a.vault.get(name)
	if !ok {
		value, ok = a.vault.get(nameInVault(name))
	}
	return value, ok
}

func (a *agent) empty() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.vault.secrets)
	a.queue = nil
}

// later puts work into the queue.
func (a *agent) later(name, sealed string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.queue = append(a.queue, queued{name, sealed})
}

// resume does what is in the queue. Nobody hears what the vault says then.
func (a *agent) resume() error {
	a.mu.Lock()
	work := a.queue
	a.queue = nil
	a.mu.Unlock()
	for _, w := range work {
		var refused vaultError
		if _, err := a.store(w.name, w.sealed); err != nil && !errors.As(err, &refused) {
			return err
		}
	}
	return nil
}

// secrets lists the vault for the start page.
func (a *agent) secrets() []storedSecret {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.vault.list()
}

// mayServe tells whether a project may use the agent; "" is none in particular.
func (a *agent) mayServe(projectID string) bool {
	return projectID == "" || !a.Restricted() || slices.Contains(a.Projects, projectID)
}

// nameInVault is what a secret is called in the vault.
func nameInVault(name string) string {
	if fault.Renamed(name) {
		name += "-in-the-vault"
	}
	return name
}
