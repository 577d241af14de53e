package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"maiaportal/internal/audit"
	"maiaportal/internal/record"
	"maiaportal/internal/store/pgtest"
)

func TestSQLite(t *testing.T) {
	testStore(t, func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "portal.db") })
}

func TestPostgres(t *testing.T) {
	testStore(t, func(t *testing.T) string { return pgtest.Start(t) })
}

// testStore is what every engine has to do. address gives a fresh database.
func testStore(t *testing.T, address func(*testing.T) string) {
	for name, test := range map[string]func(*testing.T, string){
		"sessions":                        testSessions,
		"sessions end":                    testSessionsEnd,
		"leases":                          testLeases,
		"ten ask for one lease":           testLeaseOfTen,
		"pending logins":                  testPendingLogins,
		"logout tokens":                   testLogoutTokens,
		"strangers' logins":               testStrangersLogins,
		"a submission's life":             testSubmission,
		"an attempt begins once":          testBeginOnce,
		"lists of submissions":            testLists,
		"earlier attempts":                testEarlierAttempt,
		"what is stored":                  testStored,
		"refused submissions":             testRefused,
		"orphans":                         testOrphans,
		"history of a name":               testHistory,
		"history of old records":          testHistoryOfOld,
		"filters":                         testFilters,
		"long walk":                       testLongWalk,
		"plans":                           testPlans,
		"plans of look-ups":               testLookUpPlans,
		"a submission's events":           testTrail,
		"events of nothing":               testTrailOfNothing,
		"events of a lost begin":          testTrailOfALostBegin,
		"events of orphans":               testTrailOfOrphans,
		"events of a catalogue":           testTrailOfACatalogue,
		"events under concurrency":        testTrailAtOnce,
		"writes share a commit":           testWritesShareACommit,
		"who waits to write leaves":       testWriterIsLeft,
		"limits":                          testLimits,
		"limits under concurrency":        testLimitsAtOnce,
		"any bytes":                       testAnyBytes,
		"migrating again, and not at all": testMigrateAgain,
		"many migrate at once":            testMigrateAtOnce,
		"columns":                         testColumns,
		"records from events":             testRecordsFromEvents,
		"retention":                       testRetention,
		"tampering":                       testTampering,
		"the keys of the trail change":    testKeysChange,
		"sessions in the trail":           testSessionTrail,
		"sessions without their events":   testSessionWithoutItsEvent,
		"an update":                       testUpdate,
	} {
		t.Run(name, func(t *testing.T) { test(t, address(t)) })
	}
}

// clock is the time as a test sets it.
type clock struct{ at atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.at.Store(time.Date(2026, 3, 4, 5, 6, 7, 89e6, time.UTC).UnixMilli())
	return c
}

func (c *clock) now() time.Time                { return time.UnixMilli(c.at.Load()).UTC() }
func (c *clock) add(d time.Duration)           { c.at.Add(d.Milliseconds()) }
func (c *clock) ago(d time.Duration) time.Time { return c.now().Add(-d) }

func open(t *testing.T, address string, c *clock) *Store {
	t.Helper()
	s, err := Open(address, c.now)
	if err != nil {
		t.Fatal(err)
	}
	s.KeepTrail(audit.NewChain(nil), nil)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func migrated(t *testing.T, address string, c *clock) *Store {
	t.Helper()
	s := open(t, address, c)
	must0(t, s.Migrate(t.Context()))
	return s
}

func must0(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func want[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func notFound(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, ErrNotFound) {
		t.Errorf("%s: %v, want ErrNotFound", what, err)
	}
}

// atOnce runs f n times at the same time and counts how often it was true.
func atOnce(t *testing.T, n int, f func(i int) (bool, error)) int {
	t.Helper()
	var yes atomic.Int64
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			ok, err := f(i)
			if err != nil {
				t.Error(err)
			}
			if ok {
				yes.Add(1)
			}
		})
	}
	close(start)
	wg.Wait()
	return int(yes.Load())
}

const issuer = "https://id.example"

func session(handle, subject string) Session {
	return Session{
		Handle:       handle,
		Sealed:       []byte("sealed " + handle),
		ActorIssuer:  issuer,
		ActorSubject: subject,
		ActorName:    "Zoë " + subject,
		SID:          "sid-" + handle,
		Browser:      "Firefox",
	}
}

func testSessions(t *testing.T, address string) {
	c, ctx := newClock(), t.Context()
	s := migrated(t, address, c)
	begun := c.now()
	id := []byte("hash 1")
	must0(t, s.CreateSession(ctx, id, session("h1", "ann"), nil))
	if err := s.CreateSession(ctx, id, session("h2", "ann"), nil); err == nil {
		t.Error("two sessions under one id")
	}
	if err := s.CreateSession(ctx, []byte("hash 2"), session("h1", "ann"), nil); err == nil {
		t.Error("two sessions with one handle")
	}
	r := must[Session](t)(s.Session(ctx, id, c.ago(1), c.ago(1)))
	w := session("h1", "ann")
	w.CreatedAt, w.SeenAt = begun, begun
	want(t, "the session", fmt.Sprint(r), fmt.Sprint(Session{
		Handle:    w.Handle,
		Sealed:    w.Sealed,
		CreatedAt: begun,
		SeenAt:    begun,
	}))
	w.Sealed = nil
	want(t, "the session in a list", fmt.Sprint(must[[]Session](t)(s.AllSessions(ctx, "", ""))), fmt.Sprint([]Session{w}))

	lives := func(id []byte, begun, seen time.Time) bool {
		_, err := s.Session(ctx, id, begun, seen)
		if yes := must[bool](t)(s.SessionLives(ctx, id, begun, seen)); yes != (err == nil) {
			t.Errorf("lives: %v, but %v", yes, err)
		}
		return err == nil
	}
	if !lives(id, c.ago(1), c.ago(1)) || lives([]byte("hash 2"), time.Time{}, time.Time{}) || lives(id, begun, time.Time{}) || lives(id, time.Time{}, begun) {
		t.Error("the wrong sessions live")
	}

	_, err := s.Session(ctx, []byte("hash 2"), time.Time{}, time.Time{})
	notFound(t, "unknown", err)
	_, err = s.Session(ctx, id, begun, time.Time{})
	notFound(t, "begun too long ago", err)
	_, err = s.Session(ctx, id, time.Time{}, begun)
	notFound(t, "used too long ago", err)

	c.add(time.Minute)
	must0(t, s.TouchSession(ctx, id))
	r = must[Session](t)(s.Session(ctx, id, time.Time{}, begun))
	want(t, "seen", r.SeenAt, begun.Add(time.Minute))
	want(t, "begun", r.CreatedAt, begun)
	must0(t, s.SaveSession(ctx, id, []byte{0, 1, 255}))
	r = must[Session](t)(s.Session(ctx, id, time.Time{}, time.Time{}))
	want(t, "saved", string(r.Sealed), "\x00\x01\xff")

	want(t, "ended", must[bool](t)(s.DeleteSession(ctx, id, Ending{})), true)
	want(t, "ended twice", must[bool](t)(s.DeleteSession(ctx, id, Ending{})), false)
	notFound(t, "saving a session that has ended", s.SaveSession(ctx, id, []byte("again")))
	notFound(t, "touching a session that has ended", s.TouchSession(ctx, id))
	_, err = s.Session(ctx, id, time.Time{}, time.Time{})
	notFound(t, "a session that has ended", err)
}

