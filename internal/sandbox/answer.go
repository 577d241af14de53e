package sandbox

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
)

// answer is what a call ends in. Work returns it instead of writing it, so that a fault can take
// its place after the work is done.
type answer struct {
	status      int
	header      http.Header
	contentType string
	body        []byte
}

const (
	jsonType    = "application/json"
	problemType = "application/problem+json"
)

func (a answer) send(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	if a.contentType != "" {
		w.Header().Set("Content-Type", a.contentType)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

func jsonAnswer(status int, body any) answer {
	return answer{status: status, contentType: jsonType, body: encode(body)}
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

// problem makes an error answer. Its instance is the template of the path, as Maia's is.
func problem(status int, instance, detail string, violations ...string) answer {
	title := http.StatusText(status)
	a := answer{status: status, contentType: problemType, body: encode(problemDocument{
		Type:       "https://api.matillion.com/problems/" + strings.ReplaceAll(strings.ToLower(title), " ", "-"),
		Title:      title,
		Status:     status,
		Detail:     detail,
		Instance:   instance,
		Violations: violations,
	})}
	if status == http.StatusUnauthorized {
		a.header = http.Header{"Www-Authenticate": {`Bearer error="invalid_token"`}}
	}
	return a
}
