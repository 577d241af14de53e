package maiaclient

import (
	"errors"
	"fmt"
	"time"
)

// The classes of errors. Every error of a call is exactly one of them, by errors.Is.
var (
	ErrRejected        = errors.New("maia: refused what was sent")             // 400 and other 4xx
	ErrUnauthenticated = errors.New("maia: did not accept the token")          // 401
	ErrForbidden       = errors.New("maia: this user may not do this")         // 403
	ErrNotFound        = errors.New("maia: no such project or agent")          // 404
	ErrConflict        = errors.New("maia: the name is taken")                 // 409
	ErrRateLimited     = errors.New("maia: too many requests")                 // 429
	ErrFailed          = errors.New("maia: failed")                            // 5xx, but for the next
	ErrUnknown         = errors.New("maia: nobody knows whether it was done")  // 502, 504, no answer after sending, any other 2xx or 3xx
	ErrNotSent         = errors.New("maia: not reached, and nothing was sent") // no connection
)

// class tells what a status means. 502 and 504 come from a gateway that gave up waiting, so the work
// behind it may have been done.
func class(status int) error {
	switch {
	case status == 401:
		return ErrUnauthenticated
	case status == 403:
		return ErrForbidden
	case status == 404:
		return ErrNotFound
	case status == 409:
		return ErrConflict
	case status == 429:
		return ErrRateLimited
	case status == 502, status == 504, status < 400:
		return ErrUnknown
	case status < 500:
		return ErrRejected
	default:
		return ErrFailed
	}
}

// Problem is an answer of Maia that is not the hoped-for one: an RFC 9457 problem details document, or
// whatever else came. Status is the response's own, for a document may claim another.
//
// Detail and Violations are Maia's words, as bytes of their own. They may repeat what was sent, secrets included,
// so Error leaves them out, whoever shows them scrubs them first, and whoever is done with them wipes them.
type Problem struct {
	Status     int
	Detail     []byte
	Violations [][]byte
	// RetryAfter is how long Maia asks to wait (RFC 9110 section 10.2.3); 0 where it does not say.
	RetryAfter time.Duration
}

// Wipe clears Maia's words. Nothing that was taken out of p may be used any more.
func (p *Problem) Wipe() {
	clear(p.Detail)
	for _, v := range p.Violations {
		clear(v)
	}
	p.Detail, p.Violations = nil, nil
}

// Error names the status alone, so that it can be logged.
func (p *Problem) Error() string { return fmt.Sprintf("maia answered %d", p.Status) }

// Is makes errors.Is(p, ErrConflict) and its like work.
func (p *Problem) Is(target error) bool { return target == class(p.Status) }

// transportError is a call that brought no answer.
type transportError struct {
	class error  // ErrNotSent or ErrUnknown
	what  string // the phase or kind of failure, without addresses or content
	cause error
}

func (e *transportError) Error() string        { return e.class.Error() + " (" + e.what + ")" }
func (e *transportError) Is(target error) bool { return target == e.class }
func (e *transportError) Unwrap() error        { return e.cause }