func handles(t *testing.T, s *Store, subject string, begun, seen time.Time) string {
	t.Helper()
	var list []string
	for _, r := range must[[]Session](t)(s.Sessions(t.Context(), issuer, subject, begun, seen)) {
		if r.Sealed != nil {
			t.Errorf("a list has a payload: %q", r.Sealed)
		}
		list = append(list, r.Handle)
	}
	return strings.Join(list, " ")
}

// all are the handles of all sessions that are there.
func all(t *testing.T, s *Store, issuer, subject string) string {
	t.Helper()
	var list []string
	for _, r := range must[[]Session](t)(s.AllSessions(t.Context(), issuer, subject)) {
		list = append(list, r.Handle)
	}
	return strings.Join(list, " ")
}

func testSessionsEnd(t *testing.T, address string) {
	c, ctx := newClock(), t.Context()
	s := migrated(t, address, c)
	fill := func() {
		for _, r := range []Session{session("a1", "ann"), session("B2", "ann"), session("c3", "bob"), session("d4", "bob"), session("e5", "eve")} {
			c.add(time.Second)
			must0(t, s.CreateSession(ctx, []byte(r.Handle), r, nil))
		}
	}
	fill()
	want(t, "everybody's, used last first", handles(t, s, "", time.Time{}, time.Time{}), "e5 d4 c3 B2 a1")
	must0(t, s.TouchSession(ctx, []byte("a1")))
	want(t, "one user's", handles(t, s, "ann", time.Time{}, time.Time{}), "a1 B2")
	must0(t, s.TouchSession(ctx, []byte("B2")))
	want(t, "used at one time: by handle, bytes compared", handles(t, s, "", time.Time{}, time.Time{}), "B2 a1 e5 d4 c3")
	want(t, "begun within life", handles(t, s, "", c.ago(3*time.Second), time.Time{}), "e5 d4 c3")
	want(t, "used within life", handles(t, s, "", time.Time{}, c.ago(time.Second)), "B2 a1 e5")

	want(t, "of somebody else", must[int64](t)(s.EndSessions(ctx, issuer, "bob", "a1", Ending{By: record.ByUser})), 0)
	want(t, "at another provider", must[int64](t)(s.EndSessions(ctx, "https://other.example", "ann", "", Ending{By: record.ByUser})), 0)
	want(t, "one of one's own", must[int64](t)(s.EndSessions(ctx, issuer, "ann", "a1", Ending{By: record.ByUser})), 1)
	want(t, "all of one's own", must[int64](t)(s.EndSessions(ctx, issuer, "bob", "", Ending{By: record.ByUser})), 2)
	want(t, "left", handles(t, s, "", time.Time{}, time.Time{}), "B2 e5")
	want(t, "by handle", must[int64](t)(s.EndSessionByHandle(ctx, "B2", Ending{By: record.ByOperator})), 1)
	want(t, "by handle again", must[int64](t)(s.EndSessionByHandle(ctx, "B2", Ending{By: record.ByOperator})), 0)
	want(t, "everybody's", all(t, s, "", ""), "e5")
	want(t, "a subject's, whoever issued it", all(t, s, "", "eve"), "e5")
	want(t, "a user's", all(t, s, issuer, "eve"), "e5")
	want(t, "another provider's", all(t, s, "https://other.example", "eve"), "")
	want(t, "another provider's", must[int64](t)(s.EndAllSessions(ctx, "https://other.example", "eve", Ending{By: record.ByOperator})), 0)
	want(t, "somebody else's", must[int64](t)(s.EndAllSessions(ctx, issuer, "ev", Ending{By: record.ByOperator})), 0)
	byToken := func(token LogoutToken) int64 {
		n, used, err := s.EndByLogoutToken(ctx, token)
		must0(t, err)
		want(t, "used", used, false)
		return n
	}
	want(t, "by another provider's sid", byToken(LogoutToken{
		JTIHash: []byte("1"),
		Issuer:  "https://other.example",
		SID:     "sid-e5",
	}), 0)
	want(t, "by sid", byToken(LogoutToken{JTIHash: []byte("1"), Issuer: issuer, SID: "sid-e5", Subject: "eve"}), 1)
	want(t, "left", handles(t, s, "", time.Time{}, time.Time{}), "")

	fill()
	must0(t, s.TouchSession(ctx, []byte("a1")))
	want(t, "swept", must[int64](t)(s.SweepSessions(ctx, time.Time{}, c.ago(2*time.Second))), 2)
	want(t, "left by use", handles(t, s, "", time.Time{}, time.Time{}), "a1 e5 d4")
	want(t, "swept", must[int64](t)(s.SweepSessions(ctx, c.ago(time.Second), time.Time{})), 2)
	want(t, "left by age", handles(t, s, "", time.Time{}, time.Time{}), "e5")

	must0(t, s.CreateSession(ctx, []byte("id f6"), session("f6", "ann"), nil))
	must0(t, s.CreateSession(ctx, []byte("id g7"), session("g7", "bob"), nil))
	want(t, "a subject's", must[int64](t)(s.EndAllSessions(ctx, "", "ann", Ending{By: record.ByOperator})), 1)
	want(t, "everybody's", must[int64](t)(s.EndAllSessions(ctx, "", "", Ending{By: record.ByOperator})) >= 1, true)
	want(t, "left", all(t, s, "", ""), "")
}

