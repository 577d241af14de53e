package main

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"maiaportal/internal/audit"
	"maiaportal/internal/audit/audittest"
	"maiaportal/internal/record"
	"maiaportal/internal/sandbox/fault"
	"maiaportal/internal/secret"
	"maiaportal/internal/store"
	"maiaportal/internal/store/pgtest"
)

// S-47: whenever a process is killed, what was told of the trail is in it, the chain holds, each call that reached Maia is
// in it, and the records are those that the events make. Who had an answer finds the receipt, who had none and sends the
// form again doubles nothing, and nothing stays under way.
func TestTrailUnderKills(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		killAgainAndAgain(t, "sqlite:"+filepath.Join(t.TempDir(), "portal.db"), 1, 3)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		killAgainAndAgain(t, pgtest.Start(t), 2, 23) // 3 rounds of 69 forms
	})
}

func killAgainAndAgain(t *testing.T, databaseURL string, count, each int) {
	settings := []string{"AUDIT_KEYS", auditKey, "SUBMISSIONS_PER_MINUTE", "1000"}
	r := newFleet(t, databaseURL, count, settings...)
	everyone := slices.Clone(r.processes) // the dead, too
	restart := func(i int) {
		r.processes[i] = r.start(settings...)
		everyone = append(everyone, r.processes[i])
		targets := []string{}
		for _, p := range r.processes {
			targets = append(targets, p.address)
		}
		r.balancer.use(targets...)
	}
	b := r.browser()
	b.login("ada", "/")
	rng := rand.New(rand.NewPCG(11, uint64(count)))
	type filledIn struct {
		path string
		form url.Values
	}
	var mu sync.Mutex
	var receipts []string  // of those that were answered with one
	var unheard []filledIn // those that were not answered
	for round := range 3 {
		var forms []filledIn
		for i := range each {
			name := fmt.Sprintf("N%d", rng.IntN(8)) // some of them are taken
			forms = append(forms,
				filledIn{"/secret-references", b.reference(name, "agentType", "AWS", "secretName", "s")},
				filledIn{"/secret-values", b.value(fmt.Sprintf("v%d-%d", round, i), "valueFormat", "text", "valueText", "hunter2")},
				filledIn{"/setup", b.setup(fmt.Sprintf("S%d_%d", round, i), "valueFormat", "text", "valueText", "hunter2", "renewBy", "2099-01-31")})
		}
		// Some calls go through, then Maia holds all others; as soon as one is held, a process is killed.
		hold := make(chan struct{})
		before, through := len(r.sb.Maia.WriteCalls()), rng.IntN(len(forms))
		r.sb.Maia.SetFault(&fault.Fault{Hold: hold, Skip: through})
		var all sync.WaitGroup
		for _, f := range forms {
			all.Go(func() {
				resp, err := b.client.Do(b.formRequest(f.path, f.form))
				mu.Lock()
				defer mu.Unlock()
				if err != nil || resp.StatusCode == http.StatusBadGateway { // its process was killed
					unheard = append(unheard, f)
				}
				if err == nil {
					_ = resp.Body.Close()
					if resp.StatusCode == http.StatusSeeOther {
						receipts = append(receipts, resp.Header.Get("Location"))
					}
				}
			})
		}
		if err := r.sb.Maia.WaitForCall(t.Context(), before+through+1); err != nil {
			t.Fatal(err)
		}
		victim := rng.IntN(count)
		r.processes[victim].kill()
		r.sb.Maia.SetFault(nil)
		close(hold)
		all.Wait()
		restart(victim)
	}
	for _, p := range r.processes {
		p.signal(t, syscall.SIGTERM)
		p.exit()
	}
	st := must(store.OpenExisting(databaseURL, time.Now))
	defer func() { _ = st.Close() }()
	left := must(st.Submissions(t.Context(), record.Query{
		Of:     record.Everyone,
		Limit:  1000,
		Filter: record.Filter{Outcome: record.Pending},
	}))
	// One more settles what all of them have left: at its start on SQLite, as soon as it can be sure of their death on
	// PostgreSQL.
	r.processes = r.processes[:1]
	restart(0)
	for _, pending := range left {
		r.processes[0].wait(t, `"submission_id":"`+pending.ID+`"`) // the event that settles it: it has no other
	}
	if len(unheard) == 0 {
		t.Error("nobody was left without an answer")
	}
	for _, f := range unheard {
		if p := b.send(f.path, f.form); p.status == http.StatusSeeOther {
			receipts = append(receipts, p.location())
		} else if p.status >= http.StatusInternalServerError {
			t.Errorf("%s, sent again: %d %s", f.path, p.status, p.text())
		}
	}
	if p := b.get("/activity"); p.status != http.StatusOK {
		t.Errorf("after all of it: %d", p.status)
	}
	r.processes[0].signal(t, syscall.SIGTERM)
	if code := r.processes[0].exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}

	var events []record.Stored
	chain := audit.NewChain([]secret.Value{secret.New(must(base64.StdEncoding.DecodeString(auditKey)))}).Verify(nil)
	err := st.EventsAtOnce(t.Context(), func(e record.Stored) error {
		events = append(events, e)
		return chain.Next(e)
	})
	if err == nil {
		_, err = chain.End()
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range everyone {
		for _, e := range auditLines(t, p.logs.String()) {
			if e.Seq > int64(len(events)) || events[e.Seq-1].Hash != e.Hash {
				t.Errorf("event %d was logged, and is not in the trail: %+v", e.Seq, e)
			}
		}
	}
	settled, begun := 0, 0
	for _, e := range events {
		switch e.Kind { //nolint:exhaustive // the others do not matter here
		case record.SubmissionSettled:
			settled++
		case record.CallStarted:
			begun++
		}
	}
	if settled == 0 {
		t.Error("no kill has left anything to settle")
	}
	if calls := len(r.sb.Maia.WriteCalls()); calls > begun {
		t.Errorf("%d calls reached Maia, and %d are in the trail", calls, begun)
	}
	once := map[string]bool{}
	for _, call := range r.sb.Maia.WriteCalls() {
		what := call.Path + " " + written(call)
		if once[what] && !strings.Contains(what, " N") { // those names are wanted by several
			t.Errorf("sent twice: %s", what)
		}
		once[what] = true
	}
	for _, receipt := range receipts {
		if _, err := st.SubmissionByID(t.Context(), strings.TrimPrefix(receipt, "/activity/")); err != nil {
			t.Errorf("the receipt %s: %v", receipt, err)
		}
	}
	again := audittest.Records(t, events)
	rows := must(st.Submissions(t.Context(), record.Query{Of: record.Everyone, Limit: 1000}))
	if len(again) != len(rows) {
		t.Errorf("%d records by their events, %d are kept", len(again), len(rows))
	}
	for _, row := range rows {
		kept := must(st.SubmissionByID(t.Context(), row.ID))
		if kept.Outcome == record.Pending {
			t.Errorf("left under way: %+v", kept)
		}
		made := again[row.ID]
		if made == nil {
			t.Errorf("no event of %+v", kept)
			continue
		}
		if got, want := alike(*made), alike(kept); !reflect.DeepEqual(got, want) {
			t.Errorf("from events %+v\nkept %+v", got, want)
		}
	}
}

// alike is a record without what no event has, and with its times as what they say: an event's is taken a moment later.
func alike(r record.Submission) record.Submission {
	r.FormToken, r.Fingerprint, r.Holder = "", nil, ""
	for _, at := range []*time.Time{&r.CreatedAt, &r.FinishedAt, &r.ProvenAt} {
		if !at.IsZero() {
			*at = time.Unix(1, 0)
		}
	}
	return r
}
