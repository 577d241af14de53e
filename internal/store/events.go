package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"maiaportal/internal/record"
)

// storedColumns are read in this order by scanStored.
const storedColumns = `seq, time, event, actor_issuer, actor_subject, actor_name, client_address, request_id,
	submission_id, details, prev, hash`

// eventBatch is how many events are read at once.
const eventBatch = 1000

// scanStored reads an event as it stands there, whatever somebody has made of it: SQLite takes any type of value in any
// column.
func scanStored(from interface{ Scan(...any) error }) (record.Stored, error) {
	var e record.Stored
	var at any
	texts := [10]any{}
	into := []any{&e.Seq, &at}
	for i := range texts {
		into = append(into, &texts[i])
	}
	if err := from.Scan(into...); err != nil {
		return record.Stored{}, err
	}
	ms, ok := at.(int64)
	e.Unreadable = !ok
	e.Time = instant(ms)
	for i, column := range []*string{
		(*string)(&e.Kind), &e.Actor.Issuer, &e.Actor.Subject, &e.Actor.Name, &e.ClientAddress, &e.RequestID,
		&e.SubmissionID, &e.DetailsText, &e.Prev, &e.Hash,
	} {
		text, ok := texts[i].(string)
		if !ok || text != storableText(text) {
			e.Unreadable = true
		}
		*column = text
	}
	return e, nil
}

// storedEvents reads events; which is the part of the query behind the table's name.
func (q queries) storedEvents(ctx context.Context, which string, args ...any) ([]record.Stored, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+storedColumns+` FROM events `+which, args...)
	if err != nil {
		return nil, fmt.Errorf("store: events: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var list []record.Stored
	for rows.Next() {
		e, err := scanStored(rows)
		if err != nil {
			return nil, fmt.Errorf("store: events: %w", err)
		}
		list = append(list, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: events: %w", err)
	}
	return list, nil
}

// eventBatch reads the first events of a range.
func (q queries) eventBatch(ctx context.Context, r record.Range) ([]record.Stored, error) {
	return q.storedEvents(ctx, `WHERE seq >= $1 AND seq <= $2 ORDER BY seq LIMIT $3`, r.First, r.Last, eventBatch)
}

// eventsFrom hands over the events of a range in their order, in batches: no query is open while they are used.
func (q queries) eventsFrom(ctx context.Context, r record.Range, use func(record.Stored) error) error {
	for r.First <= r.Last {
		list, err := q.eventBatch(ctx, r)
		if err != nil {
			return err
		}
		for _, e := range list {
			if err := use(e); err != nil {
				return err
			}
		}
		if len(list) < eventBatch || list[len(list)-1].Seq == r.Last {
			return nil
		}
		r.First = list[len(list)-1].Seq + 1
	}
	return nil
}

// EventBatch gives the first events of a range in their order, 1,000 at most.
func (s *Store) EventBatch(ctx context.Context, r record.Range) ([]record.Stored, error) {
	return s.db.eventBatch(ctx, r)
}

// Events hands over the events of a range in their order. They are read in batches, and no connection is held while
// one is used: whoever is slow blocks nobody.
func (s *Store) Events(ctx context.Context, r record.Range, use func(record.Stored) error) error {
	return s.db.eventsFrom(ctx, r, use)
}

// everything is every number that an event can have.
var everything = record.Range{First: -1 << 63, Last: 1<<63 - 1}

// EventsAtOnce hands over all events in their order, as they were at one moment: what is added or removed meanwhile
// does not count. It holds a connection until its end.
func (s *Store) EventsAtOnce(ctx context.Context, use func(record.Stored) error) (err error) {
	conn, err := s.pool.Conn(ctx)
	if err != nil {
		return fmt.Errorf("store: events: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	begin := `BEGIN`
	if s.pg != nil {
		begin = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`
	}
	if _, err := conn.ExecContext(ctx, begin); err != nil {
		return fmt.Errorf("store: events: %w", err)
	}
	defer func() {
		_, end := conn.ExecContext(context.WithoutCancel(ctx), `ROLLBACK`)
		err = errors.Join(err, end)
	}()
	return queries{on: conn, followed: s.db.followed}.eventsFrom(ctx, everything, use)
}

// Head gives the last event, or ErrNotFound.
func (s *Store) Head(ctx context.Context) (record.Stored, error) {
	list, err := s.db.storedEvents(ctx, `ORDER BY seq DESC LIMIT 1`)
	if err == nil && len(list) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return record.Stored{}, err
	}
	return list[0], nil
}

// EventsBetween gives the numbers of the events from an instant on and before another one; a zero one bounds nothing.
// Nothing is in a range whose Last is less than its First.
func (s *Store) EventsBetween(ctx context.Context, from, to time.Time) (record.Range, error) {
	return s.db.eventsBetween(ctx, from, to)
}

func (q queries) eventsBetween(ctx context.Context, from, to time.Time) (record.Range, error) {
	r := record.Range{First: 1}
	err := q.QueryRowContext(ctx, `SELECT COALESCE(MIN(seq), 1), COALESCE(MAX(seq), 0) FROM events`).Scan(&r.First, &r.Last)
	if err != nil {
		return r, fmt.Errorf("store: events: %w", err)
	}
	whole := r
	if !from.IsZero() {
		if r.First, err = q.firstSince(ctx, whole, from); err != nil {
			return r, err
		}
	}
	if !to.IsZero() {
		next, err := q.firstSince(ctx, whole, to)
		if err != nil {
			return r, err
		}
		r.Last = next - 1
	}
	return r, nil
}

// CountEvents counts the events of a range.
func (s *Store) CountEvents(ctx context.Context, r record.Range) (n int64, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM events WHERE seq >= $1 AND seq <= $2`, r.First, r.Last).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("store: events: %w", err)
	}
	return n, nil
}

// firstSince gives the number of the first event at or after an instant; one behind the range where there is none. The
// time never goes back along the trail, so that halving finds it without an index.
func (q queries) firstSince(ctx context.Context, in record.Range, at time.Time) (int64, error) {
	low, high := in.First, in.Last+1
	for low < high {
		middle := low + (high-low)/2
		var seq int64
		var late bool
		err := q.QueryRowContext(ctx, `SELECT seq, CASE WHEN time >= $2 THEN 1 ELSE 0 END FROM events WHERE seq >= $1 ORDER BY seq LIMIT 1`,
			middle, millis(at)).Scan(&seq, &late)
		switch {
		case errors.Is(err, sql.ErrNoRows) || err == nil && late:
			high = middle
		case err != nil:
			return 0, fmt.Errorf("store: events: %w", err)
		default:
			low = seq + 1
		}
	}
	return low, nil
}

// SignIns gives an actor's last logins, the newest first. The name does not count.
func (s *Store) SignIns(ctx context.Context, of record.Actor, limit int) ([]record.SignIn, error) {
	// The word itself: the index is of it.
	events, err := s.db.storedEvents(ctx, `WHERE event = '`+string(record.Login)+`' AND actor_issuer = $1 AND actor_subject = $2
		ORDER BY seq DESC LIMIT $3`, of.Issuer, of.Subject, limit)
	if err != nil {
		return nil, err
	}
	list := make([]record.SignIn, len(events))
	for i, e := range events {
		var details struct {
			Browser string `json:"browser"`
		}
		_ = json.Unmarshal([]byte(e.DetailsText), &details) // where somebody has changed it, there is no name to show
		list[i] = record.SignIn{At: e.Time, Browser: details.Browser, Address: e.ClientAddress}
	}
	return list, nil
}
