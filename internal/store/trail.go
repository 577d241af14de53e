package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"maiaportal/internal/record"
)

// Chain seals an event: it gives the event's details as one text, and its hash. Seq, Time and Prev are set.
type Chain interface {
	Seal(e record.Event) (details, hash string)
}

// trail says how events are appended.
type trail struct {
	chain Chain
	now   func() time.Time
	// lock keeps other processes from appending until the transaction ends; nil where the transaction itself
	// does.
	lock func(ctx context.Context, q queries) error
	// told hears of events after their commit; may be nil.
	told func([]record.Event)
}

// KeepTrail makes the store write the audit trail: chain seals its events, and told, which may be nil, hears
// of them after their commit. Without it nothing can be written that leaves an event. Call it once, before
// anything is written.
func (s *Store) KeepTrail(chain Chain, told func([]record.Event)) {
	s.recorder.trail.chain = chain
	s.recorder.trail.told = told
}

// Append puts an event that belongs to no submission at the end of the trail.
func (s *Store) Append(ctx context.Context, e record.Event) error {
	err := s.record(ctx, func(w *writing) error { return w.appendEvents(e) })
	return quoting(err, "append "+string(e.Kind))
}

// LastSeq is the number of the last event; 0 where there is none.
func (s *Store) LastSeq(ctx context.Context) (int64, error) {
	var seq int64
	if err := s.db.QueryRowContext(ctx, `SELECT COALESCE(MAX(seq), 0) FROM events`).Scan(&seq); err != nil {
		return 0, fmt.Errorf("store: head of the trail: %w", err)
	}
	return seq, nil
}

// idleInTrail is how long a transaction that holds the trail's lock may be without a statement.
const idleInTrail = 5 * time.Second

// lockTrail takes the trail's lock on PostgreSQL.
func lockTrail(ctx context.Context, q queries) error {
	const key = 0x6d61696174726169 // any number that nobody else takes
	// A process that stands still in the middle must not keep the lock: the others could write nothing.
	_, err := q.ExecContext(ctx, `SELECT set_config('idle_in_transaction_session_timeout', $2, true), pg_advisory_xact_lock($1)`,
		int64(key), strconv.FormatInt(idleInTrail.Milliseconds(), 10))
	if err != nil {
		return fmt.Errorf("store: the trail's lock: %w", err)
	}
	return nil
}

// appending are the events of one transaction.
type appending struct {
	trail   trail
	known   bool // whether the head has been read
	seq     int64
	time    int64 // Unix milliseconds
	hash    string
	written []record.Event
}

// mark is where a savepoint goes back to.
type mark struct {
	known   bool
	seq     int64
	time    int64
	hash    string
	written int
}

func (a *appending) mark() mark { return mark{a.known, a.seq, a.time, a.hash, len(a.written)} }

func (a *appending) back(m mark) {
	a.known, a.seq, a.time, a.hash, a.written = m.known, m.seq, m.time, m.hash, a.written[:m.written]
}

// add appends events. Their time is taken here, where nobody else can append, and never goes back.
func (a *appending) add(ctx context.Context, q queries, events []record.Event) error {
	if a.trail.chain == nil {
		return errors.New("store: there is no trail to append to")
	}
	if !a.known {
		err := q.QueryRowContext(ctx, `SELECT seq, time, hash FROM events ORDER BY seq DESC LIMIT 1`).Scan(&a.seq, &a.time, &a.hash)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("store: head of the trail: %w", err)
		}
		a.known = true
	}
	a.time = max(a.time, millis(a.trail.now()))
	for part := range slices.Chunk(events, eventsAtOnce) {
		if err := a.insert(ctx, q, part); err != nil {
			return err
		}
	}
	return nil
}

// insert appends events by one statement.
func (a *appending) insert(ctx context.Context, q queries, events []record.Event) error {
	args := make([]any, 0, len(events)*eventColumns)
	for _, e := range events {
		a.seq++
		e = storableEvent(e)
		e.Seq = a.seq
		e.Time = instant(a.time)
		e.Prev = a.hash
		var details string
		details, e.Hash = a.trail.chain.Seal(e)
		a.hash = e.Hash
		args = append(args, e.Seq, a.time, string(e.Kind), e.Actor.Issuer, e.Actor.Subject, e.Actor.Name,
			e.ClientAddress, e.RequestID, e.SubmissionID, details, e.Prev, e.Hash)
		a.written = append(a.written, e)
	}
	if _, err := q.ExecContext(ctx, insertEvents(len(events)), args...); err != nil {
		return fmt.Errorf("store: append to the trail: %w", err)
	}
	return nil
}

const (
	eventColumns = 12
	// eventsAtOnce is how many events one statement appends: engines bound the parameters of one.
	eventsAtOnce = 200
)

// insertEvents is the statement that appends n events.
func insertEvents(n int) string {
	var b strings.Builder
	b.WriteString(`INSERT INTO events (seq, time, event, actor_issuer, actor_subject, actor_name, client_address, request_id,
		submission_id, details, prev, hash) VALUES `)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(placeholders(i*eventColumns+1, eventColumns))
	}
	return b.String()
}

// placeholders are n parameters in brackets, the first of them with the given number.
func placeholders(first, n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteByte(",("[oneIf(i == 0)])
		b.WriteString("$" + strconv.Itoa(first+i))
	}
	return b.String() + ")"
}

func oneIf(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// storableEvent has the texts of an event as the database keeps them: the hash is over those.
func storableEvent(e record.Event) record.Event {
	for _, text := range []*string{
		&e.Actor.Issuer, &e.Actor.Subject, &e.Actor.Name, &e.ClientAddress, &e.RequestID, &e.SubmissionID,
	} {
		*text = storableText(*text)
	}
	details := make([]record.Detail, len(e.Details))
	for i, d := range e.Details {
		d.Text = storableText(d.Text)
		details[i] = d
	}
	e.Details = details
	return e
}
