package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"

	"maiaportal/internal/config"
	"maiaportal/internal/harden"
)

// cli are the commands, their names and help. kong would stop at the first bad setting and print its
// value, so settings are checked by package config, all at once; here they are names and help only.
type cli struct {
	demoCommand // of builds that have a demo; elsewhere it says so

	Migrate  struct{} `cmd:"" help:"Apply the database migrations (PORTAL_DATABASE_URL) and exit."`
	Sessions struct {
		List struct {
			User userFlags `embed:""`
		} `cmd:"" help:"List the sessions that are in the database. Expired sessions are listed until the server removes them, within ten minutes."`
		End struct {
			Handle string    `arg:"" optional:"" help:"Handle of the session, from the list."`
			User   userFlags `embed:""`
			All    bool      `help:"All sessions of everybody."`
		} `cmd:"" help:"End one session, those of a user, or all, whatever lifetimes are set here. Each is an event of the audit trail: PORTAL_AUDIT_KEYS must be the server's. Its lines go to standard error."`
	} `cmd:"" help:"List and end sessions, straight in the database (PORTAL_DATABASE_URL)."`
	Audit struct {
		Verify struct {
			Expect []string `help:"Also fail where this earlier head, from the log, is not part of the chain. May be given again." placeholder:"SEQ:HASH" sep:"none"`
		} `cmd:"" help:"Recompute the chain, with PORTAL_AUDIT_KEYS: print the number of events, the first, the last and the head; exit 1 at the first event that does not fit. A copy of the database is enough. Nothing is written."`
		Export struct {
			From string `help:"Events from this time on (RFC 3339)." placeholder:"TIME"`
			To   string `help:"Events before this time (RFC 3339)." placeholder:"TIME"`
		} `cmd:"" help:"Print the trail as JSON lines. A copy of the database is enough. Nothing is written."`
	} `cmd:"" help:"Verify and export the audit trail, straight from the database (PORTAL_DATABASE_URL)."`
	Backup struct {
		File string `arg:"" help:"A new file; it gets mode 0600."`
	} `cmd:"" help:"Write a consistent copy of an SQLite database (PORTAL_DATABASE_URL) to a new file, while the portal runs."`
	Keygen  struct{} `cmd:"" help:"Print a new key for PORTAL_SESSION_KEYS or PORTAL_AUDIT_KEYS."`
	JWK     struct{} `cmd:"" name:"jwk" help:"Print the public JWK Set of PORTAL_OIDC_CLIENT_KEY_FILE, to register at the provider."`
	Catalog struct {
		Check struct {
			File string `arg:"" help:"The catalogue, a YAML file."`
		} `cmd:"" help:"Check a catalogue: every mistake with its line, or what it holds."`
	} `cmd:"" help:"Check the file of PORTAL_CATALOG."`
	Healthcheck struct {
		Listen string `help:"Address of the server to ask; default PORTAL_LISTEN." placeholder:"HOST:PORT"`
		Ready  bool   `help:"Ask /readyz in place of /healthz."`
	} `cmd:"" help:"Exit 0 when the local server answers /healthz with 200."`
	Version struct{} `cmd:"" help:"Print version, commit and Go version."`
	Help    struct {
		Command []string `arg:"" optional:"" help:"Command to explain."`
	} `cmd:"" help:"Explain the portal, or one command."`
}

// dumpFlag is the flag that demo and serve share. It is no setting: a variable that somebody forgot must
// not switch the protection off.
type dumpFlag struct {
	AllowDump bool `help:"Let other processes of the same user read this process's memory, secrets included. For debugging only."`
}

// serveFlags makes a struct for kong with a flag for each setting that may have one.
func serveFlags() any {
	var fields []reflect.StructField
	for i, s := range config.All() {
		if s.Secret() {
			continue
		}
		help := s.Meaning
		if s.Standard != "" {
			help += " Default: " + s.Standard + "."
		}
		fields = append(fields, reflect.StructField{
			Name: fmt.Sprintf("S%d", i),
			Type: reflect.TypeFor[*string](),
			Tag:  reflect.StructTag(fmt.Sprintf(`name:%q help:%q placeholder:"…"`, s.Flag, help+" ($"+s.Variable+")")),
		})
	}
	fields = append(fields, reflect.TypeFor[dumpFlag]().Field(0))
	return reflect.New(reflect.StructOf(fields)).Interface()
}

// dumpAllowed tells whether serve was given the flag.
func dumpAllowed(flags any) bool {
	return reflect.ValueOf(flags).Elem().FieldByName(reflect.TypeFor[dumpFlag]().Field(0).Name).Bool()
}

