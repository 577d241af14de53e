package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"maiaportal/internal/record"
	"maiaportal/internal/sandbox/line"
	"maiaportal/internal/store/pgtest"
)

func TestParseURL(t *testing.T) {
	for address, wanted := range map[string]string{
		"sqlite:portal.db":                                                     "portal.db",
		"sqlite:/var/lib/a b.db":                                               "/var/lib/a b.db",
		"postgres://u:hidden@h:5432/d?sslmode=disable":                         "",
		"postgresql://u:hidden@h1:5432,h2/d":                                   "",
		"postgres:///d?host=/run/postgresql":                                   "",
		"postgres://u:hid%2Fden%40@h/d?statement_timeout=1s&connect_timeout=3": "",
	} {
		path, err := ParseURL(address)
		if path != wanted || err != nil {
			t.Errorf("%s: %q, %v", address, path, err)
		}
	}
}

// The address has a password: whatever is wrong with it, no error repeats a part of it.
func TestParseURLQuotesNothing(t *testing.T) {
	for _, address := range []string{
		"", "hidden", "sqlite:", "sqlite:hidden?x", "mysql://u:hidden@h/d", "POSTGRES://u:hidden@h/d", "postgres:u:hidden@h",
		"postgres://u:hidden/more@h/d", "postgres://u:12/hidden@h/d", "postgres://u:12#hidden@h/d", "postgres://u:12?hidden@h/d", "postgres://u:hid%den%zz@h/d",
		"postgres://u:hidden@h:hidden/d", "postgres://u:hidden@h:99999/d", "postgres://u:p@h/d?sslmode=hidden", "postgres://u:p@h/d?connect_timeout=hidden", "postgres://u:p@h/d?sslrootcert=/hidden",
		"postgres://u:p@h/d?password=hidden&sslmode=x", "postgres://u:p@h/d?default_query_exec_mode=hidden", "postgres://u:p@h/d?target_session_attrs=hidden",
		"postgres://u:p@h/d?service=hidden", "postgres://u:hidden@[h/d",
	} {
		_, err := ParseURL(address)
		_, openErr := Open(address, time.Now)
		if err == nil || openErr == nil {
			t.Errorf("%q is taken", address)
			continue
		}
		for _, err := range []error{err, openErr} {
			var parse *pgconn.ParseConfigError
			if strings.Contains(err.Error(), "hid") || errors.As(err, &parse) {
				t.Errorf("%q: %v", address, err)
			}
		}
	}
}

func TestPostgresTimeouts(t *testing.T) {
	address := pgtest.Start(t)
	c := newClock()
	for name, tc := range map[string]struct{ option, want string }{
		"ours":          {"", "10s"},
		"the address's": {"&statement_timeout=3000", "3s"},
		"none":          {"&statement_timeout=0", "0"},
		"an option's":   {"&options=-c%20statement_timeout%3D4000", "4s"},
	} {
		s := open(t, address+tc.option, c)
		var got string
		must0(t, s.db.QueryRowContext(t.Context(), `SHOW statement_timeout`).Scan(&got))
		want(t, name, got, tc.want)
	}
	want(t, "connect", open(t, address, c).pg.ConnectTimeout, 5*time.Second)
	want(t, "connect", open(t, address+"&connect_timeout=7", c).pg.ConnectTimeout, 7*time.Second)
}

// rejoined waits until a process has its lock.
func rejoined(t *testing.T, s *Store) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		s.life.mu.Lock()
		conn, err := s.life.conn, errors.New("no connection")
		if conn != nil {
			err = conn.Ping(t.Context())
		}
		s.life.mu.Unlock()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("not joined again: ", err)
		}
	}
}

// buried waits until the server knows that a process has ended, which it learns a moment later.
func buried(t *testing.T, s *Store, holder string) {
	t.Helper()
	if s.pg == nil {
		return
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		var free bool
		must0(t, s.db.QueryRowContext(t.Context(), `SELECT pg_try_advisory_xact_lock($1)`, lockKey(holder)).Scan(&free))
		if free {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the lock of a process that has ended is taken")
		}
	}
}

func joined(t *testing.T, address, holder string, c *clock) *Store {
	t.Helper()
	s := open(t, address, c)
	must0(t, s.Join(t.Context(), holder))
	return s
}

