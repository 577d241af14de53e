package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"maiaportal/internal/audit"
	"maiaportal/internal/record"
	"maiaportal/internal/secret"
	"maiaportal/internal/store/pgtest"
)

// entry is a row of the trail.
type entry struct {
	record.Event
	details string
}

func (e entry) String() string {
	return fmt.Sprint(e.Seq, " ", e.Kind, " ", e.SubmissionID, " ", e.details)
}

// entries are all of the trail, each of which has to fit to the one before.
func entries(t *testing.T, s *Store, chain Chain) []entry {
	t.Helper()
	rows, err := s.db.QueryContext(t.Context(), `SELECT seq, time, event, actor_issuer, actor_subject, actor_name,
		client_address, request_id, submission_id, details, prev, hash FROM events ORDER BY seq`)
	must0(t, err)
	defer func() { _ = rows.Close() }()
	var list []entry
	for rows.Next() {
		var e entry
		var at int64
		must0(t, rows.Scan(&e.Seq, &at, &e.Kind, &e.Actor.Issuer, &e.Actor.Subject, &e.Actor.Name,
			&e.ClientAddress, &e.RequestID, &e.SubmissionID, &e.details, &e.Prev, &e.Hash))
		e.Time = instant(at)
		list = append(list, e)
	}
	must0(t, rows.Err())
	prev, before := "", time.Time{}
	for i, e := range list {
		want(t, "seq", e.Seq, int64(i+1))
		want(t, "prev of "+e.String(), e.Prev, prev)
		if e.Time.Before(before) {
			t.Errorf("%s goes back to %s, after %s", e, e.Time, before)
		}
		if hash := chain.(*audit.Chain).Hash(e.Event, e.details); hash != e.Hash {
			t.Errorf("%s: the hash is %s, want %s", e, e.Hash, hash)
		}
		prev, before = e.Hash, e.Time
	}
	return list
}

func kinds(list []entry) string {
	var all []string
	for _, e := range list {
		all = append(all, string(e.Kind))
	}
	return strings.Join(all, " ")
}

// A submission's events, as the contract has them: started, a pair for each call, ended.
func testTrail(t *testing.T, address string) {
	c, ctx := newClock(), t.Context()
	s := migrated(t, address, c)
	chain := audit.NewChain([]secret.Value{secret.New([]byte("0123456789abcdef0123456789abcdef"))})
	var told []record.Event
	s.KeepTrail(chain, func(events []record.Event) { told = append(told, events...) })

	r := intent(c, "token", 1)
	r.Actor.Name = "Ann\x00 \xff Ångström"
	step := call()
	if begun, _, err := s.BeginSubmission(ctx, r, record.Begin{Step: &step}); !begun || err != nil {
		t.Fatal(begun, err)
	}
	r.Sent = true
	c.add(-time.Hour) // a clock that is set back
	first := step
	first.Outcome, first.Status = record.Unauthenticated, 401
	must0(t, s.BeginCall(ctx, r, &first, step))
	step.Outcome, step.Status = record.Created, 201
	step.VaultSecretName = "vault-1"
	r.Outcome, r.Status = record.Created, 201
	must0(t, s.EndSubmission(ctx, r, &step))
	must0(t, s.EndSubmission(ctx, r, &step)) // the first answer was lost

	list := entries(t, s, chain)
	want(t, "events", kinds(list), "submission_started call_started call_ended call_started call_ended submission_ended")
	want(t, "what was told", len(told), len(list))
	for i, e := range list {
		want(t, "told", told[i].Hash, e.Hash)
		want(t, "of", e.SubmissionID, r.ID)
		want(t, "by", e.Actor.Name, "Ann\uFFFD \uFFFD Ångström")
		want(t, "from", e.ClientAddress+" "+e.RequestID, "::1 request")
	}
	want(t, "started", list[0].details, `{"action":"reference","agent_id":"agent","agent_name":"","agent_type":"AWS","attempt":1,`+
		`"changes":"line_ends","name":"name","project_id":"project","project_name":"","renew_by":"","secret_key":"key","secret_name":"secret","ticket":"",`+
		`"type":"PASSWORD","vault_name":"vault"}`)
	want(t, "call", list[1].details, `{"call":"createSecretReference","step":1}`)
	want(t, "refused", list[2].details, `{"call":"createSecretReference","outcome":"unauthenticated","sent":1,"status":401,"step":1}`)
	want(t, "ended", list[4].details,
		`{"call":"createSecretReference","outcome":"created","sent":1,"status":201,"step":1,"vault_secret_name":"vault-1"}`)
	want(t, "end", list[5].details, `{"outcome":"created","sent":1,"status":201}`)
}

