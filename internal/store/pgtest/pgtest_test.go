package pgtest

import (
	"bufio"
	"errors"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// life makes this test binary a process that starts a server, says where, and waits for its end.
const life = "PGTEST_LIFE"

func TestMain(m *testing.M) {
	if os.Getenv(life) == "" {
		os.Exit(m.Run())
	}
	c, err := shared()
	if err != nil {
		os.Stdout.WriteString("error " + err.Error() + "\n")
		os.Exit(1)
	}
	os.Stdout.WriteString(c.dir + " " + c.address("postgres") + "\n")
	time.Sleep(time.Hour)
}

func answers(t *testing.T, address string) bool {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		return false
	}
	return conn.Close(t.Context()) == nil
}

// A test that is killed, as by a time limit, leaves neither a server nor its data behind.
func TestServerEndsWithItsProcess(t *testing.T) {
	if _, err := findPrograms(); err != nil {
		t.Skip(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), life+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	dir, address, ok := strings.Cut(strings.TrimSpace(line), " ")
	if err != nil || !ok || !answers(t, address) {
		t.Fatalf("%q, %v", line, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	// A server without its data answers nobody, but listens.
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		_, err := os.Stat(dir)
		conn, dialErr := net.Dial("tcp", u.Host)
		if dialErr == nil {
			_ = conn.Close()
		}
		if errors.Is(err, os.ErrNotExist) && dialErr != nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("20 s later: the folder: %v, the server's port: %v", err, dialErr)
		}
	}
}

// What a test wrote is there again after its server was stopped and started, at the same address.
func TestStopStartCut(t *testing.T) {
	c := New(t)
	conn, err := pgx.Connect(t.Context(), c.URL())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), `CREATE TABLE kept ()`); err != nil {
		t.Fatal(err)
	}
	c.Cut(t)
	if _, err := conn.Exec(t.Context(), `SELECT FROM kept`); err == nil {
		t.Error("a connection that was cut answers")
	}
	c.Stop(t)
	if answers(t, c.URL()) {
		t.Error("a stopped server answers")
	}
	c.Start(t)
	for name, address := range map[string]string{"loopback": c.URL(), "Unix socket": c.SocketURL()} {
		conn, err := pgx.Connect(t.Context(), address)
		if err != nil {
			t.Fatal(name, ": ", err)
		}
		if _, err := conn.Exec(t.Context(), `SELECT FROM kept`); err != nil {
			t.Error(name, ": ", err)
		}
		_ = conn.Close(t.Context())
	}
}

// Each test has a database of its own.
func TestStart(t *testing.T) {
	if a, b := Start(t), Start(t); a == b || !answers(t, a) || !answers(t, b) {
		t.Errorf("%q, %q", a, b)
	}
}
