// Package pgtest runs PostgreSQL servers for tests, out of the programs that are installed on the
// machine. It owns the server's life and its data; what is in a database is the test's business.
//
// A server ends with the process that started it, however that one ends, and takes its data along.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Password is the one in every address, so that tests can look for it where it must not be.
const Password = "pgtest-p4ssword"

const (
	role      = "portal"
	startTime = 60 * time.Second // a loaded machine needs long for initdb
)

// errNoPostgres is why a test is skipped.
var errNoPostgres = errors.New("no PostgreSQL programs (initdb, postgres) in /usr/lib/postgresql/*/bin or PATH; on Debian: apt-get install postgresql")

// shared is the server that Start makes databases in: one for each test process.
var shared = sync.OnceValues(newCluster)

// Start gives a fresh database, as a URL, in a server that all tests of this process share. Where
// PostgreSQL is not installed the test is skipped.
func Start(t testing.TB) (databaseURL string) {
	t.Helper()
	c, err := shared()
	need(t, err)
	return c.Database(t)
}

// New gives a test a server of its own, with one fresh database, that it may stop and start again.
func New(t testing.TB) *Cluster {
	t.Helper()
	c, err := newCluster()
	need(t, err)
	t.Cleanup(func() {
		if err := errors.Join(c.end(), os.RemoveAll(c.dir)); err != nil {
			t.Errorf("pgtest: %v", err)
		}
	})
	c.first = c.Database(t)
	return c
}

func need(t testing.TB, err error) {
	t.Helper()
	switch {
	case errors.Is(err, errNoPostgres):
		t.Skip("pgtest: ", err)
	case err != nil:
		t.Fatal("pgtest: ", err)
	}
}

// Cluster is a PostgreSQL server.
type Cluster struct {
	bin, dir string
	port     int
	first    string
	count    atomic.Int64
	server   *server // nil while it is stopped
}

// URL is the address of a server's first database, over loopback. It stays the same over Stop and
// Start.
func (c *Cluster) URL() string { return c.first }

// SocketURL is the same database over the server's Unix socket.
func (c *Cluster) SocketURL() string {
	name := c.first[strings.LastIndex(c.first, "/")+1:]
	name, _, _ = strings.Cut(name, "?")
	return fmt.Sprintf("postgres://%s:%s@/%s?host=%s&port=%d", role, Password, name, c.dir, c.port)
}

// Database makes a fresh database, whose texts are sorted as people do, where the server can: as in
// most databases out there, "a" is before "B".
func (c *Cluster) Database(t testing.TB) (databaseURL string) {
	t.Helper()
	name := fmt.Sprintf("test_%d", c.count.Add(1))
	if c.try("CREATE DATABASE "+name+" TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'") != nil {
		c.exec(t, "CREATE DATABASE "+name)
	}
	return c.address(name)
}

// Cut ends all connections to the server but its own.
func (c *Cluster) Cut(t testing.TB) {
	t.Helper()
	c.exec(t, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`)
}

// Stop ends the server, its connections first.
func (c *Cluster) Stop(t testing.TB) {
	t.Helper()
	if err := c.end(); err != nil {
		t.Fatal("pgtest: ", err)
	}
}

// Files gives the content of every file that the server keeps, its write-ahead log included, by path.
func (c *Cluster) Files(t testing.TB) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(c.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		files[path], err = os.ReadFile(path) // #nosec G122 -- the test's own folder
		return err
	})
	if err != nil {
		t.Fatal("pgtest: ", err)
	}
	return files
}

// Start starts a server that was stopped, at the same address, and waits until it answers.
func (c *Cluster) Start(t testing.TB) {
	t.Helper()
	if err := c.begin(); err != nil {
		t.Fatal("pgtest: ", err)
	}
}

func (c *Cluster) address(database string) string {
	return fmt.Sprintf("postgres://%s:%s@127.0.0.1:%d/%s?sslmode=disable", role, Password, c.port, database)
}

func (c *Cluster) exec(t testing.TB, query string) {
	t.Helper()
	if err := c.try(query); err != nil {
		t.Fatal("pgtest: ", err)
	}
}

func (c *Cluster) try(query string) error {
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.address("postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, query)
	return errors.Join(err, conn.Close(ctx))
}

// newCluster makes a server's data and starts it.
func newCluster() (_ *Cluster, err error) {
	bin, err := findPrograms()
	if err != nil {
		return nil, err
	}
	parent := os.TempDir()
	if os.Geteuid() == 0 || len(parent) > 40 {
		// Another user must be able to get there, and a socket's path is short.
		parent = "/tmp"
	}
	dir, err := os.MkdirTemp(parent, "pgtest-")
	if err != nil {
		return nil, err
	}
	c := &Cluster{bin: bin, dir: dir}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	password := filepath.Join(dir, "password")
	if err := os.WriteFile(password, []byte(Password+"\n"), 0o600); err != nil {
		return nil, err
	}
	if err := giveAway(dir, password); err != nil {
		return nil, err
	}
	// #nosec G204 -- the program that is installed on this machine
	initdb := exec.CommandContext(context.Background(), filepath.Join(bin, "initdb"), "-D", filepath.Join(dir, "data"), "-U", role, "--pwfile", password,
		"-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
	initdb.Dir = dir
	if err := asOther(initdb, false); err != nil {
		return nil, err
	}
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	return c, c.begin()
}

// findPrograms gives the folder of the newest PostgreSQL.
func findPrograms() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	version := func(path string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		return n
	}
	slices.SortFunc(found, func(a, b string) int { return version(b) - version(a) })
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil { // postgres is beside the real one
			found = append(found, path)
		}
	}
	for _, path := range found {
		if _, err := os.Stat(filepath.Join(filepath.Dir(path), "postgres")); err == nil {
			return filepath.Dir(path), nil
		}
	}
	return "", errNoPostgres
}

// log is the end of what the server said.
func (c *Cluster) log() string {
	b, _ := os.ReadFile(filepath.Join(c.dir, "log"))
	return string(b[max(0, len(b)-2000):])
}

// answers waits until the server takes connections, or has ended.
func (c *Cluster) answers(ended <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, c.address("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ended:
			return fmt.Errorf("the server ended: %s", c.log())
		case <-ctx.Done():
			return fmt.Errorf("the server does not answer: %w: %s", err, c.log())
		case <-time.After(20 * time.Millisecond):
		}
	}
}
