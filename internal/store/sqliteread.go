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
	"time"
)

// errReadOnly is what a write is answered with where the database is only read.
var errReadOnly = errors.New("store: the database was opened to read")

// openSQLiteToRead opens a file that is there, without writing anything to it or beside it.
func openSQLiteToRead(databaseURL string, now func() time.Time) (*Store, error) {
	path, err := ParseURL(databaseURL)
	if err != nil {
		return nil, fmt.Errorf("store: database address: %w", err)
	}
	switch _, err := os.Stat(filepath.Clean(path)); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("store: there is no database file %s; see PORTAL_DATABASE_URL", path)
	case err != nil:
		return nil, fmt.Errorf("store: open the database file: %w", err)
	}
	q := url.Values{"mode": {"ro"}, "_pragma": {"busy_timeout(5000)", "query_only(1)"}}
	if !inUse(path) {
		// A copy, or at rest: SQLite would make files for its locks, which it may not where it can only read.
		q.Set("immutable", "1")
	}
	db, err := sql.Open("sqlite", fileAddress(path, q))
	if err != nil {
		return nil, fmt.Errorf("store: open: %w", err)
	}
	s := &Store{
		pool:    db,
		db:      queries{on: db},
		now:     now,
		path:    path,
		closing: db.Close,
	}
	refuse := func(context.Context) (queries, func() error, func(), error) {
		return queries{}, nil, nil, errReadOnly
	}
	s.recorder = newWriter(refuse, 0, trail{now: now})
	return s, nil
}

// inUse says whether changes stand beside a SQLite file that are not in it yet.
func inUse(path string) bool {
	for _, suffix := range []string{"-wal", "-journal"} {
		if _, err := os.Stat(filepath.Clean(path) + suffix); err == nil {
			return true
		}
	}
	return false
}

// Backup writes a consistent copy of a SQLite database to a new file that nobody else may read, while others use the
// database.
func (s *Store) Backup(ctx context.Context, file string) error {
	if s.pg != nil {
		return errors.New("store: only a SQLite database is copied here; PostgreSQL has pg_dump and its own backups")
	}
	// First, so that it is new and its mode is right from the first byte on.
	f, err := os.OpenFile(filepath.Clean(file), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("store: back up: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("store: back up: %w", err)
	}
	// An address, for SQLite takes what begins with "file:" for one; an empty file counts as none.
	if err := s.copyTo(ctx, fileAddress(file, url.Values{})); err != nil {
		return errors.Join(fmt.Errorf("store: back up: %w", err), os.Remove(filepath.Clean(file)))
	}
	return nil
}

// copyTo copies over a connection of its own: those of the store refuse whatever writes, be it to another file.
func (s *Store) copyTo(ctx context.Context, address string) (err error) {
	db, err := sql.Open("sqlite", fileAddress(s.path, url.Values{"mode": {"rw"}, "_pragma": {"busy_timeout(5000)", "synchronous(FULL)"}}))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	_, err = db.ExecContext(ctx, `VACUUM INTO ?`, address)
	return err
}
