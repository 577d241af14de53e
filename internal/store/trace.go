package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite" // also the driver "sqlite", in pure Go: the binary stays static
)

// Tracer follows what the database is asked.
type Tracer interface {
	// QueryBegins has the engine, what is done there and to which table; no text of a query, and no parameter. The table
	// may be empty. A transaction is a write that waits for its turn, is run and committed. ended is called once, with the
	// kind of the fault; empty: none.
	QueryBegins(ctx context.Context, engine Engine, operation, table string) (ended func(fault string))
}

// Engine is a kind of database.
type Engine string

// The engines.
const (
	SQLite     Engine = "sqlite"
	PostgreSQL Engine = "postgresql"
)

const (
	transaction = "transaction"
	// otherFault is a fault of a kind that has no name here.
	otherFault = "other"
)

// Follow has a tracer follow what the database is asked from now on. Call it once, before the first query.
func (s *Store) Follow(t Tracer) {
	f := &following{tracer: t, engine: SQLite}
	if s.pg != nil {
		f.engine = PostgreSQL
	}
	s.db.followed = f
	s.recorder.followed = f
}

// following is who follows queries; nil is nobody.
type following struct {
	tracer Tracer
	engine Engine
}

// query tells of a query by its kind.
func (f *following) query(ctx context.Context, text string) (ended func(error)) {
	if f == nil {
		return func(error) {}
	}
	over := f.tracer.QueryBegins(ctx, f.engine, operationOf(text), tableOf(text))
	return func(err error) { over(faultOf(err)) }
}

// write tells of a transaction. An error of those who write in it, such as that there is no such row, is no fault of
// the database.
func (f *following) write(ctx context.Context) (ended func(error)) {
	if f == nil {
		return func(error) {}
	}
	over := f.tracer.QueryBegins(ctx, f.engine, transaction, "")
	return func(err error) {
		fault := faultOf(err)
		if fault == otherFault {
			fault = ""
		}
		over(fault)
	}
}

// operationOf is the first word of a query's text.
func operationOf(text string) string {
	for word := range strings.FieldsSeq(text) {
		return word
	}
	return ""
}

// tableOf is the first table that a query's text names.
func tableOf(text string) string {
	named := false
	for word := range strings.FieldsSeq(text) {
		if table := strings.Trim(word, ","); named && isName(table) {
			return table
		}
		named = word == "FROM" || word == "INTO" || word == "UPDATE"
	}
	return ""
}

func isName(word string) bool {
	return word != "" && strings.Trim(word, "abcdefghijklmnopqrstuvwxyz_") == ""
}

// faultOf is the kind of a fault: SQLSTATE, or SQLite's code.
func faultOf(err error) string {
	var server *pgconn.PgError
	var file *sqlite.Error
	switch {
	case err == nil, errors.Is(err, sql.ErrNoRows):
		return ""
	case errors.As(err, &server):
		return server.Code
	case errors.As(err, &file):
		return "SQLITE_" + strconv.Itoa(file.Code())
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	}
	return otherFault
}
