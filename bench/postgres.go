package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/jackc/pgx/v5"
)

// postgres is a server with the standard settings, durability included: the servers of the tests do without.
type postgres struct {
	dir  string
	port string
	cmd  *exec.Cmd
	made int
}

// startPostgres makes a server out of the programs that are installed. It does not run as root, so root runs it
// as the user postgres.
func startPostgres(ctx context.Context) (_ *postgres, err error) {
	bin, err := postgresPrograms()
	if err != nil {
		return nil, err
	}
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("/tmp", "portal-bench-pg-") // a socket's path is short
	if err != nil {
		return nil, err
	}
	p := &postgres{dir: dir, port: port}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.stop())
		}
	}()
	if os.Geteuid() == 0 {
		if err := say(exec.CommandContext(ctx, "chown", "postgres", dir)); err != nil { // #nosec G204 -- our own folder
			return nil, err
		}
	}
	data := filepath.Join(dir, "data")
	initdb := asPostgres(ctx, dir, filepath.Join(bin, "initdb"),
		"-D", data, "-U", "portal", "-A", "trust", "-E", "UTF8", "--locale=C")
	if err := say(initdb); err != nil {
		return nil, err
	}
	p.cmd = asPostgres(ctx, dir, filepath.Join(bin, "postgres"),
		"-D", data, "-k", dir, "-p", port, "-c", "listen_addresses=127.0.0.1")
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGINT) }
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	return p, p.answers(ctx)
}

// postgresPrograms is the folder of the newest PostgreSQL.
func postgresPrograms() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return "", err
	}
	if len(found) > 0 {
		return found[len(found)-1], nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", fmt.Errorf("PostgreSQL's programs are not installed: %w", err)
	}
	return filepath.Dir(path), nil
}

func asPostgres(ctx context.Context, dir, path string, args ...string) *exec.Cmd {
	if os.Geteuid() == 0 {
		args = append([]string{"--reuid=postgres", "--regid=postgres", "--init-groups", "--", path}, args...)
		path = "setpriv"
	}
	cmd := exec.CommandContext(ctx, path, args...) // #nosec G204 -- the programs that are installed on this machine
	cmd.Dir = dir
	return cmd
}

// say runs a command; what it said is in the error.
func say(cmd *exec.Cmd) error {
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd.Path, err, said)
	}
	return nil
}

func (p *postgres) url(database string) string {
	return "postgres://portal@127.0.0.1:" + p.port + "/" + database + "?sslmode=disable"
}

// answers waits until the server takes connections.
func (p *postgres) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, p.url("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		if ctx.Err() != nil {
			return fmt.Errorf("PostgreSQL does not answer: %w", err)
		}
	}
}

// database makes a fresh database and gives its address.
func (p *postgres) database(ctx context.Context) (string, error) {
	conn, err := pgx.Connect(ctx, p.url("postgres"))
	if err != nil {
		return "", err
	}
	p.made++
	name := fmt.Sprintf("bench_%d", p.made)
	_, err = conn.Exec(ctx, "CREATE DATABASE "+name)
	return p.url(name), errors.Join(err, conn.Close(ctx))
}

// stop ends the server and removes its data.
func (p *postgres) stop() error {
	if p.cmd != nil && p.cmd.Process != nil {
		_ = p.cmd.Process.Signal(syscall.SIGINT)
		_ = p.cmd.Wait()
	}
	return os.RemoveAll(p.dir) // #nosec G703 -- MkdirTemp made it
}
