package main

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"maiaportal/internal/sandbox"
)

// write puts a file into a folder, as one that was moved there whole.
func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path+".new", []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// manyMistakes has a comment at each line that is one.
const manyMistakes = `projects:
  - name: No id                                              # wrong
  - id: finance                                              # wrong
    name: Finance
  - id: 3fa85f64-5717-4562-b3fc-2c963f66afa6
    name: Finance
    nameRule: {pattern: "^FIN_(", message: M}                # wrong
  - id: 3FA85F64-5717-4562-b3fc-2c963f66afa6                 # wrong
    name: Again
  - id: 3fa85f64-5717-4562-b3fc-2c963f66afa7
    name: Sales
    color: blue                                              # wrong
    name: Sales twice                                        # wrong
    nameRule: {pattern: "^S_"}                               # wrong
agents:
  - id: 8e2b9d44-70c3-4d7e-8c55-2a9e6b1f4c02
    name: azure-aks-eu
    agentType: azure                                         # wrong
  - id: 8e2b9d44-70c3-4d7e-8c55-2a9e6b1f4c03
    name: aws-eks-eu
    agentType: AWS
    vaultName: contoso-kv                                    # wrong
  - id: 8e2b9d44-70c3-4d7e-8c55-2a9e6b1f4c04
    name: [azure]                                            # wrong
    agentType: Azure
    vaultName: contoso--kv                                   # wrong
presets:
  - id: Snowflake                                            # wrong
    title: T
    help: http://wiki.example.com                            # wrong
    form: reference                                          # wrong
    groups: data-platform                                    # wrong
  - id: secrets
    title: T
    form: secret-value
    fields:
      valueText: {value: hunter2}                            # wrong
      vaultName: {value: contoso-kv}                         # wrong
      agentId: {locked: true}                                # wrong
      projectId: {value: finance}                            # wrong
      recipe: {value: passwort, locked: true}                # wrong
      type: {value: PASSWORD, locked: sometimes}             # wrong
  - id: setup
    title: T
    form: setup
    fields:
      vaultName: {value: contoso-}
      secretReferenceName: {value: "FIN BI"}                 # wrong
      name: {value: 12}                                      # wrong
  - id: locked
    title: T
    form: secret-reference
    fields:
      vaultName: {value: contoso-, locked: true}             # wrong
`

func TestCatalogCheck(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		write(t, path, content)
		return path
	}
	many := file("many.yaml", manyMistakes)
	var wrong []string
	for i, line := range strings.Split(manyMistakes, "\n") {
		if strings.HasSuffix(line, "# wrong") {
			wrong = append(wrong, fmt.Sprint(i+1))
		}
	}
	if len(wrong) < 12 {
		t.Fatalf("%d mistakes", len(wrong))
	}
	text, err := os.ReadFile("../../docs/catalogue.md")
	if err != nil {
		t.Fatal(err)
	}
	example := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindSubmatch(text)[1]
	for name, tc := range map[string]struct {
		args  []string
		code  int
		lines []string // of the mistakes
		says  string
	}{
		"the documented example": {[]string{file("example.yaml", string(example))}, 0, nil, "1 project, 1 agent, 2 presets"},
		"its presets":            {[]string{filepath.Join(dir, "example.yaml")}, 0, nil, "setup, for data-platform"},
		"many mistakes":          {[]string{many}, 2, wrong, ""},
		"no YAML":                {[]string{file("no.yaml", "projects: [\n")}, 2, []string{"1"}, ""},
		"nothing in it":          {[]string{file("empty.yaml", "")}, 0, nil, "0 projects, 0 agents, 0 presets"},
		"no file":                {[]string{filepath.Join(dir, "other.yaml")}, 2, nil, "no such file"},
		"a folder":               {[]string{dir}, 2, nil, "directory"},
		"no argument":            {nil, 2, nil, "portal help"},
		"two arguments":          {[]string{many, many}, 2, nil, "portal help"},
		"help":                   {[]string{"--help"}, 0, nil, "every mistake with its line"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, logs bytes.Buffer
			// Settings are no matter here.
			code := run(context.Background(), append([]string{"catalog", "check"}, tc.args...), []string{"PORTAL_TYPO=1"}, &out, &logs)
			if code != tc.code || !strings.Contains(out.String()+logs.String(), tc.says) || (out.Len() == 0) != (code != 0) || (logs.Len() == 0) != (code == 0) {
				t.Errorf("%d\n%s\n%s", code, out.String(), logs.String())
			}
			var lines []string
			for _, l := range strings.Split(strings.TrimSpace(logs.String()), "\n") {
				if place, ok := strings.CutPrefix(l, strings.Join(tc.args, "")+":"); ok && tc.lines != nil {
					n, what, _ := strings.Cut(place, ": ")
					lines = append(lines, n)
					if len(what) < 10 {
						t.Errorf("what is wrong: %s", l)
					}
				}
			}
			if strings.Join(lines, " ") != strings.Join(tc.lines, " ") {
				t.Errorf("mistakes in lines %s, want %s:\n%s", lines, tc.lines, logs.String())
			}
			if strings.Contains(logs.String(), "hunter2") {
				t.Errorf("a secret is printed: %s", logs.String())
			}
		})
	}
}

