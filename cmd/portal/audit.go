package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"maiaportal/internal/audit"
	"maiaportal/internal/config"
	"maiaportal/internal/record"
	"maiaportal/internal/store"
)

// verifyTrail recomputes the chain of the audit trail, and prints what it is, or fails at the first event that does not
// fit. It writes nothing.
func verifyTrail(ctx context.Context, expect, environ []string, out io.Writer) error {
	heads, err := parseHeads(expect)
	if err != nil {
		return usageError{err}
	}
	return withSettings(environ, trailSettings, store.OpenToRead, func(cfg config.Config, st *store.Store) error {
		v := audit.NewChain(cfg.AuditKeys).Verify(heads)
		if err := st.EventsAtOnce(ctx, v.Next); err != nil {
			return err
		}
		whole, err := v.End()
		if err != nil {
			return err
		}
		head := "none"
		if whole.Events > 0 {
			head = fmt.Sprintf("%d:%s", whole.Last, whole.Hash)
		}
		_, err = fmt.Fprintf(out, "events  %d\nfirst   %d\nlast    %d\nhead    %s\n", whole.Events, whole.First, whole.Last, head)
		return err
	})
}

// parseHeads reads what --expect was given: SEQ:HASH.
func parseHeads(expect []string) ([]audit.Head, error) {
	heads := make([]audit.Head, len(expect))
	for i, text := range expect {
		number, hash, _ := strings.Cut(text, ":")
		seq, err := strconv.ParseInt(number, 10, 64)
		sum, errHash := hex.DecodeString(hash)
		if err != nil || seq < 1 || errHash != nil || len(sum) != 32 {
			return nil, errors.New("--expect: want SEQ:HASH, the number and the hash of an event, as in the log: such as 120:5d41…, 64 hex digits")
		}
		heads[i] = audit.Head{Seq: seq, Hash: hex.EncodeToString(sum)}
	}
	return heads, nil
}

// exportTrail prints the audit trail as lines of JSON: the events that are there when it begins. It writes nothing
// else, not even an event.
func exportTrail(ctx context.Context, from, to string, environ []string, out io.Writer) error {
	var bounds [2]time.Time
	for i, flag := range []struct{ name, value string }{{"--from", from}, {"--to", to}} {
		if flag.value == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339, flag.value)
		if err != nil {
			return usageError{errors.New(flag.name + ": want a time such as 2026-03-31T14:00:00Z (RFC 3339)")}
		}
		bounds[i] = at
	}
	return withStore(environ, store.OpenToRead, func(st *store.Store) error {
		events, err := st.EventsBetween(ctx, bounds[0], bounds[1])
		if err != nil {
			return err
		}
		w := bufio.NewWriterSize(out, 64<<10)
		var line []byte
		err = st.Events(ctx, events, func(e record.Stored) error {
			line = audit.AppendLine(line[:0], e)
			_, err := w.Write(line)
			return err
		})
		return errors.Join(err, w.Flush())
	})
}

// backup copies a SQLite database to a new file.
func backup(ctx context.Context, file string, environ []string, out io.Writer) error {
	return withStore(environ, store.OpenExisting, func(st *store.Store) error {
		if err := st.Backup(ctx, file); err != nil {
			return err
		}
		_, err := fmt.Fprintf(out, "The database is copied to %s.\n", file)
		return err
	})
}
