package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"runtime/debug"
	"time"

	"maiaportal/internal/config"
	"maiaportal/internal/store"
)

// keygen prints a session key.
func keygen(out io.Writer) error {
	_, err := fmt.Fprintln(out, newKey())
	return err
}

func newKey() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return base64.StdEncoding.EncodeToString(b[:])
}

// Version and Commit are set by the release build (-ldflags -X); a build from a checkout tells its
// commit by itself.
var (
	Version = "development"
	Commit  = ""
)

func version(out io.Writer) error {
	commit := Commit
	if info, ok := debug.ReadBuildInfo(); ok && commit == "" {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				commit = s.Value
			}
		}
	}
	if commit == "" {
		commit = "unknown"
	}
	_, err := fmt.Fprintf(out, "portal %s\ncommit %s\n%s\n", Version, commit, runtime.Version())
	return err
}

// migrate applies the database migrations.
func migrate(ctx context.Context, environ []string, out io.Writer) error {
	return withStore(environ, store.Open, func(st *store.Store) error {
		if err := st.Migrate(ctx); err != nil {
			return err
		}
		_, err := fmt.Fprintln(out, "The database is up to date.")
		return err
	})
}

// healthcheck asks the local server. A wildcard host is asked on loopback.
func healthcheck(ctx context.Context, listen string, ready bool, environ []string) error {
	flags := map[string]string{}
	if listen != "" {
		flags["listen"] = listen
	}
	cfg, err := config.LoadOnly(flags, environ, checks, "LISTEN")
	if err != nil {
		return usageError{err}
	}
	host, port, err := net.SplitHostPort(cfg.Listen)
	if err != nil {
		return usageError{err}
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
		if err == nil && ip.Is6() {
			host = "::1"
		}
	}
	path := "/healthz"
	if ready {
		path = "/readyz"
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+path, nil)
	if err != nil {
		return err
	}
	// Never through a proxy: it is this machine that is asked.
	resp, err := (&http.Client{Transport: &http.Transport{}}).Do(req)
	if err != nil {
		return fmt.Errorf("the server does not answer: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the server answered %s with %d", path, resp.StatusCode)
	}
	return nil
}
