package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"maiaportal/internal/config"
	"maiaportal/internal/store"
)

// withStore opens the database of the settings for one of the operator's commands.
func withStore(environ []string, do func(*store.Store, config.Config) error) error {
	cfg, err := config.LoadOnly(nil, environ, "DATABASE_URL", "DATABASE_URL_FILE", "SESSION_IDLE", "SESSION_MAX")
	if err != nil {
		return usageError{err}
	}
	st, err := store.Open(cfg.DatabaseURL, time.Now)
	if err != nil {
		return err
	}
	return errors.Join(do(st, cfg), st.Close())
}

// living are the sessions that have not run out: one user's, or everybody's where subject is empty. An
// operator knows users by their subject; the issuer is the same for all.
func living(ctx context.Context, st *store.Store, cfg config.Config, subject string) ([]store.Session, error) {
	now := time.Now()
	rows, err := st.Sessions(ctx, "", "", now.Add(-cfg.SessionMax), now.Add(-cfg.SessionIdle))
	if err != nil || subject == "" {
		return rows, err
	}
	return slices.DeleteFunc(rows, func(r store.Session) bool { return r.ActorSubject != subject }), nil
}

// listSessions prints a line for each session. It can show no token: they are sealed.
func listSessions(ctx context.Context, subject string, environ []string, out io.Writer) error {
	return withStore(environ, func(st *store.Store, cfg config.Config) error {
		rows, err := living(ctx, st, cfg, subject)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(w, "HANDLE\tSUBJECT\tNAME\tBEGUN\tLAST USED\tBROWSER")
		for _, r := range rows {
			_, _ = fmt.Fprintf(w, "%s\t%q\t%q\t%s\t%s\t%s\n", r.Handle, r.ActorSubject, r.ActorName, r.CreatedAt.Format(time.RFC3339), r.SeenAt.Format(time.RFC3339), r.Browser)
		}
		return w.Flush()
	})
}

// endSessions ends exactly what was named; naming nothing, or two things, is wrong usage.
func endSessions(ctx context.Context, handle, subject string, all bool, environ []string, out io.Writer) error {
	named := 0
	for _, n := range []bool{handle != "", subject != "", all} {
		if n {
			named++
		}
	}
	if named != 1 {
		return usageError{errors.New("name one: a handle, --subject SUB or --all")}
	}
	return withStore(environ, func(st *store.Store, cfg config.Config) error {
		handles := []string{handle}
		if handle == "" {
			rows, err := living(ctx, st, cfg, subject)
			if err != nil {
				return err
			}
			handles = nil
			for _, r := range rows {
				handles = append(handles, r.Handle)
			}
		}
		var ended int64
		for _, h := range handles {
			n, err := st.EndSessionByHandle(ctx, h)
			if err != nil {
				return err
			}
			ended += n
		}
		if _, err := fmt.Fprintf(out, "%d ended\n", ended); err != nil {
			return err
		}
		if ended == 0 && handle != "" {
			return errors.New("there is no such session")
		}
		return nil
	})
}