// S-46, S-47: whatever happens to connections, a living replica keeps what it has under way.
func TestLivingHolders(t *testing.T) {
	cluster := pgtest.New(t)
	for name, trouble := range map[string]func(*testing.T){
		"nothing happens":     func(*testing.T) {},
		"connections are cut": func(t *testing.T) { cluster.Cut(t) },
		"the server restarts": func(t *testing.T) { cluster.Stop(t); cluster.Start(t) },
	} {
		t.Run(name, func(t *testing.T) {
			c, ctx, address := newClock(), t.Context(), cluster.Database(t)
			must0(t, open(t, address, c).Migrate(ctx))
			a, b := joined(t, address, "a", c), joined(t, address, "b", c)
			dead := must[*Store](t)(Open(address, c.now))
			must0(t, dead.Join(ctx, "dead"))
			for _, holder := range []string{"a", "b", "dead"} {
				r := intent(c, holder, 1)
				r.Holder = holder
				begin(t, a, r)
			}
			must0(t, dead.Close())
			buried(t, b, "dead")
			outcome := func(token string) record.Outcome {
				return must[record.Submission](t)(b.LatestAttempt(ctx, token)).Outcome
			}

			want(t, "seen dead once", must[int64](t)(b.SettleOrphans(ctx, "b")), 0)
			c.add(settleGrace - time.Millisecond)
			want(t, "seen dead, too short", must[int64](t)(b.SettleOrphans(ctx, "b")), 0)
			trouble(t)
			c.add(time.Hour)
			// Before a has its lock again, if trouble took it, b may look: what it saw before counts no more.
			for deadline := time.Now().Add(time.Minute); ; {
				n, err := b.SettleOrphans(ctx, "b")
				if err == nil {
					if name != "nothing happens" {
						want(t, "right after the trouble", n, 0)
					}
					break
				}
				if time.Now().After(deadline) {
					t.Fatal(err)
				}
				time.Sleep(10 * time.Millisecond)
			}
			rejoined(t, a)
			for range 3 {
				c.add(settleGrace)
				_, err := b.SettleOrphans(ctx, "b")
				must0(t, err)
			}
			want(t, "the dead one's", outcome("dead"), "failed")
			want(t, "the living one's", outcome("a"), "pending")
			want(t, "own", outcome("b"), "pending")
			must0(t, b.Ping(ctx))

			must0(t, a.Close())
			buried(t, b, "a")
			for range 2 {
				c.add(settleGrace)
				_, err := b.SettleOrphans(ctx, "b")
				must0(t, err)
			}
			want(t, "after it has ended", outcome("a"), "failed")
		})
	}
}

// Several replicas that settle at once count each orphan once, and do not take each other's look for a
// sign of life.
func TestSettleAtOnce(t *testing.T) {
	c, ctx, address := newClock(), t.Context(), pgtest.Start(t)
	s := migrated(t, address, c)
	const orphans, replicas = 40, 4
	for i := range orphans {
		r := intent(c, fmt.Sprint(i), 1)
		r.Holder = fmt.Sprint("dead", i%3)
		begin(t, s, r)
	}
	var all []*Store
	for i := range replicas {
		all = append(all, joined(t, address, fmt.Sprint("replica", i), c))
	}
	counts := make([]int64, replicas)
	look := func() {
		atOnce(t, replicas, func(i int) (bool, error) {
			n, err := all[i].SettleOrphans(ctx, fmt.Sprint("replica", i))
			counts[i] += n
			return true, err
		})
	}
	look()
	c.add(settleGrace)
	look()
	var sum int64
	for _, n := range counts {
		sum += n
	}
	want(t, "settled", sum, orphans)
}

