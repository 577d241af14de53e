package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"maiaportal/internal/audit"
	"maiaportal/internal/record"
)

// What is old goes in steps, each with its event, and the chain holds after each of them. What is under way or to be
// renewed stays.
func testRetention(t *testing.T, address string) {
	c, ctx := newClock(), t.Context()
	s := migrated(t, address, c)
	chain := sealing('a')
	s.KeepTrail(chain, nil)
	remove := func() (record.Removed, bool) {
		removed, done, err := s.RemoveOld(ctx, c.ago(time.Hour))
		must0(t, err)
		return removed, done
	}
	holds := func(what string) audit.Summary {
		got, whole := verified(t, s, chain)
		want(t, what, got, "")
		return whole
	}
	_, done := remove()
	want(t, "nothing to remove", done, true)

	add := func(token, renewBy string, end record.Outcome) {
		r := intent(c, token, 1)
		r.RenewBy = renewBy
		begin(t, s, r)
		beginCall(t, s, r)
		if end == record.Pending {
			return
		}
		step := call()
		step.Outcome = end
		r.Outcome, r.Sent = end, true
		must0(t, s.EndSubmission(ctx, r, &step))
	}
	add("old", "", record.Created)
	add("to be renewed", "2027-01-01", record.Created)
	add("stored, to be renewed", "2027-01-01", record.ValueStored)
	add("refused, nothing to renew", "2027-01-01", record.Rejected)
	add("under way", "", record.Pending)
	for range eventsRemoved {
		must0(t, s.Append(ctx, record.LoadedCatalogue("x", 1, 1, 1)))
	}
	c.add(2 * time.Hour)
	_, before := verified(t, s, chain)
	first, done := remove()
	want(t, "done", done, false)
	want(t, "a step's events", first.Events, eventsRemoved)
	want(t, "a step's records", first.Records, 2)
	want(t, "first kept", holds("after a step").First, first.Seq+1)
	add("young", "", record.Created)
	second, done := remove()
	want(t, "done", done, false)
	want(t, "the next step's events", second.Events, int(before.Events)-eventsRemoved)
	_, done = remove()
	want(t, "done", done, true)
	whole := holds("after all steps")
	want(t, "first kept", whole.First, second.Seq+1)
	want(t, "last", whole.Last, before.Last+2+4)

	var left []string
	for _, r := range must[[]record.Submission](t)(s.Submissions(ctx, record.Query{Of: record.Everyone, Limit: 9})) {
		left = append(left, r.FormToken)
	}
	want(t, "records left", strings.Join(left, ", "), "young, under way, stored, to be renewed, to be renewed")
	var steps int
	must0(t, s.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM submission_steps`).Scan(&steps))
	want(t, "steps left", steps, 4)
	list := must[[]record.Stored](t)(s.db.storedEvents(ctx, `WHERE event = $1 ORDER BY seq`, string(record.RetentionApplied)))
	want(t, "events of retention", len(list), 2)
	want(t, "details", list[0].DetailsText, fmt.Sprintf(`{"before":"2026-03-04T06:06:07.089Z","events":2000,"hash":"%s","records":2,"seq":2000}`, first.Hash))

	// Nobody else can remove the beginning, nor more of it.
	tampered(t, s, fmt.Sprintf(`DELETE FROM events WHERE seq = %d`, whole.First))
	got, _ := verified(t, s, chain)
	want(t, "more removed by hand", got, fmt.Sprint(whole.First+1, " missing"))

	// The last event stays, however old it is.
	c.add(100 * time.Hour)
	for done = false; !done; {
		_, done = remove()
		if w := must[record.Stored](t)(s.Head(ctx)); w.Seq < whole.Last {
			t.Fatal("the chain begins anew")
		}
	}
}
