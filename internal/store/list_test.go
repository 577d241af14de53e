package store

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"maiaportal/internal/record"
)

// many records n submissions of one actor at once, ids and instants in their order from 1. The nth of every thousand is in
// another project, through another agent.
func many(t *testing.T, s *Store, n int) {
	t.Helper()
	must0(t, s.write(t.Context(), func(q queries) error {
		_, err := q.ExecContext(t.Context(), `INSERT INTO submissions (id, form_token, attempt, fingerprint, holder, created_at,
			actor_issuer, actor_subject, actor_name, request_id, client_address, action, outcome, `+fieldColumns+`)
			WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
			SELECT CAST(10000000 + i AS TEXT) || '-0000-7000-8000-000000000000', CAST(i AS TEXT), 1, $2, 'holder', i,
			'`+issuer+`', 'ann', 'Ann', 'request', '::1', 'value', 'created', `+manyFields()+` FROM n`, n, []byte{0})
		return err
	}))
}

func manyFields() string {
	var list []string
	for _, f := range record.FieldList {
		switch f.Column {
		case "project_id", "agent_id":
			list = append(list, `CASE WHEN i % 1000 = 0 THEN 'rare' ELSE 'common' END`)
		case "name":
			list = append(list, `'name' || CAST(i AS TEXT)`)
		default:
			list = append(list, `''`)
		}
	}
	return strings.Join(list, ", ")
}

// Each filter narrows, and they narrow together.
func testFilters(t *testing.T, address string) {
	c, ctx := newClock(), t.Context()
	s := migrated(t, address, c)
	start := c.now()
	for i, change := range []func(*record.Submission){
		func(*record.Submission) {},
		func(r *record.Submission) { r.Action, r.Name = record.Value, "Straße_1" },
		func(r *record.Submission) { r.ProjectID, r.SecretName = "other", "NAME%" },
		func(r *record.Submission) { r.AgentID, r.VaultName = "other", "strasse" },
		func(r *record.Submission) { r.Actor.Subject, r.Actor.Name = "bob", "Bob" },
		func(r *record.Submission) { r.Name = "1" + r.Name },
	} {
		r := intent(c, fmt.Sprint("token", i), 1)
		r.ID = strings.Replace(idAt(r.CreatedAt), "8000", fmt.Sprintf("80%02d", i), 1)
		r.Ticket = fmt.Sprint(i)
		change(&r)
		r = begin(t, s, r)
		if i%2 == 1 {
			r.Outcome = record.Created
			must0(t, s.EndSubmission(ctx, r, nil))
		}
		c.add(time.Hour)
	}
	for why, tc := range map[string]struct {
		filter record.Filter
		want   string
	}{
		"nothing":                      {record.Filter{}, "5 4 3 2 1 0"},
		"an action":                    {record.Filter{Action: record.Value}, "1"},
		"an outcome":                   {record.Filter{Outcome: record.Created}, "5 3 1"},
		"a project":                    {record.Filter{ProjectID: "project"}, "5 4 3 1 0"},
		"another project":              {record.Filter{ProjectID: "other"}, "2"},
		"no project's":                 {record.Filter{ProjectID: "proj"}, ""},
		"an agent":                     {record.Filter{AgentID: "other"}, "3"},
		"a name's beginning":           {record.Filter{Name: "name"}, "4 3 2 0"},
		"in its case":                  {record.Filter{Name: "NAME"}, "2"},
		"no pattern":                   {record.Filter{Name: "NAME%"}, "2"},
		"no pattern at all":            {record.Filter{Name: "%"}, ""},
		"letters beyond ASCII":         {record.Filter{Name: "Straß"}, "1"},
		"the vault's name":             {record.Filter{Name: "stra"}, "3"},
		"a whole name":                 {record.Filter{Name: "Straße_1"}, "1"},
		"more than the name":           {record.Filter{Name: "Straße_12"}, ""},
		"who, by the name's beginning": {record.Filter{Actor: "Bo"}, "4"},
		"who, by the subject":          {record.Filter{Actor: "bob"}, "4"},
		"not by a part of the subject": {record.Filter{Actor: "bo"}, ""},
		"from":                         {record.Filter{From: start.Add(3 * time.Hour)}, "5 4 3"},
		"from a little later":          {record.Filter{From: start.Add(3*time.Hour + time.Millisecond)}, "5 4"},
		"to":                           {record.Filter{To: start.Add(3 * time.Hour)}, "2 1 0"},
		"from and to":                  {record.Filter{From: start.Add(time.Hour), To: start.Add(2 * time.Hour)}, "1"},
		"project and agent":            {record.Filter{ProjectID: "project", AgentID: "other"}, "3"},
		"all":                          {record.Filter{ProjectID: "project", AgentID: "agent", Outcome: record.Created, Name: "1"}, "5"},
	} {
		for who, of := range map[string]record.Whose{"everybody's": record.Everyone, "own": record.Own(record.Actor{Issuer: issuer, Subject: "ann"})} {
			q := record.Query{Of: of, Limit: 2, Filter: tc.filter}
			var got []string
			for pages := 0; ; pages++ {
				page := must[record.Page](t)(s.Page(ctx, q))
				for _, r := range page.List {
					got = append(got, r.Ticket)
				}
				if page.Next == "" || pages > 5 {
					break
				}
				q.Before = page.Next
			}
			wanted := tc.want
			if who == "own" {
				wanted = strings.Join(strings.Fields(strings.ReplaceAll(wanted, "4", "")), " ")
			}
			want(t, why+", "+who, strings.Join(got, " "), wanted)
			q.Before = ""
			counts := must[record.Counts](t)(s.CountSubmissions(ctx, q))
			want(t, why+", "+who+", counted", counts.All, len(strings.Fields(wanted)))
			want(t, why+", "+who+", more", counts.More, false)
			newest, n, err := s.Extent(ctx, q)
			must0(t, err)
			want(t, why+", "+who+", exported", n, len(strings.Fields(wanted)))
			if wanted != "" && newest == "" {
				t.Errorf("%s, %s: the export begins nowhere", why, who)
			}
		}
	}
}