// What has no room, or is not the first under its token, leaves no event.
func testTrailOfNothing(t *testing.T, address string) {
	c, ctx := newClock(), t.Context()
	s := migrated(t, address, c)
	begin := func(token string) (bool, time.Duration) {
		begun, wait, err := s.BeginSubmission(ctx, intent(c, token, 1), record.Begin{PerMinute: 1})
		must0(t, err)
		return begun, wait
	}
	begun, _ := begin("one")
	want(t, "begun", begun, true)
	begun, wait := begin("two")
	want(t, "begun without room", begun, false)
	want(t, "wait", wait, time.Minute)
	c.add(time.Minute)
	begun, wait = begin("one")
	want(t, "begun twice", begun, false)
	want(t, "wait of what is no attempt", wait, 0)
	want(t, "events", kinds(entries(t, s, audit.NewChain(nil))), "submission_started")
	// What was refused took no room.
	begun, _ = begin("two")
	want(t, "begun later", begun, true)
}

// A call whose begin was recorded and whose begin's answer was lost is not made; its pair is completed.
func testTrailOfALostBegin(t *testing.T, address string) {
	c, ctx := newClock(), t.Context()
	s := migrated(t, address, c)
	r := begin(t, s, intent(c, "token", 1))
	beginCall(t, s, r)
	r.Outcome, r.Sent = record.Failed, false
	must0(t, s.EndSubmission(ctx, r, nil))
	list := entries(t, s, audit.NewChain(nil))
	want(t, "events", kinds(list), "submission_started call_started call_ended submission_ended")
	want(t, "call", list[2].details, `{"call":"createSecretReference","outcome":"failed","sent":0,"status":0,"step":1}`)
	got := must[record.Submission](t)(s.SubmissionByID(ctx, r.ID))
	want(t, "sent", got.Sent || got.Steps[0].Sent, false)
}

// The ends that a dead process left out.
func testTrailOfOrphans(t *testing.T, address string) {
	c, ctx := newClock(), t.Context()
	s := migrated(t, address, c)
	must0(t, s.Join(ctx, "alive"))
	of := func(token string) record.Submission {
		r := intent(c, token, 1)
		r.Holder = "dead"
		return begin(t, s, r)
	}
	unsent, sent := of("unsent"), of("sent")
	beginCall(t, s, sent)
	for range 2 {
		c.add(settleGrace)
		must[int64](t)(s.SettleOrphans(ctx, "alive"))
	}
	list := entries(t, s, audit.NewChain(nil))
	want(t, "events", kinds(list), "submission_started submission_started call_started submission_settled submission_settled")
	settled := map[string]string{}
	for _, e := range list[3:] {
		settled[e.SubmissionID] = e.details
	}
	want(t, "unsent", settled[unsent.ID], `{"outcome":"failed","sent":0,"status":0}`)
	want(t, "sent", settled[sent.ID], `{"outcome":"unknown","sent":1,"status":0}`)
	got := must[record.Submission](t)(s.SubmissionByID(ctx, sent.ID))
	want(t, "its step", got.Steps[0].Outcome, record.Unknown)
}

// A catalogue that is taken into use is an event of nobody, between those of submissions.
func testTrailOfACatalogue(t *testing.T, address string) {
	c, ctx := newClock(), t.Context()
	s := migrated(t, address, c)
	begin(t, s, intent(c, "token", 1))
	must0(t, s.Append(ctx, record.LoadedCatalogue("abc", 3, 2, 1)))
	list := entries(t, s, audit.NewChain(nil))
	want(t, "events", kinds(list), "submission_started catalog_loaded")
	want(t, "details", list[1].details, `{"agents":2,"presets":1,"projects":3,"sha256":"abc"}`)
	want(t, "actor", list[1].Actor, record.Actor{})
	want(t, "what it is about", list[1].SubmissionID+list[1].RequestID+list[1].ClientAddress, "")
}