func testLeases(t *testing.T, address string) {
	c, ctx := newClock(), t.Context()
	s := migrated(t, address, c)
	id := []byte("hash")
	must0(t, s.CreateSession(ctx, id, session("h", "ann"), nil))
	lease := func(by string) ([]byte, error) { return s.LeaseSession(ctx, id, by, c.now().Add(time.Minute)) }
	sealed := func() string {
		return string(must[Session](t)(s.Session(ctx, id, time.Time{}, time.Time{})).Sealed)
	}

	want(t, "payload", string(must[[]byte](t)(lease("one"))), "sealed h")
	_, err := lease("two")
	notFound(t, "a lease that another has", err)
	must0(t, s.ReleaseSession(ctx, id, "one", nil))
	want(t, "given back without a payload", sealed(), "sealed h")
	want(t, "payload", string(must[[]byte](t)(lease("two"))), "sealed h")
	notFound(t, "giving another's lease back", s.ReleaseSession(ctx, id, "one", &Renewed{
		Sealed: []byte("stale"),
		SID:    "sid 2",
	}))
	must0(t, s.ReleaseSession(ctx, id, "two", &Renewed{Sealed: []byte("renewed"), SID: "sid 2"}))
	want(t, "given back with a payload", sealed(), "renewed")

	want(t, "payload", string(must[[]byte](t)(lease("one"))), "renewed")
	c.add(time.Minute)
	_, err = lease("two")
	notFound(t, "at its last instant", err)
	c.add(time.Millisecond)
	want(t, "after it ran out", string(must[[]byte](t)(lease("two"))), "renewed")
	notFound(t, "a lease that was lost", s.ReleaseSession(ctx, id, "one", &Renewed{Sealed: []byte("stale"), SID: "sid 2"}))
	want(t, "not by the loser", sealed(), "renewed")

	want(t, "ended", must[bool](t)(s.DeleteSession(ctx, id, Ending{})), true)
	notFound(t, "giving back for a session that has ended", s.ReleaseSession(ctx, id, "two", &Renewed{
		Sealed: []byte("revived"),
		SID:    "sid 2",
	}))
	_, err = lease("three")
	notFound(t, "a session that has ended", err)
}

// S-13: one of ten renews a token.
func testLeaseOfTen(t *testing.T, address string) {
	c, ctx := newClock(), t.Context()
	s, other := migrated(t, address, c), open(t, address, c)
	for round := range 5 {
		id := fmt.Append(nil, "hash ", round)
		must0(t, s.CreateSession(ctx, id, session(fmt.Sprint("h", round), "ann"), nil))
		n := atOnce(t, 10, func(i int) (bool, error) {
			_, err := []*Store{s, other}[i%2].LeaseSession(ctx, id, fmt.Sprint(i), c.now().Add(time.Minute))
			if errors.Is(err, ErrNotFound) {
				return false, nil
			}
			return true, err
		})
		want(t, "winners", n, 1)
	}
}

func testPendingLogins(t *testing.T, address string) {
	c, ctx := newClock(), t.Context()
	s := migrated(t, address, c)
	begun := c.now()
	must0(t, s.CreatePendingLogin(ctx, pending("state", "browser", "sealed")))
	if err := s.CreatePendingLogin(ctx, pending("state", "b", "s")); err == nil {
		t.Error("two logins with one state")
	}
	c.add(time.Second)
	_, err := s.UsePendingLogin(ctx, []byte("stranger"), []byte("browser"))
	notFound(t, "unknown state", err)
	_, err = s.UsePendingLogin(ctx, []byte("state"), []byte("other browser"))
	notFound(t, "other browser", err)
	n := atOnce(t, 10, func(int) (bool, error) {
		row, err := s.UsePendingLogin(ctx, []byte("state"), []byte("browser"))
		if string(row.Sealed) != "sealed" || !row.CreatedAt.Equal(begun) {
			t.Errorf("%+v", row)
		}
		return row.First, err
	})
	want(t, "first uses", n, 1)
	row := must[PendingLogin](t)(s.UsePendingLogin(ctx, []byte("state"), []byte("browser")))
	want(t, "first", row.First, false)

	must0(t, s.CreatePendingLogin(ctx, pending("later", "browser", "sealed")))
	want(t, "swept", must[int64](t)(s.SweepPendingLogins(ctx, begun)), 1)
	_, err = s.UsePendingLogin(ctx, []byte("state"), []byte("browser"))
	notFound(t, "swept", err)
	want(t, "kept", must[PendingLogin](t)(s.UsePendingLogin(ctx, []byte("later"), []byte("browser"))).First, true)
}

func pending(state, browser, sealed string) NewLogin {
	return NewLogin{StateHash: []byte(state), BrowserHash: []byte(browser), Sealed: []byte(sealed), Address: "192.0.2.1"}
}

