package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"maiaportal/internal/record"
)

const (
	// historySubmissions is how many submissions of a name its history goes back.
	historySubmissions = 20
	// historyEvents is how many events of them are read at most.
	historyEvents = 100
)

// historyKinds are the events that a history tells of: those that say how something stands since.
const historyKinds = `event IN ('` + string(record.SubmissionEnded) + `', '` + string(record.SubmissionSettled) + `', '` +
	string(record.SubmissionChecked) + `', '` + string(record.SubmissionProven) + `', '` + string(record.SubmissionRenewed) + `')`

// History gives what happened to the name of a submission where it was used, newest first: in its project, or, of a
// value alone, in its agent's vault. It goes back 20 submissions. Those older than the trail have their end alone.
func (s *Store) History(ctx context.Context, of record.Whose, r record.Submission) ([]record.Happening, error) {
	rows, err := s.named(ctx, of, r)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	byID := make(map[string]row, len(rows))
	var list []record.Happening
	var args []any
	for _, n := range rows {
		byID[n.ID] = n
		if n.trail != trailNone {
			args = append(args, n.ID)
			continue
		}
		list = append(list, record.Happening{
			At:           latest(n.CreatedAt, n.FinishedAt),
			Kind:         record.SubmissionEnded,
			By:           n.Actor,
			SubmissionID: n.ID,
			Action:       n.Action,
			Outcome:      n.Outcome,
		})
	}
	if len(args) > 0 {
		told, err := s.happenings(ctx, byID, args)
		if err != nil {
			return nil, err
		}
		list = append(told, list...)
	}
	slices.SortStableFunc(list, func(a, b record.Happening) int { return cmp.Compare(millis(b.At), millis(a.At)) })
	return list, nil
}

// named are the newest submissions of a submission's name where it was used.
func (s *Store) named(ctx context.Context, of record.Whose, r record.Submission) ([]row, error) {
	which, args := whichNamed(of, r)
	return s.db.submissions(ctx, which, args...)
}

// whichNamed is the query for them, behind the table's name.
func whichNamed(of record.Whose, r record.Submission) (which string, args []any) {
	m := &match{}
	if !of.All() {
		m.equal("actor_issuer", of.Actor().Issuer)
		m.equal("actor_subject", of.Actor().Subject)
	}
	m.equal("project_id", r.ProjectID)
	m.equal("name", r.Name)
	if r.ProjectID == "" {
		m.equal("agent_id", r.AgentID)
	}
	return fmt.Sprintf(`%s ORDER BY id DESC LIMIT %d`, m.where(), historySubmissions), m.args
}

// happenings reads the events of submissions, newest first.
func (s *Store) happenings(ctx context.Context, of map[string]row, ids []any) ([]record.Happening, error) {
	rows, err := s.db.QueryContext(ctx, selectHappenings(len(ids)), ids...)
	if err != nil {
		return nil, fmt.Errorf("store: history: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var list []record.Happening
	for rows.Next() {
		var h record.Happening
		var at int64
		var details string
		err := rows.Scan(&at, &h.Kind, &h.By.Issuer, &h.By.Subject, &h.By.Name, &h.SubmissionID, &details)
		if err != nil {
			return nil, fmt.Errorf("store: history: %w", err)
		}
		var d struct {
			Outcome record.Outcome `json:"outcome"`
			Proven  int            `json:"proven"`
			RenewBy string         `json:"renew_by"`
		}
		if err := json.Unmarshal([]byte(details), &d); err != nil {
			continue // somebody has changed it: that is for portal audit verify to find, not for a page to fail at
		}
		h.At = instant(at)
		h.Action = of[h.SubmissionID].Action
		h.Outcome = d.Outcome
		h.Proven = d.Proven == 1
		h.RenewBy = d.RenewBy
		list = append(list, h)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: history: %w", err)
	}
	return list, nil
}

// selectHappenings is the query for the events of n submissions.
func selectHappenings(n int) string {
	// The index of a submission's events leaves out those of none, so the query has to say that, too.
	return fmt.Sprintf(`SELECT time, event, actor_issuer, actor_subject, actor_name, submission_id, details FROM events
		WHERE submission_id <> '' AND submission_id IN %s AND %s ORDER BY seq DESC LIMIT %d`,
		placeholders(1, n), historyKinds, historyEvents)
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
