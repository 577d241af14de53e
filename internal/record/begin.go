package record

import "errors"

// ErrNotFound is what keepers of records return where there is no such record.
var ErrNotFound = errors.New("record: not found")

// ErrUncertain is in the error of a write of which nobody knows whether it was made: the answer to its commit is
// lost.
var ErrUncertain = errors.New("record: nobody knows whether it was written")

// Begin says how a submission begins.
type Begin struct {
	// PerMinute is how many submissions of its actor a minute has room for, over all processes; 0: any number.
	PerMinute int
	// Step is the call that begins with it; nil where none does yet.
	Step *Step
}
