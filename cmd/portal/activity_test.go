package main

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"maiaportal/internal/sandbox/maia"
	"maiaportal/internal/store/pgtest"
)

// onEngines runs a test against a portal on each engine. db is the portal's database, for what the portal itself would
// never do.
func onEngines(t *testing.T, test func(t *testing.T, r *rig, db *sql.DB), settings ...string) {
	for _, engine := range []string{"SQLite", "PostgreSQL"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			with := slices.Clone(settings)
			driver, address := "pgx", ""
			if engine == "PostgreSQL" {
				address = pgtest.Start(t)
				with = append(with, "DATABASE_URL", address)
			}
			r := newRig(t, with...)
			if address == "" {
				driver, address = "sqlite", r.dir+"/portal.db?_pragma=busy_timeout(5000)"
			}
			db := must(sql.Open(driver, address))
			t.Cleanup(func() { _ = db.Close() })
			test(t, r, db)
		})
	}
}

// alter runs statements behind the portal's back.
func alter(t *testing.T, db *sql.DB, statement string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatal(err)
	}
}

// exports are the addresses that send something whole.
var exports = []string{"/activity.csv", "/activity.jsonl", "/audit.jsonl"}

// listed are the ids of the entries on a page of the list, and how many entries its counts say there are.
func listed(p page) (ids []string, counted string) {
	for n := range p.doc().Descendants() {
		to := attr(n, "href")
		if n.Data == "a" && len(to) == len("/activity/")+36 && strings.HasPrefix(to, "/activity/") {
			ids = append(ids, strings.TrimPrefix(to, "/activity/"))
		}
		if n.Data == "dt" && n.FirstChild != nil && n.FirstChild.Data == "Entries" {
			for next := n.NextSibling; next != nil; next = next.NextSibling {
				if next.Type == html.ElementNode {
					counted = next.FirstChild.Data
					break
				}
			}
		}
	}
	return ids, counted
}