// atStart runs serve in this process, to its end.
func atStart(environ ...string) (int, string) {
	var logs bytes.Buffer
	code := run(context.Background(), []string{"serve", "--allow-dump"}, append([]string{
		"PORTAL_BASE_URL=http://127.0.0.1:1", "PORTAL_LISTEN=127.0.0.1:0", "PORTAL_ADMIN_LISTEN=", "PORTAL_OIDC_ISSUER=http://127.0.0.1:1",
		"PORTAL_OIDC_CLIENT_ID=portal", "PORTAL_SESSION_KEYS=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
	}, environ...), &logs, &logs)
	return code, logs.String()
}

// With mistakes in its catalogue the portal does not start, and touches no database.
func TestCatalogueWithMistakesAtStart(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "c.yaml")
	write(t, path, manyMistakes)
	code, logs := atStart("PORTAL_CATALOG="+path, "PORTAL_DATABASE_URL=sqlite:"+dir+"/portal.db")
	if n := strings.Count(logs, "\n"+path+":"); code != 2 || n < 12 || !strings.Contains(logs, "\n"+path+":3: id: ") {
		t.Errorf("%d, %d mistakes: %s", code, n, logs)
	}
	if _, err := os.Stat(dir + "/portal.db"); err == nil {
		t.Error("there is a database")
	}
	code, logs = atStart("PORTAL_CATALOG="+path+".no", "PORTAL_DATABASE_URL=sqlite:"+dir+"/portal.db", "PORTAL_TYPO=1")
	if code != 2 || !strings.Contains(logs, "\nPORTAL_CATALOG: ") || !strings.Contains(logs, "\nPORTAL_TYPO: ") {
		t.Errorf("no file: %d %s", code, logs)
	}
}

// A catalogue that the audit trail does not take is none: the portal does not start.
func TestCatalogueWithoutItsEvent(t *testing.T) {
	dir := t.TempDir()
	path, database := filepath.Join(dir, "c.yaml"), filepath.Join(dir, "portal.db")
	write(t, path, "projects: []\n")
	var out bytes.Buffer
	if code := run(t.Context(), []string{"migrate"}, []string{"PORTAL_DATABASE_URL=sqlite:" + database}, &out, &out); code != 0 {
		t.Fatal(out.String())
	}
	db := must(sql.Open("sqlite", database))
	_, err := db.ExecContext(t.Context(), `CREATE TRIGGER no BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'not now'); END`)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if code, logs := atStart("PORTAL_CATALOG="+path, "PORTAL_DATABASE_URL=sqlite:"+database); code != 1 || !strings.Contains(logs, "catalog_loaded") {
		t.Errorf("%d %s", code, logs)
	}
}

