package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
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

// exported is the trail as an auditor gets it, with a query.
func (b *browser) exported(query string) []auditLine {
	b.r.t.Helper()
	p := b.get("/audit.jsonl" + query)
	if p.status != http.StatusOK || p.header.Get("Content-Type") != "application/jsonl; charset=utf-8" {
		b.r.t.Fatalf("%d %s", p.status, p.body)
	}
	return lines(b.r.t, p.body)
}

func lines(t *testing.T, body string) []auditLine {
	t.Helper()
	var list []auditLine
	for line := range strings.Lines(body) {
		var e auditLine
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		list = append(list, e)
	}
	return list
}

// An auditor gets the whole trail, as the log has it; that is an event, written before. Everybody else finds nothing.
func TestAuditorsExportTheTrail(t *testing.T) {
	r := newRig(t, "AUDIT_KEYS", auditKey)
	ada, audrey := r.browser(), r.browser()
	ada.login("ada", "/")
	audrey.login("audrey", "/")
	for _, b := range []*browser{ada, r.browser()} {
		want := http.StatusNotFound
		if b != ada {
			want = http.StatusSeeOther
		}
		if p := b.get("/audit.jsonl"); p.status != want {
			t.Errorf("for others: %d, want %d", p.status, want)
		}
	}
	ada.send("/secret-references", ada.reference("IN_THE_TRAIL", "agentType", "AWS", "secretName", "s"))
	if p := audrey.do(audrey.request(http.MethodHead, "/audit.jsonl", nil)); p.status != http.StatusOK || p.body != "" {
		t.Errorf("HEAD: %d %q", p.status, p.body)
	}
	logged := auditLines(t, r.logs.String())
	got := audrey.exported("")
	if len(got) != len(logged) || happened(got) != happened(logged) || got[len(got)-1].Hash != logged[len(logged)-1].Hash {
		t.Errorf("exported %s\nlogged %s", happened(got), happened(logged))
	}
	last := auditLines(t, r.logs.String())[len(logged)]
	if last.Event != "exported" || last.ActorSubject != "sandbox-audrey" || last.Details["rows"] != float64(len(got)) || last.Details["what"] != "audit.jsonl" {
		t.Errorf("the event of the export: %+v", last)
	}
	middle := url.QueryEscape(got[2].Time)
	if from, to := audrey.exported("?from="+middle), audrey.exported("?to="+middle); from[0].Seq > 3 || len(to) >= 3 || len(to)+1 != int(from[0].Seq) {
		t.Errorf("from %s: %s; to: %s", middle, happened(from), happened(to))
	}
	day := got[0].Time[:10]
	if n := len(audrey.exported("?from=" + day + "&to=" + day)); n < len(got) {
		t.Errorf("of the day: %d", n)
	}
	if n := len(audrey.exported("?to=2020-01-01")) + len(audrey.exported("?from=2999-01-01")); n != 0 {
		t.Errorf("of other years: %d", n)
	}
	for _, q := range []string{"?from=yesterday", "?to=2026-02-30"} {
		if p := audrey.get("/audit.jsonl" + q); p.status != http.StatusBadRequest || p.header.Get("Content-Disposition") != "" {
			t.Errorf("%s: %d", q, p.status)
		}
	}
	// The commands see the same, while the portal runs.
	environ := []string{"PORTAL_AUDIT_KEYS=" + auditKey}
	code, out := r.commandWith(environ, "audit", "export")
	if list := lines(t, out); code != 0 || len(list) < len(got) || list[1].Hash != got[1].Hash {
		t.Errorf("audit export: %d %s", code, out)
	}
	code, out = r.commandWith(environ, "audit", "export", "--to", got[2].Time)
	if list := lines(t, out); code != 0 || len(list) >= 3 {
		t.Errorf("audit export --to: %d %s", code, out)
	}
	logged = auditLines(t, r.logs.String())
	head := logged[len(logged)-1]
	code, out = r.commandWith(environ, "audit", "verify", "--expect", "1:"+got[0].Hash, "--expect", "2:"+got[1].Hash)
	if code != 0 || !strings.Contains(out, head.Hash) || !strings.HasPrefix(out, "events  ") {
		t.Errorf("audit verify: %d %s", code, out)
	}
	for want, args := range map[string][]string{
		"event 2: changed":   {"--expect", "2:" + got[0].Hash},
		"event 999: cut off": {"--expect", "999:" + got[0].Hash},
	} {
		if code, out := r.commandWith(environ, append([]string{"audit", "verify"}, args...)...); code != 1 || !strings.Contains(out, want) {
			t.Errorf("%s: %d %s", want, code, out)
		}
	}
	if code, out := r.command("audit", "verify"); code != 1 || !strings.Contains(out, "event 1: other key") {
		t.Errorf("without the key: %d %s", code, out)
	}
	for _, args := range [][]string{{"verify", "--expect", "1:abc"}, {"verify", "--expect", "x"}, {"export", "--from", "yesterday"}} {
		if code, _ := r.commandWith(environ, append([]string{"audit"}, args...)...); code != 2 {
			t.Errorf("%q: %d", args, code)
		}
	}
	// A copy, taken while the portal runs.
	copied := t.TempDir() + "/copy.db"
	if code, out := r.command("backup", copied); code != 0 || !strings.Contains(out, copied) {
		t.Errorf("backup: %d %s", code, out)
	}
	if code, out := r.command("backup", copied); code != 1 {
		t.Errorf("backup over a file: %d %s", code, out)
	}
	var o bytes.Buffer
	if code := run(t.Context(), []string{"audit", "verify"}, append(environ, "PORTAL_DATABASE_URL=sqlite:"+copied), &o, &o); code != 0 || !strings.Contains(o.String(), head.Hash) {
		t.Errorf("the copy: %d %s", code, o.String())
	}
}

