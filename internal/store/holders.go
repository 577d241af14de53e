package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// settleGrace is how long a holder must have been without its lock before it counts as dead. A
	// living process that lost its connection has taken the lock again long before.
	settleGrace = 8 * time.Second

	lockCheck = 2 * time.Second        // how often a process makes sure that it still has its lock
	lockTime  = 5 * time.Second        // how long a statement on that connection may take
	lockWait  = 15 * time.Second       // how long taking the lock may take
	lockRetry = 100 * time.Millisecond // how often it is tried
)

// life is this process's own sign of life: on PostgreSQL, a session advisory lock under the id of its
// holder, on a connection of its own. It is gone in the moment in which the process is.
type life struct {
	mu     sync.Mutex // guards what follows, and the use of conn
	holder string
	conn   *pgx.Conn // nil while it is being established again
	// gone has the holders whose lock was free, and since when that is known. It hangs on conn: when
	// that broke, all the others' connections may have broken too, and nothing is known any more.
	gone   map[string]time.Time
	stop   context.CancelFunc
	broken chan struct{} // wakes keepLock
	done   chan struct{}
	// file releases the lock of a SQLite file's one server; nil elsewhere.
	file func()
}

// serveSuffix is what the name of a SQLite file gets for the file by whose lock its server is known. It is a file of
// its own: some systems take any two locks on one file for the same.
const serveSuffix = "-serve"

// errTaken says that another process has a lock.
var errTaken = errors.New("another process has the lock")

// Join tells the other processes that this one lives, under an id that is its own, until Close. Call it before the
// first submission begins. A SQLite file has one server: where another process serves it, joining fails, because this
// one would take the other's submissions for those of a dead process. On PostgreSQL it needs an address at which one
// connection is one session all the time, as poolers in transaction mode do not offer.
func (s *Store) Join(ctx context.Context, holder string) error {
	l := &s.life
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.holder != "" {
		return errors.New("store: join: this process has joined already")
	}
	if s.pg == nil {
		release, err := takeFile(s.path + serveSuffix)
		if errors.Is(err, errTaken) {
			return errors.New("another portal serves this SQLite file; stop it first, or use PostgreSQL for several instances")
		}
		if err != nil {
			return fmt.Errorf("store: join: %w", err)
		}
		l.file = release
	}
	if s.pg != nil {
		conn, err := s.takeLock(ctx, holder)
		if err != nil {
			return fmt.Errorf("store: join: %w", hiding(s.pg).hide(err))
		}
		l.conn = conn
		// It outlives the call, and whatever began it.
		keeping, stop := context.WithCancel(context.WithoutCancel(ctx))
		l.stop, l.broken, l.done = stop, make(chan struct{}, 1), make(chan struct{})
		go s.keepLock(keeping, holder)
	}
	l.holder = holder
	return nil
}

// leave ends what Join began.
func (s *Store) leave() {
	l := &s.life
	l.mu.Lock()
	stop, done := l.stop, l.done
	l.stop = nil
	l.mu.Unlock()
	if stop == nil {
		return
	}
	stop()
	<-done
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drop()
}

// release lets another process serve the SQLite file.
func (l *life) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil {
		l.file()
		l.file = nil
	}
}

// keepLock takes the lock again whenever its connection has broken.
func (s *Store) keepLock(ctx context.Context, holder string) {
	l := &s.life
	defer close(l.done)
	tick := time.NewTicker(lockCheck)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-l.broken:
		}
		if l.check(ctx) {
			continue
		}
		for ctx.Err() == nil {
			conn, err := s.takeLock(ctx, holder)
			if err == nil {
				l.mu.Lock()
				l.conn = conn
				l.mu.Unlock()
				break
			}
			_ = pause(ctx, lockRetry)
		}
	}
}

// check says whether the connection still answers.
func (l *life) check(ctx context.Context) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, lockTime)
	defer cancel()
	if err := l.conn.Ping(ctx); err != nil {
		l.drop()
		return false
	}
	return true
}

// drop closes the connection and forgets what was known by it.
func (l *life) drop() {
	if l.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = l.conn.Close(ctx)
	l.conn, l.gone = nil, nil
	select {
	case l.broken <- struct{}{}:
	default:
	}
}

// takeLock opens a connection that has the holder's lock. It is tried for a while and not waited for:
// the server may not know yet that an earlier connection is dead, and a process that looks for orphans
// has the lock for a moment.
func (s *Store) takeLock(ctx context.Context, holder string) (_ *pgx.Conn, err error) {
	ctx, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, s.pg.Copy())
	if err != nil {
		return nil, quietly(err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, conn.Close(ctx))
		}
	}()
	if err := limitStatements(ctx, conn); err != nil {
		return nil, err
	}
	for {
		var held bool
		if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, lockKey(holder)).Scan(&held); err != nil {
			return nil, err
		}
		if held {
			return conn, nil
		}
		if err := pause(ctx, lockRetry); err != nil {
			return nil, fmt.Errorf("the lock of this process is taken: %w", err)
		}
	}
}

