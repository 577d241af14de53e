package record

import "time"

// RetentionApplied is the kind of the event of what was removed because it was old.
const RetentionApplied EventKind = "retention_applied"

// Removed is what one step of retention has removed.
type Removed struct {
	Before  time.Time // what is older is removed
	Seq     int64     // the last event that is gone; 0: none is
	Hash    string    // and its hash
	Events  int       // how many events this step removed
	Records int       // and how many records
}

// Event is the event of a removal. Nobody did it but the portal, so it has no actor.
func (r Removed) Event() Event {
	return Event{
		Kind: RetentionApplied,
		Details: []Detail{
			text("before", r.Before.UTC().Format("2006-01-02T15:04:05.000Z")),
			number("seq", int(r.Seq)),
			text("hash", r.Hash),
			number("events", r.Events),
			number("records", r.Records),
		},
	}
}