// An export that cannot go on is cut, so that nobody takes it for a whole one; one whose event cannot be written does not
// begin.
func TestExportsAreCutNotShortened(t *testing.T) {
	r := newRig(t)
	audrey := r.browser()
	audrey.login("audrey", "/")
	tamper := func(statement string) {
		t.Helper()
		db := must(sql.Open("sqlite", r.dir+"/portal.db"))
		defer func() { _ = db.Close() }()
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	tamper(`CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(FAIL, 'full'); END`)
	if p := audrey.get("/audit.jsonl"); p.status != http.StatusServiceUnavailable {
		t.Errorf("without its event: %d %s", p.status, p.body)
	}
	other := r.browser()
	if p := other.login("ada", "/"); p.status != http.StatusServiceUnavailable || len(other.client.Jar.Cookies(must(url.Parse(r.base)))) > 1 {
		t.Errorf("a login without its event: %d %s", p.status, p.text())
	}
	tamper(`DROP TRIGGER full`)
	tamper(`CREATE TRIGGER cut AFTER INSERT ON events BEGIN DELETE FROM events WHERE seq = 1; END`) // after they were counted
	resp, err := audrey.client.Do(audrey.request(http.MethodGet, "/audit.jsonl", nil))
	if err == nil {
		_, err = io.ReadAll(resp.Body)
		_ = resp.Body.Close()
	}
	if err == nil {
		t.Error("an export that lacks an event looks whole")
	}
}

// The head is logged at the start and at the end, whatever the level, and what is older than it may be goes at the start.
func TestHeadsAndRetention(t *testing.T) {
	r := newRig(t, "LOG_LEVEL", "error")
	ada := r.browser()
	ada.login("ada", "/")
	ada.send("/secret-references", ada.reference("OLD", "agentType", "AWS", "secretName", "s"))
	r.stop()
	logged := auditLines(t, r.logs.String())
	last := logged[len(logged)-1]
	head := fmt.Sprintf(`"msg":"audit head","seq":%d,"hash":"%s"`, last.Seq, last.Hash)
	if !strings.Contains(r.logs.String(), head) {
		t.Errorf("no %s in %s", head, r.logs)
	}
	db := must(sql.Open("sqlite", r.dir+"/portal.db"))
	_, err := db.ExecContext(t.Context(), `UPDATE submissions SET created_at = created_at - 721 * 3600000`)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	r.logs = &syncBuffer{}
	listener := must((&net.ListenConfig{}).Listen(t.Context(), "tcp", strings.TrimPrefix(r.base, "http://")))
	r.serve(listener, "LOG_LEVEL", "error", "ACTIVITY_RETENTION", "720h")
	for range 10000 {
		ada.get("/healthz")
		if strings.Contains(r.logs.String(), "retention_applied") && strings.Contains(r.logs.String(), "audit head") {
			break
		}
	}
	for _, want := range []string{`"event":"retention_applied"`, `"records":1,"seq":0`, `"msg":"audit head"`} {
		if !strings.Contains(r.logs.String(), want) {
			t.Errorf("no %s in %s", want, r.logs)
		}
	}
	if p := ada.get("/activity"); strings.Contains(p.text(), "OLD") {
		t.Error("the old record is shown")
	}
	r.stop()
	if code, out := r.command("audit", "verify"); code != 0 {
		t.Errorf("verify: %d %s", code, out)
	}
}

// People see their own last sign-ins, also those whose session has ended, and nobody else's.
func TestPeopleSeeTheirSignIns(t *testing.T) {
	r := newRig(t)
	other := r.browser()
	other.login("grace", "/")
	shown := func(b *browser) int {
		return strings.Count(b.get("/sessions").text(), " UTC Another program 127.0.0.1")
	}
	var ada *browser
	for i := range 3 {
		ada = r.browser()
		ada.login("ada", "/")
		if i == 1 {
			ada.sendPlain("/logout", nil)
		}
	}
	if n := shown(ada); n != 3 {
		t.Errorf("%d sign-ins: %s", n, ada.get("/sessions").text())
	}
	if n := shown(other); n != 1 {
		t.Errorf("%d sign-ins of somebody else", n)
	}
	for range 18 {
		b := r.browser()
		b.login("ada", "/")
	}
	if n := shown(ada); n != 20 {
		t.Errorf("%d sign-ins, want the last 20", n)
	}
}
