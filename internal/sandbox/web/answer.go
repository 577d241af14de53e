package web

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
)

// Answer is what a call ends in. Work returns it instead of writing it, so that a fault can take
// its place after the work is done.
type Answer struct {
	// Status is the status code.
	Status int
	// Header is added to the answer's.
	Header http.Header
	// ContentType of the body, "" where there is none.
	ContentType string
	// Body is sent as it is.
	Body []byte
}

// Media types of the API.
const (
	JSONType    = "application/json"
	ProblemType = "application/problem+json"
)

// Send writes the answer.
func (a Answer) Send(w http.ResponseWriter) {
	for name, values := range a.Header {
		w.Header()[name] = values
	}
	if a.ContentType != "" {
		w.Header().Set("Content-Type", a.ContentType)
	}
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body)
}

// JSON makes an answer of a value.
func JSON(status int, body any) Answer {
	return Answer{Status: status, ContentType: JSONType, Body: encode(body)}
}

func encode(body any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		panic(err) // only the sandbox's own types come here
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// problemDocument is RFC 9457 as Maia writes it: violations are plain strings.
type problemDocument struct {
	Type       string   `json:"type"`
	Title      string   `json:"title"`
	Status     int      `json:"status"`
	Detail     string   `json:"detail,omitempty"`
	Instance   string   `json:"instance,omitempty"`
	Violations []string `json:"violations,omitempty"`
}

// Problem makes an error answer. Its instance is the template of the path, as Maia's is.
func Problem(status int, instance, detail string, violations ...string) Answer {
	title := http.StatusText(status)
	a := Answer{
		Status:      status,
		ContentType: ProblemType,
		Body: encode(problemDocument{
			Type:       "https://api.matillion.com/problems/" + strings.ReplaceAll(strings.ToLower(title), " ", "-"),
			Title:      title,
			Status:     status,
			Detail:     detail,
			Instance:   instance,
			Violations: violations,
		}),
	}
	if status == http.StatusUnauthorized {
		a.Header = http.Header{"Www-Authenticate": {`Bearer error="invalid_token"`}}
	}
	return a
}
