package main

import (
	"bytes"
	"context"
	"database/sql"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"modernc.org/sqlite"
)

// writers are the connections that write to SQLite files, by the path of the file: a disk cannot be filled by a test, but
// SQLite's own limit of pages fails the very same way.
var writers struct {
	sync.Mutex
	conns   map[string]sqlite.ExecQuerierContext
	pragmas map[string]string // for the connections that are opened from now on
}

func init() {
	writers.conns = map[string]sqlite.ExecQuerierContext{}
	writers.pragmas = map[string]string{}
	sqlite.RegisterConnectionHook(func(conn sqlite.ExecQuerierContext, address string) error {
		path, options, _ := strings.Cut(strings.TrimPrefix(address, "file:"), "?")
		reads, migrates := strings.Contains(options, "query_only"), strings.Contains(options, "_txlock")
		if !strings.HasPrefix(address, "file:") || reads || migrates || strings.Contains(options, "mode=") {
			return nil
		}
		writers.Lock()
		defer writers.Unlock()
		writers.conns[path] = conn
		if pragma := writers.pragmas[path]; pragma != "" {
			_, err := conn.ExecContext(context.Background(), pragma, nil)
			return err
		}
		return nil
	})
}

// limitWriter sets a pragma of the connection that writes to a rig's file, and of those that come after it.
func limitWriter(r *rig, pragma string) {
	r.t.Helper()
	writers.Lock()
	defer writers.Unlock()
	path := r.dir + "/portal.db"
	writers.pragmas[path] = pragma
	// The portal gives a connection up that has failed badly, and the driver panics on one that is closed. The next one
	// gets the pragma when it is opened.
	defer func() { _ = recover() }()
	if _, err := writers.conns[path].ExecContext(r.t.Context(), pragma, nil); err != nil {
		r.t.Fatal(err)
	}
}

// unwritable is a way in which events cannot be written.
type unwritable struct {
	breaks, mends func(t *testing.T, r *rig, db *sql.DB)
}

func statements(list ...string) func(*testing.T, *rig, *sql.DB) {
	return func(t *testing.T, _ *rig, db *sql.DB) {
		t.Helper()
		for _, statement := range list {
			alter(t, db, statement)
		}
	}
}

func pragma(text string) func(*testing.T, *rig, *sql.DB) {
	return func(_ *testing.T, r *rig, _ *sql.DB) { limitWriter(r, text) }
}

// cutOthers ends the portal's connections to its database.
const cutOthers = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`

// readOnly changes how sessions of the database begin.
func readOnly(word string) string {
	return `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = ` + word + `', current_database()); END $$`
}

// ways are those of each engine.
var ways = map[string]map[string]unwritable{
	"SQLite": {
		"full":      {pragma(`PRAGMA max_page_count = 1`), pragma(`PRAGMA max_page_count = 1000000`)}, // no less than there are
		"read-only": {pragma(`PRAGMA query_only = 1`), pragma(`PRAGMA query_only = 0`)},
		"gone":      {statements(`ALTER TABLE events RENAME TO away`), statements(`ALTER TABLE away RENAME TO events`)},
	},
	"PostgreSQL": {
		"full": {
			statements(`CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
				$$ BEGIN RAISE 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$`,
				`CREATE TRIGGER no_room BEFORE INSERT ON events EXECUTE FUNCTION no_room()`),
			statements(`DROP TRIGGER no_room ON events`),
		},
		"read-only": {
			statements(readOnly("on"), cutOthers),
			statements(`SET default_transaction_read_only = off`, readOnly("off"), cutOthers),
		},
		"gone": {statements(`ALTER TABLE events RENAME TO away`), statements(`ALTER TABLE away RENAME TO events`)},
	},
}

