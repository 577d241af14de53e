// Package store keeps the portal's sessions, pending logins and submissions in a database, SQLite or
// PostgreSQL.
//
// It owns the queries, one text each for both engines, the schema's application, and how a process
// tells that it lives; nothing else: what a row means, when a session has run out and how a payload is
// sealed is decided by its callers (auth, submission). No table has a column for a secret value.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"maiaportal/internal/record"
)

// ErrNotFound is returned where no such row exists.
var ErrNotFound = record.ErrNotFound

// Store is an open database. Its methods may be called by many goroutines at once.
type Store struct {
	pool     *sql.DB
	db       queries // on the pool; on SQLite they can only read
	recorder *writer // writes the trail; on SQLite everything
	closing  func() error
	now      func() time.Time
	path     string          // of the SQLite file
	pg       *pgx.ConnConfig // nil on SQLite
	life     life
}

// ParseURL checks a PORTAL_DATABASE_URL and gives the path of the SQLite file that it names, which is
// empty for PostgreSQL. Its errors never quote the address, for that may hold a password.
func ParseURL(databaseURL string) (path string, err error) {
	if isPostgres(databaseURL) {
		_, err := parsePostgres(databaseURL)
		return "", err
	}
	path, ok := strings.CutPrefix(databaseURL, "sqlite:")
	if !ok {
		return "", errors.New("want sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE")
	}
	if path == "" || strings.ContainsAny(path, "?#") {
		return "", errors.New("want sqlite:PATH, with a path that has no ? or #")
	}
	return path, nil
}

// Open opens the database without touching its schema: call Migrate before its first use. now tells
// the time; it is a parameter for tests.
func Open(databaseURL string, now func() time.Time) (*Store, error) {
	if isPostgres(databaseURL) {
		return openPostgres(databaseURL, now)
	}
	return openSQLite(databaseURL, true, now)
}

// OpenExisting is Open for those who look into a database that somebody else set up: a SQLite file that is
// not there is an error, and is not made.
func OpenExisting(databaseURL string, now func() time.Time) (*Store, error) {
	if isPostgres(databaseURL) {
		return openPostgres(databaseURL, now)
	}
	return openSQLite(databaseURL, false, now)
}

// OpenToRead is OpenExisting for those who only read, also a copy of a SQLite file that nobody may write to. The file
// stays as it is, to the byte.
func OpenToRead(databaseURL string, now func() time.Time) (*Store, error) {
	if isPostgres(databaseURL) {
		return openPostgres(databaseURL, now)
	}
	return openSQLiteToRead(databaseURL, now)
}

// Migrate brings the schema up to date. Running it again does nothing, and several processes may run
// it at once.
func (s *Store) Migrate(ctx context.Context) error {
	if s.pg != nil {
		return migratePostgres(ctx, s.pg)
	}
	return s.migrateSQLite(ctx)
}

// Ping says whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	if err := s.db.QueryRowContext(ctx, `SELECT 1 FROM submissions LIMIT 1`).Scan(&one); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("store: ping: %w", err)
	}
	return nil
}

// Close closes the database. From then on this process counts as dead: what it has under way must have
// ended before.
func (s *Store) Close() error {
	s.leave()
	s.recorder.close()
	err := s.closing()
	s.life.release()
	return err
}

// write runs a statement that changes something.
func (s *Store) write(ctx context.Context, do func(queries) error) error {
	if s.pg != nil {
		return do(s.db)
	}
	return s.recorder.do(ctx, func(w *writing) error { return do(w.queries) })
}

// change is write for a statement of which only the number of rows counts that it met.
func (s *Store) change(ctx context.Context, query string, args ...any) (n int64, err error) {
	err = s.write(ctx, func(q queries) error {
		n, err = q.change(ctx, query, args...)
		return err
	})
	return n, err
}

// changeOne is change for a statement that has to meet a row: none is ErrNotFound.
func (s *Store) changeOne(ctx context.Context, query string, args ...any) error {
	n, err := s.change(ctx, query, args...)
	if err == nil && n == 0 {
		return ErrNotFound
	}
	return err
}

// record runs queries of which all count or none, and which may leave events.
func (s *Store) record(ctx context.Context, do func(*writing) error) error {
	return s.recorder.do(ctx, do)
}

// runner is the pool, or a transaction.
type runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// queries runs queries with arguments that both engines take alike.
type queries struct {
	on       runner
	followed *following
}

func (q queries) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if q.followed == nil {
		return q.on.ExecContext(ctx, query, storable(args)...)
	}
	ended := q.followed.query(ctx, query)
	res, err := q.on.ExecContext(ctx, query, storable(args)...)
	ended(err)
	return res, err
}

func (q queries) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if q.followed == nil {
		return q.on.QueryContext(ctx, query, storable(args)...)
	}
	ended := q.followed.query(ctx, query)
	rows, err := q.on.QueryContext(ctx, query, storable(args)...)
	ended(err)
	return rows, err
}

func (q queries) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if q.followed == nil {
		return q.on.QueryRowContext(ctx, query, storable(args)...)
	}
	ended := q.followed.query(ctx, query)
	row := q.on.QueryRowContext(ctx, query, storable(args)...)
	ended(row.Err())
	return row
}

// change runs a statement and gives how many rows it met.
func (q queries) change(ctx context.Context, query string, args ...any) (int64, error) {
	res, err := q.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, fmt.Errorf("store: %w", err)
	}
	return res.RowsAffected()
}

// storable turns yes and no into 1 and 0, and replaces what PostgreSQL refuses in a text. A browser's
// name, or an id out of an address, may be any bytes: a stranger's must be unknown, not an error.
func storable(args []any) []any {
	for i, arg := range args {
		switch v := arg.(type) {
		case string:
			args[i] = storableText(v)
		case bool:
			args[i] = 0
			if v {
				args[i] = 1
			}
		}
	}
	return args
}

func storableText(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

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
