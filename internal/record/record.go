// Package record has the words of what the portal records, as types: submissions, their steps, and the
// events that they are made from.
//
// It is a leaf. It imports none of the portal's other packages, does nothing with what it names, and has no
// type with room for a secret value.
package record

import "time"

// Action is what a submission does.
type Action string

// The actions.
const (
	Reference Action = "reference" // creates a secret reference
	Value     Action = "value"     // stores a secret value
	Setup     Action = "setup"     // does both: the reference points to the value
)

// Actions are all of them.
var Actions = []Action{Setup, Reference, Value}

// Outcome is how a submission, or one step of it, ended.
type Outcome string

// The outcomes.
const (
	Pending         Outcome = "pending"         // under way
	Created         Outcome = "created"         // Maia said so
	ValueStored     Outcome = "value_stored"    // of a setup: the value is stored, the reference is missing
	Rejected        Outcome = "rejected"        // Maia refused what was entered
	Unauthenticated Outcome = "unauthenticated" // Maia or the provider wants a new login
	Forbidden       Outcome = "forbidden"       // this user may not do it
	NotFound        Outcome = "not_found"       // no such project or agent for this user
	Conflict        Outcome = "conflict"        // the name is taken
	RateLimited     Outcome = "rate_limited"    // Maia had too many requests
	Failed          Outcome = "failed"          // Maia or the way to it failed
	Unknown         Outcome = "unknown"         // it may or may not have been created
)

// Outcomes are all of them, those that leave something to do after the good one.
var Outcomes = []Outcome{
	Created, Pending, ValueStored, Unknown, Rejected, Forbidden, NotFound, Conflict, Unauthenticated, RateLimited, Failed,
}

// Definite says whether an outcome leaves its form free for another attempt.
func (o Outcome) Definite() bool {
	switch o {
	case Pending, Created, ValueStored, Unknown:
		return false
	case Rejected, Unauthenticated, Forbidden, NotFound, Conflict, RateLimited, Failed:
		return true
	}
	return true // a word that is not known here is no reason to hold a form back
}

// Format is how a secret value is entered, by the form's field valueFormat.
type Format string

// The formats.
const (
	FormatText  Format = "text"
	FormatPairs Format = "pairs"
	FormatJSON  Format = "json"
	FormatFile  Format = "file"
)

// Call is a call to Maia that writes, by the operation's id in the API's description.
type Call string

// The calls.
const (
	CreateReference Call = "createSecretReference"
	StoreValue      Call = "encryptAndStoreSecret"
)

// Actor is a user: issuer and subject identify, the name is for people.
type Actor struct {
	Issuer  string
	Subject string
	Name    string
}

// Key is the actor as one string that no other actor has.
func (a Actor) Key() string { return a.Issuer + "\x00" + a.Subject }

// Submission is one attempt to submit a form: what was intended, by whom, and how it ended. It is the
// projection of its events that pages read.
type Submission struct {
	ID          string // UUID version 7: the order of ids is the order in time
	FormToken   string // the form's one-time token; with Attempt it is unique
	Attempt     int
	Fingerprint []byte // of what was entered but the secret, to tell two forms with one token apart
	Holder      string // the process that has it under way

	CreatedAt  time.Time
	FinishedAt time.Time // zero while it is under way
	ProvenAt   time.Time // when somebody said that a pipeline has used it; zero: nobody has

	Actor         Actor
	RequestID     string
	ClientAddress string

	Action Action
	Fields
	Changes string // what became different of the value on its way, in words of package submission, comma-separated

	Outcome Outcome
	Status  int  // Maia's last one, 0 where there was none
	Sent    bool // whether anything went to Maia
	Answer
	Steps []Step // in their order; only where one record is read by its id
}

// Answer is what Maia said of a value that it stored.
type Answer struct {
	VaultSecretName string
	ResolverRef     string
	AnswerPartial   bool // Maia said created, in words that could not be read
}

// Step is one call that a submission makes to Maia. It is there from the moment in which the call begins. A
// second try with a renewed token is the same step.
type Step struct {
	Number  int // from 1
	Call    Call
	Sent    bool
	Status  int
	Outcome Outcome
	Answer
}
