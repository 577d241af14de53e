package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// sandboxed are the packages that a build is made of and that only the demo needs.
func sandboxed(t *testing.T, flags ...string) []string {
	t.Helper()
	out, err := exec.Command("go", slices.Concat([]string{"list", "-deps"}, flags, []string{"."})...).Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Logf("%s", exit.Stderr)
		}
		t.Fatal(err)
	}
	return slices.DeleteFunc(strings.Fields(string(out)), func(path string) bool {
		return !strings.HasPrefix(path, "maiaportal/internal/sandbox") &&
			!strings.HasPrefix(path, "maiaportal/web/templates/styleguide") &&
			!strings.HasPrefix(path, "github.com/zitadel/oidc")
	})
}

// Image and packages are built without a login service that lets everybody in: not even its code is there.
func TestReleaseHoldsNoSandbox(t *testing.T) {
	for _, file := range []string{"../../Dockerfile", "../../scripts/packages", "../../scripts/repro"} {
		if text := must(os.ReadFile(file)); !bytes.Contains(text, []byte("scripts/build")) || bytes.Contains(text, []byte("go build -trimpath")) {
			t.Errorf("%s does not build what is released by scripts/build", file)
		}
	}
	file := must(os.ReadFile("../../scripts/build"))
	build := regexp.MustCompile(`(?s)go build (.*) \./cmd/portal`).FindSubmatch(file)
	if build == nil {
		t.Fatal("scripts/build does not build ./cmd/portal")
	}
	tags := regexp.MustCompile(`-tags (\S+)`).FindSubmatch(build[1])
	if tags == nil {
		t.Fatalf("it is built without tags: %s", build[1])
	}
	if held := sandboxed(t, "-tags", string(tags[1])); len(held) != 0 {
		t.Errorf("it holds %v", held)
	}
	if len(sandboxed(t)) == 0 {
		t.Error("the developers' build holds no sandbox either, so this test sees nothing")
	}
}

// A build without the demo says where it is, whatever flags it was to have.
func TestBuildWithoutDemo(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "portal")
	if out, err := exec.Command("go", "build", "-tags", "nodemo", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, args := range [][]string{
		{"demo"},
		{"demo", "--json", "--listen", "127.0.0.1:0", "--allow-dump"},
		{"demo", "--help"},
		{"help", "demo"},
	} {
		var out, logs bytes.Buffer
		cmd := exec.Command(path, args...)
		cmd.Stdout = &out
		cmd.Stderr = &logs
		_ = cmd.Run()
		const says = `portal: this build has no demo: run "go run ./cmd/portal demo" in a checkout of the sources` + "\n"
		if code := cmd.ProcessState.ExitCode(); code != exitUsage || out.Len() != 0 || logs.String() != says {
			t.Errorf("%v: exit code %d: %s%s", args, code, out.String(), logs.String())
		}
	}
	help, err := exec.Command(path, "--help").CombinedOutput()
	if err != nil || strings.Contains(string(help), "demo") || !strings.Contains(string(help), "migrate") {
		t.Errorf("%v: %s", err, help)
	}
	// What the two commands shared is still there.
	help, err = exec.Command(path, "serve", "--help").CombinedOutput()
	if err != nil || !strings.Contains(string(help), "--allow-dump") {
		t.Errorf("%v: %s", err, help)
	}
}
