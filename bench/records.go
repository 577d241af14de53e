package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"
)

// multiply makes n records of the one that a database has, under other ids: all of one user, and older than the
// first. The portal must not be running: on SQLite the file is written without a journal.
func multiply(ctx context.Context, databaseURL string, n int) (err error) {
	driver, address, insert := "pgx", databaseURL, manyPostgres
	if path, found := strings.CutPrefix(databaseURL, "sqlite:"); found {
		driver = "sqlite"
		pragmas := url.Values{"_pragma": {"journal_mode(OFF)", "synchronous(OFF)", "cache_size(-200000)"}}
		address = "file:" + path + "?" + pragmas.Encode()
		insert = manySQLite
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	columns, err := columnsOf(ctx, db)
	if err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, insert(columns), n-1); err != nil {
		return fmt.Errorf("make %d records: %w", n, err)
	}
	var got int
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM submissions`).Scan(&got); err != nil {
		return err
	}
	if got != n {
		return fmt.Errorf("there are %d records, not %d", got, n)
	}
	return nil
}

func columnsOf(ctx context.Context, db *sql.DB) (_ []string, err error) {
	rows, err := db.QueryContext(ctx, `SELECT * FROM submissions LIMIT 0`)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close(), rows.Err()) }()
	return rows.Columns()
}

// copied are the columns of a copy: those that have to differ are made of i.
func copied(columns []string, id string) string {
	var list []string
	for _, c := range columns {
		switch c {
		case "id":
			c = id
		case "form_token":
			c = "'bench-' || i"
		}
		list = append(list, c)
	}
	return strings.Join(list, ", ")
}

func manySQLite(columns []string) string {
	return `WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < $1)
		INSERT INTO submissions (` + strings.Join(columns, ", ") + `)
		SELECT ` + copied(columns, `printf('01900000-0000-7000-8000-%012x', i)`) + `
		FROM numbers, (SELECT * FROM submissions LIMIT 1)`
}

func manyPostgres(columns []string) string {
	return `INSERT INTO submissions (` + strings.Join(columns, ", ") + `)
		SELECT ` + copied(columns, `'01900000-0000-7000-8000-' || lpad(to_hex(i), 12, '0')`) + `
		FROM generate_series(1, $1::int) AS numbers (i), (SELECT * FROM submissions LIMIT 1) AS one`
}
