package maiaclient

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"
)

// Observer hears how each call to Maia ended.
type Observer interface {
	// CallEnded has the call's Name, and a status or one of NotSent and NoAnswer.
	CallEnded(call, code string, took time.Duration)
}

// Tracer follows each call to Maia from its beginning.
type Tracer interface {
	// CallBegins has the call's Name, its method and its path with the parameters in braces: what people typed stands in
	// none of them. What it puts into along goes to Maia as headers. ended has the same code as CallEnded, and is called
	// once.
	CallBegins(ctx context.Context, call, method, path string, along http.Header) (ended func(code string))
}

// What stands in place of a status.
const (
	// NotSent is a call that did not get as far as Maia.
	NotSent = "not_sent"
	// NoAnswer is one that may have arrived, and that no answer came to.
	NoAnswer = "no_answer"
)

// observe tells of a call to those who watch, where there are any. along is what goes to Maia with it.
func (c *Client) observe(ctx context.Context, to target) (along http.Header, ended func(answer, error)) {
	begun := time.Now()
	traced := func(string) {}
	if c.Tracer != nil {
		along = http.Header{}
		traced = c.Tracer.CallBegins(ctx, to.name, to.method, to.template, along)
	}
	return along, func(a answer, err error) {
		code := strconv.Itoa(a.status)
		switch {
		case errors.Is(err, ErrNotSent):
			code = NotSent
		case err != nil:
			code = NoAnswer
		}
		traced(code)
		if c.Observer != nil {
			c.Observer.CallEnded(to.name, code, time.Since(begun))
		}
	}
}