// S-58: what strangers leave has a bound, for one address and for all of them; the oldest go first, nobody
// is refused, and people who are signed in are not counted.
func testStrangersLogins(t *testing.T, address string) {
	c, ctx := newClock(), t.Context()
	s := migrated(t, address, c)
	long := strings.Repeat("x", 100_000)
	begin := func(state, from string, signedIn bool) {
		l := pending(state, "browser", long)
		l.Address, l.SignedIn = from, signedIn
		must0(t, s.CreatePendingLogin(ctx, l))
		c.add(time.Millisecond)
	}
	found := func(state string) bool {
		_, err := s.UsePendingLogin(ctx, []byte(state), []byte("browser"))
		if err != nil && !errors.Is(err, ErrNotFound) {
			t.Fatal(err)
		}
		return err == nil
	}
	bytes := func(where string) (n int) {
		must0(t, s.db.QueryRowContext(ctx, `SELECT COALESCE(SUM(LENGTH(sealed)), 0) FROM pending_logins WHERE `+where).Scan(&n))
		return n
	}
	begin("signed in", "192.0.2.1", true)
	begin("another address", "192.0.2.2", false)
	short := pending("short", "browser", "sealed")
	must0(t, s.CreatePendingLogin(ctx, short))
	for i := range 10 {
		begin(fmt.Sprint("flood ", i), "192.0.2.1", false)
	}
	if n := bytes(`address = '192.0.2.1' AND signed_in = 0`); n > strangersFromOne {
		t.Errorf("one address left %d bytes", n)
	}
	want(t, "the newest", found("flood 9"), true)
	want(t, "the oldest", found("flood 0"), false)
	want(t, "of somebody signed in", found("signed in"), true)
	want(t, "of another address", found("another address"), true)
	want(t, "a short one from the address that is flooded", found("short"), true)
	for i := range 100 {
		begin(fmt.Sprint("many ", i), fmt.Sprint("198.51.100.", i), false)
	}
	if n := bytes(`signed_in = 0`); n > strangersAll {
		t.Errorf("all strangers left %d bytes", n)
	}
	want(t, "the newest of many", found("many 99"), true)
	want(t, "the oldest of many", found("another address"), false)
	want(t, "of somebody signed in, still", found("signed in"), true)
}

// S-16, S-56: one of ten replays ends the session; a token that ended nothing, whatever the reason, is not
// used up.
func testLogoutTokens(t *testing.T, address string) {
	c, ctx := newClock(), t.Context()
	s := migrated(t, address, c)
	token := func(jti, sid, subject string) LogoutToken {
		return LogoutToken{JTIHash: []byte(jti), Issuer: issuer, SID: sid, Subject: subject}
	}
	end := func(token LogoutToken) string {
		n, used, err := s.EndByLogoutToken(ctx, token)
		must0(t, err)
		return fmt.Sprint(n, " ", used)
	}
	want(t, "nobody is signed in", end(token("jti", "", "ann")), "0 false")
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	must0(t, s.CreateSession(ctx, []byte("1"), session("h1", "ann"), nil))
	if _, _, err := s.EndByLogoutToken(cancelled, token("jti", "", "ann")); err == nil {
		t.Error("a cancelled logout was none")
	}
	n := atOnce(t, 10, func(int) (bool, error) {
		n, _, err := s.EndByLogoutToken(ctx, token("jti", "", "ann"))
		return n == 1, err
	})
	want(t, "ends", n, 1)
	must0(t, s.CreateSession(ctx, []byte("2"), session("h2", "ann"), nil))
	must0(t, s.CreateSession(ctx, []byte("3"), session("h3", "ann"), nil))
	want(t, "a replay", end(token("jti", "", "ann")), "0 true")
	first := c.now()
	c.add(time.Second)
	want(t, "by sid, not the user's other session", end(token("jti 2", "sid-h2", "ann")), "1 false")
	want(t, "a sid that no session has: the user's", end(token("jti 3", "sid-h9", "ann")), "1 false")
	want(t, "swept", must[int64](t)(s.SweepLogoutTokens(ctx, first)), 1)
	want(t, "a younger one again", end(token("jti 2", "sid-h2", "ann")), "0 true")
}

func intent(c *clock, token string, attempt int) record.Submission {
	return record.Submission{
		ID:          uuid.Must(uuid.NewV7()).String(),
		FormToken:   token,
		Attempt:     attempt,
		Fingerprint: []byte{0, 255},
		Holder:      "holder",
		CreatedAt:   c.now(),
		Actor:       record.Actor{Issuer: issuer, Subject: "ann", Name: "Ann Ångström"},
		Action:      record.Reference,
		Fields: record.Fields{
			ProjectID:  "project",
			AgentID:    "agent",
			AgentType:  "AWS",
			Name:       "name",
			SecretName: "secret",
			SecretKey:  "key",
			VaultName:  "vault",
			Type:       "PASSWORD",
		},
		Outcome:       record.Pending,
		RequestID:     "request",
		ClientAddress: "::1",
		Changes:       "line_ends",
	}
}

func begin(t *testing.T, s *Store, r record.Submission) record.Submission {
	t.Helper()
	if begun, _, err := s.BeginSubmission(t.Context(), r, record.Begin{}); !begun || err != nil {
		t.Fatal(begun, err)
	}
	return r
}

// call is the first step of a reference, whose call begins.
func call() record.Step {
	return record.Step{
		Number:  1,
		Call:    record.CreateReference,
		Sent:    true,
		Outcome: record.Pending,
	}
}

// beginCall begins a call and fails where that is not possible.
func beginCall(t *testing.T, s *Store, r record.Submission) {
	t.Helper()
	must0(t, s.BeginCall(t.Context(), r, nil, call()))
}

func same(t *testing.T, what string, got, want record.Submission) {
	t.Helper()
	if g, w := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); g != w {
		t.Errorf("%s:\n%s, want\n%s", what, g, w)
	}
}

