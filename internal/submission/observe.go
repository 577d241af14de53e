package submission

import "maiaportal/internal/record"

// Observer hears of submissions while they are under way. Whoever waits for one gets its answer only after the
// observer has heard of its end.
type Observer interface {
	// SubmissionBegun is an attempt whose intent is recorded.
	SubmissionBegun()
	// SubmissionEnded is the same attempt, whatever became of it.
	SubmissionEnded(action record.Action, outcome record.Outcome)
}

// unobserved is nobody who watches.
type unobserved struct{}

func (unobserved) SubmissionBegun()                              {}
func (unobserved) SubmissionEnded(record.Action, record.Outcome) {}
