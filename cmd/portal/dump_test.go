package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// peek is the variable that makes this test's binary look at the memory of the process that it names.
const peek = "PORTAL_TEST_PEEK"

func TestMain(m *testing.M) {
	if pid := os.Getenv(peek); pid != "" {
		os.Exit(peekAt(pid))
	}
	os.Exit(m.Run())
}

// peekAt reads a byte of another process's memory, and its core limit.
func peekAt(pid string) int {
	limits, err := os.ReadFile("/proc/" + pid + "/limits")
	fmt.Printf("limits: %v\n", err)
	for line := range strings.Lines(string(limits)) {
		if strings.HasPrefix(line, "Max core file size") {
			fmt.Print(strings.Join(strings.Fields(line), " "), "\n")
		}
	}
	maps, err := os.ReadFile("/proc/" + pid + "/maps")
	if err != nil {
		fmt.Println("refused:", err)
		return 0
	}
	mem, err := os.Open("/proc/" + pid + "/mem")
	if err != nil {
		fmt.Println("refused:", err)
		return 0
	}
	from, err := strconv.ParseInt(strings.SplitN(string(maps), "-", 2)[0], 16, 64)
	if err != nil {
		fmt.Println("no mapping:", err)
		return 1
	}
	if _, err := mem.ReadAt(make([]byte, 1), from); err != nil {
		fmt.Println("refused:", err)
		return 0
	}
	fmt.Println("read")
	return 0
}

// nobody are the credentials of a user who has no privileges: those may read everything.
func nobody() *syscall.SysProcAttr {
	if os.Getuid() != 0 {
		return nil
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
}

// forNobody copies a program to where everybody can run it.
func forNobody(t *testing.T, program string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "portal-dump-") //nolint:usetesting // into t.TempDir others cannot look
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "program")
	content, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// S-40: another process of the same user can neither read the portal's memory nor have it dumped, unless
// the portal was started with --allow-dump, which says so.
func TestMemoryCannotBeDumped(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("other systems have no way to forbid it")
	}
	portal, self := forNobody(t, must(binary())), forNobody(t, must(os.Executable()))
	for name, tc := range map[string]struct {
		flags  []string
		env    string // of the runtime: that it asks for a core does not bring one
		may    bool
		warned bool
	}{
		"protected":              {nil, "GOTRACEBACK=crash", false, false},
		"--allow-dump":           {[]string{"--allow-dump"}, "", true, true},
		"a variable is no flag":  {nil, "PORTAL_ALLOW_DUMP=true", false, false},
		"--allow-dump=false too": {[]string{"--allow-dump=false"}, "", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(portal, append([]string{"demo", "--json", "--listen", "127.0.0.1:0"}, tc.flags...)...)
			cmd.Env = []string{"TMPDIR=" + os.TempDir(), tc.env}
			cmd.SysProcAttr = nobody()
			var logs syncBuffer
			cmd.Stderr = &logs
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan struct{})
			go func() { _ = cmd.Wait(); close(ended) }()
			defer func() {
				_ = cmd.Process.Signal(syscall.SIGTERM)
				<-ended
			}()
			line := make([]byte, 1)
			if _, err := io.ReadFull(out, line); err != nil { // it serves
				t.Fatalf("%v: %s", err, logs.String())
			}
			look := exec.Command(self)
			look.Env = []string{peek + "=" + strconv.Itoa(cmd.Process.Pid)}
			look.SysProcAttr = nobody()
			said, err := look.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, said)
			}
			if tc.may && !bytes.Contains(said, []byte("\nread\n")) {
				t.Skipf("here nobody may read another process's memory, with or without protection: %s", said)
			}
			if may := bytes.Contains(said, []byte("\nread\n")); may != tc.may {
				t.Errorf("its memory can be read: %v, want %v: %s", may, tc.may, said)
			}
			if none := bytes.Contains(said, []byte("core file size 0 0")); none == tc.may && bytes.Contains(said, []byte("core file size")) {
				t.Errorf("core limit: %s", said)
			}
			if warned := strings.Contains(logs.String(), "--allow-dump"); warned != tc.warned {
				t.Errorf("the log warns: %v, want %v: %s", warned, tc.warned, logs.String())
			}
		})
	}
}

// What GODEBUG adds at the start stays out of the way: the process keeps its id and its arguments, and
// an unknown flag is still told.
func TestStartsAnewWithoutNotice(t *testing.T) {
	cmd := exec.Command(must(binary()), "serve", "--no-such-flag")
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != exitUsage || !strings.Contains(string(out), "no-such-flag") {
		t.Errorf("%v: %s", err, out)
	}
}
