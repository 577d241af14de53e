package submission

import (
	"errors"
	"fmt"
	"time"

	"maiaportal/internal/maiaclient"
	"maiaportal/internal/record"
)

// Errors of Submit that are not about a field.
var (
	// ErrFormToken: the form was not made for this user, or not by this portal.
	ErrFormToken = errors.New("submission: the form token was not made for this user")
	// ErrNotRecorded: the database could not take the intent, or that a call begins, so it was not sent.
	ErrNotRecorded = errors.New("submission: the intent cannot be recorded")
	// ErrLogin is what a Delegation answers where only a new login helps.
	ErrLogin = errors.New("submission: the user has to log in again")
	// ErrNoToken is what a Delegation answers where the provider gives this user no token for Maia.
	ErrNoToken = errors.New("submission: the provider gives no token for Maia")
	// ErrProviderAway is what a Delegation answers where the provider cannot be asked now.
	ErrProviderAway = errors.New("submission: the provider cannot be reached")
)

// DoubtfulError is a value that looks odd, found because the user asked for the check. Nothing was
// sent. It is told once: without the check the value is sent as it is.
type DoubtfulError struct {
	// Told is what was found, for the next try of the form.
	Told Told
	// Doubts are what is odd, the worst first.
	Doubts Doubts
	// Faults are what else has to be put right; none: nothing.
	Faults FieldErrors
	// NameOnly says that the value is fine and its name is odd.
	NameOnly bool
}

func (e *DoubtfulError) Error() string { return "submission: odd, " + e.Fields().Error() }

// Fields are all messages by field, the faults first.
func (e *DoubtfulError) Fields() FieldErrors {
	all := FieldErrors{}
	for _, messages := range []FieldErrors{e.Faults, e.Doubts.byField()} {
		for field, list := range messages {
			all[field] = append(all[field], list...)
		}
	}
	return all
}

// TooManyError is the portal's own limit for one user.
type TooManyError struct{ Wait time.Duration }

func (e *TooManyError) Error() string { return "submission: too many submissions of one user" }

// UsedTokenError is a form that was sent before with other contents. Nothing was sent now.
type UsedTokenError struct{ First record.Submission }

func (e *UsedTokenError) Error() string { return "submission: the form was used already" }

// UnderWayError is a form whose first submission, by another request, has not ended in time.
type UnderWayError struct{ First record.Submission }

func (e *UnderWayError) Error() string { return "submission: still under way" }

// UnrecordedError is a submission whose outcome could not be written down. What the record says of it,
// "pending", is not the truth; Record is.
type UnrecordedError struct {
	Record record.Submission
	cause  error
}

func (e *UnrecordedError) Error() string {
	return fmt.Sprintf("submission: outcome %s cannot be recorded: %v", e.Record.Outcome, e.cause)
}
func (e *UnrecordedError) Unwrap() error { return e.cause }

// RefusedError is a submission that definitely did not succeed. Its words are Maia's, scrubbed and
// shortened: they may be shown.
type RefusedError struct {
	Record     record.Submission
	Detail     string
	Violations []string
	RetryAfter time.Duration
	// Earlier is, of a conflict, an own earlier submission that has created the name, or may have; nil: none is known.
	Earlier *record.Submission
	// Again says, of a refused token, that Maia refused one a short while before this login, too:
	// another login will not help.
	Again bool
	cause error
}

func (e *RefusedError) Error() string { return "submission: " + string(e.Record.Outcome) }

// Unwrap gives what the call ended with; nil where it is told from the record of another process.
func (e *RefusedError) Unwrap() error { return e.cause }

// outcomes tells how an error of a call is recorded. The first that fits counts: a token that could
// not be renewed comes together with Maia's 401.
var outcomes = []struct {
	class   error
	outcome record.Outcome
}{
	{ErrNotRecorded, record.Failed},
	{ErrProviderAway, record.Failed},
	{ErrLogin, record.Unauthenticated},
	{ErrNoToken, record.Unauthenticated},
	{maiaclient.ErrUnauthenticated, record.Unauthenticated},
	{maiaclient.ErrRejected, record.Rejected},
	{maiaclient.ErrForbidden, record.Forbidden},
	{maiaclient.ErrNotFound, record.NotFound},
	{maiaclient.ErrConflict, record.Conflict},
	{maiaclient.ErrRateLimited, record.RateLimited},
	{maiaclient.ErrFailed, record.Failed},
	{maiaclient.ErrNotSent, record.Failed},
}

// outcomeOf classifies how the call to Maia ended.
func outcomeOf(err error) record.Outcome {
	if err == nil {
		return record.Created
	}
	for _, o := range outcomes {
		if errors.Is(err, o.class) {
			return o.outcome
		}
	}
	return record.Unknown
}
