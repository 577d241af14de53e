package record

import "time"

// EventKind is what happened.
type EventKind string

// The kinds of events.
const (
	CatalogueLoaded   EventKind = "catalog_loaded"
	SubmissionStarted EventKind = "submission_started"
	CallStarted       EventKind = "call_started"
	CallEnded         EventKind = "call_ended"
	SubmissionEnded   EventKind = "submission_ended"
	SubmissionSettled EventKind = "submission_settled" // stands for the ends that a dead process left out
	SubmissionChecked EventKind = "submission_checked" // Maia was asked whether it is there
	SubmissionProven  EventKind = "submission_proven"  // its user said that a pipeline has used it, or took that back
	Exported          EventKind = "exported"           // a list was taken out of the portal
	SubmissionRenewed EventKind = "submission_renewed" // its user said that the secret was renewed, and when it is due again
)

// Event is an entry of the audit trail. Seq, Time, Prev and Hash are given when it is written.
type Event struct {
	Seq           int64 // 1, 2, 3 … without gaps
	Time          time.Time
	Kind          EventKind
	Actor         Actor
	ClientAddress string
	RequestID     string
	SubmissionID  string // empty where there is none
	Details       []Detail
	Prev          string // hash of the event before; empty for the first
	Hash          string
}

// Detail is a member of an event's details: a text, or a number.
type Detail struct {
	Name   string
	Text   string
	Number int
	Is     DetailKind
}

// DetailKind says which of a detail's values counts.
type DetailKind int

// The kinds of details.
const (
	IsText DetailKind = iota
	IsNumber
)

// text and number make details.
func text(name, value string) Detail { return Detail{Name: name, Text: value} }

func number(name string, value int) Detail { return Detail{Name: name, Number: value, Is: IsNumber} }

// about is an event about a submission.
func (r *Submission) about(kind EventKind, details ...Detail) Event {
	return Event{
		Kind:          kind,
		Actor:         r.Actor,
		ClientAddress: r.ClientAddress,
		RequestID:     r.RequestID,
		SubmissionID:  r.ID,
		Details:       details,
	}
}

// Started is the event of a submission's begin: what is intended.
func (r *Submission) Started() Event {
	details := make([]Detail, 0, len(FieldList)+3)
	details = append(details, text("action", string(r.Action)))
	for _, f := range FieldList {
		details = append(details, text(f.Column, *f.In(&r.Fields)))
	}
	details = append(details, number("attempt", r.Attempt))
	if r.Changes != "" {
		details = append(details, text("changes", r.Changes))
	}
	return r.about(SubmissionStarted, details...)
}

// CallBegins is the event of a call's begin.
func (r *Submission) CallBegins(s Step) Event {
	return r.about(CallStarted, text("call", string(s.Call)), number("step", s.Number))
}

// CallEnds is the event of a call's end. A status of 0 says that no answer came.
func (r *Submission) CallEnds(s Step) Event {
	details := []Detail{
		text("call", string(s.Call)),
		number("step", s.Number),
		number("status", s.Status),
		text("outcome", string(s.Outcome)),
		number("sent", oneIf(s.Sent)),
	}
	if s.VaultSecretName != "" {
		details = append(details, text("vault_secret_name", s.VaultSecretName))
	}
	if s.ResolverRef != "" {
		details = append(details, text("resolver_ref", s.ResolverRef))
	}
	if s.AnswerPartial {
		details = append(details, number("answer_partial", 1))
	}
	return r.about(CallEnded, details...)
}

// Ended is the event of a submission's end.
func (r *Submission) Ended() Event { return r.end(SubmissionEnded) }

// Settled is the event of an end that is concluded, because the process that knew it is dead.
func (r *Submission) Settled() Event { return r.end(SubmissionSettled) }

// By is who does something to a submission that has ended, and over which request.
type By struct {
	Actor         Actor
	ClientAddress string
	RequestID     string
}

func (r *Submission) later(by By, kind EventKind, details ...Detail) Event {
	return Event{
		Kind:          kind,
		Actor:         by.Actor,
		ClientAddress: by.ClientAddress,
		RequestID:     by.RequestID,
		SubmissionID:  r.ID,
		Details:       details,
	}
}

// Checked is the event of having asked Maia: the outcome is what is known since.
func (r *Submission) Checked(by By) Event {
	return r.later(by, SubmissionChecked, text("outcome", string(r.Outcome)))
}

// Proven is the event of having said that a pipeline has used the secret, or of having taken that back.
func (r *Submission) Proven(by By) Event {
	return r.later(by, SubmissionProven, number("proven", oneIf(!r.ProvenAt.IsZero())))
}

// Renewed is the event of a renewal in the vault: the secret is due again by the next date, if any.
func (r *Submission) Renewed(by By) Event {
	return r.later(by, SubmissionRenewed, text("renew_by", r.RenewBy))
}

func (r *Submission) end(kind EventKind) Event {
	return r.about(kind, text("outcome", string(r.Outcome)), number("status", r.Status), number("sent", oneIf(r.Sent)))
}

// LoadedCatalogue is the event of a catalogue that is taken into use: the SHA-256 of its content, in hex, and how much
// is in it. Nobody did it but the portal, so it has no actor.
func LoadedCatalogue(digest string, projects, agents, presets int) Event {
	return Event{
		Kind: CatalogueLoaded,
		Details: []Detail{
			text("sha256", digest),
			number("projects", projects),
			number("agents", agents),
			number("presets", presets),
		},
	}
}

// Export is the event of taking a list out of the portal: what it is, what narrows it, and how many rows it had then.
func Export(what string, filters []Detail, rows int, by By) Event {
	details := append([]Detail{text("what", what)}, filters...)
	return Event{
		Kind:          Exported,
		Actor:         by.Actor,
		ClientAddress: by.ClientAddress,
		RequestID:     by.RequestID,
		Details:       append(details, number("rows", rows)),
	}
}

// Narrowed is a filter as an event has it.
func Narrowed(name, value string) Detail { return text(name, value) }

func oneIf(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
