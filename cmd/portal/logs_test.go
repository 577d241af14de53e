package main

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
)

// lines are the log's lines with a message.
func (r *rig) lines(msg string) []map[string]any {
	r.t.Helper()
	var out []map[string]any
	for line := range strings.Lines(r.logs.String()) {
		var l map[string]any
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			r.t.Fatalf("no JSON: %s", line)
		}
		if l["msg"] == msg {
			out = append(out, l)
		}
	}
	return out
}

// Each answer has the id of its line, and the line says what was asked for by its pattern, how long it took, and whose it
// was.
func TestRequestsInTheLog(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	b.login("ada", "/")
	answers := map[string]page{}
	for _, path := range []string{"/activity/typed-id", "/", "/nowhere"} {
		answers[path] = b.get(path)
	}
	p := b.send("/secret-references", b.reference("LOGGED", "agentType", "AWS", "secretName", "s"))
	if p.status != http.StatusSeeOther {
		t.Fatalf("%d %s", p.status, p.text())
	}
	answers["/secret-references"] = p
	foreign := b.formRequest("/setup", nil)
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")
	answers["/setup"] = b.do(foreign)
	// The line follows the answer, so what is under way ends first.
	r.stop()
	byID := map[string]map[string]any{}
	for _, l := range r.lines("request") {
		id, _ := l["request_id"].(string)
		byID[id] = l
	}
	ended := r.lines("submission ended")
	if len(ended) != 1 || ended[0]["subject"] == nil || ended[0]["request_id"] != p.header.Get("X-Request-Id") {
		t.Fatalf("the end of the submission: %v", ended)
	}
	for path, route := range map[string]string{
		"/activity/typed-id": "/activity/:id", "/": "/", "/nowhere": "none", "/secret-references": "/secret-references",
		"/setup": "/setup",
	} {
		l := byID[answers[path].header.Get("X-Request-Id")]
		if l == nil {
			t.Errorf("%s: no line has the answer's id %q", path, answers[path].header.Get("X-Request-Id"))
			continue
		}
		took, ok := l["duration_ms"].(float64)
		if l["route"] != route || l["path"] != path || !ok || took <= 0 || took > 60_000 {
			t.Errorf("%s: %v", path, l)
		}
		if who := l["subject"]; path != "/setup" && path != "/nowhere" && who != ended[0]["subject"] {
			t.Errorf("%s: the subject is %v", path, who)
		}
	}
}

// The log begins with what starts: version, settings and which keys, and nothing that is secret.
func TestStartInTheLog(t *testing.T) {
	_, p := alone(t, "ADMIN_LISTEN", "", "NOTICE", "Words of the operator")
	var line struct {
		Version  string
		Settings map[string]string
		Keys     struct{ Session, Audit []string }
	}
	text := p.wait(t, `"msg":"portal starts"`)
	if err := json.Unmarshal([]byte(text), &line); err != nil {
		t.Fatal(err)
	}
	if line.Version == "" || line.Settings["PORTAL_NOTICE"] != "Words of the operator" ||
		line.Settings["PORTAL_MAIA_TIMEOUT"] == "" || len(line.Keys.Audit) != 0 {
		t.Errorf("%s", text)
	}
	if len(line.Keys.Session) != 1 || !regexp.MustCompile(`^[0-9a-f]{8}$`).MatchString(line.Keys.Session[0]) {
		t.Errorf("fingerprints: %v", line.Keys.Session)
	}
	for variable := range line.Settings {
		if strings.Contains(variable, "CLIENT_SECRET") || strings.HasSuffix(variable, "_KEYS") ||
			strings.Contains(variable, "DATABASE") {
			t.Errorf("a secret setting is in the log: %s", variable)
		}
	}
	if strings.Contains(text, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8") {
		t.Error("a key is in the log")
	}
}

// Members of log lines that operators rely on are documented.
func TestLogsAreDocumented(t *testing.T) {
	doc := string(must(os.ReadFile("../../docs/operate.md")))
	r := newRig(t)
	b := r.browser()
	b.login("ada", "/")
	b.send("/secret-references", b.reference("LOGGED", "agentType", "AWS", "secretName", "s"))
	r.stop()
	for _, msg := range []string{"request", "submission ended", "login"} {
		lines := r.lines(msg)
		if len(lines) == 0 {
			t.Errorf("there is no line %q", msg)
		}
		for _, l := range lines {
			for member := range l {
				if !strings.Contains(doc, "| `"+member+"` |") {
					t.Errorf("docs/operate.md says nothing of %s in %q", member, msg)
				}
			}
		}
	}
}