// csvRows are the rows of an export by the names of their columns.
func csvRows(t *testing.T, body string) []map[string]string {
	t.Helper()
	all, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil || len(all) == 0 {
		t.Fatalf("CSV: %v: %s", err, body)
	}
	var rows []map[string]string
	for _, cells := range all[1:] {
		row := map[string]string{}
		for i, name := range all[0] {
			row[name] = cells[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// jsonRows are the rows of an export in JSON lines.
func jsonRows(t *testing.T, body string) []map[string]any {
	t.Helper()
	var rows []map[string]any
	for line := range strings.Lines(body) {
		row := map[string]any{}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatalf("JSON: %v: %s", err, line)
		}
		rows = append(rows, row)
	}
	return rows
}

// exportedEvents are the events of exports that the log has.
func (r *rig) exportedEvents() []auditLine {
	r.t.Helper()
	return slices.DeleteFunc(auditLines(r.t, r.logs.String()), func(e auditLine) bool { return e.Event != "exported" })
}

// Users see their own entries and auditors everybody's: in the list, its counts, its exports and on receipts, with every
// filter, and by no cursor or id of somebody else's.
func TestActivityIsOnesOwn(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, r *rig, _ *sql.DB) {
		people := map[string]*browser{}
		for _, name := range []string{"ada", "grace", "audrey"} {
			people[name] = r.browser()
			people[name].login(name, "/")
		}
		ada, grace, audrey := people["ada"], people["grace"], people["audrey"]
		type entry struct{ id, time, key string }
		var all []entry // newest first
		submit := func(key string, b *browser, path string, form url.Values) {
			t.Helper()
			p := b.send(path, form)
			if p.status != http.StatusSeeOther && p.status != http.StatusConflict {
				t.Fatalf("%s: %d %s", key, p.status, p.text())
			}
			newest := csvRows(t, b.get("/activity.csv").body)[0]
			all = slices.Insert(all, 0, entry{newest["id"], newest["time"], key})
		}
		submit("a1", ada, "/secret-references", ada.reference("PAY_DB", "agentType", "AWS", "secretName", "s", "renewBy", "2099-01-31"))
		submit("g1", grace, "/secret-references", grace.reference("PAY_DB", "agentType", "AWS", "secretName", "s"))
		submit("a2", ada, "/secret-values", ada.value("payroll", "valueFormat", "text", "valueText", "hunter2"))
		elsewhere := grace.reference("OWN", "agentType", "Azure", "vaultName", "payvault", "secretName", "own", "renewBy", "2099-01-31")
		elsewhere.Set("projectId", maia.ProjectMarketing)
		submit("g2", grace, "/secret-references", elsewhere)
		submit("a3", ada, "/setup", ada.setup("LOAD", "name", "pay/load", "valueFormat", "text", "valueText", "hunter2"))
		streaming := grace.value("load", "valueFormat", "text", "valueText", "hunter2")
		streaming.Set("agentId", maia.AgentAzure)
		submit("g3", grace, "/secret-values", streaming)

		at := func(key string) entry {
			return all[slices.IndexFunc(all, func(e entry) bool { return e.key == key })]
		}
		since := func(from, to string) string {
			var keys []string
			for _, e := range all {
				if (from == "" || e.time >= from) && (to == "" || e.time < to) {
					keys = append(keys, e.key)
				}
			}
			return strings.Join(keys, " ")
		}
		first, last := all[len(all)-1].time[:10], all[0].time[:10]
		middle := at("a2").time
		for query, wanted := range map[string]string{
			"":                                    "g3 a3 g2 a2 g1 a1",
			"name=PAY":                            "g1 a1",
			"name=pay":                            "a3 g2 a2",
			"name=LOAD":                           "a3",
			"name=nothing":                        "",
			"action=reference":                    "g2 g1 a1",
			"action=value":                        "g3 a2",
			"action=setup":                        "a3",
			"outcome=created":                     "g3 a3 g2 a2 a1",
			"outcome=conflict":                    "g1",
			"outcome=unknown":                     "",
			"project_id=" + at("a1").id:           "",
			"agent_id=nonsense":                   "",
			"from=" + middle:                      since(middle, ""),
			"to=" + middle:                        since("", middle),
			"from=" + first + "&to=" + last:       "g3 a3 g2 a2 g1 a1",
			"to=2020-01-01":                       "",
			"from=2999-01-01":                     "",
			"actor=":                              "g3 a3 g2 a2 g1 a1",
			"nonsense=x":                          "g3 a3 g2 a2 g1 a1",
			"project_id=" + maia.ProjectMarketing: "g2",
			"project_id=" + maia.ProjectFinance + "&outcome=created":           "a3 a1",
			"agent_id=" + maia.AgentAzure:                                      "g3",
			"agent_id=" + maia.AgentAWS + "&action=value&name=payroll":         "a2",
			"project_id=" + maia.ProjectFinance + "&name=PAY&action=reference": "g1 a1",
		} {
			for name, b := range people {
				var want []string
				for _, key := range strings.Fields(wanted) {
					if name == "audrey" || key[0] == name[0] {
						want = append(want, at(key).id)
					}
				}
				b.listsAlike(name, query, want)
			}
		}
		// Who is a filter for auditors. For others it would only tell whether somebody is there.
		own := map[string][]string{}
		for _, e := range all {
			own[e.key[:1]] = append(own[e.key[:1]], e.id)
		}
		for query, want := range map[string][]string{
			"actor=Ada": own["a"], "actor=Grace": own["g"], "actor=sandbox-grace": own["g"], "actor=sandbox": nil, "actor=ada": nil,
		} {
			audrey.listsAlike("audrey", query, want)
			ada.listsAlike("ada", query, own["a"])
		}

		// What names one entry of somebody else's opens nothing.
		for name, b := range people {
			for _, e := range all {
				want := http.StatusOK
				if name != "audrey" && e.key[0] != name[0] {
					want = http.StatusNotFound
				}
				if p := b.get("/activity/" + e.id); p.status != want {
					t.Errorf("%s at the receipt of %s: %d, want %d", name, e.key, p.status, want)
				}
				p := b.get("/activity?before=" + e.id)
				if want == http.StatusNotFound {
					want = http.StatusBadRequest
				}
				if p.status != want {
					t.Errorf("%s at the page after %s: %d, want %d", name, e.key, p.status, want)
				}
				ids, _ := listed(p)
				for _, id := range ids {
					if name != "audrey" && !slices.Contains(own[name[:1]], id) {
						t.Errorf("%s sees %s behind %s", name, id, e.key)
					}
				}
			}
			// Nor does a cursor narrow or widen an export, which is whole.
			for _, format := range []string{"csv", "jsonl"} {
				whole := b.get("/activity." + format).body
				if got := b.get("/activity." + format + "?before=" + at("a2").id + "&before=x").body; got != whole {
					t.Errorf("%s: a cursor changes the export: %s", name, got)
				}
			}
		}
		history := func(b *browser, key string) string {
			_, told, _ := strings.Cut(b.get("/activity/"+at(key).id).text(), "What happened to this name")
			return told
		}
		if told := history(ada, "a1"); strings.Contains(told, "Grace") {
			t.Errorf("ada is told of grace: %s", told)
		}
		if told := history(audrey, "a1"); !strings.Contains(told, "by Grace") || !strings.Contains(told, "by Ada") {
			t.Errorf("the auditor is not told of both: %s", told)
		}
		for name, want := range map[string]string{"ada": "PAY_DB", "grace": "OWN", "audrey": "PAY_DB OWN"} {
			text := people[name].get("/activity/due").text()
			for _, due := range []string{"PAY_DB", "OWN"} {
				if got := regexp.MustCompile(`\b` + due + `\b`).MatchString(text); got != strings.Contains(want, due) {
					t.Errorf("%s, due: %s is there: %v", name, due, got)
				}
			}
		}
		for name, b := range people {
			want := http.StatusNotFound
			if name == "audrey" {
				want = http.StatusOK
			}
			for _, query := range []string{"", "?actor=" + name, "?actor=sandbox-" + name} {
				if p := b.get("/audit.jsonl" + query); p.status != want {
					t.Errorf("%s at the trail%s: %d, want %d", name, query, p.status, want)
				}
			}
		}
		for _, path := range append([]string{"/activity", "/activity/due", "/activity/" + at("a1").id}, exports...) {
			if p := r.browser().get(path + "?name=PAY"); p.status != http.StatusSeeOther || strings.Contains(p.body, at("a1").id) && !strings.Contains(path, at("a1").id) {
				t.Errorf("%s without a login: %d %s", path, p.status, p.body)
			}
		}
	})
}

// listsAlike checks that the list, its count and both exports have the same entries.
func (b *browser) listsAlike(name, query string, want []string) {
	b.r.t.Helper()
	query = "?" + query
	p := b.get("/activity" + query)
	ids, counted := listed(p)
	if !slices.Equal(ids, want) {
		b.r.t.Errorf("%s, %s: the list has %d entries, want %d: %v, want %v", name, query, len(ids), len(want), ids, want)
	}
	if len(want) > 0 && counted != fmt.Sprint(len(want)) || len(want) == 0 && counted != "" {
		b.r.t.Errorf("%s, %s: %q are counted, want %d", name, query, counted, len(want))
	}
	before := len(b.r.exportedEvents())
	var fromCSV, fromJSON []string
	for _, row := range csvRows(b.r.t, b.get("/activity.csv"+query).body) {
		fromCSV = append(fromCSV, row["id"])
	}
	for _, row := range jsonRows(b.r.t, b.get("/activity.jsonl"+query).body) {
		id, _ := row["id"].(string)
		fromJSON = append(fromJSON, id)
	}
	if !slices.Equal(fromCSV, want) || !slices.Equal(fromJSON, want) {
		b.r.t.Errorf("%s, %s: CSV has %v, JSON lines have %v, want %v", name, query, fromCSV, fromJSON, want)
	}
	events := b.r.exportedEvents()[before:]
	if len(events) != 2 {
		b.r.t.Fatalf("%s, %s: %d events of two exports", name, query, len(events))
	}
	for _, e := range events {
		if e.ActorSubject != "sandbox-"+name || e.Details["what"] != "activity" || e.Details["rows"] != float64(len(want)) {
			b.r.t.Errorf("%s, %s: the event of the export: %+v", name, query, e)
		}
	}
}

// A filter that cannot be read is refused by the list and by the exports alike, and exports nothing.
func TestFiltersThatCannotBeRead(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ada, audrey := r.browser(), r.browser()
	ada.login("ada", "/")
	audrey.login("audrey", "/")
	for query, name := range map[string]string{
		"action=nonsense": "action", "outcome=Created": "outcome", "from=yesterday": "from", "to=2026-02-30": "to",
		"name=a&name=b": "name", "project_id=a&project_id=a": "project_id",
	} {
		for _, b := range []*browser{ada, audrey} {
			for _, path := range []string{"/activity", "/activity.csv", "/activity.jsonl"} {
				p := b.get(path + "?" + query)
				if p.status != http.StatusBadRequest || !strings.Contains(p.text(), "“"+name+"”") || p.header.Get("Content-Disposition") != "" {
					t.Errorf("%s?%s: %d %s", path, query, p.status, p.text())
				}
			}
		}
	}
	if p := audrey.get("/activity.csv?actor=a&actor=b"); p.status != http.StatusBadRequest {
		t.Errorf("actor twice, of an auditor: %d", p.status)
	}
	if p := ada.get("/activity.csv?actor=a&actor=b"); p.status != http.StatusOK {
		t.Errorf("actor twice, of whom it is none: %d", p.status)
	}
	if events := r.exportedEvents(); len(events) != 1 {
		t.Errorf("events of exports: %v", events)
	}
}

// No cell of the CSV is a formula to a spreadsheet, and nothing else is changed about it; JSON lines have what was entered.
func TestExportedCellsAreNoFormulas(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, r *rig, db *sql.DB) {
		ada := r.browser()
		ada.login("ada", "/")
		odd := []string{`=HYPERLINK("https://evil.example","x")`, "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "a=1", `"q",` + "\r\n;", " =1"}
		for i, cell := range odd {
			name := fmt.Sprintf("ODD_%d", i)
			fields := []string{"agentType", "AWS", "secretName", "s"}
			if strings.ContainsRune("=+-@", rune(cell[0])) {
				fields = append(fields, "ticket", cell)
			}
			if p := ada.send("/secret-references", ada.reference(name, fields...)); p.status != http.StatusSeeOther {
				t.Fatalf("%q: %d %s", cell, p.status, p.text())
			}
			// Names that no form takes can come from elsewhere: from Maia's lists, and from the provider.
			alter(t, db, `UPDATE submissions SET project_name = $1, actor_name = $2, ticket = $3 WHERE name = $4`, cell, cell, cell, name)
		}
		rows, plain := csvRows(t, ada.get("/activity.csv").body), jsonRows(t, ada.get("/activity.jsonl").body)
		slices.Reverse(rows)
		slices.Reverse(plain)
		if len(rows) != len(odd) || len(plain) != len(odd) {
			t.Fatalf("%d and %d rows, want %d", len(rows), len(plain), len(odd))
		}
		for i, cell := range odd {
			want := cell
			if strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				want = "'" + cell
			}
			// Readers of CSV take a line break inside a cell for one, however it is spelled.
			want = strings.ReplaceAll(want, "\r\n", "\n")
			for _, column := range []string{"project_name", "actor_name", "ticket"} {
				if rows[i][column] != want {
					t.Errorf("CSV, %s: %q, want %q", column, rows[i][column], want)
				}
				if plain[i][column] != cell {
					t.Errorf("JSON, %s: %q, want %q", column, plain[i][column], cell)
				}
			}
			for column, got := range rows[i] {
				if got != "" && strings.ContainsRune("=+-@\t\r", rune(got[0])) {
					t.Errorf("%s is a formula: %q", column, got)
				}
			}
		}
	})
}

