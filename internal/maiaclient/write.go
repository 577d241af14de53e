package maiaclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"

	"maiaportal/internal/secret/plainjson"
)

// The agent types of a secret reference, as the API spells them.
const (
	AWS             = "AWS"
	Azure           = "Azure"
	MatillionHosted = "Matillion hosted"
)

// Reference is a secret reference to create. ProjectID and Name go into the address. Which of the
// other fields are sent depends on AgentType; an empty one is left out where the API lets it.
type Reference struct {
	ProjectID, Name string
	AgentType       string
	Type            string // secretReferenceType; PASSWORD is the only one there is
	Description     string

	VaultName             string             // Azure
	SecretName, SecretKey string             // AWS and Azure
	AgentID               string             // Matillion hosted
	Value                 plainjson.Document // Matillion hosted: a JSON object
}

// Value is a secret value to store through an agent.
type Value struct {
	AgentID   string
	ProjectID string // optional
	Name      string
	Type      string             // optional
	Key       string             // optional: a top-level property of Object
	Object    plainjson.Document // a JSON object
}

// Stored is Maia's answer to a stored value. A member that could not be read is empty, and Partial
// says so.
type Stored struct {
	ResolverRef     string
	VaultSecretName string
	Partial         bool
}

// referenceBody has the members that hold no secret, in the order of the API's description.
type referenceBody struct {
	AgentType   string `json:"agentType"`
	Type        string `json:"secretReferenceType"`
	Description string `json:"description,omitempty"`
	VaultName   string `json:"vaultName,omitempty"`
	SecretName  string `json:"secretName,omitempty"`
	SecretKey   string `json:"secretKey,omitempty"`
	AgentID     string `json:"agentId,omitempty"`
}

// CreateReference makes the call createSecretReference. An error is of one of the classes of this
// package. The value is not wiped here: it is its owner's.
func (c *Client) CreateReference(ctx context.Context, token string, r Reference) error {
	to, err := createReference.to(nil, r.ProjectID, r.Name)
	if err != nil {
		return err
	}
	head := referenceBody{AgentType: r.AgentType, Type: r.Type, Description: r.Description}
	var value plainjson.Document
	switch r.AgentType {
	case AWS:
		head.SecretName, head.SecretKey = r.SecretName, r.SecretKey
	case Azure:
		head.VaultName, head.SecretName, head.SecretKey = r.VaultName, r.SecretName, r.SecretKey
	case MatillionHosted:
		head.AgentID, value = r.AgentID, r.Value
	}
	b, err := json.Marshal(head)
	if err != nil {
		return &transportError{class: ErrNotSent, what: "request could not be made", cause: err}
	}
	sent := around(b, nil, "")
	if !value.Empty() {
		sent = around(append(b[:len(b)-1], `,"secretValue":`...), value, `}`)
	}
	a, err := c.post(ctx, to, token, sent)
	clear(a.body)
	return err
}

// StoreValue makes the call encryptAndStoreSecret. An error is of one of the classes of this package.
// The value is not wiped here: it is its owner's.
func (c *Client) StoreValue(ctx context.Context, token string, v Value) (Stored, error) {
	query := url.Values{}
	if v.ProjectID != "" {
		query.Set("projectId", v.ProjectID)
	}
	to, err := storeValue.to(query, v.AgentID)
	if err != nil {
		return Stored{}, err
	}
	b, err := json.Marshal(struct {
		Key  string `json:"key,omitempty"`
		Name string `json:"name"`
		Type string `json:"type,omitempty"`
	}{v.Key, v.Name, v.Type})
	if err != nil {
		return Stored{}, &transportError{class: ErrNotSent, what: "request could not be made", cause: err}
	}
	if v.Object.Empty() {
		return Stored{}, &transportError{
			class: ErrNotSent,
			what:  "no value",
			cause: errors.New("maia: a value call needs a value"),
		}
	}
	head := slices.Concat([]byte(`{"secret":`), b[:len(b)-1], []byte(`,"value":`))
	a, err := c.post(ctx, to, token, around(head, v.Object, `}}`))
	defer clear(a.body)
	if err != nil {
		return Stored{}, err
	}
	return readStored(a), nil
}

func readStored(a answer) Stored {
	if !a.whole || !json.Valid(a.body) {
		return Stored{Partial: true}
	}
	s := Stored{ResolverRef: storedName(a.body, "resolver_ref"), VaultSecretName: storedName(a.body, "vaultSecretName")}
	s.Partial = s.ResolverRef == "" || s.VaultSecretName == ""
	return s
}

func storedName(body []byte, name string) string {
	b := plainjson.Text(plainjson.Member(body, name))
	defer clear(b)
	return string(bytes.TrimSpace(b))
}
