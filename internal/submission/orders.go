package submission

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"strings"

	"maiaportal/internal/maiaclient"
	"maiaportal/internal/record"
)

// passwordType is the only secretReferenceType that Maia supports.
const passwordType = "PASSWORD"

// Order is something to submit: a Reference, a Value or a Setup.
type Order interface {
	// about gives the action and the name, for words to people.
	about() (action record.Action, name string)
	// plain are the fields that are not secret, but for those of a type that is not chosen. They
	// tell two orders apart that come with the same form token.
	plain() map[string][]string
	// prepare checks everything and makes the plan of its calls.
	prepare(c checks) (plan, FieldErrors)
	// Wipe clears the secret.
	Wipe()
}

// fingerprint tells two orders apart without their secrets.
func fingerprint(action record.Action, plain map[string][]string) []byte {
	b, _ := json.Marshal(plain) // strings only, keys sorted: it cannot fail
	sum := sha256.Sum256(append([]byte(string(action)+"\n"), b...))
	return sum[:]
}

// Reference is a secret reference to create, as it was entered. Of the fields, VaultName belongs to Azure,
// SecretName and SecretKey to AWS and Azure, AgentID and Value to Matillion hosted; an empty Type is PASSWORD.
type Reference struct {
	record.Fields
	Description string // not recorded
	Value       ValueInput
}

// Wipe clears the value.
func (r Reference) Wipe() { r.Value.Wipe() }

func (r Reference) about() (record.Action, string) { return record.Reference, r.Name }

func (r Reference) plain() map[string][]string {
	if r.Type == "" {
		r.Type = passwordType // leaving it out means the same
	}
	p := map[string][]string{
		"projectId": {r.ProjectID}, "secretReferenceName": {r.Name}, "agentType": {r.AgentType},
		"secretReferenceType": {r.Type}, "description": {r.Description},
	}
	switch r.AgentType {
	case maiaclient.Azure:
		p["vaultName"] = []string{r.VaultName}
		fallthrough
	case maiaclient.AWS:
		p["secretName"], p["secretKey"] = []string{r.SecretName}, []string{r.SecretKey}
	case maiaclient.MatillionHosted:
		p["agentId"] = []string{r.AgentID}
		r.Value.plain(p)
	}
	plainOwn(p, r.Fields)
	return p
}

// own are the fields but for those of a type that is not chosen.
func (r Reference) own() record.Fields {
	f := r.Fields
	vault := r.AgentType == maiaclient.AWS || r.AgentType == maiaclient.Azure
	if !vault {
		f.SecretName = ""
		f.SecretKey = ""
	}
	if r.AgentType != maiaclient.Azure {
		f.VaultName = ""
	}
	if r.AgentType != maiaclient.MatillionHosted {
		f.AgentID = ""
		f.AgentName = ""
	}
	return f
}