// Many submissions at once, over two processes: one chain without gaps, and each has its events in order.
func testTrailAtOnce(t *testing.T, address string) {
	c, ctx := newClock(), t.Context()
	s, other := migrated(t, address, c), open(t, address, c)
	const submissions = 40
	n := atOnce(t, submissions, func(i int) (bool, error) {
		on := []*Store{s, other}[i%2]
		r := intent(c, fmt.Sprint("token", i/4), i%4+1) // some of one form, by both
		step := call()
		begun, _, err := on.BeginSubmission(ctx, r, record.Begin{Step: &step})
		if err != nil || !begun {
			return begun, err
		}
		r.Outcome, r.Sent, step.Outcome = record.Created, true, record.Created
		return true, on.EndSubmission(ctx, r, &step)
	})
	want(t, "begun", n, submissions)
	of := map[string][]entry{}
	for _, e := range entries(t, s, audit.NewChain(nil)) {
		of[e.SubmissionID] = append(of[e.SubmissionID], e)
	}
	want(t, "submissions", len(of), submissions)
	for id, list := range of {
		want(t, id, kinds(list), "submission_started call_started call_ended submission_ended")
	}
}

// Nothing that leaves an event is written where there is no trail.
func TestNoTrail(t *testing.T) {
	c := newClock()
	s := must[*Store](t)(Open("sqlite:"+filepath.Join(t.TempDir(), "portal.db"), c.now))
	defer func() { must0(t, s.Close()) }()
	must0(t, s.Migrate(t.Context()))
	if begun, _, err := s.BeginSubmission(t.Context(), intent(c, "token", 1), record.Begin{}); begun || err == nil {
		t.Error("begun without a trail")
	}
	want(t, "records", len(must[[]record.Submission](t)(s.Submissions(t.Context(), record.Query{
		Of:    record.Everyone,
		Limit: 9,
	}))), 0)
}

// held is a write that waits until it is let go.
func held(t *testing.T, s *Store) (release func()) {
	t.Helper()
	entered, let, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- s.record(context.Background(), func(*writing) error {
			close(entered)
			<-let
			return nil
		})
	}()
	<-entered
	return func() {
		t.Helper()
		close(let)
		must0(t, <-done)
	}
}

// waiting is how many writes stand in the queue.
func waiting(t *testing.T, s *Store, n int) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); len(s.recorder.queue) < n; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d writes wait, want %d", len(s.recorder.queue), n)
		}
	}
}

// Writes that share a commit stand for themselves: one that fails, or panics, undoes nothing of the others, and
// the trail has no gap where it was.
func testWritesShareACommit(t *testing.T, address string) {
	c, ctx := newClock(), t.Context()
	s := migrated(t, address, c)
	release := held(t, s)
	var wg sync.WaitGroup
	errs := make([]error, 6)
	for i := range errs {
		wg.Go(func() {
			r := intent(c, fmt.Sprint("token", i), 1)
			errs[i] = s.record(ctx, func(w *writing) error {
				if _, err := w.change(ctx, insertSubmission, submissionValues(&r)...); err != nil {
					return err
				}
				if err := w.appendEvents(r.Started()); err != nil {
					return err
				}
				switch i {
				case 1:
					return errors.New("no")
				case 2:
					panic("secret")
				}
				return nil
			})
		})
		waiting(t, s, i+1)
	}
	release()
	wg.Wait()
	for i, err := range errs {
		want(t, fmt.Sprint("failed ", i), err != nil, i == 1 || i == 2)
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("the error quotes the panic: %v", err)
		}
	}
	want(t, "events", len(entries(t, s, audit.NewChain(nil))), 4)
	want(t, "records", len(must[[]record.Submission](t)(s.Submissions(ctx, record.Query{
		Of:    record.Everyone,
		Limit: 9,
	}))), 4)
}

// Who leaves before the turn comes writes nothing; who leaves later learns how it ended.
func testWriterIsLeft(t *testing.T, address string) {
	c := newClock()
	s := migrated(t, address, c)
	release := held(t, s)
	leaving, leave := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() {
		left <- s.record(leaving, func(w *writing) error { return w.appendEvents(record.Event{Kind: "never"}) })
	}()
	waiting(t, s, 1)
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("who left got %v", err)
	}
	release()
	begun, go2 := make(chan struct{}), make(chan struct{})
	leaving, leave = context.WithCancel(t.Context())
	go func() {
		left <- s.record(leaving, func(w *writing) error {
			close(begun)
			<-go2
			return w.appendEvents(record.Event{Kind: "written"})
		})
	}()
	<-begun
	leave()
	close(go2)
	must0(t, <-left)
	want(t, "events", kinds(entries(t, s, audit.NewChain(nil))), "written")
}

// After Close nothing is written, and nobody waits for ever.
func TestClosedWriter(t *testing.T) {
	s := must[*Store](t)(Open("sqlite:"+filepath.Join(t.TempDir(), "portal.db"), time.Now))
	must0(t, s.Close())
	if err := s.record(t.Context(), func(*writing) error { return nil }); !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
}

