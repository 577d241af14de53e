package store

import (
	"context"
	"database/sql"
	"sync"
)

// preparer is a pool of connections, or one of them.
type preparer interface {
	runner
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

// prepared runs each query through a statement that is prepared once: with SQLite, preparing costs more than
// most queries do. There are few texts, all of them this package's own. pgx does the same by itself.
type prepared struct {
	on preparer

	mu         sync.RWMutex
	statements map[string]*sql.Stmt
}

func newPrepared(on preparer) *prepared {
	return &prepared{on: on, statements: map[string]*sql.Stmt{}}
}

func (p *prepared) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	st, err := p.statement(ctx, query) //nolint:sqlclosecheck // kept for the next query; close closes it
	if err != nil {
		return nil, err
	}
	return st.ExecContext(ctx, args...)
}

func (p *prepared) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	st, err := p.statement(ctx, query) //nolint:sqlclosecheck // kept for the next query; close closes it
	if err != nil {
		return nil, err
	}
	return st.QueryContext(ctx, args...)
}

func (p *prepared) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if ctx.Err() == nil {
		// One row of a local file is there at once. Watching a context that can end costs more than the query.
		ctx = context.WithoutCancel(ctx)
	}
	st, err := p.statement(ctx, query) //nolint:sqlclosecheck // kept for the next query; close closes it
	if err != nil {
		return p.on.QueryRowContext(ctx, query, args...) // it fails alike, and can say so
	}
	return st.QueryRowContext(ctx, args...)
}

func (p *prepared) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	p.mu.RLock()
	st := p.statements[query]
	p.mu.RUnlock()
	if st != nil {
		return st, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if st := p.statements[query]; st != nil {
		return st, nil
	}
	st, err := p.on.PrepareContext(context.WithoutCancel(ctx), query) //nolint:sqlclosecheck // close closes it
	if err != nil {
		return nil, err
	}
	p.statements[query] = st
	return st, nil
}

// close closes all statements.
func (p *prepared) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, st := range p.statements {
		_ = st.Close() // nothing can be lost by it
	}
	p.statements = map[string]*sql.Stmt{}
}
