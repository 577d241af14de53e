// Package fault is how the sandbox's Maia goes wrong: faults that a test injects, and names that
// cause one for whoever types them.
package fault

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strconv"
	"time"

	"maiaportal/internal/sandbox/web"
)

// Fault is how the two POST calls go wrong. A Fault with nothing but Delay or Hold only makes
// them late.
type Fault struct {
	// Status of the answer; 500 where it is 0, or with After that of the true answer.
	Status int
	// Header is added to the answer.
	Header http.Header
	// Body of the answer; a problem document of the status where it is empty, or with After the
	// true answer's.
	Body string
	// ContentType of the answer; by default what suits the status.
	ContentType string
	// PadTo makes the body this many bytes long by blanks at its end.
	PadTo int64
	// Gzip compresses the body whether or not the client can take that: together with PadTo a bomb.
	Gzip bool
	// Echo repeats the received value in detail and violations, as a careless server would.
	Echo bool

	// Delay is how long the call waits before anything else happens.
	Delay time.Duration
	// Hold makes the call wait until the channel is closed.
	Hold <-chan struct{}
	// Hang never answers, until the client goes away or the sandbox ends.
	Hang bool
	// Reset loses the connection without an answer, after the request was read.
	Reset bool
	// HalfAnswer loses the connection in the middle of the body.
	HalfAnswer bool

	// Skip is how many calls go right before.
	Skip int
	// After does the work first, so that the fault befalls a call that did create something. A
	// call that was refused anyway is answered as it is.
	After bool
	// Times is how many calls it befalls; 0 means until it is cleared.
	Times int
}

// onlyLate tells whether the call goes on after the waiting.
func (f *Fault) onlyLate() bool {
	sameAnswer := f.Status == 0 && f.Header == nil && f.Body == "" && f.PadTo == 0 && !f.Gzip && !f.Echo
	return sameAnswer && !f.Hang && !f.Reset && !f.HalfAnswer
}

// Befall carries the fault out. It returns false where the call is to go on as if nothing had
// happened; done is the true answer where the work is done already.
func (f *Fault) Befall(
	w http.ResponseWriter, r *http.Request, instance string, value []byte, done *web.Answer,
) bool {
	gone := r.Context().Done()
	if f.Delay > 0 {
		timer := time.NewTimer(f.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-gone:
			panic(http.ErrAbortHandler)
		}
	}
	if f.Hold != nil {
		select {
		case <-f.Hold:
		case <-gone:
			panic(http.ErrAbortHandler)
		}
	}
	switch {
	case f.onlyLate():
		return false
	case f.Hang:
		<-gone
		panic(http.ErrAbortHandler)
	case f.Reset:
		web.Reset(w)
		return true
	}
	f.send(w, f.answer(instance, value, done))
	return true
}

func (f *Fault) answer(instance string, value []byte, done *web.Answer) web.Answer {
	status := f.Status
	switch {
	case status != 0:
	case done != nil:
		status = done.Status
	default:
		status = http.StatusInternalServerError
	}
	var a web.Answer
	switch {
	case f.Body != "":
		a = web.Answer{
			Status:      status,
			ContentType: web.JSONType,
			Body:        []byte(f.Body),
		}
		if status >= 400 {
			a.ContentType = web.ProblemType
		}
		if status == http.StatusUnauthorized {
			a.Header = web.Problem(status, "", "").Header
		}
	case f.Echo:
		a = web.Problem(status, instance, "could not store "+string(value), echoes(value)...)
	case done != nil && status < 400:
		a = *done
		a.Status = status
	default:
		a = web.Problem(status, instance, "Injected by the sandbox")
	}
	if f.ContentType != "" {
		a.ContentType = f.ContentType
	}
	header := http.Header{}
	maps.Copy(header, a.Header)
	for name, values := range f.Header {
		header[http.CanonicalHeaderKey(name)] = values
	}
	a.Header = header
	return a
}

// echoes are violations that quote the value, as it came and as it reads.
func echoes(value []byte) []string {
	list := []string{"value: must not be " + string(value)}
	var properties map[string]any
	if json.Unmarshal(value, &properties) == nil {
		for name, property := range properties {
			if text, ok := property.(string); ok {
				list = append(list, "value."+name+": must not be "+text)
			}
		}
	}
	return list
}

func (f *Fault) send(w http.ResponseWriter, a web.Answer) {
	padding := max(0, f.PadTo-int64(len(a.Body)))
	switch {
	case f.HalfAnswer:
		// More than there is: an empty body must be cut off, too.
		a.Header.Set("Content-Length", strconv.Itoa(len(a.Body)+64))
		a.Body = a.Body[:len(a.Body)/2]
		a.Send(w)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case f.Gzip:
		a.Header.Set("Content-Encoding", "gzip")
		body := a.Body
		a.Body = nil
		a.Send(w)
		packed, _ := gzip.NewWriterLevel(w, gzip.BestSpeed) // the level is a valid one
		_, _ = packed.Write(body)
		_, _ = io.CopyN(packed, blanks{}, padding)
		_ = packed.Close()
	default:
		a.Send(w)
		_, _ = io.CopyN(w, blanks{}, padding)
	}
}

// blanks is an endless line of blanks.
type blanks struct{}

func (blanks) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}
