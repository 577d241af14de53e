package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"maiaportal/internal/record"
)

const (
	// mostTogether is how many writes share a commit at most.
	mostTogether = 64
	// yields is how often the writer lets others run before it takes those that wait.
	yields = 2
	// togetherTime is after how long no further write is taken into a transaction: those that are left get
	// another one.
	togetherTime = time.Second
	// writeTime is how long a group of writes may take on PostgreSQL. SQLite's own waiting for its file is
	// bounded by busy_timeout.
	writeTime = 4 * time.Second
)

// ErrClosed is returned for a write after Close.
var ErrClosed = errors.New("store: closed")

// opening begins a transaction and gives what its queries run on, and how it ends.
type opening func(ctx context.Context) (q queries, commit func() error, rollback func(), err error)

// writer is the one place where a kind of write happens, one after another: SQLite takes one writer at a time
// anyway, and those that sleep for the file's lock wait far too long; and each event of the trail has the hash
// of the one before. Those that wait while another one is written share the next commit, each under a savepoint
// of its own, so that one that fails undoes nothing of the others.
type writer struct {
	open  opening
	limit time.Duration // of a transaction; 0: none, for SQLite's driver watches contexts that can end at a price
	trail trail
	// followed is who follows what is written; nil is nobody.
	followed *following

	queue   chan *write
	closing chan struct{}
	done    chan struct{}
	once    sync.Once
}

// write is one that waits, or is under way.
type write struct {
	do func(*writing) error

	mu    sync.Mutex
	begun bool // from then on its caller waits for its end
	gone  bool // its caller has left before
	err   error
	done  chan struct{}
}

// writing is what a write works with: queries in a transaction, and events to append.
type writing struct {
	queries
	ctx    context.Context
	events *appending
}

// appendEvents puts events at the end of the trail, in the same transaction.
func (w *writing) appendEvents(events ...record.Event) error {
	return w.events.add(w.ctx, w.queries, events)
}

func newWriter(open opening, limit time.Duration, t trail) *writer {
	w := &writer{
		open:    open,
		limit:   limit,
		trail:   t,
		queue:   make(chan *write, mostTogether),
		closing: make(chan struct{}),
		done:    make(chan struct{}),
	}
	go w.run()
	return w
}

// do runs a write, of which all counts or nothing. Where ctx ends before its turn comes, nothing is written;
// afterwards its end is waited for.
func (w *writer) do(ctx context.Context, do func(*writing) error) error {
	if w.followed == nil {
		return w.turn(ctx, do)
	}
	ended := w.followed.write(ctx)
	err := w.turn(ctx, do)
	ended(err)
	return err
}

// turn is do without those who follow it.
func (w *writer) turn(ctx context.Context, do func(*writing) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	it := &write{do: do, done: make(chan struct{})}
	select {
	case w.queue <- it:
	case <-w.closing:
		return ErrClosed
	case <-ctx.Done():
		return fmt.Errorf("store: waiting to write: %w", ctx.Err())
	}
	select {
	case <-it.done:
		return it.err
	case <-w.done:
		select {
		case <-it.done:
			return it.err
		default:
			return ErrClosed
		}
	case <-ctx.Done():
	}
	it.mu.Lock()
	it.gone = !it.begun
	gone := it.gone
	it.mu.Unlock()
	if gone {
		return fmt.Errorf("store: waiting to write: %w", ctx.Err())
	}
	<-it.done
	return it.err
}

// close waits for what is under way, and ends the writer.
func (w *writer) close() {
	w.once.Do(func() { close(w.closing) })
	<-w.done
}

func (w *writer) run() {
	defer close(w.done)
	for {
		select {
		case <-w.closing:
			return
		case first := <-w.queue:
			// Those who are about to write run first, and share the commit, which costs more than all else. Whoever
			// is alone loses nothing by it.
			for range yields {
				runtime.Gosched()
			}
			w.group(w.waiting(first))
		}
	}
}

