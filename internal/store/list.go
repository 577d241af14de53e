package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"maiaportal/internal/record"
)

const (
	// readAtMost is how many rows a page looks at: a filter that few rows fit must not read a table of millions.
	readAtMost = 5000
	// countAtMost is how many rows are counted for the line above a list.
	countAtMost = 1000
)

// conditions are those of a WHERE clause, with their arguments.
type conditions struct {
	all  []string
	args []any
}

// add takes a condition with a ? for each value.
func (c *conditions) add(condition string, values ...any) {
	for _, v := range values {
		c.args = append(c.args, v)
		condition = strings.Replace(condition, "?", fmt.Sprintf("$%d", len(c.args)), 1)
	}
	c.all = append(c.all, condition)
}

func (c *conditions) where() string {
	if len(c.all) == 0 {
		return ""
	}
	return ` WHERE ` + strings.Join(c.all, ` AND `)
}

// idSlack is by how much an id may be older or younger than the record that it names.
const idSlack = time.Minute

// idAt is the least id of an instant: ids begin with theirs (UUID version 7, RFC 9562 section 5.7).
func idAt(t time.Time) string {
	const width = 12
	ms := fmt.Sprintf("%0*x", width, max(t.UnixMilli(), 0))
	if len(ms) > width {
		ms = strings.Repeat("f", width)
	}
	return ms[:8] + "-" + ms[8:] + "-7000-8000-000000000000"
}

// walk is what leads to rows by an index, in the order of their ids: whose they are, between which ids, and, among
// everybody's, one of project and agent.
func walk(q record.Query) *conditions {
	c := &conditions{}
	switch {
	case !q.Of.All():
		c.add(`actor_issuer = ? AND actor_subject = ?`, q.Of.Actor().Issuer, q.Of.Actor().Subject)
	case q.ProjectID != "":
		c.add(`project_id = ?`, q.ProjectID)
	case q.AgentID != "":
		c.add(`agent_id = ?`, q.AgentID)
	}
	if q.Before != "" {
		c.add(`id < ?`, q.Before)
	}
	if q.Newest != "" {
		c.add(`id <= ?`, q.Newest)
	}
	if !q.From.IsZero() {
		c.add(`id >= ?`, idAt(q.From.Add(-idSlack)))
	}
	if !q.To.IsZero() {
		c.add(`id < ?`, idAt(q.To.Add(idSlack)))
	}
	return c
}

// narrow adds the filters. They stand in expressions, so that no engine takes an index for them and sorts what it finds
// there: the rows are read in the order of their ids, and not too many of them.
func (c *conditions) narrow(f record.Filter) {
	for _, equal := range []struct{ column, value string }{
		{"action", string(f.Action)},
		{"outcome", string(f.Outcome)},
		{"project_id", f.ProjectID},
		{"agent_id", f.AgentID},
	} {
		if equal.value != "" {
			c.add(equal.column+` || '' = ?`, equal.value)
		}
	}
	if f.Name != "" {
		n := utf8.RuneCountInString(storableText(f.Name))
		c.add(`(substr(name, 1, ?) = ? OR substr(secret_name, 1, ?) = ? OR substr(vault_name, 1, ?) = ?)`,
			n, f.Name, n, f.Name, n, f.Name)
	}
	if f.Actor != "" {
		c.add(`(substr(actor_name, 1, ?) = ? OR actor_subject || '' = ?)`,
			utf8.RuneCountInString(storableText(f.Actor)), f.Actor, f.Actor)
	}
	if !f.From.IsZero() {
		c.add(`created_at >= ?`, millis(f.From))
	}
	if !f.To.IsZero() {
		c.add(`created_at < ?`, millis(f.To))
	}
}

// inOrder is the end of a query that reads rows newest first. An id begins with its instant, so the order of ids is the
// order in time.
func (c *conditions) inOrder(limit int) string {
	c.args = append(c.args, limit)
	return fmt.Sprintf(`%s ORDER BY id DESC LIMIT $%d`, c.where(), len(c.args))
}

