package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"maiaportal/migrations"
)

const (
	connectTimeout   = 5 * time.Second  // unless the address sets connect_timeout
	statementTimeout = 10 * time.Second // unless the address, the role or the server sets one
	silence          = 5 * time.Second  // how much longer than that the portal waits for a server that says nothing
	pingAfter        = time.Second      // a connection that was not used for longer has to answer first
	pingTime         = time.Second      // how long that is waited for
	maxConns         = 20
	maxIdleConns     = 10
	connIdleTime     = 5 * time.Minute
	connLifetime     = 30 * time.Minute // so that a pool finds its way to a server that took over
)

func isPostgres(databaseURL string) bool {
	return strings.HasPrefix(databaseURL, "postgres://") || strings.HasPrefix(databaseURL, "postgresql://")
}

// parsePostgres never quotes the address or what pgx says about it: pgx hides passwords as well as it
// can, which it cannot in an address that it does not understand.
func parsePostgres(databaseURL string) (*pgx.ConnConfig, error) {
	_, rest, _ := strings.Cut(databaseURL, "://")
	if i := strings.IndexAny(rest, "/?#"); i >= 0 && strings.ContainsAny(rest[i:], "@#") {
		// A password with / or ? or # in it would be read as a database's name, and would then be in
		// the server's own words.
		return nil, errors.New("write the special characters of its parts percent-encoded (/ is %2F, # is %23, ? is %3F, @ is %40)")
	}
	cfg, err := pgx.ParseConfig(databaseURL)
	var file *fs.PathError
	switch {
	case errors.As(err, &file):
		return nil, fmt.Errorf("a file that it names (sslrootcert, sslcert, sslkey, servicefile) cannot be read: %w", file.Err)
	case err != nil:
		return nil, errors.New("want postgres://USER:PASSWORD@HOST:PORT/DATABASE?OPTIONS with valid options, special characters percent-encoded")
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = connectTimeout
	}
	hushDial(cfg)
	return cfg, nil
}

func openPostgres(databaseURL string, now func() time.Time) (*Store, error) {
	cfg, err := parsePostgres(databaseURL)
	if err != nil {
		return nil, fmt.Errorf("store: database address: %w", err)
	}
	broken := &breaks{}
	connector := stdlib.GetConnector(*cfg,
		stdlib.OptionAfterConnect(limitStatements), stdlib.OptionShouldPing(broken.doubt))
	db := sql.OpenDB(quiet{connector, hiding(cfg), broken})
	db.SetMaxOpenConns(maxConns)
	db.SetMaxIdleConns(maxIdleConns)
	db.SetConnMaxIdleTime(connIdleTime)
	db.SetConnMaxLifetime(connLifetime)
	s := &Store{pool: db, db: queries{on: db}, now: now, pg: cfg, closing: db.Close}
	s.recorder = newWriter(s.begin, writeTime, trail{now: now, lock: lockTrail})
	return s, nil
}

// begin begins a transaction of PostgreSQL. Under a stricter isolation, which may be the server's default, the
// head of the trail would be read as it was before the trail's lock was waited for.
func (s *Store) begin(ctx context.Context) (queries, func() error, func(), error) {
	tx, err := s.pool.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return queries{}, nil, nil, fmt.Errorf("store: begin: %w", err)
	}
	commit := func() error {
		if err := tx.Commit(); err != nil {
			return fmt.Errorf("store: commit: %w", err)
		}
		return nil
	}
	return queries{on: tx}, commit, func() { _ = tx.Rollback() }, nil // the first error says what went wrong
}

// limitStatements bounds statements, and how long the server believes in a peer that says nothing. It is a statement
// and no start-up parameter, because poolers refuse those.
func limitStatements(ctx context.Context, conn *pgx.Conn) error {
	// A machine that vanished says no goodbye: what it holds has to be free within seconds all the same.
	var ms int64
	err := conn.QueryRow(ctx, `SELECT (extract(epoch FROM current_setting('statement_timeout')::interval) * 1000)::bigint
		FROM (SELECT set_config('tcp_keepalives_idle', '3', false), set_config('tcp_keepalives_interval', '2', false),
			set_config('tcp_keepalives_count', '2', false)) AS kept`).Scan(&ms)
	if err != nil {
		return errors.Join(err, conn.Close(ctx)) // nobody else closes it
	}
	if _, set := conn.Config().RuntimeParams["statement_timeout"]; ms == 0 && !set {
		ms = statementTimeout.Milliseconds()
		_, err := conn.Exec(ctx, `SELECT set_config('statement_timeout', $1, false)`, strconv.FormatInt(ms, 10))
		if err != nil {
			return errors.Join(err, conn.Close(ctx)) // nobody else closes it
		}
	}
	if ms > 0 {
		conn.PgConn().CustomData()[patienceKey] = time.Duration(ms)*time.Millisecond + silence
	}
	return nil
}

// patienceKey is where a connection keeps how long one statement is waited for.
const patienceKey = "maiaportal patience"

// migratePostgres has connections of its own, because a step may take longer than a statement may.
func migratePostgres(ctx context.Context, cfg *pgx.ConnConfig) (err error) {
	dir, err := fs.Sub(migrations.Postgres, "postgres")
	if err != nil {
		return fmt.Errorf("store: migrations: %w", err)
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return fmt.Errorf("store: migrations: %w", err)
	}
	db := sql.OpenDB(quiet{stdlib.GetConnector(*cfg), hiding(cfg), &breaks{}})
	defer func() { err = errors.Join(err, db.Close()) }()
	p, err := goose.NewProvider(goose.DialectPostgres, db, dir, goose.WithSessionLocker(locker))
	if err != nil {
		return fmt.Errorf("store: migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("store: migrate: %w", err)
	}
	return nil
}