// waiting gives the first one and those that wait already, as far as their callers are still there.
func (w *writer) waiting(first *write) []*write {
	var group []*write
	take := func(it *write) {
		it.mu.Lock()
		defer it.mu.Unlock()
		if it.begun = !it.gone; it.begun {
			group = append(group, it)
		}
	}
	take(first)
	for len(group) < mostTogether {
		select {
		case it := <-w.queue:
			take(it)
		default:
			return group
		}
	}
	return group
}

// group writes several in as few transactions as there is time for, and tells each how it ended.
func (w *writer) group(group []*write) {
	for len(group) > 0 {
		n, events, err := w.together(group)
		if err == nil && w.trail.told != nil && len(events) > 0 {
			tell(w.trail.told, events)
		}
		for _, it := range group[:n] {
			if err != nil {
				it.err = err
			}
			close(it.done)
		}
		group = group[n:]
	}
}

// tell tells of events that are committed. A panic of the one who is told must not end the writer, and with it
// the process.
func tell(told func([]record.Event), events []record.Event) {
	defer func() { _ = recover() }()
	told(events)
}

// together is one transaction of the first n. Its error is of the transaction as a whole; each write has its own.
func (w *writer) together(group []*write) (n int, _ []record.Event, _ error) {
	// It belongs to none of the callers: one that leaves must not undo what the others wrote.
	ctx := context.Background()
	if w.limit > 0 {
		limited, cancel := context.WithTimeout(ctx, w.limit)
		defer cancel()
		ctx = limited
	}
	q, commit, rollback, err := w.open(ctx)
	if err != nil {
		return len(group), nil, err
	}
	q.followed = w.followed
	events := &appending{trail: w.trail}
	if w.trail.lock != nil {
		// Before anything else is locked: whoever waits for the trail must hold nothing that others wait for.
		if err := w.trail.lock(ctx, q); err != nil {
			rollback()
			return len(group), nil, err
		}
	}
	alone := len(group) == 1
	enough := time.Now().Add(togetherTime)
	for _, it := range group {
		if n > 0 && time.Now().After(enough) {
			break
		}
		n++
		before := events.mark()
		var broken error
		if it.err, broken = w.one(ctx, q, events, it, alone); broken != nil {
			rollback()
			return n, nil, broken
		}
		if it.err != nil {
			events.back(before)
		}
		if it.err != nil && alone {
			rollback()
			return n, nil, it.err
		}
	}
	if err := commit(); err != nil {
		return n, nil, fmt.Errorf("%w: %w", record.ErrUncertain, err)
	}
	return n, events.written, nil
}

// one runs one write, under a savepoint where it is not alone. broken says that the transaction is not one any
// more: SQLite undoes all of it by itself where the disk is full, and what came after would be written without
// what it rests on.
func (w *writer) one(ctx context.Context, q queries, events *appending, it *write, alone bool) (err, broken error) {
	if alone {
		return run(it.do, &writing{queries: q, ctx: ctx, events: events}), nil
	}
	savepoint := func(text string) error {
		if _, err := q.ExecContext(ctx, text); err != nil {
			return fmt.Errorf("store: savepoint: %w", err)
		}
		return nil
	}
	if broken := savepoint(`SAVEPOINT one`); broken != nil {
		return nil, broken
	}
	if err = run(it.do, &writing{queries: q, ctx: ctx, events: events}); err != nil {
		if undo := savepoint(`ROLLBACK TO SAVEPOINT one`); undo != nil {
			return nil, errors.Join(err, undo)
		}
	}
	if release := savepoint(`RELEASE SAVEPOINT one`); release != nil {
		return nil, errors.Join(err, release)
	}
	return err, nil
}

// run makes an error of a panic: it must end neither the writer nor what the others wrote. Its text is not
// kept, because it may quote what was in hand.
func run(do func(*writing) error, w *writing) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("store: panic in a transaction")
		}
	}()
	return do(w)
}