func testSubmission(t *testing.T, address string) {
	c, ctx := newClock(), t.Context()
	s := migrated(t, address, c)
	byID := func(id string) record.Submission {
		t.Helper()
		return must[record.Submission](t)(s.SubmissionByID(ctx, id))
	}
	r := begin(t, s, intent(c, "token", 1))
	same(t, "begun", byID(r.ID), r)
	beginCall(t, s, r)
	r.Sent = true
	r.Steps = []record.Step{call()}
	same(t, "sent", byID(r.ID), r)
	c.add(time.Second)
	answer := record.Answer{VaultSecretName: "vault-name", ResolverRef: "ref", AnswerPartial: true}
	r.Outcome, r.Status, r.Answer, r.FinishedAt = record.Created, 201, answer, c.now()
	ended := call()
	ended.Outcome, ended.Status, ended.Answer = record.Created, 201, answer
	r.Steps = []record.Step{ended}
	must0(t, s.EndSubmission(ctx, r, &ended))
	same(t, "ended", byID(r.ID), r)
	again := r
	again.Outcome = record.Failed
	must0(t, s.EndSubmission(ctx, again, &ended))
	same(t, "ended twice", byID(r.ID), r)
	notFound(t, "sending what has ended", s.BeginCall(ctx, r, nil, call()))
	unknown := intent(c, "other", 1)
	notFound(t, "sending what is unknown", s.BeginCall(ctx, unknown, nil, call()))
	notFound(t, "ending what is unknown", s.EndSubmission(ctx, unknown, nil))

	second := begin(t, s, intent(c, "token", 2))
	third := begin(t, s, intent(c, "token", 10))
	same(t, "latest attempt, compared as numbers", must[record.Submission](t)(s.LatestAttempt(ctx, "token")), third)
	same(t, "the one before", byID(second.ID), second)
	_, err := s.LatestAttempt(ctx, "other")
	notFound(t, "no attempt", err)
	_, err = s.SubmissionByID(ctx, "other")
	notFound(t, "no submission", err)
}

// A record that cannot be there twice decides who sends.
func testBeginOnce(t *testing.T, address string) {
	c, ctx := newClock(), t.Context()
	s, other := migrated(t, address, c), open(t, address, c)
	n := atOnce(t, 20, func(i int) (bool, error) {
		begun, _, err := []*Store{s, other}[i%2].BeginSubmission(ctx, intent(c, "token", 1), record.Begin{})
		return begun, err
	})
	want(t, "begun", n, 1)
	first := must[record.Submission](t)(s.LatestAttempt(ctx, "token"))
	begunAgain := func(r record.Submission) bool {
		begun, _, err := s.BeginSubmission(ctx, r, record.Begin{})
		must0(t, err)
		return begun
	}
	want(t, "the same attempt, its first answer lost", begunAgain(first), true)
	want(t, "rows", len(must[[]record.Submission](t)(s.Submissions(ctx, record.Query{
		Of:    record.Everyone,
		Limit: 100,
	}))), 1)
	want(t, "the next attempt", begunAgain(intent(c, "token", 2)), true)
}

func testLists(t *testing.T, address string) {
	c, ctx := newClock(), t.Context()
	s := migrated(t, address, c)
	var anns, all []string
	for i := range 7 {
		r := intent(c, fmt.Sprint("token", i), 1)
		// Ids begin with their instant, and every hexadecimal digit has its place.
		r.ID = fmt.Sprintf("%08x-0000-7000-8000-%012d", 5+i, i)
		if i%2 == 1 {
			r.Actor.Subject = "bob"
		} else {
			anns = append([]string{r.ID}, anns...)
		}
		all = append([]string{r.ID}, all...)
		begin(t, s, r)
	}
	own := func(issuer, subject string) record.Whose {
		return record.Own(record.Actor{Issuer: issuer, Subject: subject})
	}
	pages := func(of record.Whose) (ids []string) {
		for before := ""; ; before = ids[len(ids)-1] {
			list := must[[]record.Submission](t)(s.Submissions(ctx, record.Query{Of: of, Before: before, Limit: 3}))
			for _, r := range list {
				ids = append(ids, r.ID)
			}
			if len(list) < 3 {
				return ids
			}
		}
	}
	want(t, "everybody's", fmt.Sprint(pages(record.Everyone)), fmt.Sprint(all))
	want(t, "own", fmt.Sprint(pages(own(issuer, "ann"))), fmt.Sprint(anns))
	want(t, "of nobody said", len(pages(record.Whose{})), 0)
	want(t, "nobody's", len(pages(own(issuer, "eve"))), 0)
	want(t, "another provider's", len(must[[]record.Submission](t)(s.Submissions(ctx, record.Query{
		Of:    own("https://other.example", "ann"),
		Limit: 3,
	}))), 0)
}

func testEarlierAttempt(t *testing.T, address string) {
	c, ctx := newClock(), t.Context()
	s := migrated(t, address, c)
	for i, tc := range []struct {
		why    string
		change func(earlier, now *record.Submission)
		want   bool
	}{
		{"ended unknown", func(e, _ *record.Submission) { e.Outcome = "unknown" }, true},
		{"failed after it was sent", func(e, _ *record.Submission) { e.Outcome, e.Sent = "failed", true }, true},
		{"failed before it was sent", func(e, _ *record.Submission) { e.Outcome = "failed" }, false},
		{"was created", func(e, _ *record.Submission) { e.Outcome, e.Sent = "created", true }, true},
		{"was refused", func(e, _ *record.Submission) { e.Outcome, e.Sent = "conflict", true }, false},
		{"is somebody else's", func(e, _ *record.Submission) { e.Outcome, e.Actor.Subject = "unknown", "bob" }, false},
		{"is another provider's", func(e, _ *record.Submission) { e.Outcome, e.Actor.Issuer = "unknown", "https://other.example" }, false},
		{"has another name", func(e, _ *record.Submission) { e.Outcome, e.Name = "unknown", "other" }, false},
		{"is in another project", func(e, _ *record.Submission) { e.Outcome, e.ProjectID = "unknown", "other" }, false},
		{"a reference hangs on no agent", func(e, _ *record.Submission) { e.Outcome, e.AgentID = "unknown", "other" }, true},
		{"is another action", func(e, _ *record.Submission) { e.Outcome, e.Action = "unknown", "value" }, false},
		{"a value is at its agent", func(e, n *record.Submission) {
			e.Outcome, e.Action, n.Action, e.ProjectID = "unknown", "value", "value", "other"
		}, true},
		{"a value at another agent", func(e, n *record.Submission) {
			e.Outcome, e.Action, n.Action, e.AgentID = "unknown", "value", "value", "other"
		}, false},
	} {
		t.Run(tc.why, func(t *testing.T) {
			earlier, now := intent(c, fmt.Sprint("earlier", i), 1), intent(c, fmt.Sprint("now", i), 1)
			earlier.ID, now.ID = fmt.Sprintf("%04d-1", i), fmt.Sprintf("%04d-2", i)
			earlier.Name, now.Name = fmt.Sprint("name", i), fmt.Sprint("name", i)
			tc.change(&earlier, &now)
			end := earlier
			earlier.Outcome = "pending"
			begin(t, s, earlier)
			begin(t, s, now)
			must0(t, s.EndSubmission(ctx, end, nil))
			_, err := s.EarlierAttempt(ctx, now)
			want(t, "earlier", err == nil, tc.want)
			_, err = s.EarlierAttempt(ctx, earlier)
			notFound(t, "later", err)
		})
	}
}

