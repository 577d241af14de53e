package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

const auditKey = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="

// auditLine is an event as log lines and exports have it.
type auditLine struct {
	Seq           int64          `json:"seq"`
	Time          string         `json:"time"`
	Event         string         `json:"event"`
	ActorIssuer   string         `json:"actor_issuer"`
	ActorSubject  string         `json:"actor_subject"`
	ActorName     string         `json:"actor_name"`
	ClientAddress string         `json:"client_address"`
	RequestID     string         `json:"request_id"`
	SubmissionID  string         `json:"submission_id"`
	Details       map[string]any `json:"details"`
	Prev          string         `json:"prev"`
	Hash          string         `json:"hash"`
}

// auditLines are those of logs.
func auditLines(t *testing.T, logs string) []auditLine {
	t.Helper()
	var list []auditLine
	for line := range strings.Lines(logs) {
		if !strings.Contains(line, `"msg":"audit"`) {
			continue
		}
		var e auditLine
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	return list
}

// happened are the kinds of events with their subjects.
func happened(list []auditLine) string {
	var words []string
	for _, e := range list {
		word := e.Event + " " + e.ActorSubject
		if by, _ := e.Details["by"].(string); by != "" {
			word += " by " + by
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

// Logins, refused ones and ends of sessions are in the trail, each with who, from where and over which request.
func TestLoginsAreInTheTrail(t *testing.T) {
	r := newRig(t, "AUDIT_KEYS", auditKey, "LOG_LEVEL", "error") // whatever the level
	b, other := r.browser(), r.browser()
	b.login("ada", "/")
	other.login("ada", "/")
	own := handles(b.get("/sessions"))
	own = slices.DeleteFunc(own, func(h string) bool { return h == thisOne(b.get("/sessions")) })
	b.sendPlain("/sessions", url.Values{"session": own})
	b.sendPlain("/logout", nil)
	b.sendPlain("/logout", nil) // nothing to end
	if p := r.browser().login("otto", "/"); p.status != http.StatusForbidden {
		t.Errorf("an outsider: %d", p.status)
	}
	r.browser().get("/auth/callback?state=nonsense&code=nonsense") // a stranger is no event
	list := auditLines(t, r.logs.String())
	if got, want := happened(list), "login sandbox-ada, login sandbox-ada, session_ended sandbox-ada by user, logout sandbox-ada, "+
		"login_refused sandbox-otto"; got != want {
		t.Fatalf("events: %s\nwant %s", got, want)
	}
	for _, e := range list {
		if e.ActorIssuer != r.sb.Provider.Issuer() || e.ActorName == "" || e.ClientAddress != "127.0.0.1" || e.RequestID == "" {
			t.Errorf("who and from where: %+v", e)
		}
	}
	if list[4].Details["reason"] == "" || list[0].Details["browser"] == "" || list[2].Details["session"] != own[0] {
		t.Errorf("details: %v %v %v", list[4].Details, list[0].Details, list[2].Details)
	}
}

// A command that writes events goes on with the server's chain, or does nothing.
func TestOperatorsEndWithTheServersKeys(t *testing.T) {
	r := newRig(t, "AUDIT_KEYS", auditKey)
	b := r.browser()
	b.login("ada", "/")
	const otherKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	for name, environ := range map[string][]string{
		"no keys":    nil,
		"other keys": {"PORTAL_AUDIT_KEYS=" + otherKey},
		"no key":     {"PORTAL_AUDIT_KEYS=nonsense"},
	} {
		if code, out := r.commandWith(environ, "sessions", "end", "--all"); code != 2 || !strings.Contains(out, "PORTAL_AUDIT_KEYS") {
			t.Errorf("%s: %d %s", name, code, out)
		}
	}
	if p := b.get("/"); p.status != http.StatusOK {
		t.Errorf("the session was ended all the same: %d", p.status)
	}
	keys := []string{"PORTAL_AUDIT_KEYS=" + otherKey + "," + auditKey} // the key is being changed
	code, out, logs := r.commandParts(keys, "sessions", "end", "--all")
	if list := auditLines(t, logs); code != 0 || out != "1 ended\n" || happened(list) != "session_ended sandbox-ada by operator" || list[0].Seq != 2 {
		t.Errorf("with the keys: %d %q %s", code, out, logs)
	}
	if p := b.get("/"); p.status != http.StatusSeeOther {
		t.Errorf("the session lives: %d", p.status)
	}
}
