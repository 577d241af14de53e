// Package oldtest makes databases as the portal left them before there were steps and events: records with every
// outcome, two of them under way, sessions and logins that are pending. It is for tests.
package oldtest

import (
	"context"
	"database/sql"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"maiaportal/migrations"
)

//go:embed before-events.json
var made []byte

// schema is the version of the schema at that time.
const schema = 2

// Old is what such a database has, beside its rows.
type Old struct {
	Session string // the raw id of a session, as its cookie has it; its session key is the bytes 0 to 31
	State   string // of a login that is pending
	Browser string // the raw id of the browser that began it
}

// Rows are those of one table, each by the names of its columns.
type Rows []map[string]any

// Fill makes the database at an address into such one. Instants are shifted so that its last moment is now.
func Fill(t testing.TB, address string, now time.Time) Old {
	t.Helper()
	var file struct {
		Session string                                  `json:"ada:portal"`
		State   string                                  `json:"state"`
		Browser string                                  `json:"stranger:portal-login"`
		MadeAt  int64                                   `json:"madeAt"`
		Tables  map[string][]map[string]json.RawMessage `json:"tables"`
	}
	if err := json.Unmarshal(made, &file); err != nil {
		t.Fatal(err)
	}
	db := open(t, address)
	shift := now.UnixMilli() - file.MadeAt
	for table, rows := range file.Tables {
		for _, row := range rows {
			var columns, places []string
			var values []any
			for column, raw := range row {
				columns = append(columns, column)
				values = append(values, value(t, column, raw, shift))
				places = append(places, fmt.Sprintf("$%d", len(values)))
			}
			query := "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES (" + strings.Join(places, ", ") + ")"
			if _, err := db.ExecContext(t.Context(), query, values...); err != nil {
				t.Fatalf("%s: %v", table, err)
			}
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return Old{Session: file.Session, State: file.State, Browser: file.Browser}
}

// open opens the database and gives it the schema of that time.
func open(t testing.TB, address string) *sql.DB {
	t.Helper()
	driver, dialect := "pgx", goose.DialectPostgres
	source, folder := fs.FS(migrations.Postgres), "postgres"
	if path, ok := strings.CutPrefix(address, "sqlite:"); ok {
		driver, address, dialect = "sqlite", "file:"+path, goose.DialectSQLite3
		source, folder = migrations.SQLite, "sqlite"
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := fs.Sub(source, folder)
	if err != nil {
		t.Fatal(err)
	}
	p, err := goose.NewProvider(dialect, db, dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.UpTo(context.Background(), schema); err != nil {
		t.Fatal(err)
	}
	return db
}

// value reads what a column had: a number, a text, or bytes.
func value(t testing.TB, column string, raw json.RawMessage, shift int64) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	switch v := v.(type) {
	case float64:
		if (strings.HasSuffix(column, "_at")) && v > 0 {
			return int64(v) + shift
		}
		return int64(v)
	case map[string]any:
		text, _ := v["hex"].(string)
		b, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	return v
}

// Read gives the rows of a table in the order of one of its columns, for a comparison.
func Read(t testing.TB, address, table, order string) Rows {
	t.Helper()
	driver := "pgx"
	if path, ok := strings.CutPrefix(address, "sqlite:"); ok {
		driver, address = "sqlite", "file:"+path
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	rows, err := db.QueryContext(t.Context(), "SELECT * FROM "+table+" ORDER BY "+order)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var list Rows
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		row := map[string]any{}
		for i, c := range columns {
			row[c] = values[i]
		}
		list = append(list, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}