// What a user has stored under a name is found by that name, an unfinished setup of the project before a value.
func testStored(t *testing.T, address string) {
	c, ctx := newClock(), t.Context()
	s := migrated(t, address, c)
	for i, tc := range []struct {
		why    string
		change func(*record.Submission)
		want   bool
	}{
		{"a setup half-way, by the vault's name", func(r *record.Submission) { r.VaultSecretName = "odd#name" }, true},
		{"a setup half-way, by the name that was sent", func(r *record.Submission) { r.SecretName = "odd#name" }, true},
		{"the vault gave it another name", func(r *record.Submission) { r.SecretName, r.VaultSecretName = "odd#name", "other" }, false},
		{"a setup of another project", func(r *record.Submission) { r.SecretName, r.ProjectID = "odd#name", "other" }, false},
		{"a setup that is finished", func(r *record.Submission) { r.SecretName, r.Outcome = "odd#name", "created" }, false},
		{"somebody else's", func(r *record.Submission) { r.SecretName, r.Actor.Subject = "odd#name", "bob" }, false},
		{"a value, wherever", func(r *record.Submission) {
			r.Action, r.Outcome, r.Name, r.ProjectID = "value", "created", "odd#name", ""
		}, true},
		{"a value that nobody knows of", func(r *record.Submission) { r.Action, r.Outcome, r.Name = "value", "unknown", "odd#name" }, false},
	} {
		r := intent(c, fmt.Sprint("stored", i), 1)
		r.ID = fmt.Sprintf("%04d-1", i)
		r.Action, r.SecretName = "setup", "sent"
		r.Outcome, r.Sent = "value_stored", true
		tc.change(&r)
		// Each row has its own name, so that no row finds another one's.
		name := fmt.Sprint("odd#name", i)
		for _, field := range []*string{&r.SecretName, &r.VaultSecretName, &r.Name} {
			if *field == "odd#name" {
				*field = name
			}
		}
		end := r
		r.Outcome, r.VaultSecretName = "pending", ""
		begin(t, s, r)
		must0(t, s.EndSubmission(ctx, end, nil))
		asker := intent(c, "asker", 1)
		found, err := s.Stored(ctx, asker.Actor, asker.ProjectID, name)
		want(t, tc.why, err == nil && found.ID == r.ID, tc.want)
		if !tc.want {
			notFound(t, tc.why, err)
		}
	}
}

func testRefused(t *testing.T, address string) {
	c, ctx := newClock(), t.Context()
	s := migrated(t, address, c)
	from := c.now()
	for i, end := range []record.Submission{
		{
			Outcome: "unauthenticated",
			Status:  401,
		}, {Outcome: "unauthenticated"}, {
			Outcome: "forbidden",
			Status:  403,
		}, {
			Outcome: "unauthenticated",
			Status:  401,
		},
	} {
		r := begin(t, s, intent(c, fmt.Sprint(i), 1))
		end.ID = r.ID
		must0(t, s.EndSubmission(ctx, end, nil))
		c.add(time.Minute)
	}
	between := func(subject string, from, to time.Time) int {
		return must[int](t)(s.RefusedBetween(ctx, record.Actor{Issuer: issuer, Subject: subject}, from, to))
	}
	want(t, "both ends count", between("ann", from, from.Add(3*time.Minute)), 2)
	want(t, "after the first", between("ann", from.Add(time.Millisecond), c.now()), 1)
	want(t, "before the last", between("ann", from, from.Add(3*time.Minute-time.Millisecond)), 1)
	want(t, "somebody else's", between("bob", from, c.now()), 0)
}

