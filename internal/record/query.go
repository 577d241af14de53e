package record

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
	Limit  int
}

// Range is a range of events by their numbers, both of which belong to it.
type Range struct {
	First, Last int64
}