func (r Reference) prepare(c checks) (plan, FieldErrors) {
	e := FieldErrors{}
	if r.Type == "" {
		r.Type = passwordType
	}
	e.checkProject(r.ProjectID, true)
	e.checkReferenceName(r.Name, c.rule)
	e.checkProjectRule("secretReferenceName", r.Name, c.project)
	if r.Type != passwordType {
		e.add("secretReferenceType", "PASSWORD is the only type of reference that Maia supports.")
	}
	e.checkDescription(r.Description)
	e.checkOwn(r.Fields, c.now)
	p := plan{record: record.Submission{
		Action: record.Reference,
		Fields: r.own(),
	}}
	switch r.AgentType {
	case maiaclient.Azure:
		if e.checkRequired("vaultName", r.VaultName, "Enter the name of the Key Vault that holds the secret.") {
			e.checkVaultName(r.VaultName)
		}
		fallthrough
	case maiaclient.AWS:
		if e.checkRequired("secretName", r.SecretName, "Enter the name of the secret in the vault: the reference has to point somewhere.") {
			if c.answered {
				e.checkLine("secretName", r.SecretName)
			} else {
				e.checkSecretName(r.AgentType, r.SecretName)
			}
		}
		e.checkName("secretKey", r.SecretKey)
	case maiaclient.MatillionHosted:
		e.checkAgent(r.AgentID)
		p.object, _ = r.Value.object(false, e)
		if !p.object.Empty() {
			p.doubts = r.Value.examine(c, e)
		}
		p.record.Changes = strings.Join(r.Value.changes(), ",")
	case "":
		e.add("agentType", "Choose where the secret is kept: AWS, Azure or Matillion hosted.")
	default:
		e.add("agentType", "Choose one of AWS, Azure and Matillion hosted.")
	}
	e.checkTogether(r.plain())
	create := func(ctx context.Context, maia Maia, token string, _ []record.Answer) (maiaclient.Stored, error) {
		return maiaclient.Stored{}, maia.CreateReference(ctx, token, maiaclient.Reference{
			ProjectID:   r.ProjectID,
			Name:        r.Name,
			AgentType:   r.AgentType,
			Type:        r.Type,
			Description: r.Description,
			VaultName:   r.VaultName,
			SecretName:  r.SecretName,
			SecretKey:   r.SecretKey,
			AgentID:     r.AgentID,
			Value:       p.object,
		})
	}
	p.steps = []step{{record.CreateReference, create}}
	return p, e
}

// Value is a secret value to store, as it was entered. ProjectID and Type are optional. The property's name
// is Value.Key; SecretKey is made from it.
type Value struct {
	record.Fields
	Value ValueInput

	// Cloud is whose vault the agent writes to, as far as it is known; no field of the form.
	Cloud string
}

// Wipe clears the value.
func (v Value) Wipe() { v.Value.Wipe() }

func (v Value) about() (record.Action, string) { return record.Value, v.Name }

func (v Value) plain() map[string][]string {
	p := map[string][]string{"agentId": {v.AgentID}, "projectId": {v.ProjectID}, "name": {v.Name}, "type": {v.Type}}
	plainOwn(p, v.Fields)
	v.Value.plain(p)
	return p
}

func (v Value) prepare(c checks) (plan, FieldErrors) {
	e := FieldErrors{}
	var doubts Doubts
	e.checkAgent(v.AgentID)
	e.checkProject(v.ProjectID, false)
	if e.checkRequired("name", v.Name, "Enter the name that the secret gets in the vault.") {
		e.checkOwnRule("name", v.Name, c.rule)
		e.checkProjectRule("name", v.Name, c.project)
	}
	e.checkName("type", v.Type)
	e.checkOwn(v.Fields, c.now)
	object, key := v.Value.object(true, e)
	// What an agent's vault takes is a doubt, no fault: only Maia knows for sure where an agent writes to.
	// Where the value could not be looked at, it is told with the faults, and the check is still to come.
	tell := e.tellAsFault
	if !object.Empty() {
		doubts = v.Value.examine(c, e)
		tell = doubts.tell
		v.Value.doubtSize(c, tell, v.Cloud, object.Size())
	}
	if len(e["name"]) == 0 {
		said := FieldErrors{}
		said.checkNewName(v.Cloud, v.Name)
		for _, text := range said["name"] {
			v.Value.doubt(c, tell, "name", "vault-rule", text)
		}
	}
	e.checkTogether(v.plain())
	store := func(ctx context.Context, maia Maia, token string, _ []record.Answer) (maiaclient.Stored, error) {
		return maia.StoreValue(ctx, token, maiaclient.Value{
			AgentID:   v.AgentID,
			ProjectID: v.ProjectID,
			Name:      v.Name,
			Type:      v.Type,
			Key:       key,
			Object:    object,
		})
	}
	recorded := v.Fields
	recorded.SecretKey = key
	return plan{
		record: record.Submission{
			Action:  record.Value,
			Fields:  recorded,
			Changes: strings.Join(v.Value.changes(), ","),
		},
		object: object,
		doubts: doubts,
		steps:  []step{{record.StoreValue, store}},
	}, e
}
