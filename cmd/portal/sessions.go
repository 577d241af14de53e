package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"maiaportal/internal/config"
	"maiaportal/internal/record"
	"maiaportal/internal/store"
)

// userFlags name a user. kong has no flag of two values: sessionsArgs makes two flags of it.
type userFlags struct {
	Subject string `help:"Those of this user: the provider's issuer and the user's sub. SUB alone: any issuer." placeholder:"ISSUER SUB"`
	Issuer  string `hidden:""`
}

// handleLikeAFlag is a handle that begins with a hyphen, as older sessions may have.
var handleLikeAFlag = regexp.MustCompile(`^-[A-Za-z0-9_-]{15}$`)

// sessionsArgs prepares the arguments of "sessions list" and "sessions end" for kong: "--subject ISSUER SUB"
// becomes two flags, and a handle or a sub that begins with a hyphen no flag at all.
func sessionsArgs(args []string) []string {
	if len(args) < 2 || args[0] != "sessions" {
		return args
	}
	out := slices.Clone(args[:2])
	var positional []string
	for rest := args[2:]; len(rest) > 0; {
		arg := rest[0]
		rest = rest[1:]
		first, joined := strings.CutPrefix(arg, "--subject=")
		switch {
		case arg == "--":
			positional = append(positional, rest...)
			rest = nil
		case handleLikeAFlag.MatchString(arg) && args[1] == "end":
			positional = append(positional, arg)
		case arg == "--subject" && isValue(rest), joined:
			if !joined {
				first, rest = rest[0], rest[1:]
			}
			// An issuer is an address, a sub hardly ever.
			if strings.Contains(first, "://") && isValue(rest) {
				out = append(out, "--issuer="+first)
				first, rest = rest[0], rest[1:]
			}
			out = append(out, "--subject="+first)
		default:
			out = append(out, arg)
		}
	}
	if len(positional) > 0 {
		out = append(append(out, "--"), positional...)
	}
	return out
}

// isValue says whether the next argument is a value, whatever it begins with.
func isValue(rest []string) bool {
	return len(rest) > 0 && !slices.Contains([]string{"--", "--all", "--help", "-h"}, rest[0])
}

// withStore opens the database of the settings for one of the operator's commands.
func withStore(environ []string, open func(string, func() time.Time) (*store.Store, error),
	do func(*store.Store) error) error {
	return withSettings(environ, databaseSettings, open, func(_ config.Config, st *store.Store) error { return do(st) })
}

// databaseSettings and trailSettings are the variables that commands need, without their prefix.
var (
	databaseSettings = []string{"DATABASE_URL", "DATABASE_URL_FILE"}
	trailSettings    = append([]string{"AUDIT_KEYS", "AUDIT_KEYS_FILE"}, databaseSettings...)
)

// withSettings is withStore for a command that needs more settings than the database's.
func withSettings(environ, variables []string, open func(string, func() time.Time) (*store.Store, error),
	do func(config.Config, *store.Store) error) error {
	cfg, err := config.LoadOnly(nil, environ, checks, variables...)
	if err != nil {
		return usageError{err}
	}
	st, err := open(cfg.DatabaseURL.Reveal(), time.Now)
	if err != nil {
		return err
	}
	return errors.Join(do(cfg, st), st.Close())
}

// listSessions prints a line for each session. It can show no token: they are sealed.
func listSessions(ctx context.Context, user userFlags, environ []string, out io.Writer) error {
	return withStore(environ, store.OpenExisting, func(st *store.Store) error {
		rows, err := st.AllSessions(ctx, user.Issuer, user.Subject)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(w, "HANDLE\tISSUER\tSUBJECT\tNAME\tBEGUN\tLAST USED\tBROWSER")
		for _, r := range rows {
			_, _ = fmt.Fprintf(w, "%s\t%q\t%q\t%q\t%s\t%s\t%s\n", r.Handle, r.ActorIssuer, r.ActorSubject, r.ActorName,
				r.CreatedAt.Format(time.RFC3339), r.SeenAt.Format(time.RFC3339), r.Browser)
		}
		return w.Flush()
	})
}

// endSessions ends exactly what was named; naming nothing, or two things, is wrong usage. What ends is in the audit
// trail, whose lines go to logs.
func endSessions(ctx context.Context, handle string, user userFlags, all bool, environ []string,
	out, logs io.Writer) error {
	named := 0
	for _, n := range []bool{handle != "", user.Subject != "", all} {
		if n {
			named++
		}
	}
	if named != 1 || user.Issuer != "" && user.Subject == "" { // nobody: for the store it would be everybody
		return usageError{errors.New("name one: a handle, --subject ISSUER SUB or --all")}
	}
	return withSettings(environ, trailSettings, store.OpenExisting, func(cfg config.Config, st *store.Store) error {
		if err := keepTrail(ctx, cfg, st, logs); err != nil {
			return err
		}
		by := store.Ending{By: record.ByOperator}
		end := func() (int64, error) { return st.EndAllSessions(ctx, user.Issuer, user.Subject, by) }
		if handle != "" {
			end = func() (int64, error) { return st.EndSessionByHandle(ctx, handle, by) }
		}
		ended, err := end()
		if err != nil {
			return err
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
