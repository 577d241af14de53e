package submission

import (
	"context"
	"slices"

	"maiaportal/internal/maiaclient"
	"maiaportal/internal/record"
)

// Setup is a secret to set up in one go: its value is stored through the agent, and a reference points to it. Of the
// fields, Name is the reference's, SecretName the secret's in the vault (empty: the same), VaultName belongs to Azure;
// an empty AgentType follows the agent. The property's name is Value.Key; SecretKey is made from it.
type Setup struct {
	record.Fields
	Description string // not recorded
	Value       ValueInput

	// Cloud is whose vault the agent writes to, as far as it is known; no field of the form.
	Cloud string
}

// typeOfCloud is the type of reference for the vaults of a cloud.
var typeOfCloud = map[string]string{CloudAWS: maiaclient.AWS, CloudAzure: maiaclient.Azure}

// Wipe clears the value.
func (s Setup) Wipe() { s.Value.Wipe() }

func (s Setup) about() (record.Action, string) { return record.Setup, s.Name }

func (s Setup) plain() map[string][]string {
	p := map[string][]string{
		"projectId": {s.ProjectID}, "secretReferenceName": {s.Name}, "agentType": {s.AgentType}, "agentId": {s.AgentID},
		"description": {s.Description}, "type": {s.Type},
	}
	if s.agentType() != maiaclient.MatillionHosted {
		p["name"] = []string{s.SecretName}
	}
	if s.agentType() == maiaclient.Azure {
		p["vaultName"] = []string{s.VaultName}
	}
	plainOwn(p, s.Fields)
	s.Value.plain(p)
	return p
}

// agentType is the chosen one, or the agent's.
func (s Setup) agentType() string {
	if s.AgentType != "" {
		return s.AgentType
	}
	return typeOfCloud[s.Cloud]
}

func (s Setup) prepare(c checks) (plan, FieldErrors) {
	s.AgentType = s.agentType()
	switch s.AgentType {
	case maiaclient.MatillionHosted:
		return s.hosted(c)
	case maiaclient.AWS, maiaclient.Azure:
		return s.stored(c)
	}
	_, e := s.stored(c)
	if s.AgentType != "" {
		e.add("agentType", "Choose one of AWS, Azure and Matillion hosted.")
	} else if len(e["agentId"]) == 0 {
		e.add("agentType", "The portal does not know what kind of agent this is. Choose where it keeps secrets: AWS, Azure or Matillion hosted.")
	}
	return plan{}, e
}

// hosted is one call: the reference carries the value.
func (s Setup) hosted(c checks) (plan, FieldErrors) {
	f := s.Fields
	f.Type = "" // that of a reference; a hosted value has none of its own
	p, e := Reference{Fields: f, Description: s.Description, Value: s.Value}.prepare(c)
	p.record.Action = record.Setup
	p.record.Type = ""
	return p, e
}

// stored is two calls: the value is stored, then the reference is made of the answer.
func (s Setup) stored(c checks) (plan, FieldErrors) {
	v := Value{Fields: s.Fields, Value: s.Value, Cloud: s.cloud()}
	v.Name = s.SecretName
	if v.Name == "" {
		v.Name = s.Name
	}
	p, e := v.prepare(c)
	if s.ProjectID == "" {
		e.checkProject("", true)
	}
	e.checkReferenceName(s.Name, c.rule)
	e.checkProjectRule("secretReferenceName", s.Name, c.project)
	if s.SecretName == "" && len(e["secretReferenceName"]) > 0 {
		// Told where it was entered, and once.
		delete(e, "name")
		delete(c.found, "name.vault-rule")
		p.doubts = slices.DeleteFunc(p.doubts, func(d Doubt) bool { return d.Field == "name" })
	}
	e.checkDescription(s.Description)
	if s.AgentType == maiaclient.Azure {
		if e.checkRequired("vaultName", s.VaultName, "Enter the name of the Key Vault that the agent writes to.") {
			e.checkVaultName(s.VaultName)
		}
	} else {
		s.VaultName = ""
	}
	if s.Cloud != "" && s.AgentType != "" && typeOfCloud[s.Cloud] != s.AgentType {
		// Where the value could not be looked at, it is told with the faults, and the check is still to come.
		tell := p.doubts.tell
		if p.object.Empty() {
			tell = e.tellAsFault
		}
		s.Value.doubt(c, tell, "agentType", "other-cloud", "Maia says that this agent belongs to another cloud. Choose the agent’s own, or another agent.")
	}
	e.checkTogether(s.plain())
	key := p.record.SecretKey
	p.record.Action = record.Setup
	p.record.Fields = s.Fields
	p.record.SecretName = v.Name
	p.record.SecretKey = key
	p.steps = append(p.steps, step{record.CreateReference, func(ctx context.Context, maia Maia, token string,
		before []record.Answer) (maiaclient.Stored, error) {
		// The vault may have given it another name. That one counts, whatever the rules for names that people enter.
		name := before[0].VaultSecretName
		if name == "" {
			name = v.Name
		}
		return maiaclient.Stored{}, maia.CreateReference(ctx, token, maiaclient.Reference{
			ProjectID:   s.ProjectID,
			Name:        s.Name,
			AgentType:   s.AgentType,
			Type:        passwordType,
			Description: s.Description,
			VaultName:   s.VaultName,
			SecretName:  name,
			SecretKey:   key,
		})
	}})
	return p, e
}

// cloud is whose vault it is, as the type of the reference says, or else the agent.
func (s Setup) cloud() string {
	switch s.AgentType {
	case maiaclient.AWS:
		return CloudAWS
	case maiaclient.Azure:
		return CloudAzure
	}
	return s.Cloud
}