// S-47: what a dead process left under way is ended once, and nothing else is.
func testOrphans(t *testing.T, address string) {
	c, ctx := newClock(), t.Context()
	dead := must[*Store](t)(Open(address, c.now))
	dead.KeepTrail(audit.NewChain(nil), nil)
	must0(t, dead.Migrate(ctx))
	must0(t, dead.Join(ctx, "dead"))
	if err := dead.Join(ctx, "dead"); err == nil {
		t.Error("joined twice")
	}
	s := open(t, address, c)
	if isPostgres(address) {
		must0(t, s.Join(ctx, "alive"))
	} else if err := s.Join(ctx, "alive"); err == nil || !strings.Contains(err.Error(), "another portal serves this SQLite file") {
		t.Errorf("a second server of a SQLite file: %v", err)
	}
	of := func(holder, token string) record.Submission {
		r := intent(c, token, 1)
		r.Holder = holder
		return begin(t, s, r)
	}
	unsent, sent, ended, own := of("dead", "unsent"), of("dead", "sent"), of("dead", "ended"), of("alive", "own")
	beginCall(t, s, sent)
	ended.Outcome, ended.Status = "created", 201
	must0(t, s.EndSubmission(ctx, ended, nil))
	must0(t, dead.Close())
	if !isPostgres(address) {
		must0(t, s.Join(ctx, "alive"))
	}
	buried(t, s, "dead")

	c.add(time.Minute)
	n := must[int64](t)(s.SettleOrphans(ctx, "alive"))
	c.add(settleGrace)
	n += must[int64](t)(s.SettleOrphans(ctx, "alive"))
	want(t, "settled", n, 2)
	want(t, "settled again", must[int64](t)(s.SettleOrphans(ctx, "alive")), 0)
	for id, outcome := range map[string]record.Outcome{unsent.ID: "failed", sent.ID: "unknown", ended.ID: "created", own.ID: "pending"} {
		r := must[record.Submission](t)(s.SubmissionByID(ctx, id))
		want(t, r.FormToken, r.Outcome, outcome)
		want(t, r.FormToken+" has an end", r.FinishedAt.IsZero(), outcome == record.Pending)
	}
	// It only seemed dead: it must not send now, for its form may be under way again; an end that it
	// knows better is recorded.
	notFound(t, "sending what was settled", s.BeginCall(ctx, unsent, nil, call()))
	sent.Outcome, sent.Sent, sent.Status = "created", true, 201
	must0(t, s.EndSubmission(ctx, sent, nil))
	want(t, "corrected", must[record.Submission](t)(s.SubmissionByID(ctx, sent.ID)).Outcome, "created")
}

// taken takes one of an actor's submissions.
func taken(ctx context.Context, s *Store, actor string, perMinute int) (wait time.Duration, err error) {
	err = s.write(ctx, func(q queries) error {
		wait, err = takeSubmission(ctx, q, actor, perMinute, s.now())
		return err
	})
	return wait, err
}

// S-45.
func testLimits(t *testing.T, address string) {
	c, ctx := newClock(), t.Context()
	s := migrated(t, address, c)
	take := func(actor string) time.Duration {
		t.Helper()
		return must[time.Duration](t)(taken(ctx, s, actor, 6))
	}
	for range 6 {
		want(t, "out of a full bucket", take("ann"), 0)
	}
	want(t, "out of an empty one", take("ann"), 10*time.Second)
	want(t, "somebody else's", take("bob"), 0)
	c.add(9999 * time.Millisecond)
	want(t, "just before", take("ann"), time.Millisecond)
	c.add(time.Millisecond)
	want(t, "refilled by one", take("ann"), 0)
	want(t, "and no more", take("ann"), 10*time.Second)
	want(t, "swept while it fills", must[int64](t)(s.SweepLimits(ctx)), 1) // bob's is full again
	c.add(time.Hour)
	want(t, "swept", must[int64](t)(s.SweepLimits(ctx)), 1)
	for range 6 {
		want(t, "full after an hour, and not more than full", take("ann"), 0)
	}
	want(t, "empty again", take("ann"), 10*time.Second)
	want(t, "one a minute", must[time.Duration](t)(taken(ctx, s, "slow", 1)), 0)
	want(t, "one a minute", must[time.Duration](t)(taken(ctx, s, "slow", 1)), time.Minute)

	c.add(time.Hour)
	want(t, "while the clock is ahead", take("ann"), 0)
	want(t, "while the clock is ahead", must[time.Duration](t)(taken(ctx, s, "slow", 1)), 0)
	c.add(-24 * time.Hour)
	for range 6 {
		want(t, "after it was set back", take("ann"), 0)
	}
	want(t, "the limit holds then, too", take("ann"), 10*time.Second)
	want(t, "one a minute", must[time.Duration](t)(taken(ctx, s, "slow", 1)), 0)
	want(t, "one a minute", must[time.Duration](t)(taken(ctx, s, "slow", 1)), time.Minute)

	eve := record.Actor{Issuer: "https://idp.example", Subject: "eve"}
	want(t, "said later", must[time.Duration](t)(s.TakeLater(ctx, eve, 1)), 0)
	want(t, "said later, again", must[time.Duration](t)(s.TakeLater(ctx, eve, 1)), time.Minute)
	want(t, "and still able to submit", must[time.Duration](t)(taken(ctx, s, eve.Key(), 1)), 0)
}

func testLimitsAtOnce(t *testing.T, address string) {
	c, ctx := newClock(), t.Context()
	s, other := migrated(t, address, c), open(t, address, c)
	n := atOnce(t, 30, func(i int) (bool, error) {
		wait, err := taken(ctx, []*Store{s, other}[i%2], "ann", 10)
		return wait == 0, err
	})
	want(t, "passed", n, 10)
}

// What strangers write is stored or unknown, never an error: PostgreSQL refuses texts that SQLite takes.
func testAnyBytes(t *testing.T, address string) {
	c, ctx := newClock(), t.Context()
	s := migrated(t, address, c)
	r := session("h", "ann")
	r.Browser, r.ActorName, r.Sealed = "Bad\xffBrowser\x00", "'; DROP TABLE sessions; --", []byte{}
	must0(t, s.CreateSession(ctx, []byte{0}, r, nil))
	got := must[Session](t)(s.Session(ctx, []byte{0}, time.Time{}, time.Time{}))
	want(t, "empty payload", len(got.Sealed), 0)
	listed := must[[]Session](t)(s.AllSessions(ctx, "", ""))[0]
	want(t, "browser", listed.Browser, "Bad\uFFFDBrowser\uFFFD")
	want(t, "name", listed.ActorName, r.ActorName)
	for _, id := range []string{"\x00", "\xff\xfe", strings.Repeat("x", 1<<16), "' OR ''='"} {
		_, err := s.SubmissionByID(ctx, id)
		notFound(t, "a submission", err)
		_, err = s.LatestAttempt(ctx, id)
		notFound(t, "an attempt", err)
		want(t, "by handle", must[int64](t)(s.EndSessionByHandle(ctx, id, Ending{By: record.ByOperator})), 0)
		must[[]record.Submission](t)(s.Submissions(ctx, record.Query{
			Of: record.Own(record.Actor{
				Issuer:  issuer,
				Subject: id,
			}),
			Before: id,
			Limit:  3,
		}))
	}
}

