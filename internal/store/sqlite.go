package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pressly/goose/v3"

	"maiaportal/migrations"
)

const (
	// busyRetry is how long the set-up of a new SQLite file is tried again while another process does
	// the same: switching to WAL does not honour busy_timeout.
	busyRetry = 10 * time.Second
	busyPause = 50 * time.Millisecond
	// readers is how many connections read a SQLite file at once.
	readers = 8
	// readerCache is how much of the file each of them keeps, in KiB (negative numbers are that). Each has a cache of
	// its own, which is void after the next commit; SQLite's 2 MiB would be 16 for all.
	readerCache = "-512"
)

// openSQLite opens the file. Where it may not be made, it has to be there, and nothing is changed about it.
func openSQLite(databaseURL string, mayMake bool, now func() time.Time) (*Store, error) {
	path, err := ParseURL(databaseURL)
	if err != nil {
		return nil, fmt.Errorf("store: database address: %w", err)
	}
	q := url.Values{"_pragma": pragmas(mayMake)}
	if mayMake {
		err = makeFile(path)
	} else {
		_, err = os.Stat(filepath.Clean(path))
		q.Set("mode", "rw") // should it go away in between, SQLite would make it
	}
	switch {
	case errors.Is(err, fs.ErrNotExist) && !mayMake:
		return nil, fmt.Errorf("store: there is no database file %s; see PORTAL_DATABASE_URL", path)
	case err != nil:
		return nil, fmt.Errorf("store: open the database file: %w", err)
	}
	writing, err := sql.Open("sqlite", fileAddress(path, q))
	if err != nil {
		return nil, fmt.Errorf("store: open: %w", err)
	}
	writing.SetMaxOpenConns(1)
	q.Add("_pragma", "query_only(1)") // what is not the writer must not write
	q.Add("_pragma", "cache_size("+readerCache+")")
	reading, err := sql.Open("sqlite", fileAddress(path, q))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("store: open: %w", err), writing.Close())
	}
	reading.SetMaxOpenConns(readers)
	reading.SetMaxIdleConns(readers)
	statements := newPrepared(reading)
	file := &fileWriter{db: writing}
	s := &Store{pool: reading, db: queries{on: statements}, now: now, path: path}
	s.recorder = newWriter(file.begin, 0, trail{now: now})
	s.closing = func() error {
		statements.close()
		return errors.Join(reading.Close(), file.close())
	}
	return s, nil
}

// pragmas are the options of every connection. The way of journalling is a property of the file, which is left
// as it is where the file is only looked into.
func pragmas(mayMake bool) []string {
	list := []string{"busy_timeout(5000)", "synchronous(FULL)", "foreign_keys(1)"}
	if mayMake {
		list = append(list, "journal_mode(WAL)")
	}
	return list
}

func fileAddress(path string, options url.Values) string {
	u := url.URL{
		Scheme:   "file",
		Opaque:   (&url.URL{Path: path}).EscapedPath(),
		RawQuery: options.Encode(),
	}
	return u.String()
}

// fileWriter is the one connection that writes. Only the writer's goroutine uses it.
type fileWriter struct {
	db         *sql.DB
	conn       *sql.Conn
	statements *prepared
}

// begin takes the file's lock, for which it waits as long as busy_timeout says: only another process can have it.
func (f *fileWriter) begin(ctx context.Context) (queries, func() error, func(), error) {
	if f.conn == nil {
		conn, err := f.db.Conn(ctx)
		if err != nil {
			return queries{}, nil, nil, fmt.Errorf("store: open to write: %w", err)
		}
		f.conn = conn
		f.statements = newPrepared(conn)
	}
	if _, err := f.statements.ExecContext(ctx, `BEGIN IMMEDIATE`); err != nil {
		f.drop()
		return queries{}, nil, nil, fmt.Errorf("store: begin: %w", err)
	}
	commit := func() error {
		if _, err := f.statements.ExecContext(ctx, `COMMIT`); err != nil {
			f.undo(ctx)
			return fmt.Errorf("store: commit: %w", err)
		}
		return nil
	}
	return queries{on: f.statements}, commit, func() { f.undo(ctx) }, nil
}

// undo ends a transaction without effect. A connection that cannot even do that is given up.
func (f *fileWriter) undo(ctx context.Context) {
	if _, err := f.statements.ExecContext(ctx, `ROLLBACK`); err != nil {
		f.drop()
	}
}

// drop gives the connection up. The next write opens another one.
func (f *fileWriter) drop() {
	if f.conn == nil {
		return
	}
	f.statements.close()
	// ErrBadConn keeps it out of the pool, and with it a transaction that may still be open.
	_ = f.conn.Raw(func(any) error { return driver.ErrBadConn })
	_ = f.conn.Close()
	f.conn = nil
	f.statements = nil
}

func (f *fileWriter) close() error {
	f.drop()
	return f.db.Close()
}

// makeFile makes the file where there is none. It holds who did what and sealed tokens: nobody else on the
// machine needs to read it. SQLite gives its -wal and -shm files the same mode. A file that exists is not
// opened here, because closing it would take away the locks that another handle of this process has on it.
func makeFile(path string) error {
	f, err := os.OpenFile(filepath.Clean(path), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil
	case err != nil:
		return err
	}
	return f.Close()
}

func (s *Store) migrateSQLite(ctx context.Context) error {
	dir, err := fs.Sub(migrations.SQLite, "sqlite")
	if err != nil {
		return fmt.Errorf("store: migrations: %w", err)
	}
	// goose has no lock for SQLite, and two that migrate at once could both run the same step.
	unlock, err := lockFolder(ctx, filepath.Dir(s.path))
	if err != nil {
		return fmt.Errorf("store: migrate: %w", err)
	}
	defer unlock()
	give := time.Now().Add(busyRetry)
	for {
		err = migrateSQLiteOnce(ctx, s.path, dir)
		if err == nil || !isBusy(err) || time.Now().After(give) {
			return err
		}
		if err := pause(ctx, busyPause); err != nil {
			return err
		}
	}
}

func migrateSQLiteOnce(ctx context.Context, path string, dir fs.FS) (err error) {
	db, err := sql.Open("sqlite", fileAddress(path, url.Values{"_pragma": pragmas(true), "_txlock": {"immediate"}}))
	if err != nil {
		return fmt.Errorf("store: open: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	p, err := goose.NewProvider(goose.DialectSQLite3, db, dir)
	if err != nil {
		return fmt.Errorf("store: migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("store: migrate: %w", err)
	}
	return nil
}

// isBusy tells SQLITE_BUSY by its text, because goose wraps it in types that hide the code.
func isBusy(err error) bool {
	return strings.Contains(err.Error(), "database is locked") || strings.Contains(err.Error(), "already exists")
}

// pause waits, unless ctx ends before.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