// A file that another process keeps locked fails the writes that wait for it, and the next ones work.
func TestLockedFile(t *testing.T) {
	t.Parallel() // it waits for busy_timeout
	c := newClock()
	address := "sqlite:" + filepath.Join(t.TempDir(), "portal.db")
	s, other := migrated(t, address, c), open(t, address, c)
	release := held(t, other)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if begun, _, err := s.BeginSubmission(ctx, intent(c, "token", 1), record.Begin{}); begun || err == nil {
		t.Error("written into a locked file")
	}
	release()
	begin(t, s, intent(c, "token", 1))
	want(t, "events", kinds(entries(t, s, audit.NewChain(nil))), "submission_started")
}

// Whoever is told of events may fail: what was written stays written, and the next write is made.
func TestTrailIsWrittenWhateverBecomesOfTheLog(t *testing.T) {
	c, ctx := newClock(), t.Context()
	s := migrated(t, "sqlite:"+t.TempDir()+"/portal.db", c)
	s.KeepTrail(audit.NewChain(nil), func([]record.Event) { panic("the log is broken") })
	for _, token := range []string{"first", "second"} {
		if begun, _, err := s.BeginSubmission(ctx, intent(c, token, 1), record.Begin{}); !begun || err != nil {
			t.Fatal(token, begun, err)
		}
	}
	want(t, "events", kinds(entries(t, s, audit.NewChain(nil))), "submission_started submission_started")
}

// A disk that is full in the middle of a shared commit fails all that came before in it: SQLite undoes the whole transaction
// by itself, and whatever came after would stand on events that are gone.
func TestFullDiskLeavesTheTrailWhole(t *testing.T) {
	c, ctx := newClock(), t.Context()
	s := migrated(t, "sqlite:"+filepath.Join(t.TempDir(), "portal.db"), c)
	begin(t, s, intent(c, "before", 1))
	var pages int
	must0(t, s.record(ctx, func(w *writing) error {
		if err := w.QueryRowContext(ctx, `PRAGMA page_count`).Scan(&pages); err != nil {
			return err
		}
		var most int
		return w.QueryRowContext(ctx, fmt.Sprintf(`PRAGMA max_page_count = %d`, pages+8)).Scan(&most)
	}))
	release := held(t, s)
	var wg sync.WaitGroup
	errs := make([]error, 3)
	for i := range errs {
		wg.Go(func() {
			r := intent(c, fmt.Sprint("token", i), 1)
			if i == 1 {
				r.Name = strings.Repeat("x", 1<<20)
			}
			_, _, errs[i] = s.BeginSubmission(ctx, r, record.Begin{})
		})
		waiting(t, s, i+1)
	}
	release()
	wg.Wait()
	for i, err := range errs {
		// The last one was left out of the commit that failed, and has one of its own.
		want(t, fmt.Sprint("failed ", i), err != nil, i < 2)
	}
	want(t, "events", kinds(entries(t, s, audit.NewChain(nil))), "submission_started submission_started")
	want(t, "records", len(must[[]record.Submission](t)(s.Submissions(ctx, record.Query{
		Of:    record.Everyone,
		Limit: 9,
	}))), 2)
}

// A process that stands still while it holds the trail's lock stops the others for seconds, not for ever.
func TestTrailIsFreeAgain(t *testing.T) {
	address := pgtest.Start(t)
	t.Parallel() // it waits for the server to lose patience
	c, ctx := newClock(), t.Context()
	s, other := migrated(t, address, c), open(t, address, c)
	entered, let, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	free := sync.OnceFunc(func() { close(let) })
	defer free() // a test that fails must not wait for it
	go func() {
		done <- other.record(ctx, func(*writing) error {
			close(entered)
			<-let
			return nil
		})
	}()
	<-entered
	deadline := time.Now().Add(time.Minute)
	for tries := 1; ; tries++ {
		begun, _, err := s.BeginSubmission(ctx, intent(c, "token", 1), record.Begin{})
		if begun {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("not free after %d tries: %v", tries, err)
		}
	}
	free()
	if err := <-done; err == nil {
		t.Error("the one that stood still could write after all")
	}
}

// The chain is read after its lock was waited for, whatever isolation is the server's default.
func TestTrailUnderAStrictDefault(t *testing.T) {
	address := pgtest.Start(t)
	divider := "?"
	if strings.Contains(address, "?") {
		divider = "&"
	}
	testTrailAtOnce(t, address+divider+"default_transaction_isolation=repeatable%20read")
}
