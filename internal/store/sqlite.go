package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite", in pure Go: the binary stays static

	"maiaportal/migrations"
)

const (
	// busyRetry is how long the set-up of a new SQLite file is tried again while another process does
	// the same: switching to WAL does not honour busy_timeout.
	busyRetry = 10 * time.Second
	busyPause = 50 * time.Millisecond
)

// openSQLite opens the file. Where it may not be made, it has to be there, and nothing is changed about it.
func openSQLite(databaseURL string, mayMake bool, now func() time.Time) (*Store, error) {
	path, err := ParseURL(databaseURL)
	if err != nil {
		return nil, fmt.Errorf("store: database address: %w", err)
	}
	pragmas := []string{"busy_timeout(5000)", "synchronous(FULL)", "foreign_keys(1)"}
	q := url.Values{"_txlock": {"immediate"}}
	if mayMake {
		err = makeFile(path)
		pragmas = append(pragmas, "journal_mode(WAL)")
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
	for _, p := range pragmas {
		q.Add("_pragma", p)
	}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String())
	if err != nil {
		return nil, fmt.Errorf("store: open: %w", err)
	}
	db.SetMaxOpenConns(8)
	return &Store{pool: db, db: queries{db}, now: now, path: path}, nil
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
		err = migrateSQLiteOnce(ctx, s.pool, dir)
		if err == nil || !isBusy(err) || time.Now().After(give) {
			return err
		}
		if err := pause(ctx, busyPause); err != nil {
			return err
		}
	}
}

func migrateSQLiteOnce(ctx context.Context, db *sql.DB, dir fs.FS) error {
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