// HEAD answers as GET does, without a body, and exports nothing.
func TestHeadExportsNothing(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, r *rig, _ *sql.DB) {
		audrey, ada := r.browser(), r.browser()
		audrey.login("audrey", "/")
		ada.login("ada", "/")
		for _, path := range exports {
			before := len(auditLines(t, r.logs.String()))
			head := audrey.do(audrey.request(http.MethodHead, path, nil))
			if n := len(auditLines(t, r.logs.String())) - before; n != 0 {
				t.Errorf("HEAD %s: %d events", path, n)
			}
			got := audrey.get(path)
			if n := len(auditLines(t, r.logs.String())) - before; n != 1 {
				t.Errorf("GET %s: %d events", path, n)
			}
			if head.status != got.status || head.body != "" {
				t.Errorf("HEAD %s: %d %q", path, head.status, head.body)
			}
			for _, name := range []string{"Content-Type", "Content-Disposition", "Cache-Control"} {
				if head.header.Get(name) != got.header.Get(name) || got.header.Get(name) == "" {
					t.Errorf("%s: %s is %q by HEAD and %q by GET", path, name, head.header.Get(name), got.header.Get(name))
				}
			}
			if p := audrey.do(audrey.request(http.MethodHead, path+"?from=yesterday", nil)); p.status != http.StatusBadRequest {
				t.Errorf("HEAD %s with a bad filter: %d", path, p.status)
			}
		}
		if p := ada.do(ada.request(http.MethodHead, "/audit.jsonl", nil)); p.status != http.StatusNotFound {
			t.Errorf("HEAD of the trail for a user: %d", p.status)
		}
	})
}

