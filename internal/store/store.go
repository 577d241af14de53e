// Package store keeps the portal's sessions, pending logins and submissions in a database.
//
// It owns the queries and the schema's application, and nothing else: what a row means, when a session
// has run out and how a payload is sealed is decided by its callers (auth, submission). No table has
// a column for a secret value.
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

// ErrNotFound is returned where no such row exists.
var ErrNotFound = errors.New("store: not found")

// Store is an open database. Its methods may be called by many goroutines at once.
type Store struct {
	db  *sql.DB
	now func() time.Time
}

// busyRetry is how long the set-up of a new SQLite file is tried again while another process does the
// same: switching to WAL does not honour busy_timeout.
const busyRetry = 10 * time.Second

// ParseURL checks a PORTAL_DATABASE_URL and gives the path of the SQLite file that it names.
func ParseURL(databaseURL string) (path string, err error) {
	path, ok := strings.CutPrefix(databaseURL, "sqlite:")
	if !ok {
		return "", errors.New("want sqlite:PATH")
	}
	if path == "" || strings.ContainsAny(path, "?#") {
		return "", errors.New("want sqlite:PATH, with a path that has no ? or #")
	}
	return path, nil
}

// Open opens the database without touching its schema: call Migrate before its first use. now tells
// the time; it is a parameter for tests.
func Open(databaseURL string, now func() time.Time) (*Store, error) {
	path, err := ParseURL(databaseURL)
	if err != nil {
		return nil, fmt.Errorf("store: database address: %w", err)
	}
	// The file holds who did what and sealed tokens: nobody else on the machine needs to read it.
	// SQLite gives its -wal and -shm files the same mode.
	f, err := os.OpenFile(filepath.Clean(path), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("store: open the database file: %w", err)
	}
	if err := f.Close(); err != nil {
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
	return &Store{db: db, now: now}, nil
}

// Migrate brings the schema up to date. Running it again does nothing.
func (s *Store) Migrate(ctx context.Context) error {
	dir, err := fs.Sub(migrations.SQLite, "sqlite")
	if err != nil {
		return fmt.Errorf("store: migrations: %w", err)
	}
	give := time.Now().Add(busyRetry)
	for {
		err = s.migrateOnce(ctx, dir)
		if err == nil || !isBusy(err) || time.Now().After(give) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (s *Store) migrateOnce(ctx context.Context, dir fs.FS) error {
	p, err := goose.NewProvider(goose.DialectSQLite3, s.db, dir)
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

// Ping says whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	if err := s.db.QueryRowContext(ctx, `SELECT 1 FROM submissions LIMIT 1`).Scan(&one); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("store: ping: %w", err)
	}
	return nil
}

// Close closes the database.
func (s *Store) Close() error { return s.db.Close() }

// millis is how an instant is kept.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// instant is the way back from millis.
func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// affected turns an UPDATE that met no row into ErrNotFound.
func affected(res sql.Result, err error, what string) error {
	if err != nil {
		return fmt.Errorf("store: %s: %w", what, err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return fmt.Errorf("store: %s: %w", what, err)
	}
	if n == 0 {
		return ErrNotFound
	}
	return nil
}