// What cannot be in the trail does not happen: no login, and no call to Maia. The page says that nothing was sent, the form
// can be sent again when the database is back, each call is in the trail, and the chain holds.
func TestNothingHappensWithoutItsEvent(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, r *rig, db *sql.DB) {
		db.SetMaxOpenConns(1)
		ada := r.browser()
		ada.login("ada", "/")
		engine := t.Name()[strings.LastIndex(t.Name(), "/")+1:]
		for name, way := range ways[engine] {
			forms := map[string]url.Values{
				"/secret-references": ada.reference(strings.ToUpper(name[:4])+"_REF", "agentType", "AWS", "secretName", "s"),
				"/secret-values":     ada.value(name+"-value", "valueFormat", "text", "valueText", "hunter2"),
				"/setup":             ada.setup(strings.ToUpper(name[:4])+"_SETUP", "valueFormat", "text", "valueText", "hunter2"),
			}
			grace := r.browser()
			callback := grace.toCallback("grace", "/")
			way.breaks(t, r, db)
			ada.untilAnswered()
			for path, form := range forms {
				ada.untilRefused(path, form)
			}
			if p, _ := grace.follow(callback); p.status != http.StatusServiceUnavailable || !strings.Contains(p.text(), "database is unavailable") {
				t.Errorf("%s: a login: %d %s", name, p.status, p.text())
			}
			way.mends(t, r, db)
			ada.untilAnswered()
			if p := grace.get("/activity"); p.status != http.StatusSeeOther || !strings.HasPrefix(p.location(), "/login") {
				t.Errorf("%s: somebody is signed in without an event: %d", name, p.status)
			}
			for path, form := range forms {
				calls := len(r.sb.Maia.WriteCalls())
				if p := ada.send(path, form); p.status != http.StatusSeeOther || len(r.sb.Maia.WriteCalls()) == calls {
					t.Errorf("%s, %s afterwards: %d %s", name, path, p.status, p.text())
				}
			}
		}
		r.stop() // what was still to be recorded is
		begun := 0
		for _, e := range auditLines(t, r.logs.String()) {
			if e.Event == "call_started" {
				begun++
			}
		}
		if calls := len(r.sb.Maia.WriteCalls()); calls != begun {
			t.Errorf("%d calls to Maia, and %d in the trail", calls, begun)
		}
		address := "sqlite:" + r.dir + "/portal.db"
		if engine == "PostgreSQL" {
			address = r.p.cfg.DatabaseURL.Reveal()
		}
		var out bytes.Buffer
		if code := run(t.Context(), []string{"audit", "verify"}, []string{"PORTAL_DATABASE_URL=" + address}, &out, &out); code != 0 {
			t.Errorf("the trail does not hold: %d %s", code, out.String())
		}
	})
}

// toCallback signs somebody in at the provider, and gives the address that the provider sends them back to.
func (b *browser) toCallback(username, path string) string {
	b.r.t.Helper()
	p, at := b.follow(b.r.base + path)
	form := inputs(p.doc())
	form.Set("username", username)
	form.Set("password", username+"-password")
	u := must(url.Parse(at))
	next := u.ResolveReference(&url.URL{Path: "/login"}).String()
	post := b.request(http.MethodPost, next, strings.NewReader(form.Encode()))
	post.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	post.Header.Set("Origin", u.Scheme+"://"+u.Host)
	for p := b.do(post); ; p = b.get(next) {
		if p.location() == "" {
			b.r.t.Fatalf("%s is not sent back: %d %s", username, p.status, p.body)
		}
		next = must(url.Parse(next)).ResolveReference(must(url.Parse(p.location()))).String()
		if strings.HasPrefix(next, b.r.base+"/auth/callback") {
			return next
		}
	}
}

// untilAnswered waits for the portal to have connections again that work.
func (b *browser) untilAnswered() {
	b.r.t.Helper()
	var p page
	for range 1000 {
		if p = b.get("/activity"); p.status == http.StatusOK {
			return
		}
	}
	b.r.t.Fatalf("the portal does not answer any more: %d %s", p.status, p.text())
}

// untilRefused sends a form until the database does not take its begin, each time as another one: a file that is full has
// room left in its last pages, perhaps for the begin and not for the end. When it is refused nothing is sent.
func (b *browser) untilRefused(path string, form url.Values) {
	b.r.t.Helper()
	for range 100 {
		calls := len(b.r.sb.Maia.WriteCalls())
		p := b.send(path, form)
		sent := len(b.r.sb.Maia.WriteCalls()) - calls
		says := p.text()
		switch {
		case p.status == http.StatusServiceUnavailable && strings.Contains(says, "Nothing was sent to Maia"):
			if sent != 0 {
				b.r.t.Errorf("%s: %d calls, and the page says: %s", path, sent, says)
			}
			return
		case sent == 0 || p.status != http.StatusSeeOther && !strings.Contains(says, "Sent, but not recorded yet"):
			b.r.t.Fatalf("%s: %d calls, %d %s", path, sent, p.status, says)
		}
		page := path
		if path != "/setup" {
			page += "/new"
		}
		form.Set("formToken", inputs(b.get(page).doc()).Get("formToken"))
		for _, field := range []string{"secretReferenceName", "name"} {
			if form.Get(field) != "" {
				form.Set(field, form.Get(field)+"x")
			}
		}
	}
	b.r.t.Fatalf("%s: the database takes everything", path)
}