// Who asks for an export and leaves before it begins has asked for it: the trail says so.
func TestExportIsNotedThoughTheBrowserLeft(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, r *rig, _ *sql.DB) {
		audrey := r.browser()
		audrey.login("audrey", "/")
		for i, path := range exports {
			req := audrey.request(http.MethodGet, path, nil)
			for _, c := range audrey.client.Jar.Cookies(req.URL) {
				req.AddCookie(c)
			}
			gone, leave := context.WithCancel(req.Context())
			leave()
			func() {
				defer func() { _ = recover() }() // its connection, of which there is none here, is cut
				r.p.public.Handler.ServeHTTP(httptest.NewRecorder(), req.WithContext(gone))
			}()
			if n := len(r.exportedEvents()); n != i+1 {
				t.Errorf("%s: %d events, want %d", path, n, i+1)
			}
		}
	})
}

// seed puts many records and events into a database, with a text of some length in each.
func seed(t *testing.T, db *sql.DB, issuer string, records, events int, text string) {
	t.Helper()
	alter(t, db, `INSERT INTO submissions (id, form_token, attempt, fingerprint, holder, created_at, actor_issuer, actor_subject,
		actor_name, action, project_id, agent_id, agent_type, name, secret_name, secret_key, vault_name, type, outcome, request_id,
		client_address, ticket)
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
		SELECT CAST(10000000 + i AS TEXT) || '-0000-7000-8000-000000000000', 'seed' || CAST(i AS TEXT), 1, $2, 'nobody', i, $3,
		'sandbox-ada', 'Ada Winter', 'value', '', 'agent', '', 'name', '', '', '', 'PASSWORD', 'created', '', '', $4 FROM n`,
		records, []byte{0}, issuer, text)
	alter(t, db, `INSERT INTO events (seq, time, event, actor_issuer, actor_subject, actor_name, client_address, request_id,
		submission_id, details, prev, hash)
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
		SELECT i + (SELECT MAX(seq) FROM events), (SELECT MAX(time) FROM events), 'submission_started', $2, 'sandbox-ada',
		'Ada Winter', '', '', '', $3, '', '' FROM n`,
		events, issuer, `{"name":"`+text+`"}`)
}