// lockKey is a holder's place among the advisory locks.
func lockKey(holder string) int64 {
	sum := sha256.Sum256([]byte("maiaportal holder " + holder))
	return int64(binary.BigEndian.Uint64(sum[:8])) // #nosec G115 -- any 64 bits do
}

const queryHolders = `SELECT DISTINCT holder FROM submissions WHERE ` + whilePending + ` AND holder <> $1`

// SettleOrphans ends what dead processes left under way: unknown where a call to Maia had begun,
// failed otherwise. It tells how many there were. Call it at the start, after Join, and every ten
// seconds or so.
//
// On SQLite every process but holder is dead. On PostgreSQL those are whose lock was found free twice,
// at least settleGrace apart, over one connection of this process that did not break between: so a
// database that goes away for a while, or cuts connections, makes nobody an orphan.
func (s *Store) SettleOrphans(ctx context.Context, holder string) (int64, error) {
	n, err := s.settle(ctx, holder)
	if err != nil {
		return n, fmt.Errorf("store: settle orphans: %w", err)
	}
	return n, nil
}

func (s *Store) settle(ctx context.Context, holder string) (n int64, err error) {
	others, err := s.otherHolders(ctx, holder)
	if err != nil {
		return 0, err
	}
	if s.pg != nil {
		n, err := s.settleGone(ctx, others)
		return n, hiding(s.pg).hide(err)
	}
	for _, other := range others {
		settled, err := s.settleHolder(ctx, other)
		n += settled
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// otherHolders lists who has, or had, something under way.
func (s *Store) otherHolders(ctx context.Context, holder string) (others []string, err error) {
	rows, err := s.db.QueryContext(ctx, queryHolders, holder)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var other string
		if err := rows.Scan(&other); err != nil {
			return nil, err
		}
		others = append(others, other)
	}
	return others, rows.Err()
}

// settleHolder ends what one dead holder left under way.
func (s *Store) settleHolder(ctx context.Context, holder string) (int64, error) {
	var n int64
	err := s.record(ctx, func(w *writing) error {
		n = 0
		open, err := w.submissions(ctx, `WHERE `+whilePending+` AND holder = $1 ORDER BY id`, holder)
		if err != nil {
			return err
		}
		for _, r := range open {
			if err := w.settle(ctx, r, s.now()); err != nil {
				return err
			}
			n++
		}
		return nil
	})
	return n, err
}

func (s *Store) settleGone(ctx context.Context, others []string) (n int64, err error) {
	l := &s.life
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.holder == "":
		return 0, errors.New("this process has not joined")
	case l.conn == nil:
		return 0, errors.New("the connection that holds this process's lock is being established again")
	}
	defer func() {
		if l.conn.IsClosed() {
			l.drop()
		}
	}()
	gone := map[string]time.Time{}
	for _, other := range others {
		if other == l.holder {
			continue // a session has its own locks any number of times
		}
		settled, since, err := s.settleOne(ctx, other)
		if err != nil {
			return n, err
		}
		n += settled
		if !since.IsZero() {
			gone[other] = since
		}
	}
	l.gone = gone
	return n, nil
}

// settleOne settles one holder's submissions where it is dead. since is when its lock was found free
// first, zero where the holder lives.
func (s *Store) settleOne(ctx context.Context, other string) (n int64, since time.Time, err error) {
	if ctx.Err() != nil {
		return 0, since, ctx.Err()
	}
	// A statement that is cut costs its connection, and with it this process's own lock.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lockTime)
	defer cancel()
	tx, err := s.life.conn.Begin(ctx)
	if err != nil {
		return 0, since, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.Rollback(ctx))
		}
	}()
	// Shared, so that those who look at the same time do not take each other for the holder. While it
	// is had, until the commit, the holder cannot come back.
	var free bool
	if err := tx.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock_shared($1)`, lockKey(other)).Scan(&free); err != nil {
		return 0, since, err
	}
	if !free {
		return 0, since, tx.Commit(ctx)
	}
	now := s.now()
	since, known := s.life.gone[other]
	if !known {
		since = now
	}
	if now.Sub(since) >= settleGrace {
		if n, err = s.settleHolder(ctx, other); err != nil {
			return n, since, err
		}
	}
	return n, since, tx.Commit(ctx)
}