// A running portal: SIGHUP brings a new catalogue, and a bad one leaves the last good one.
func TestCatalogueOnSIGHUP(t *testing.T) {
	t.Parallel()
	binary, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	sb := must(sandbox.Start(t.Context(), sandbox.Options{
		RedirectURI: "http://127.0.0.1:1/auth/callback",
		PortalURL:   "http://127.0.0.1:1",
	}))
	t.Cleanup(func() { _ = sb.Close() })
	path := filepath.Join(t.TempDir(), "c.yaml")
	const one = "projects:\n  - {id: 3fa85f64-5717-4562-b3fc-2c963f66afa6, name: Finance}\n"
	write(t, path, one)
	cmd := exec.Command(binary, "serve", "--catalog", path)
	cmd.Env = append(os.Environ(), "PORTAL_BASE_URL=http://127.0.0.1:1", "PORTAL_LISTEN=127.0.0.1:0", "PORTAL_ADMIN_LISTEN=", "PORTAL_OIDC_ISSUER="+sb.Provider.Issuer(), "PORTAL_OIDC_CLIENT_ID=portal",
		"PORTAL_MAIA_URL="+sb.Maia.URL(), "PORTAL_DATABASE_URL=sqlite:"+t.TempDir()+"/portal.db", "PORTAL_SESSION_KEYS=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
	pipe := must(cmd.StderrPipe())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	type line struct {
		Level, Msg, Event string
		ActorName         string `json:"actor_name"`
		ActorSubject      string `json:"actor_subject"`
		Details           struct {
			SHA256                    string
			Projects, Agents, Presets int
		}
	}
	lines := bufio.NewScanner(pipe)
	// until gives the first line that fits, and what came before it.
	until := func(fits func(line) bool) (line, []line) {
		t.Helper()
		var before []line
		for lines.Scan() {
			var l line
			_ = json.Unmarshal(lines.Bytes(), &l)
			if fits(l) {
				return l, before
			}
			before = append(before, l)
		}
		t.Fatalf("the portal ended; %+v", before)
		return line{}, nil
	}
	says := func(what string) func(line) bool {
		return func(l line) bool { return strings.HasPrefix(l.Msg, what) }
	}
	loaded := func(l line) bool { return l.Event == "catalog_loaded" }
	hangUp := func() {
		t.Helper()
		if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	first, _ := until(loaded)
	if d := first.Details; len(d.SHA256) != 64 || d.Projects != 1 || d.Agents+d.Presets != 0 || first.ActorName+first.ActorSubject != "" {
		t.Errorf("%+v", first)
	}
	until(says("portal serves"))
	write(t, path, one+"presets:\n  - {id: p, title: T, form: setup}\n")
	hangUp()
	second, _ := until(loaded)
	if d := second.Details; d.Projects != 1 || d.Presets != 1 || d.SHA256 == first.Details.SHA256 {
		t.Errorf("%+v", second)
	}
	write(t, path, one+"presets:\n  - {id: p, form: nothing}\n")
	hangUp()
	for _, what := range []string{":4: A preset needs title", ":4: There is no such form"} {
		if l, _ := until(says(path + what)); l.Level != "WARN" {
			t.Errorf("%+v", l)
		}
	}
	// The last good one stayed: coming back to it is no change, and no event.
	write(t, path, one+"presets:\n  - {id: p, title: T, form: setup}\n")
	hangUp()
	if l, before := until(says("the catalogue has not changed")); l.Level != "INFO" {
		t.Errorf("%+v", l)
	} else {
		for _, l := range before {
			if loaded(l) {
				t.Errorf("%+v", l)
			}
		}
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	until(says("portal ended"))
	if err := cmd.Wait(); err != nil {
		t.Errorf("the portal ended with %v", err)
	}
}