// underWay is an export whose reader has read nothing but its head yet.
type underWay struct {
	*http.Response
	conn net.Conn
}

// whole reads an export to its end.
func (b *browser) whole(path string) []byte {
	b.r.t.Helper()
	resp := must(b.client.Do(b.request(http.MethodGet, path, nil)))
	defer func() { _ = resp.Body.Close() }()
	return must(io.ReadAll(resp.Body))
}

// begin asks for an export over a connection that takes little before it is read from.
func (b *browser) begin(path string) underWay {
	b.r.t.Helper()
	conn := must((&net.Dialer{}).DialContext(b.r.t.Context(), "tcp", strings.TrimPrefix(b.r.base, "http://")))
	b.r.t.Cleanup(func() { _ = conn.Close() })
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetReadBuffer(128 << 10) // which would grow to many MiB by itself
	}
	req := b.request(http.MethodGet, path, nil)
	for _, c := range b.client.Jar.Cookies(req.URL) {
		req.AddCookie(c)
	}
	if err := req.Write(conn); err != nil {
		b.r.t.Fatal(err)
	}
	resp := must(http.ReadResponse(bufio.NewReader(conn), req))
	if resp.StatusCode != http.StatusOK {
		b.r.t.Fatalf("%s: %d", path, resp.StatusCode)
	}
	return underWay{resp, conn}
}

// longText is so long that a batch of rows with it fills every buffer on the way to a reader that does not read.
var longText = strings.Repeat("long ", 12<<10/5)