// A filter that few fit reads so many rows and no more; the next page goes on behind them, and none is left out.
func testLongWalk(t *testing.T, address string) {
	c, ctx := newClock(), t.Context()
	s := migrated(t, address, c)
	const n = 2*readAtMost + 500
	many(t, s, n)
	own := record.Own(record.Actor{Issuer: issuer, Subject: "ann"})
	q := record.Query{Of: own, Limit: 50, Filter: record.Filter{ProjectID: "rare"}}
	var found []string
	var short []bool
	for {
		page := must[record.Page](t)(s.Page(ctx, q))
		for _, r := range page.List {
			found = append(found, strings.TrimPrefix(r.Name, "name"))
		}
		short = append(short, page.Short)
		if page.Next == "" {
			break
		}
		q.Before = page.Next
	}
	want(t, "found", strings.Join(found, " "), "10000 9000 8000 7000 6000 5000 4000 3000 2000 1000")
	want(t, "pages that ended early", fmt.Sprint(short), "[true true false]")

	page := must[record.Page](t)(s.Page(ctx, record.Query{Of: record.Everyone, Limit: 50, Filter: record.Filter{ProjectID: "rare"}}))
	want(t, "by the index of projects", len(page.List), 10)
	want(t, "at once", page.Short, false)

	counts := must[record.Counts](t)(s.CountSubmissions(ctx, record.Query{Of: own}))
	want(t, "more than are counted", fmt.Sprint(counts.All > countAtMost, counts.More), "true true")
	counts = must[record.Counts](t)(s.CountSubmissions(ctx, record.Query{Of: own, Filter: record.Filter{Name: "name105"}}))
	want(t, "of those that are looked at", fmt.Sprint(counts.All, counts.More), "1 true")
}

