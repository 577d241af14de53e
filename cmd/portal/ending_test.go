package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"runtime/pprof"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"maiaportal/internal/record"
	"maiaportal/internal/sandbox"
	"maiaportal/internal/sandbox/fault"
	"maiaportal/internal/store"
)

// fragile is a listener that breaks when the test wants it to.
type fragile struct {
	net.Listener
	broken chan struct{}
}

func (f fragile) Accept() (net.Conn, error) {
	type accepted struct {
		c   net.Conn
		err error
	}
	one := make(chan accepted, 1)
	go func() {
		c, err := f.Listener.Accept()
		one <- accepted{c, err}
	}()
	select {
	case a := <-one:
		return a.c, a.err
	case <-f.broken:
		return nil, errListenerBroke
	}
}

var errListenerBroke = errors.New("the network interface is gone")

// S-46: a listener that breaks under a submission loses nothing: it ends, is recorded and answered, and only
// then the database is closed. Nor is it closed under what runs in the background.
func TestListenerBreaksUnderASubmission(t *testing.T) {
	r := newRig(t)
	r.stop()
	address := must(url.Parse(r.base)).Host
	l := fragile{must((&net.ListenConfig{}).Listen(t.Context(), "tcp", address)), make(chan struct{})}
	fail := sync.OnceFunc(func() { close(l.broken) })
	t.Cleanup(fail)
	r.wire()
	broke := make(chan error, 1)
	t.Cleanup(r.run(l, func(err error) { broke <- err }))
	b := r.browser()
	b.login("ada", "/")
	form := b.reference("UNDER_WAY", "agentType", "AWS", "secretName", "s")
	hold := make(chan struct{})
	r.sb.Maia.SetFault(&fault.Fault{Hold: hold})
	answer := make(chan page, 1)
	go func() { answer <- b.send("/secret-references", form) }()
	if err := r.sb.Maia.WaitForCall(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	fail()
	for !r.p.ending.Begun() {
		select {
		case err := <-broke:
			t.Fatalf("it ended under a submission: %v", err)
		case <-time.After(time.Millisecond):
		}
	}
	close(hold)
	if p := <-answer; p.status != http.StatusSeeOther {
		t.Errorf("%d: %s", p.status, p.text())
	}
	if err := <-broke; !errors.Is(err, errListenerBroke) {
		t.Errorf("the portal ended with %v", err)
	}
	st := must(store.Open("sqlite:"+r.dir+"/portal.db", time.Now))
	defer func() { _ = st.Close() }()
	if list := must(st.Submissions(t.Context(), record.Query{
		Of:    record.Everyone,
		Limit: 10,
	})); len(list) != 1 || list[0].Outcome != "created" {
		t.Errorf("recorded: %+v", list)
	}
	if log := r.logs.String(); strings.Contains(log, "database is closed") || strings.Contains(log, "not settled") || strings.Contains(log, "not swept") {
		t.Errorf("something ran on: %s", log)
	}
}

// Nothing runs in the background any more when the database is closed: not after a drain, and not where the
// portal never came to serve.
func TestNothingRunsOnAfterTheEnd(t *testing.T) {
	r := newRig(t)
	r.browser().login("ada", "/")
	r.stop()
	if left := inBackground(); left != "" {
		t.Errorf("after a drain: %s", left)
	}
	r.wire()
	r.p.background(t.Context())
	if err := r.p.close(); err != nil {
		t.Error(err)
	}
	if left := inBackground(); left != "" {
		t.Errorf("after the start failed: %s", left)
	}
}

// inBackground has the goroutines of portal.background, where there are any.
func inBackground() string {
	var stacks bytes.Buffer
	_ = pprof.Lookup("goroutine").WriteTo(&stacks, 2)
	var left strings.Builder
	for stack := range strings.SplitSeq(stacks.String(), "\n\n") {
		if strings.Contains(stack, "(*portal).background") {
			left.WriteString(stack)
		}
	}
	return left.String()
}

// alone is one process of "portal serve" on SQLite.
func alone(t *testing.T, settings ...string) (*replicas, *process) {
	t.Helper()
	r := newFleet(t, "sqlite:"+t.TempDir()+"/portal.db", 1, settings...)
	return r, r.processes[0]
}

// ask gets an address over a connection of its own.
func ask(t *testing.T, address string) *http.Response {
	t.Helper()
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Get(address)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	return resp
}

// At SIGTERM readiness fails at once, on both listeners, and the portal goes on serving for the time of the
// delay; a second signal leaves the rest of it out. What is under way is finished even then, and the operator's
// listener answers meanwhile.
func TestShutdownDelay(t *testing.T) {
	r, p := alone(t, "ADMIN_LISTEN", "127.0.0.1:0", "SHUTDOWN_DELAY", "1h")
	var line struct{ Address string }
	if err := json.Unmarshal([]byte(p.wait(t, "operator's listener")), &line); err != nil {
		t.Fatal(err)
	}
	public, admin := "http://"+p.address, "http://"+line.Address
	b := r.browser()
	b.login("ada", "/") // the provider is found by now
	for _, base := range []string{public, admin} {
		if resp := ask(t, base+"/readyz"); resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: not ready before: %d", base, resp.StatusCode)
		}
	}
	p.signal(t, syscall.SIGTERM)
	p.wait(t, "takes requests until the delay is over")
	for _, base := range []string{public, admin} {
		if resp := ask(t, base+"/readyz"); resp.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("%s: ready during the delay: %d", base, resp.StatusCode)
		}
		if resp := ask(t, base+"/healthz"); resp.StatusCode != http.StatusOK {
			t.Errorf("%s: not alive during the delay: %d", base, resp.StatusCode)
		}
	}
	form := b.reference("IN_THE_DELAY", "agentType", "AWS", "secretName", "s")
	if sent := b.send("/secret-references", form); sent.status != http.StatusSeeOther {
		t.Errorf("a submission during the delay: %d %s", sent.status, sent.text())
	}
	late := b.reference("IN_THE_DRAIN", "agentType", "AWS", "secretName", "s")
	hold := make(chan struct{})
	r.sb.Maia.SetFault(&fault.Fault{Hold: hold})
	answer := make(chan page, 1)
	go func() { answer <- b.send("/secret-references", late) }()
	if err := r.sb.Maia.WaitForCall(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	p.signal(t, syscall.SIGTERM)
	p.wait(t, "no new connections")
	if resp := ask(t, admin+"/readyz"); resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("the operator's listener during the drain: %d", resp.StatusCode)
	}
	close(hold)
	if sent := <-answer; sent.status != http.StatusSeeOther {
		t.Errorf("a submission during the drain: %d %s", sent.status, sent.text())
	}
	if code := p.exit(); code != 0 {
		t.Errorf("exit code %d: %s", code, p.logs)
	}
	p.wait(t, "portal ended")
}

