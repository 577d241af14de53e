package maiaclient

import (
	"errors"
	"strconv"
	"time"
)

// Observer hears how each call to Maia ended.
type Observer interface {
	// CallEnded has the call's Name, and a status or one of NotSent and NoAnswer.
	CallEnded(call, code string, took time.Duration)
}

// What stands in place of a status.
const (
	// NotSent is a call that did not get as far as Maia.
	NotSent = "not_sent"
	// NoAnswer is one that may have arrived, and that no answer came to.
	NoAnswer = "no_answer"
)

// observe tells the observer, where there is one.
func (c *Client) observe(to target, a answer, err error, begun time.Time) {
	if c.Observer == nil {
		return
	}
	code := strconv.Itoa(a.status)
	switch {
	case errors.Is(err, ErrNotSent):
		code = NotSent
	case err != nil:
		code = NoAnswer
	}
	c.Observer.CallEnded(to.name, code, time.Since(begun))
}
