package sandbox

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strconv"
	"time"
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

	// After does the work first, so that the fault befalls a call that did create something. A
	// call that was refused anyway is answered as it is.
	After bool
	// Times is how many calls it befalls; 0 means until it is cleared.
	Times int
}

// SetFault makes the coming POST calls of authenticated users go wrong, each in f's way. With nil
// they go right again.
func (m *Maia) SetFault(f *Fault) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fault = nil
	if f != nil {
		kept := *f
		m.fault = &kept
	}
}

func (m *Maia) takeFault() *Fault {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fault == nil {
		return nil
	}
	taken := *m.fault
	if m.fault.Times > 0 {
		if m.fault.Times--; m.fault.Times == 0 {
			m.fault = nil
		}
	}
	return &taken
}

// onlyLate tells whether the call goes on after the waiting.
func (f *Fault) onlyLate() bool {
	return f.Status == 0 && f.Header == nil && f.Body == "" && f.PadTo == 0 && !f.Gzip && !f.Echo && !f.Hang && !f.Reset && !f.HalfAnswer
}

// befall carries the fault out. It returns false where the call is to go on as if nothing had
// happened; done is the true answer where the work is done already.
func (f *Fault) befall(w http.ResponseWriter, r *http.Request, instance string, value []byte, done *answer) bool {
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
		if hijacked, _, err := http.NewResponseController(w).Hijack(); err == nil {
			hijacked.(*conn).reset()
		}
		return true
	}
	f.send(w, f.answer(instance, value, done))
	return true
}

func (f *Fault) answer(instance string, value []byte, done *answer) answer {
	status := f.Status
	switch {
	case status != 0:
	case done != nil:
		status = done.status
	default:
		status = http.StatusInternalServerError
	}
	var a answer
	switch {
	case f.Body != "":
		a = answer{status: status, contentType: jsonType, body: []byte(f.Body)}
		if status >= 400 {
			a.contentType = problemType
		}
		if status == http.StatusUnauthorized {
			a.header = problem(status, "", "").header
		}
	case f.Echo:
		a = problem(status, instance, "could not store "+string(value), echoes(value)...)
	case done != nil && status < 400:
		a = *done
		a.status = status
	default:
		a = problem(status, instance, "Injected by the sandbox")
	}
	if f.ContentType != "" {
		a.contentType = f.ContentType
	}
	header := http.Header{}
	maps.Copy(header, a.header)
	for name, values := range f.Header {
		header[http.CanonicalHeaderKey(name)] = values
	}
	a.header = header
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

func (f *Fault) send(w http.ResponseWriter, a answer) {
	padding := max(0, f.PadTo-int64(len(a.body)))
	switch {
	case f.HalfAnswer:
		// More than there is: an empty body must be cut off, too.
		a.header.Set("Content-Length", strconv.Itoa(len(a.body)+64))
		a.body = a.body[:len(a.body)/2]
		a.send(w)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case f.Gzip:
		a.header.Set("Content-Encoding", "gzip")
		body := a.body
		a.body = nil
		a.send(w)
		packed, _ := gzip.NewWriterLevel(w, gzip.BestSpeed) // the level is a valid one
		_, _ = packed.Write(body)
		_, _ = io.CopyN(packed, blanks{}, padding)
		_ = packed.Close()
	default:
		a.send(w)
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