// An export that fails in the middle is cut where it stands: what has come is the beginning of the whole one, nothing is put
// behind it, and its end is missing. Its event was there before its first byte.
func TestExportIsCutInTheMiddle(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, r *rig, db *sql.DB) {
		audrey := r.browser()
		audrey.login("audrey", "/")
		seed(t, db, r.sb.Provider.Issuer(), 700, 1200, longText)
		for path, table := range map[string]string{"/activity.csv": "submissions", "/activity.jsonl": "submissions", "/audit.jsonl": "events"} {
			whole := audrey.whole(path)
			before := len(r.exportedEvents())
			export := audrey.begin(path)
			events := r.exportedEvents()[before:]
			if len(events) != 1 || events[0].Details["rows"].(float64) < 700 {
				t.Fatalf("%s has begun without its event: %v", path, events)
			}
			// It stands still in its first batch: its reader has the beginning of that, and does not read on.
			part := make([]byte, 1<<10)
			must(io.ReadFull(export.Body, part))
			alter(t, db, `ALTER TABLE `+table+` RENAME TO away`)
			rest, err := io.ReadAll(export.Body)
			part = append(part, rest...)
			alter(t, db, `ALTER TABLE away RENAME TO `+table)
			if err == nil {
				t.Errorf("%s: %d bytes of %d look whole", path, len(part), len(whole))
			}
			if len(part) >= len(whole) || !strings.HasPrefix(string(whole), string(part)) {
				t.Errorf("%s: %d bytes that are no beginning of the %d: they end with %q", path, len(part), len(whole), part[max(0, len(part)-80):])
			}
			if id := export.Header.Get("X-Request-Id"); id == "" || !regexp.MustCompile(`"msg":"export cut short"[^\n]*`+id).MatchString(r.logs.String()) {
				t.Errorf("%s: the log does not say that %s was cut", path, id)
			}
		}
	})
}

// Exports whose readers do not read hold nothing of the database: however many there are, pages are answered and
// submissions are made.
func TestSlowReadersStopNobody(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, r *rig, db *sql.DB) {
		audrey, ada := r.browser(), r.browser()
		audrey.login("audrey", "/")
		ada.login("ada", "/")
		seed(t, db, r.sb.Provider.Issuer(), 600, 1100, longText)
		for range 8 { // in all more than the pools have connections
			for _, path := range exports {
				audrey.begin(path)
			}
		}
		if p := ada.send("/secret-references", ada.reference("MEANWHILE", "agentType", "AWS", "secretName", "s")); p.status != http.StatusSeeOther {
			t.Errorf("a submission: %d %s", p.status, p.text())
		}
		if p := audrey.get("/activity?name=MEANWHILE"); p.status != http.StatusOK || !strings.Contains(p.text(), "MEANWHILE") {
			t.Errorf("the list: %d %s", p.status, p.text())
		}
	})
}

// An export of many rows needs as much memory as one of few.
func TestExportsOfManyRowsTakeLittleMemory(t *testing.T) {
	const few, many = 1_200, 12_000
	peaks := map[string][]int64{} // by engine and address, for few and for many
	for _, rows := range []int{few, many} {
		for _, engine := range []string{"SQLite", "PostgreSQL"} {
			t.Run(fmt.Sprint(engine, " ", rows), func(t *testing.T) {
				var r *rig
				var db *sql.DB
				if engine == "SQLite" {
					r = newRig(t, "LOG_LEVEL", "error")
					db = must(sql.Open("sqlite", r.dir+"/portal.db?_pragma=busy_timeout(5000)&_pragma=synchronous(0)"))
				} else {
					address := pgtest.Start(t)
					r = newRig(t, "LOG_LEVEL", "error", "DATABASE_URL", address)
					db = must(sql.Open("pgx", address))
				}
				audrey := r.browser()
				audrey.login("audrey", "/")
				seed(t, db, r.sb.Provider.Issuer(), rows, rows, strings.Repeat("text", 150))
				_ = db.Close()
				for _, path := range exports {
					peaks[engine+" "+path] = append(peaks[engine+" "+path], audrey.heldFor(path))
				}
			})
		}
	}
	for what, p := range peaks {
		if len(p) != 2 {
			continue // without PostgreSQL
		}
		t.Logf("%s: %d KiB, then %d KiB", what, p[0]>>10, p[1]>>10)
		// A row is about a kilobyte, so all of them would be twice as much.
		if p[1] > p[0]+many<<9 {
			t.Errorf("%s: %d bytes for %d rows and %d for %d", what, p[0], few, p[1], many)
		}
	}
}

// heldFor is how many bytes of the heap an export holds: three quarters of the looks at it found less. The very most says
// nothing, since what the other goroutines need while the collector runs counts as in use.
func (b *browser) heldFor(path string) int64 {
	b.r.t.Helper()
	inUse := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	runtime.GC() // what pools keep goes at the second one
	runtime.GC()
	before := inUse()
	export := b.begin(path)
	var looks []int64
	for {
		n, err := io.CopyN(io.Discard, export.Body, 1<<18)
		looks = append(looks, inUse()-before)
		if errors.Is(err, io.EOF) && n < 1<<18 {
			break
		}
		if err != nil {
			b.r.t.Fatal(err)
		}
	}
	slices.Sort(looks)
	return looks[len(looks)*3/4]
}
