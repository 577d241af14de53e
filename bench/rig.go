package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"maiaportal/internal/sandbox"
)

// rig is what all cases share: programs, the provider, a temporary folder.
type rig struct {
	options options
	out     io.Writer
	dir     string
	portal  string // paths of binaries
	proxy   string
	self    string
	sandbox *sandbox.Sandbox // its provider; Maia is stood for by something cheaper
	pg      *postgres        // nil: SQLite
}

func newRig(ctx context.Context, o options, out io.Writer) (_ *rig, err error) {
	r := &rig{options: o, out: out, portal: o.portal}
	if r.self, err = os.Executable(); err != nil {
		return nil, err
	}
	if r.dir, err = os.MkdirTemp("", "portal-bench-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.close())
		}
	}()
	if r.proxy, err = installProxy(ctx, out); err != nil {
		return nil, err
	}
	if r.portal == "" {
		r.portal = filepath.Join(r.dir, "portal")
		if err := buildPortal(ctx, r.portal); err != nil {
			return nil, err
		}
	}
	// Longer than any run: nobody renews a token meanwhile.
	if r.sandbox, err = sandbox.Start(ctx, sandbox.Options{AccessTokenLife: 4 * time.Hour}); err != nil {
		return nil, err
	}
	if o.postgres {
		if r.pg, err = startPostgres(ctx); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// buildPortal builds the binary as it is released.
func buildPortal(ctx context.Context, path string) error {
	// #nosec G204 -- the Go command, with a path of our own
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-tags", "nodemo", "-ldflags", "-s -w", "-o", path, "maiaportal/cmd/portal")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the portal: %w\n%s", err, said)
	}
	return nil
}

func (r *rig) close() error {
	var errs []error
	if r.sandbox != nil {
		errs = append(errs, r.sandbox.Close())
	}
	if r.pg != nil {
		errs = append(errs, r.pg.stop())
	}
	if r.options.keep {
		_, _ = fmt.Fprintf(r.out, "Logs: %s\n", r.dir)
	} else {
		errs = append(errs, os.RemoveAll(r.dir)) // #nosec G703 -- MkdirTemp made it
	}
	return errors.Join(errs...)
}

// about describes a run, at the head of its results.
func (r *rig) about(ctx context.Context) about {
	a := about{
		Time:  time.Now().UTC().Format(time.RFC3339),
		Go:    runtime.Version(),
		CPUs:  runtime.NumCPU(),
		Proxy: proxyVersion,
		Store: "SQLite",
		Quick: r.options.quick,
	}
	if r.options.postgres {
		a.Store = "PostgreSQL"
	}
	if r.options.portal != "" {
		a.Portal = r.options.portal
		return a
	}
	if said, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty").Output(); err == nil {
		a.Portal = strings.TrimSpace(string(said))
	}
	return a
}

// stage is where one case is played: its folder and its servers.
type stage struct {
	*rig
	dir     string
	running []*process
}

// start starts a server that ends with the case.
func (s *stage) start(ctx context.Context, p program) (*process, error) {
	running, err := startProcess(ctx, s.dir, p)
	if err != nil {
		return nil, err
	}
	s.running = append(s.running, running)
	return running, nil
}

func (s *stage) close() error {
	var errs []error
	for i := len(s.running) - 1; i >= 0; i-- {
		errs = append(errs, s.running[i].stop())
	}
	return errors.Join(errs...)
}