// Lists are read by an index: else they would cost more with each record that there is. PostgreSQL may sort what it finds
// there, which are few rows, and may go by the ids alone where all are one user's.
func testPlans(t *testing.T, address string) {
	c := newClock()
	s := migrated(t, address, c)
	many(t, s, 3*readAtMost)
	if isPostgres(address) {
		_, err := s.db.ExecContext(t.Context(), `ANALYZE submissions`)
		must0(t, err)
	}
	own := record.Own(record.Actor{Issuer: issuer, Subject: "ann"})
	const before = "10014900-0000-7000-8000-000000000000"
	for why, tc := range map[string]struct {
		query record.Query
		index string
	}{
		"own":                     {record.Query{Of: own}, "submissions_actor"},
		"own, a later page":       {record.Query{Of: own, Before: before}, "submissions_actor"},
		"own, of a project":       {record.Query{Of: own, Filter: record.Filter{ProjectID: "rare"}}, "submissions_actor"},
		"own, failed ones":        {record.Query{Of: own, Filter: record.Filter{Outcome: record.Unauthenticated}}, "submissions_actor"},
		"own, by name":            {record.Query{Of: own, Filter: record.Filter{Name: "n"}}, "submissions_actor"},
		"everybody's":             {record.Query{Of: record.Everyone}, "submissions_pkey"},
		"everybody's, later":      {record.Query{Of: record.Everyone, Before: before}, "submissions_pkey"},
		"everybody's, of a day":   {record.Query{Of: record.Everyone, Filter: record.Filter{From: c.now()}}, "submissions_pkey"},
		"everybody's, failed":     {record.Query{Of: record.Everyone, Filter: record.Filter{Outcome: record.Failed}}, "submissions_pkey"},
		"everybody's, of project": {record.Query{Of: record.Everyone, Filter: record.Filter{ProjectID: "rare"}}, "submissions_project"},
		"everybody's, of agent":   {record.Query{Of: record.Everyone, Filter: record.Filter{AgentID: "rare"}}, "submissions_agent"},
	} {
		last, err := s.lastRead(t.Context(), tc.query)
		must0(t, err)
		w := walk(tc.query)
		if last != "" {
			w.add(`id >= ?`, last)
		}
		w.narrow(tc.query.Filter)
		plan := explained(t.Context(), t, s, isPostgres(address), `SELECT `+submissionColumns+` FROM submissions `+w.inOrder(51), w.args...)
		if isPostgres(address) {
			if !strings.Contains(plan, "Index Scan") && !strings.Contains(plan, "Bitmap Heap Scan") || strings.Contains(plan, "Seq Scan") {
				t.Errorf("%s: goes by no index:\n%s", why, plan)
			}
			if tc.query.Filter == (record.Filter{}) && strings.Contains(plan, "Sort") {
				t.Errorf("%s: sorts:\n%s", why, plan)
			}
			continue
		}
		index := tc.index
		if index == "submissions_pkey" {
			index = "sqlite_autoindex_submissions_1"
		}
		if !strings.Contains(plan, index) {
			t.Errorf("%s: does not go by %s:\n%s", why, index, plan)
		}
		if strings.Contains(plan, "TEMP B-TREE") {
			t.Errorf("%s: sorts:\n%s", why, plan)
		}
	}
}

// explained is how the engine goes about a query.
func explained(ctx context.Context, t *testing.T, s *Store, postgres bool, query string, args ...any) string {
	t.Helper()
	how := `EXPLAIN QUERY PLAN `
	if postgres {
		how = `EXPLAIN `
	}
	rows, err := s.db.QueryContext(ctx, how+query, args...)
	must0(t, err)
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	must0(t, err)
	var plan []string
	for rows.Next() {
		cells := make([]any, len(columns))
		for i := range cells {
			cells[i] = new(any)
		}
		must0(t, rows.Scan(cells...))
		plan = append(plan, fmt.Sprint(*cells[len(cells)-1].(*any)))
	}
	must0(t, rows.Err())
	return strings.Join(plan, "\n")
}
