package maiaclient

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longestWait bounds a Retry-After: beyond it nobody waits in front of a form.
const longestWait = time.Hour

// readProblem makes a Problem of an answer's status, header and body. Nothing in it can fail: a member
// of the wrong type is left out, a body that is no JSON object leaves the status alone.
func readProblem(status int, h http.Header, body []byte, now time.Time) *Problem {
	p := &Problem{Status: status, RetryAfter: retryAfter(h.Get("Retry-After"), now)}
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		return p
	}
	p.Type = text(members["type"])
	p.Title = text(members["title"])
	p.Detail = text(members["detail"])
	p.Violations = violations(members["violations"])
	return p
}

// text reads a JSON string; anything else is empty.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return strings.TrimSpace(s)
}

// violations reads a list of strings. Lists of objects, which other editions of such APIs have, are
// read as "field: message"; a single string is a list of one.
func violations(raw json.RawMessage) []string {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		list = []json.RawMessage{raw}
	}
	var out []string
	for _, item := range list {
		s := text(item)
		if s == "" {
			s = violationObject(item)
		}
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

func violationObject(raw json.RawMessage) string {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil || members == nil {
		return ""
	}
	first := func(names ...string) string {
		for _, n := range names {
			if s := text(members[n]); s != "" {
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
		return field + ": " + message
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
