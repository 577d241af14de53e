package maiaclient

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unsafe"
)

// longestWait bounds a Retry-After: beyond it nobody waits in front of a form.
const longestWait = time.Hour

// readProblem makes a Problem of an answer's status, header and body. Nothing in it can fail: a member
// of the wrong type is left out, a body that is no JSON object leaves the status alone.
func readProblem(status int, h http.Header, body []byte, now time.Time) *Problem {
	p := &Problem{Status: status, RetryAfter: retryAfter(h.Get("Retry-After"), now)}
	if !json.Valid(body) {
		return p
	}
	p.Type = p.text(member(body, "type"))
	p.Title = p.text(member(body, "title"))
	p.Detail = p.text(member(body, "detail"))
	p.Violations = p.violations(member(body, "violations"))
	return p
}

// text reads a JSON string without the blanks around it; anything else is empty.
func (p *Problem) text(raw []byte) string { return p.own(bytes.TrimSpace(unquote(raw))) }

// own makes a string that Wipe clears: it shares its bytes with b.
func (p *Problem) own(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	p.words = append(p.words, b)
	return unsafe.String(&b[0], len(b)) //nolint:gosec // nobody but Wipe changes the bytes
}

// violations reads a list of strings. Lists of objects, which other editions of such APIs have, are
// read as "field: message"; a single string is a list of one.
func (p *Problem) violations(raw []byte) []string {
	list, ok := elements(raw)
	if !ok {
		list = [][]byte{raw}
	}
	var out []string
	for _, item := range list {
		s := p.text(item)
		if s == "" {
			s = p.violationObject(item)
		}
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

func (p *Problem) violationObject(raw []byte) string {
	first := func(names ...string) string {
		for _, n := range names {
			if s := p.text(member(raw, n)); s != "" {
				return s
			}
		}
		return ""
	}
	field, message := first("field", "name", "path", "pointer"), first("message", "detail", "reason", "defaultMessage")
	switch {
	case message == "":
		return field
	case field == "":
		return message
	default:
		b := make([]byte, 0, len(field)+len(": ")+len(message))
		return p.own(append(append(append(b, field...), ": "...), message...))
	}
}

// retryAfter reads the header's two forms, seconds and a date. Nonsense and the past are 0.
func retryAfter(v string, now time.Time) time.Duration {
	v = strings.TrimSpace(v)
	if v == "" {
		return 0
	}
	var wait time.Duration
	if strings.Trim(v, "0123456789") == "" {
		secs, err := strconv.ParseInt(v, 10, 64)
		if err != nil || secs > int64(longestWait/time.Second) {
			return longestWait
		}
		wait = time.Duration(secs) * time.Second
	} else if t, err := http.ParseTime(v); err == nil {
		wait = t.Sub(now)
	}
	return min(max(wait, 0), longestWait)
}
