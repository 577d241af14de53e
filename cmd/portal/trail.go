package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"maiaportal/internal/audit"
	"maiaportal/internal/config"
	"maiaportal/internal/store"
	"maiaportal/internal/telemetry"
)

// keepTrail makes a command write the audit trail, its lines to logs. A chain that the server could not go on with is
// never begun: with other keys than the last event's, nothing is written.
func keepTrail(ctx context.Context, cfg config.Config, st *store.Store, logs io.Writer) error {
	chain := audit.NewChain(cfg.AuditKeys)
	head, err := st.Head(ctx)
	switch {
	case errors.Is(err, store.ErrNotFound): // whoever writes the first event, decides
	case err != nil:
		return err
	case chain.Sealed(head):
	case chain.Keyed() && audit.Plain(head): // the keys are new
	case chain.Keyed():
		return usageError{errors.New("PORTAL_AUDIT_KEYS: the last event of the audit trail was sealed with another key. " +
			"Give the server's keys. Nothing was changed")}
	default:
		return usageError{errors.New("PORTAL_AUDIT_KEYS: the audit trail is sealed with a key. " +
			"Give the server's keys. Nothing was changed")}
	}
	st.KeepTrail(chain, audit.Lines(telemetry.NewLogger(logs, slog.LevelInfo, cfg.LogFormat).Handler()))
	return nil
}

// tellHead logs the head of the audit trail, so that a log system knows later whether its tail was cut off.
func (p *portal) tellHead(ctx context.Context) error {
	if p.logHead == nil {
		return nil
	}
	head, err := p.store.Head(ctx)
	if errors.Is(err, store.ErrNotFound) {
		return nil // nothing has happened yet
	}
	if err != nil {
		return err
	}
	p.logHead(head.Seq, head.Hash)
	return nil
}

// removeOld removes what is older than it may be, step by step.
func (p *portal) removeOld(ctx context.Context) error {
	before := time.Now().Add(-p.cfg.ActivityRetention)
	for ctx.Err() == nil {
		_, done, err := p.store.RemoveOld(ctx, before)
		if done || err != nil {
			return err
		}
	}
	return nil
}
