package main

import (
	"bytes"
	"crypto/x509"
	"database/sql"
	pemfile "encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"maiaportal/internal/sandbox"
	"maiaportal/internal/sandbox/maia"
	"maiaportal/internal/store/pgtest"
)

// What docs/operate.md tells operators to do is done here, word by word.

// sample is the first block of code below a heading of docs/operate.md that holds some text.
func sample(t *testing.T, heading, holds string) string {
	t.Helper()
	_, section, found := strings.Cut(string(must(os.ReadFile("../../docs/operate.md"))), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("docs/operate.md has no section %s", heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	for i, block := range strings.Split(section, "\n```\n") {
		if i%2 == 1 && strings.Contains(block, holds) {
			return block
		}
	}
	var indented strings.Builder
	for line := range strings.Lines(section) {
		if code, ok := strings.CutPrefix(line, "    "); ok {
			indented.WriteString(code)
		}
	}
	if !strings.Contains(indented.String(), holds) {
		t.Fatalf("docs/operate.md has no sample with %s", holds)
	}
	return indented.String()
}

// A role that may not change the schema is enough to serve.
func TestRolesOfTheManualAreEnough(t *testing.T) {
	t.Parallel()
	const password = "a-password-of-the-test"
	cluster := pgtest.New(t)
	address := func(user string) string {
		u := must(url.Parse(cluster.URL()))
		u.User = url.UserPassword(user, password)
		u.Path = "/portal"
		return u.String()
	}
	do := func(db *sql.DB, statement string) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	db := must(sql.Open("pgx", cluster.URL()))
	for line := range strings.Lines(sample(t, "The database’s role", "CREATE ROLE")) {
		if strings.HasPrefix(line, `\c portal portal_owner`) {
			_ = db.Close()
			db = must(sql.Open("pgx", address("portal_owner")))
			continue
		}
		do(db, strings.ReplaceAll(line, "…", password))
	}
	t.Cleanup(func() { _ = db.Close() })
	var out bytes.Buffer
	if code := run(t.Context(), []string{"migrate"}, []string{"PORTAL_DATABASE_URL=" + address("portal_owner")}, &out, &out); code != 0 {
		t.Fatalf("migrate: %d %s", code, &out)
	}
	r := newRig(t, "DATABASE_URL", address("portal_serve"), "MIGRATE", "false")
	b := r.browser()
	b.login("ada", "/")
	if p := b.send("/setup", b.setup("BY_ROLE", "valueFormat", "text", "valueText", "hunter2")); p.status != http.StatusSeeOther {
		t.Errorf("a setup: %d %s", p.status, p.text())
	}
	served := must(sql.Open("pgx", address("portal_serve")))
	defer func() { _ = served.Close() }()
	if _, err := served.ExecContext(t.Context(), `DROP TABLE submissions`); err == nil {
		t.Error("the role that serves may drop tables")
	}
}

// A copy that was made while the portal ran is a whole database; sessions that had ended since are there again, until the
// operator ends them.
func TestBackupIsRestored(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	b := r.browser()
	b.login("ada", "/")
	receipt := b.send("/setup", b.setup("BEFORE", "valueFormat", "text", "valueText", "hunter2")).location()
	file := filepath.Join(t.TempDir(), "copy.db")
	if code, out := r.command("backup", file); code != 0 {
		t.Fatalf("backup: %d %s", code, out)
	}
	since := b.send("/setup", b.setup("SINCE", "valueFormat", "text", "valueText", "hunter2")).location()
	kept := b.client.Jar.Cookies(must(url.Parse(r.base)))
	if p := b.sendPlain("/logout", nil); p.status >= http.StatusBadRequest {
		t.Fatalf("sign-out: %d", p.status)
	}

	r.stop()
	for _, end := range []string{"", "-wal", "-shm"} {
		_ = os.Remove(r.dir + "/portal.db" + end)
	}
	if err := os.Rename(file, r.dir+"/portal.db"); err != nil {
		t.Fatal(err)
	}
	if code, out := r.command("audit", "verify"); code != 0 {
		t.Errorf("the restored trail: %d %s", code, out)
	}
	again := func() {
		t.Helper()
		r.serve(must((&net.ListenConfig{}).Listen(t.Context(), "tcp", must(url.Parse(r.base)).Host)))
		b.client.Jar.SetCookies(must(url.Parse(r.base)), kept)
	}
	again()
	if p := b.get(receipt); p.status != http.StatusOK || !strings.Contains(p.text(), "BEFORE was set up") {
		t.Errorf("a record from before, with the session that is there again: %d %s", p.status, p.text())
	}
	if p := b.get(since); p.status != http.StatusNotFound {
		t.Errorf("a record from since: %d", p.status)
	}
	r.stop()
	if code, out := r.command("sessions", "end", "--all"); code != 0 {
		t.Fatalf("sessions end --all: %d %s", code, out)
	}
	again()
	if p := b.get(receipt); p.status != http.StatusSeeOther {
		t.Errorf("after all sessions were ended: %d", p.status)
	}
}

// With the manual's settings nginx keeps typed secrets off its disk and logins out of its log, and the portal learns who
// it is. Without the line about buffering it does not.
func TestNginxOfTheManual(t *testing.T) {
	t.Parallel()
	program := tool(t, "nginx")
	config := sample(t, "A proxy in front", "proxy_request_buffering off")
	t.Run("as it stands", func(t *testing.T) {
		t.Parallel()
		status, logs, access := throughNginx(t, program, config)
		if status != http.StatusSeeOther {
			t.Errorf("a setup through it: %d", status)
		}
		if !strings.Contains(logs, `"client":"127.0.0.2"`) || strings.Contains(logs, `"client":"127.0.0.1"`) {
			t.Errorf("whose address the portal has: %s", logs)
		}
		if !strings.Contains(access, `"GET /auth/callback"`) || strings.Contains(access, "code=") || strings.Contains(access, "?") {
			t.Errorf("nginx's log: %s", access)
		}
	})
	t.Run("without the line about buffering", func(t *testing.T) {
		t.Parallel()
		status, _, _ := throughNginx(t, program, strings.Replace(config, "proxy_request_buffering off;", "", 1))
		if status != http.StatusInternalServerError {
			t.Errorf("%d: a secret did not go to the disk, so the test above sees nothing", status)
		}
	})
}

// The samples for Caddy are such that it would start with them.
func TestCaddyTakesTheSamples(t *testing.T) {
	t.Parallel()
	program := tool(t, "caddy")
	dir := t.TempDir()
	for name, text := range map[string]string{
		"the manual":  sample(t, "A proxy in front", "reverse_proxy"),
		"the compose": string(must(os.ReadFile("../../deploy/compose/Caddyfile"))),
		"a mistake":   "secrets.example.com {\n\treverse_proxies 127.0.0.1:8080\n}\n",
	} {
		file := filepath.Join(dir, "Caddyfile")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), program, "validate", "--config", file, "--adapter", "caddyfile")
		cmd.Env = append(os.Environ(), "PORTAL_HOST=secrets.example.com", "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
		if out, err := cmd.CombinedOutput(); (err != nil) != (name == "a mistake") {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
}

// tool finds a program that scripts/test-deps gets.
func tool(t *testing.T, name string) string {
	t.Helper()
	if program, err := exec.LookPath(name); err == nil {
		return program
	}
	if program, err := filepath.Abs("../../bin/" + name); err == nil {
		if _, err := os.Stat(program); err == nil {
			return program
		}
	}
	t.Skipf("no %s in PATH or bin; scripts/test-deps gets it where it can", name)
	return ""
}

// throughNginx sends a setup through nginx from another address than nginx's own, and gives its status, the portal's log
// and nginx's. nginx has no folder to write bodies to: where it wants to, the request fails.
func throughNginx(t *testing.T, program, config string) (status int, logs, access string) {
	t.Helper()
	front := freePort(t)
	base := "https://" + front
	sb, err := sandbox.Start(t.Context(), sandbox.Options{
		RedirectURI:           base + "/auth/callback",
		PostLogoutRedirectURI: base + "/signed-out",
		PortalURL:             base,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sb.Close() })
	r := &rig{t: t, base: base, sb: sb, dir: t.TempDir(), logs: &syncBuffer{}, gone: make(chan struct{}, 1000)}
	listener := must((&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0"))
	r.serve(listener, "TRUSTED_PROXIES", "127.0.0.1/32")

	dir := t.TempDir()
	client := certificate(t, dir)
	for old, new := range map[string]string{
		"listen 443 ssl":                           "listen " + front + " ssl",
		"/etc/ssl/secrets.example.com.pem":         dir + "/cert.pem",
		"/etc/ssl/private/secrets.example.com.key": dir + "/key.pem",
		"/var/log/nginx/portal.log":                dir + "/access.log",
		"http://127.0.0.1:8080":                    "http://" + listener.Addr().String(),
	} {
		if !strings.Contains(config, old) {
			t.Fatalf("the sample has no %s", old)
		}
		config = strings.ReplaceAll(config, old, new)
	}
	var folders strings.Builder
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&folders, "%s_temp_path %s/%s;\n", kind, dir, kind)
	}
	whole := "daemon off;\nmaster_process off;\npid " + dir + "/pid;\nerror_log " + dir + "/error.log;\nevents {}\nhttp {\n" + folders.String() + config + "\n}\n"
	if err := os.WriteFile(dir+"/nginx.conf", []byte(whole), 0o600); err != nil {
		t.Fatal(err)
	}
	said := &syncBuffer{}
	cmd := exec.CommandContext(t.Context(), program, "-p", dir, "-c", dir+"/nginx.conf", "-e", dir+"/error.log")
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	for {
		if c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", front); err == nil {
			_ = c.Close()
			break
		}
		select {
		case <-ended:
			t.Fatalf("nginx ended: %s", said)
		case <-time.After(20 * time.Millisecond):
		}
	}
	for _, kind := range []string{"client_body", "proxy"} {
		if err := os.Remove(filepath.Join(dir, kind)); err != nil {
			t.Fatal(err)
		}
	}

	b := r.browser()
	b.client.Transport = client
	b.login("ada", "/")
	p := b.send("/setup", b.setup("THROUGH_NGINX", "valueFormat", "text", "valueText", strings.Repeat("a long value, ", 4_000)+"its end"))
	if p.status == http.StatusSeeOther {
		if _, ok := sb.Maia.VaultSecret(maia.AgentAWS, "THROUGH_NGINX"); !ok {
			t.Error("nothing is in the vault")
		}
	}
	return p.status, r.logs.String(), string(must(os.ReadFile(dir + "/access.log")))
}

// certificate writes a certificate for loopback and its key, and gives what trusts it, from 127.0.0.2.
func certificate(t *testing.T, dir string) *http.Transport {
	t.Helper()
	s := httptest.NewTLSServer(http.NotFoundHandler())
	defer s.Close()
	for file, block := range map[string]*pemfile.Block{
		"cert.pem": {Type: "CERTIFICATE", Bytes: s.Certificate().Raw},
		"key.pem":  {Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(s.TLS.Certificates[0].PrivateKey))},
	} {
		if err := os.WriteFile(filepath.Join(dir, file), pemfile.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	client := s.Client().Transport.(*http.Transport).Clone()
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	client.DialContext = dialer.DialContext
	t.Cleanup(client.CloseIdleConnections)
	return client
}
