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

func openSQLite(databaseURL string, now func() time.Time) (*Store, error) {
	path, err := ParseURL(databaseURL)
	if err != nil {
		return nil, fmt.Errorf("store: database address: %w", err)
	}
	// The file holds who did what and sealed tokens: nobody else on the machine needs to read it.
	// SQLite gives its -wal and -shm files the same mode. A file that exists is not opened here,
	// because closing it would take away the locks that another handle of this process has on it.
	f, err := os.OpenFile(filepath.Clean(path), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case err == nil:
		err = f.Close()
	case errors.Is(err, fs.ErrExist):
		err = nil
	}
	if err != nil {
		return nil, fmt.Errorf("store: open the database file: %w", err)
	}
	q := url.Values{"_txlock": {"immediate"}}
	for _, p := range []string{"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"} {
		q.Add("_pragma", p)
	}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String())
	if err != nil {
		return nil, fmt.Errorf("store: open: %w", err)
	}
	db.SetMaxOpenConns(8)
	return &Store{pool: db, db: queries{db}, now: now, path: path}, nil
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