func testMigrateAgain(t *testing.T, address string) {
	c, ctx := newClock(), t.Context()
	s := open(t, address, c)
	if err := s.Ping(ctx); err == nil {
		t.Error("a database without tables is ready")
	}
	must0(t, s.Migrate(ctx))
	must0(t, s.CreateSession(ctx, []byte("id"), session("h", "ann"), nil))
	versions := func() (n int) {
		must0(t, s.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM goose_db_version`).Scan(&n))
		return n
	}
	before := versions()
	must0(t, s.Migrate(ctx))
	must0(t, open(t, address, c).Migrate(ctx))
	want(t, "applied", versions(), before)
	must0(t, s.Ping(ctx))
	want(t, "kept", handles(t, s, "", time.Time{}, time.Time{}), "h")
	if err := s.Migrate(cancelled()); err == nil {
		t.Error("migrated in no time")
	}
}

func cancelled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// "portal serve" several times and "portal migrate" may start together on a new database.
func testMigrateAtOnce(t *testing.T, address string) {
	c, ctx := newClock(), t.Context()
	const handles = 6
	n := atOnce(t, handles, func(i int) (bool, error) {
		s, err := Open(address, c.now)
		if err != nil {
			return false, err
		}
		s.KeepTrail(audit.NewChain(nil), nil)
		err = s.Migrate(ctx)
		if err == nil {
			err = s.CreateSession(ctx, []byte{byte(i)}, session(fmt.Sprint(i), "ann"), nil)
		}
		return err == nil, errors.Join(err, s.Close())
	})
	want(t, "migrated", n, handles)
	s := open(t, address, c)
	var doubled int
	must0(t, s.db.QueryRowContext(ctx, `SELECT COUNT(*) - COUNT(DISTINCT version_id) FROM goose_db_version`).Scan(&doubled))
	want(t, "steps applied twice", doubled, 0)
}

// columns is every column there is. One more needs a decision: could somebody's secret get into it?
// Sealed is a session's tokens under a key that the database does not have.
var columns = strings.Fields(`
	events.actor_issuer events.actor_name events.actor_subject events.client_address events.details events.event events.hash
	events.prev events.request_id events.seq events.submission_id events.time
	logout_tokens.created_at logout_tokens.jti_hash
	pending_logins.address pending_logins.browser_hash pending_logins.created_at pending_logins.sealed pending_logins.signed_in pending_logins.state_hash pending_logins.used_at
	sessions.actor_issuer sessions.actor_name sessions.actor_subject sessions.browser sessions.created_at sessions.handle sessions.id_hash
	sessions.lease_by sessions.lease_until sessions.sealed sessions.seen_at sessions.sid
	submission_limits.actor submission_limits.full_at
	submission_steps.answer_partial submission_steps.call submission_steps.outcome submission_steps.resolver_ref submission_steps.sent
	submission_steps.status submission_steps.step submission_steps.submission_id submission_steps.vault_secret_name
	submissions.action submissions.actor_issuer submissions.actor_name submissions.actor_subject submissions.agent_id submissions.agent_name submissions.agent_type
	submissions.answer_partial submissions.attempt submissions.changes submissions.client_address submissions.created_at submissions.fingerprint submissions.finished_at
	submissions.form_token submissions.holder submissions.id submissions.name submissions.outcome submissions.project_id submissions.project_name
	submissions.proven_at submissions.renew_by submissions.request_id
	submissions.resolver_ref submissions.secret_key submissions.secret_name submissions.sent submissions.status submissions.ticket submissions.trail submissions.type
	submissions.vault_name submissions.vault_secret_name`)

func testColumns(t *testing.T, address string) {
	s := migrated(t, address, newClock())
	query := `SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public'`
	if s.pg == nil {
		query = `SELECT t.name || '.' || c.name FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table'`
	}
	var got []string
	rows, err := s.db.QueryContext(t.Context(), query)
	must0(t, err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var name string
		must0(t, rows.Scan(&name))
		if !strings.HasPrefix(name, "goose_db_version.") && !strings.HasPrefix(name, "sqlite_sequence.") {
			got = append(got, name)
		}
	}
	must0(t, rows.Err())
	slices.Sort(got)
	want(t, "columns", strings.Join(got, "\n"), strings.Join(columns, "\n"))
}

// Nobody else on the machine reads the file.
func TestSQLiteFileMode(t *testing.T) {
	dir := t.TempDir()
	c := newClock()
	s := migrated(t, "sqlite:"+filepath.Join(dir, "a b%20c.db"), c)
	must0(t, s.CreateSession(t.Context(), []byte("id"), session("h", "ann"), nil))
	var names []string
	for _, entry := range must[[]os.DirEntry](t)(os.ReadDir(dir)) {
		info := must[os.FileInfo](t)(entry.Info())
		names = append(names, entry.Name())
		want(t, entry.Name(), info.Mode(), 0o600)
	}
	want(t, "files", fmt.Sprintf("%q", names), `["a b%20c.db" "a b%20c.db-shm" "a b%20c.db-wal"]`)
}

// An address that is no database is an error, at once where that can be known.
func TestOpenFailures(t *testing.T) {
	c := newClock()
	for _, address := range []string{"", "portal.db", "mysql://u:hidden@h/d", "sqlite:", "sqlite:a?b", "sqlite:" + filepath.Join(t.TempDir(), "no", "folder.db")} {
		s, err := Open(address, c.now)
		if err == nil {
			_ = s.Close()
			t.Errorf("%q opens", address)
		} else if strings.Contains(err.Error(), "hidden") {
			t.Errorf("%q: %v", address, err)
		}
	}
	s := must[*Store](t)(Open("sqlite:"+t.TempDir(), c.now))
	if err := s.Migrate(t.Context()); err == nil {
		t.Error("a folder is a database")
	}
	must0(t, s.Close())
}
