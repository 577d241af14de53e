// Command bench measures the portal beside other servers that do comparable work in the same minutes on the same
// machine: oauth2-proxy, a bare net/http page and a bare reverse proxy. What it prints are ratios, because the time
// that something takes says more about the machine than about the portal.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"
	"time"
)

func main() {
	// SIGPIPE, too: whoever reads only the first lines must not leave servers behind.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT, syscall.SIGPIPE)
	err := command(ctx, os.Args[1:], os.Stdout)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		_, _ = fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// command is main, with what it needs handed in.
func command(ctx context.Context, args []string, out io.Writer) error {
	if len(args) > 0 && args[0] == "compare" {
		if len(args) != 3 {
			return errors.New("compare wants two files of results: bench compare OLD NEW")
		}
		return compareFiles(out, args[1], args[2])
	}
	if len(args) > 0 && args[0] == serverCommand {
		return serveBare(ctx, args[1:])
	}
	return measureAll(ctx, args, out)
}

// options are what a run was asked for.
type options struct {
	cases    *regexp.Regexp
	quick    bool
	postgres bool
	portal   string // binary to measure; empty: it is built
	results  string
	keep     bool
}

// rounds are how many rounds each load has, and how long one lasts.
func (o options) rounds() (n int, each time.Duration) {
	if o.quick {
		return 3, 400 * time.Millisecond
	}
	return 8, time.Second
}

func parse(args []string) (options, error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	var o options
	run := flags.String("run", "", "regular expression: measure the cases that it matches")
	flags.BoolVar(&o.quick, "short", false, "few short rounds: rough figures in three minutes")
	flags.BoolVar(&o.postgres, "pg", false, "a PostgreSQL server of the bench's own in place of SQLite")
	flags.StringVar(&o.portal, "portal", "", "measure this binary in place of building one")
	flags.StringVar(&o.results, "out", "", "file for the results, JSON lines (default bench/results/TIME.jsonl)")
	flags.BoolVar(&o.keep, "keep", false, "keep the temporary folder, with the servers' logs")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	if flags.NArg() > 0 {
		return options{}, fmt.Errorf("what is %q? bench -h lists the flags; the one command is compare", flags.Arg(0))
	}
	var err error
	if o.cases, err = regexp.Compile(*run); err != nil {
		return options{}, fmt.Errorf("-run: %w", err)
	}
	if o.results == "" {
		o.results = filepath.Join("bench", "results", time.Now().UTC().Format("20060102-150405")+".jsonl")
	}
	return o, nil
}

// measureAll runs the cases one after the other, and prints what came out.
func measureAll(ctx context.Context, args []string, out io.Writer) (err error) {
	o, err := parse(args)
	if err != nil {
		return err
	}
	r, err := newRig(ctx, o, out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	rec, err := newRecorder(o, r.about(ctx))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rec.close()) }()
	for _, c := range allCases {
		if !o.cases.MatchString(c.name) {
			continue
		}
		if err := measure(ctx, r, rec, c); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	printRatios(out, rec.samples)
	printGoals(out, rec.samples)
	if o.postgres {
		_, _ = fmt.Fprintln(out, "The goals are meant for SQLite; this was PostgreSQL.")
	}
	_, _ = fmt.Fprintf(out, "\nResults: %s\n", o.results)
	return nil
}

// measure runs one case with servers of its own, so that none carries another case's memory or records.
func measure(ctx context.Context, r *rig, rec *recorder, c contest) (err error) {
	begun := time.Now()
	s := &stage{rig: r, dir: filepath.Join(r.dir, c.name)}
	if err := os.MkdirAll(s.dir, 0o755); err != nil { // #nosec G301 -- PostgreSQL's user passes through
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := c.run(ctx, s, rec.of(c)); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(r.out, "%s: measured (%s)\n", c.name, time.Since(begun).Round(time.Second))
	return nil
}