// Submissions lists submissions, newest first. Their steps are left out.
func (s *Store) Submissions(ctx context.Context, q record.Query) ([]record.Submission, error) {
	c := walk(q)
	c.narrow(q.Filter)
	return s.list(ctx, c, q.Limit)
}

func (s *Store) list(ctx context.Context, c *conditions, limit int) ([]record.Submission, error) {
	rows, err := s.db.submissions(ctx, c.inOrder(limit), c.args...)
	if err != nil {
		return nil, err
	}
	list := make([]record.Submission, len(rows))
	for i, r := range rows {
		list[i] = r.Submission
	}
	return list, nil
}

// Page gives a page of submissions, newest first. It looks at 5,000 rows at most; the next page goes on behind them.
func (s *Store) Page(ctx context.Context, q record.Query) (record.Page, error) {
	last, err := s.lastRead(ctx, q)
	if err != nil {
		return record.Page{}, err
	}
	c := walk(q)
	if last != "" {
		c.add(`id >= ?`, last)
	}
	c.narrow(q.Filter)
	list, err := s.list(ctx, c, q.Limit+1)
	switch {
	case err != nil:
		return record.Page{}, err
	case len(list) > q.Limit:
		return record.Page{
			List: list[:q.Limit],
			Next: list[q.Limit-1].ID,
		}, nil
	}
	return record.Page{
		List:  list,
		Next:  last,
		Short: last != "",
	}, nil
}

// lastRead is the id of the last row that a page may look at; empty where the rows end before.
func (s *Store) lastRead(ctx context.Context, q record.Query) (string, error) {
	if q.Filter == (record.Filter{}) {
		return "", nil // each row fits
	}
	c := walk(q)
	c.args = append(c.args, readAtMost-1)
	var last string
	err := s.db.QueryRowContext(ctx, fmt.Sprintf(`SELECT id FROM submissions%s ORDER BY id DESC LIMIT 1 OFFSET $%d`, c.where(), len(c.args)),
		c.args...).Scan(&last)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("store: page of submissions: %w", err)
	}
	return last, nil
}

// CountSubmissions counts by outcome, newest first, 1,000 rows at most, and of those that a page would look at.
func (s *Store) CountSubmissions(ctx context.Context, q record.Query) (record.Counts, error) {
	last, err := s.lastRead(ctx, q)
	if err != nil {
		return record.Counts{}, err
	}
	c := walk(q)
	if last != "" {
		c.add(`id >= ?`, last)
	}
	c.narrow(q.Filter)
	rows, err := s.db.QueryContext(ctx, `SELECT outcome, COUNT(*) FROM (SELECT outcome FROM submissions`+c.inOrder(countAtMost+1)+
		`) AS newest GROUP BY outcome`, c.args...)
	if err != nil {
		return record.Counts{}, fmt.Errorf("store: count of submissions: %w", err)
	}
	defer func() { _ = rows.Close() }()
	counts := record.Counts{
		By:   map[record.Outcome]int{},
		More: last != "",
	}
	for rows.Next() {
		var outcome record.Outcome
		var n int
		if err := rows.Scan(&outcome, &n); err != nil {
			return record.Counts{}, fmt.Errorf("store: count of submissions: %w", err)
		}
		counts.By[outcome] = n
		counts.All += n
	}
	if err := rows.Err(); err != nil {
		return record.Counts{}, fmt.Errorf("store: count of submissions: %w", err)
	}
	counts.More = counts.More || counts.All > countAtMost
	return counts, nil
}

// Extent says what an export is going to give: the newest id that is there now, and how many rows fit up to it.
func (s *Store) Extent(ctx context.Context, q record.Query) (newest string, n int, err error) {
	c := walk(q)
	err = s.db.QueryRowContext(ctx, `SELECT id FROM submissions`+c.inOrder(1), c.args...).Scan(&newest)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", 0, fmt.Errorf("store: export: %w", err)
	}
	c = walk(q)
	c.add(`id <= ?`, newest)
	c.narrow(q.Filter)
	if err := s.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM submissions`+c.where(), c.args...).Scan(&n); err != nil {
		return "", 0, fmt.Errorf("store: export: %w", err)
	}
	return newest, n, nil
}
