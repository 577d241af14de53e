package record

// Same says which submissions of a user are about the same thing. What is empty does not count.
type Same struct {
	Action     Action
	Name       string
	ProjectID  string
	AgentID    string
	SecretName string // as the vault has it, or as it was sent where nothing is known of that
	// Referenced says, of a setup, that its reference was created, or may have been: one that stopped at its value has
	// made none.
	Referenced bool
}

// Same gives the submissions that would make what this one makes: the reference of a name in a project, or the secret
// of a name in an agent's vault.
func (r *Submission) Same() []Same {
	switch r.Action {
	case Reference:
		return r.sameReference()
	case Setup:
		if r.SecretName == "" { // Matillion keeps it: there is only the reference
			return r.sameReference()
		}
		return r.sameSecret(r.SecretName)
	case Value:
		return r.sameSecret(r.Name)
	}
	return nil
}

func (r *Submission) sameReference() []Same {
	return []Same{
		{Action: Reference, Name: r.Name, ProjectID: r.ProjectID},
		{
			Action:     Setup,
			Name:       r.Name,
			ProjectID:  r.ProjectID,
			Referenced: true,
		},
	}
}

func (r *Submission) sameSecret(name string) []Same {
	return []Same{
		{Action: Value, Name: name, AgentID: r.AgentID},
		{Action: Setup, SecretName: name, AgentID: r.AgentID},
	}
}

// Older is what the end of a submission says about an older one of the same user: there is at most one.
type Older struct {
	Same
	Outcome Outcome // that it has
	Becomes Outcome
	// LastInDoubt says that its last call was sent and may have been done: its answer was lost, or Maia said that it
	// failed.
	LastInDoubt bool
}

// Settles gives what the submission's end says about older ones: a reference that points to the value of an
// unfinished setup finishes it, and a name that is taken is there, so that an earlier attempt of the same user, whose
// end nobody knows, has created it.
func (r *Submission) Settles() []Older {
	finished := Older{
		Same: Same{
			Action:     Setup,
			Name:       r.Name,
			ProjectID:  r.ProjectID,
			SecretName: r.SecretName,
		},
		Outcome: ValueStored,
		Becomes: Created,
	}
	switch {
	case r.Outcome == Created && r.Action == Reference && r.SecretName != "":
		return []Older{finished}
	case r.Outcome != Conflict:
		return nil
	}
	var list []Older
	for _, same := range r.Same() {
		if same.Action != r.Action {
			continue
		}
		becomes := Created
		if same.SecretName != "" {
			becomes = ValueStored // its reference was never sent
		}
		list = append(list, Older{Same: same, Outcome: Unknown, Becomes: becomes})
	}
	if r.Action == Reference && r.SecretName != "" {
		finished.LastInDoubt = true
		list = append(list, finished)
	}
	return list
}

// PointedAt is, of a setup whose value is stored, the reference that would finish it. Where the user has created that
// already, the setup is done.
func (r *Submission) PointedAt() Same {
	name := r.SecretName
	if r.VaultSecretName != "" {
		name = r.VaultSecretName
	}
	return Same{
		Action:     Reference,
		Name:       r.Name,
		ProjectID:  r.ProjectID,
		SecretName: name,
	}
}

// SettledBy is the event of an end that a later submission of the same user has told.
func (r *Submission) SettledBy(later *Submission) Event {
	by := By{Actor: later.Actor, ClientAddress: later.ClientAddress, RequestID: later.RequestID}
	return r.later(by, SubmissionSettled, append(r.end(SubmissionSettled).Details, text("by", later.ID))...)
}