// Signals by which other programs read their configuration again, or begin a new log file, do not end the
// portal, but leave a line in the log.
func TestSignalsThatDoNotEndThePortal(t *testing.T) {
	_, p := alone(t)
	for _, s := range []syscall.Signal{syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2} {
		p.signal(t, s)
		p.wait(t, `"signal":"`+s.String()+`"`)
		if resp := ask(t, "http://"+p.address+"/healthz"); resp.StatusCode != http.StatusOK {
			t.Errorf("after %s: %d", s, resp.StatusCode)
		}
	}
	p.signal(t, syscall.SIGTERM)
	if code := p.exit(); code != 0 {
		t.Errorf("exit code %d: %s", code, p.logs)
	}
}

// Whoever reads the logs may go away: the next line must not end the portal.
func TestLogsThatNobodyReads(t *testing.T) {
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	sb := must(sandbox.Start(t.Context(), sandbox.Options{
		RedirectURI: "http://127.0.0.1:1/auth/callback",
		PortalURL:   "http://127.0.0.1:1",
	}))
	t.Cleanup(func() { _ = sb.Close() })
	cmd := exec.Command(path, "serve")
	cmd.Env = append(os.Environ(), "PORTAL_BASE_URL=http://127.0.0.1:1", "PORTAL_LISTEN=127.0.0.1:0", "PORTAL_ADMIN_LISTEN=", "PORTAL_OIDC_ISSUER="+sb.Provider.Issuer(), "PORTAL_OIDC_CLIENT_ID=portal",
		"PORTAL_MAIA_URL="+sb.Maia.URL(), "PORTAL_DATABASE_URL=sqlite:"+t.TempDir()+"/portal.db", "PORTAL_SESSION_KEYS=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
	pipe := must(cmd.StderrPipe())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	lines := bufio.NewScanner(pipe)
	var line struct{ Msg, Address string }
	for line.Msg != "portal serves" {
		if !lines.Scan() {
			t.Fatal("the portal ended")
		}
		_ = json.Unmarshal(lines.Bytes(), &line)
	}
	if err := pipe.Close(); err != nil {
		t.Fatal(err)
	}
	for range 3 { // each leaves a line
		if resp := ask(t, "http://"+line.Address+"/healthz"); resp.StatusCode != http.StatusOK {
			t.Errorf("%d", resp.StatusCode)
		}
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the portal ended with %v", err)
	}
}

// A demo survives SIGHUP, too; but where its terminal is gone it ends as at Ctrl+C, and leaves nothing behind.
func TestDemoHangsUp(t *testing.T) {
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cmd := exec.Command(path, "demo", "--listen", "127.0.0.1:0", "--json")
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	out, logs := must(cmd.StdoutPipe()), must(cmd.StderrPipe())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	var demo struct{ URL string }
	if err := json.NewDecoder(out).Decode(&demo); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(logs).ReadBytes('\n'); err != nil || !bytes.Contains(line, []byte("hangup")) {
		t.Errorf("%s, %v", line, err)
	}
	if resp := ask(t, demo.URL+"/healthz"); resp.StatusCode != http.StatusOK {
		t.Errorf("after SIGHUP: %d", resp.StatusCode)
	}
	_ = logs.Close()
	_ = out.Close()
	if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the demo ended with %v", err)
	}
	if left := must(os.ReadDir(dir)); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}