// given are the flags of serve that were set.
func given(flags any) map[string]string {
	set := map[string]string{}
	v := reflect.ValueOf(flags).Elem()
	for i := range v.NumField() {
		if p, _ := v.Field(i).Interface().(*string); p != nil {
			tag := v.Type().Field(i).Tag
			set[tag.Get("name")] = *p
		}
	}
	return set
}

// secretHelp lists what has no flag: settings that are secret, and those that are not the portal's own.
func secretHelp() string {
	var b strings.Builder
	b.WriteString("\nSettings that are secret have no flag. Each is a variable X, or X_FILE with the path of a file:\n")
	for _, s := range config.All() {
		if s.Secret() {
			fmt.Fprintf(&b, "  %s\n      %s", s.Variable, s.Meaning)
			if s.Standard != "" {
				fmt.Fprintf(&b, " Default: %s.", s.Standard)
			}
			b.WriteString("\n")
		}
	}
	b.WriteString("\nTraces are sent where OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is set. OpenTelemetry's\n" +
		"other variables (OTEL_…) say how: protocol, headers, sampler, name of the service.\n")
	return b.String()
}

// protect keeps the process's memory from others, unless they may look.
func protect(mayDump bool) error {
	if mayDump {
		return nil
	}
	if err := harden.Protect(); err != nil {
		return fmt.Errorf("%w; --allow-dump starts without this protection", err)
	}
	return nil
}

// warnOfDumps says loudly that others may look.
func warnOfDumps(log *slog.Logger) {
	log.Warn("--allow-dump is given: every process of the same user can read this one's memory, with the secrets that pass through it. Never use it in production")
}

// errShown ends the parser after it has printed help.
var errShown = errors.New("help was shown")

// command parses the command line and runs what it names.
func command(ctx context.Context, args, environ []string, out, logs io.Writer) (err error) {
	var c cli
	flags := serveFlags()
	k, err := kong.New(&c,
		kong.Name("portal"),
		kong.Description("A self-service web portal for secrets of Maia: admins create secret references and store secret values with their own login. It never shows, keeps or logs a secret value."),
		kong.DynamicCommand("serve", "Run the production server. Settings are PORTAL_… variables or flags.", "", flags),
		kong.Writers(out, logs),
		kong.Exit(func(int) { panic(errShown) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Help(func(o kong.HelpOptions, kctx *kong.Context) error {
			err := kong.DefaultHelpPrinter(o, kctx)
			if err == nil && strings.HasPrefix(kctx.Command(), "serve") {
				_, err = io.WriteString(out, secretHelp())
			}
			return err
		}),
	)
	if err != nil {
		return fmt.Errorf("command line: %w", err)
	}
	defer func() {
		if v := recover(); v == errShown { //nolint:errorlint // a panic's own value, never wrapped
			err = nil
		} else if v != nil {
			panic(v)
		}
	}()
	if len(args) == 0 {
		args = []string{"--help"}
	}
	if args[0] == "help" {
		args = append(append([]string{}, args[1:]...), "--help")
	}
	parsed, err := k.Parse(sessionsArgs(args))
	if err != nil {
		return usageError{fmt.Errorf("%w; see portal help", err)}
	}
	switch parsed.Command() {
	case "serve":
		if err := protect(dumpAllowed(flags)); err != nil {
			return err
		}
		return serve(ctx, given(flags), dumpAllowed(flags), environ, logs)
	case "demo", "demo <ignored>":
		return c.runDemo(ctx, out, logs)
	case "migrate":
		return migrate(ctx, environ, out)
	case "sessions list":
		return listSessions(ctx, c.Sessions.List.User, environ, out)
	case "sessions end", "sessions end <handle>":
		return endSessions(ctx, c.Sessions.End.Handle, c.Sessions.End.User, c.Sessions.End.All, environ, out, logs)
	case "audit verify":
		return verifyTrail(ctx, c.Audit.Verify.Expect, environ, out)
	case "audit export":
		return exportTrail(ctx, c.Audit.Export.From, c.Audit.Export.To, environ, out)
	case "backup <file>":
		return backup(ctx, c.Backup.File, environ, out)
	case "keygen":
		return keygen(out)
	case "jwk":
		return jwk(environ, out)
	case "catalog check <file>":
		return checkCatalogue(c.Catalog.Check.File, out)
	case "healthcheck":
		return healthcheck(ctx, c.Healthcheck.Listen, c.Healthcheck.Ready, environ)
	case "version":
		return version(out)
	}
	return usageError{errors.New("no such command; see portal help")}
}
