package store

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"maiaportal/internal/record"
)

// The history of a name has every submission of it in its project, what became known of them and by whom; nothing of
// another name or project, and nothing of somebody else but for those who may see it.
func testHistory(t *testing.T, address string) {
	c, ctx := newClock(), t.Context()
	s := migrated(t, address, c)
	bob := record.Actor{Issuer: issuer, Subject: "bob", Name: "Bob"}
	submit := func(ended record.Outcome, change func(*record.Submission)) record.Submission {
		r := intent(c, uuid.NewString(), 1)
		change(&r)
		begin(t, s, r)
		c.add(time.Second)
		r.Outcome = ended
		must0(t, s.EndSubmission(ctx, r, nil))
		c.add(time.Second)
		return r
	}
	plain := func(*record.Submission) {}
	submit(record.Rejected, plain)
	asked := submit(record.Unknown, plain)
	must0(t, s.Check(ctx, asked.ID, record.Failed, record.By{Actor: asked.Actor}))
	c.add(time.Second)
	submit(record.Conflict, func(r *record.Submission) { r.Actor = bob })
	created := submit(record.Created, func(r *record.Submission) { r.RenewBy = "2030-01-31" })
	by := record.By{Actor: created.Actor}
	must0(t, s.Prove(ctx, created.ID, true, by))
	c.add(time.Second)
	must0(t, s.Renew(ctx, created.ID, "2031-01-31", by))
	submit(record.Created, func(r *record.Submission) { r.ProjectID = "other" })
	submit(record.Created, func(r *record.Submission) { r.Name = "name2" })

	told := func(of record.Whose, r record.Submission) string {
		var list []string
		for _, h := range must[[]record.Happening](t)(s.History(ctx, of, r)) {
			list = append(list, strings.TrimRight(fmt.Sprint(strings.TrimPrefix(string(h.Kind), "submission_"), " ", h.By.Subject, " ",
				h.Outcome, h.RenewBy), " "))
		}
		return strings.Join(list, ", ")
	}
	own := "renewed ann 2031-01-31, proven ann, ended ann created, checked ann failed, ended ann unknown, ended ann rejected"
	want(t, "own", told(record.Own(created.Actor), created), own)
	want(t, "Bob's", told(record.Own(bob), created), "ended bob conflict")
	want(t, "everybody's", told(record.Everyone, created), strings.Replace(own, "checked", "ended bob conflict, checked", 1))
	want(t, "nobody's", told(record.Whose{}, created), "")

	// A value has no project: its name is one in its agent's vault.
	value := func(agent string) func(*record.Submission) {
		return func(r *record.Submission) { r.Action, r.ProjectID, r.AgentID = record.Value, "", agent }
	}
	submit(record.Failed, value("elsewhere"))
	want(t, "a value's", told(record.Everyone, submit(record.Created, value("agent"))), "ended ann created")
}

// A record that is older than the trail has its end in the history.
func testHistoryOfOld(t *testing.T, address string) {
	c := newClock()
	s := migrated(t, address, c)
	r := begin(t, s, intent(c, "token", 1))
	r.Outcome = record.Created
	must0(t, s.EndSubmission(t.Context(), r, nil))
	must0(t, s.write(t.Context(), func(q queries) error {
		_, err := q.change(t.Context(), `UPDATE submissions SET trail = 0`)
		return err
	}))
	list := must[[]record.Happening](t)(s.History(t.Context(), record.Everyone, r))
	want(t, "entries", len(list), 1)
	want(t, "its end", list[0].Outcome, record.Created)
}

// What a receipt and a form look up is found by an index, however much there is.
func testLookUpPlans(t *testing.T, address string) {
	c := newClock()
	s := migrated(t, address, c)
	const n = 3 * readAtMost
	many(t, s, n)
	must0(t, s.write(t.Context(), func(q queries) error {
		_, err := q.ExecContext(t.Context(), `INSERT INTO events (seq, time, event, actor_issuer, actor_subject, actor_name,
			client_address, request_id, submission_id, details, prev, hash)
			WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
			SELECT i, i, 'submission_ended', '`+issuer+`', 'ann', 'Ann', '', '',
			CAST(10000000 + i AS TEXT) || '-0000-7000-8000-000000000000', '{}', '', '' FROM n`, n)
		return err
	}))
	if isPostgres(address) {
		for _, table := range []string{"submissions", "events"} {
			_, err := s.db.ExecContext(t.Context(), `ANALYZE `+table)
			must0(t, err)
		}
	}
	ann := record.Own(record.Actor{Issuer: issuer, Subject: "ann"})
	r := record.Submission{Fields: record.Fields{ProjectID: "common", Name: "name7"}}
	value := record.Submission{Fields: record.Fields{AgentID: "common", Name: "name7"}}
	var ids []any
	for i := range historySubmissions {
		ids = append(ids, fmt.Sprint(10000001+i, "-0000-7000-8000-000000000000"))
	}
	type query struct {
		text    string
		args    []any
		indexes []string // one of them
	}
	named := func(of record.Whose, r record.Submission) query {
		which, args := whichNamed(of, r)
		return query{`SELECT ` + submissionColumns + ` FROM submissions ` + which, args, []string{"submissions_named", "submissions_name"}}
	}
	for why, q := range map[string]query{
		"own entries of a name":         named(ann, r),
		"everybody's entries of a name": named(record.Everyone, r),
		"own entries of a value":        named(ann, value),
		"everybody's of a value":        named(record.Everyone, value),
		"events of submissions":         {selectHappenings(len(ids)), ids, []string{"events_submission"}},
		"events of one":                 {selectHappenings(1), ids[:1], []string{"events_submission"}},
		"what is stored": {`SELECT ` + submissionColumns + ` FROM submissions ` + whichStored,
			[]any{issuer, "ann", "common", "name7"}, []string{"submissions_stored"}},
	} {
		plan := explained(t.Context(), t, s, isPostgres(address), q.text, q.args...)
		if !slices.ContainsFunc(q.indexes, func(index string) bool { return regexp.MustCompile(`\b` + index + `\b`).MatchString(plan) }) {
			t.Errorf("%s: does not go by one of %v:\n%s", why, q.indexes, plan)
		}
		if strings.Contains(plan, "Seq Scan") {
			t.Errorf("%s: reads the whole table:\n%s", why, plan)
		}
	}
	found := must[record.Submission](t)(s.Stored(t.Context(), ann.Actor(), "common", "name7"))
	want(t, "found", found.Name, "name7")
}
