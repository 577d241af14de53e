package maiaclient

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"maiaportal/internal/secret/plainjson"
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
	p.Detail = text(plainjson.Member(body, "detail"))
	p.Violations = violations(plainjson.Member(body, "violations"))
	return p
}

// text reads a JSON string without the blanks around it, into a slice of its own; anything else is empty.
func text(raw []byte) []byte { return bytes.TrimSpace(plainjson.Text(raw)) }

// violations reads a list of strings. Lists of objects, which other editions of such APIs have, are
// read as "field: message"; a single string is a list of one.
func violations(raw []byte) [][]byte {
	list, ok := plainjson.Elements(raw)
	if !ok {
		list = [][]byte{raw}
	}
	var out [][]byte
	for _, item := range list {
		words := text(item)
		if len(words) == 0 {
			words = violationObject(item)
		}
		if len(words) > 0 {
			out = append(out, words)
		}
	}
	return out
}

func violationObject(raw []byte) []byte {
	first := func(names ...string) []byte {
		for _, n := range names {
			if words := text(plainjson.Member(raw, n)); len(words) > 0 {
				return words
			}
		}
		return nil
	}
	field := first("field", "name", "path", "pointer")
	message := first("message", "detail", "reason", "defaultMessage")
	switch {
	case len(message) == 0:
		return field
	case len(field) == 0:
		return message
	}
	defer clear(field)
	defer clear(message)
	return slices.Concat(field, []byte(": "), message)
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
