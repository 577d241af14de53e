package record

import "time"

// Whose says whose submissions are meant. Its zero value means nobody's, so that everybody's cannot be
// asked for by leaving something out.
type Whose struct {
	everyone bool
	actor    Actor
}

// Everyone means everybody's submissions.
var Everyone = Whose{everyone: true}

// Own means one actor's submissions. The name does not count.
func Own(a Actor) Whose { return Whose{actor: a} }

// All says whether everybody's are meant.
func (w Whose) All() bool { return w.everyone }

// Actor gives the one whose are meant where All is false.
func (w Whose) Actor() Actor { return w.actor }

// Query asks for a page of submissions, newest first.
type Query struct {
	Of     Whose
	Before string // id that the page goes on after; empty for the first page
	Newest string // id of the newest one that counts; empty: all count
	Limit  int
	Filter
}

// Filter narrows a list of submissions. An empty member narrows nothing.
type Filter struct {
	Action    Action
	Outcome   Outcome
	ProjectID string
	AgentID   string
	Name      string    // beginning of the name, of the secret's name or of the vault's name, in its case
	Actor     string    // beginning of the actor's name, or the whole subject
	From      time.Time // the first instant that counts
	To        time.Time // the first instant that no longer counts
}

// Page is a page of submissions.
type Page struct {
	List []Submission // without steps
	Next string       // what the next page is Before; empty where there is none
	// Short says that the page ended because enough had been read, not because it was full.
	Short bool
}

// Counts are how many submissions ended how.
type Counts struct {
	By   map[Outcome]int
	All  int
	More bool // there are more than were counted
}