// Another replica's look is no sign of life.
func TestAnothersLook(t *testing.T) {
	c, ctx, address := newClock(), t.Context(), pgtest.Start(t)
	s := migrated(t, address, c)
	must0(t, s.Join(ctx, "alive"))
	r := intent(c, "token", 1)
	r.Holder = "dead"
	begin(t, s, r)
	tx := must[*sql.Tx](t)(s.pool.BeginTx(ctx, nil))
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock_shared($1)`, lockKey("dead")); err != nil {
		t.Fatal(err)
	}
	want(t, "seen once", must[int64](t)(s.SettleOrphans(ctx, "alive")), 0)
	c.add(settleGrace)
	want(t, "seen twice", must[int64](t)(s.SettleOrphans(ctx, "alive")), 1)
}

// Joining is needed on PostgreSQL before anybody else may be called dead; an id is one process's.
func TestJoin(t *testing.T) {
	c, ctx, address := newClock(), t.Context(), pgtest.Start(t)
	s := migrated(t, address, c)
	if _, err := s.SettleOrphans(ctx, "a"); err == nil {
		t.Error("settled without having joined")
	}
	joined(t, address, "a", c)
	short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	if err := s.Join(short, "a"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("two processes with one id: %v", err)
	}
	must0(t, s.Join(ctx, "b"))
}

// S-46: the database goes away and comes back; no restart is needed, and errors come soon.
func TestPostgresGoesAway(t *testing.T) {
	cluster := pgtest.New(t)
	c, ctx := newClock(), t.Context()
	s, socket := migrated(t, cluster.URL(), c), open(t, cluster.SocketURL(), c)
	must0(t, socket.Ping(ctx))
	must0(t, s.CreateSession(ctx, []byte("id"), session("h", "ann"), nil))
	cluster.Stop(t)
	begun := time.Now()
	for _, err := range []error{s.Ping(ctx), socket.Ping(ctx), s.CreateSession(ctx, []byte("id 2"), session("h2", "ann"), nil)} {
		if err == nil || errors.Is(err, ErrNotFound) {
			t.Errorf("the database is away: %v", err)
		}
	}
	_, err := s.Session(ctx, []byte("id"), time.Time{}, time.Time{})
	if err == nil || errors.Is(err, ErrNotFound) {
		t.Errorf("S-17: a session that cannot be looked up: %v", err)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("errors took %v", took)
	}
	cluster.Start(t)
	must0(t, s.Ping(ctx))
	must0(t, socket.Ping(ctx))
	want(t, "kept", handles(t, s, "", time.Time{}, time.Time{}), "h")
}

// S-46: a server that is not heard any more holds up nobody for longer than a statement may take, and pooled connections
// that lead nowhere are found out before they are used.
func TestPostgresFallsSilent(t *testing.T) {
	u := must[*url.URL](t)(url.Parse(pgtest.Start(t)))
	wire := must[*line.Line](t)(line.Listen())
	defer func() { _ = wire.Close() }()
	wire.To(u.Host)
	u.Host = wire.Addr()
	c, ctx := newClock(), t.Context()
	must0(t, open(t, u.String(), c).Migrate(ctx))
	s := open(t, u.String()+"&statement_timeout=500", c)
	var one int
	must0(t, s.db.QueryRowContext(ctx, `SELECT 1`).Scan(&one))
	wire.Set(line.Mute)
	if err := s.db.QueryRowContext(ctx, `SELECT 1`).Scan(&one); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the answer is lost: %v", err)
	}
	wire.Set(line.Whole)

	var conns []*sql.Conn
	for range 4 {
		conns = append(conns, must[*sql.Conn](t)(s.pool.Conn(ctx)))
	}
	for _, conn := range conns {
		must0(t, conn.Close())
	}
	wire.Set(line.HalfOpen)
	time.Sleep(pingAfter) // a connection that was used within a second is believed
	must0(t, s.db.QueryRowContext(ctx, `SELECT 1`).Scan(&one))
}

// S-46: a server that is started again, or another one that takes over, costs what is under way, and not a page for each
// connection that was pooled.
func TestPostgresCutsTheConnections(t *testing.T) {
	u := must[*url.URL](t)(url.Parse(pgtest.Start(t)))
	wire := must[*line.Line](t)(line.Listen())
	defer func() { _ = wire.Close() }()
	wire.To(u.Host)
	u.Host = wire.Addr()
	c, ctx := newClock(), t.Context()
	s := open(t, u.String(), c)
	must0(t, s.Migrate(ctx))
	var one int
	for _, state := range []line.State{line.Cut, line.Reset} {
		for range 2 { // one that was never taken out of the pool counts as idle
			var conns []*sql.Conn
			for range maxIdleConns {
				conn := must[*sql.Conn](t)(s.pool.Conn(ctx))
				must0(t, conn.QueryRowContext(ctx, `SELECT 1`).Scan(&one))
				conns = append(conns, conn)
			}
			for _, conn := range conns {
				must0(t, conn.Close())
			}
		}
		wire.Set(state)
		wire.Set(line.Whole)
		lost := 0
		for range maxIdleConns { // side by side, so that each takes another connection
			conn, err := s.pool.Conn(ctx)
			if err == nil {
				defer func() { _ = conn.Close() }()
				err = conn.QueryRowContext(ctx, `SELECT 1`).Scan(&one)
			}
			if err != nil {
				lost++
			}
		}
		if lost > 1 {
			t.Errorf("%s: %d of %d queries were lost", state, lost, maxIdleConns)
		}
	}
}
