package store

import (
	"context"
	"fmt"
	"time"

	"maiaportal/internal/record"
)

// Ending says how sessions end before their time.
type Ending struct {
	// By is what ends them; empty: their user signs out.
	By   record.Ender
	Over record.Request
	// Sessions begun no later than Begun or used no later than Seen have run out: they go without an event.
	Begun, Seen time.Time
}

// event is the event of a session's end.
func (e Ending) event(h record.Held) record.Event {
	if e.By == "" {
		return h.SignedOut(e.Over)
	}
	return h.EndedBy(e.By, e.Over)
}

// ended is a session that was removed.
type ended struct {
	record.Held
	sid         string
	begun, seen int64
}

// endSessions removes sessions and leaves an event for each that had not run out; which is their condition.
func (w *writing) endSessions(ctx context.Context, e Ending, which string, args ...any) ([]ended, error) {
	rows, err := w.QueryContext(ctx, `DELETE FROM sessions WHERE `+which+`
		RETURNING actor_issuer, actor_subject, actor_name, handle, browser, sid, created_at, seen_at`, args...)
	if err != nil {
		return nil, fmt.Errorf("store: end sessions: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var list []ended
	var events []record.Event
	for rows.Next() {
		var s ended
		err := rows.Scan(&s.Actor.Issuer, &s.Actor.Subject, &s.Actor.Name, &s.Handle, &s.Browser, &s.sid, &s.begun, &s.seen)
		if err != nil {
			return nil, fmt.Errorf("store: end sessions: %w", err)
		}
		list = append(list, s)
		if s.begun > millis(e.Begun) && s.seen > millis(e.Seen) {
			events = append(events, e.event(s.Held))
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: end sessions: %w", err)
	}
	_ = rows.Close() // before the next statement: both use one connection
	if len(events) == 0 {
		return list, nil
	}
	return list, w.appendEvents(events...)
}

// endCounted is endSessions as a transaction of its own, of which only the number counts.
func (s *Store) endCounted(ctx context.Context, e Ending, which string, args ...any) (n int64, err error) {
	err = s.record(ctx, func(w *writing) error {
		list, err := w.endSessions(ctx, e, which, args...)
		n = int64(len(list))
		return err
	})
	if err != nil {
		return 0, quoting(err, "end sessions")
	}
	return n, nil
}
