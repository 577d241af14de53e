package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"maiaportal/internal/record"
	"maiaportal/internal/sandbox"
	"maiaportal/internal/sandbox/maia"
	"maiaportal/internal/store"
	"maiaportal/internal/store/pgtest"
)

// caddyfile lets the proxy send requests to instances that say they are ready, and nothing else. It tries
// nothing again (lb_try_duration), though one should outside of tests: so everything shows that an instance
// lets drop.
const caddyfile = `{
	admin off
	auto_https off
	log {
		level ERROR
	}
}
http://%s {
	reverse_proxy %s {
		health_uri /readyz
		health_interval 200ms
		health_timeout 5s
	}
}
`

// freePort is an address that nobody has, below those that the system gives to outgoing connections: a
// process that is restarted gets it again.
func freePort(t *testing.T) string {
	t.Helper()
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(10000))
		if l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address); err == nil {
			_ = l.Close()
			return address
		}
	}
	t.Fatal("no free port")
	return ""
}

// startCaddy runs the proxy in front of some addresses, and waits until it answers.
func startCaddy(t *testing.T, address string, upstreams ...string) {
	t.Helper()
	dir := t.TempDir()
	config := filepath.Join(dir, "Caddyfile")
	if err := os.WriteFile(config, fmt.Appendf(nil, caddyfile, address, strings.Join(upstreams, " ")), 0o600); err != nil {
		t.Fatal(err)
	}
	logs := &syncBuffer{}
	cmd := exec.Command(tool(t, "caddy"), "run", "--config", config, "--adapter", "caddyfile")
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	cmd.Stdout, cmd.Stderr = logs, logs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		if t.Failed() {
			t.Logf("caddy: %s", logs)
		}
	})
	for {
		// Both instances are ready, so the first answer can be no other.
		if resp, err := http.Get("http://" + address + "/readyz"); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-ended:
			t.Fatalf("caddy ended: %s", logs)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// submitter is somebody who submits one thing after the other, and notes everything that is not as it
// should be.
type submitter struct {
	*browser
	sent   []string // names of references and values that were submitted
	count  int      // answers
	faults []string
}

// answer does a request. False: the submitter has seen enough.
func (s *submitter) answer(req *http.Request, want int) (p page, ok bool) {
	resp, err := s.client.Do(req)
	s.count++
	if err == nil {
		var body []byte
		body, err = io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		p = parsed(resp, body)
	}
	if err == nil && p.status != want {
		err = fmt.Errorf("%d %.300s", p.status, p.text())
	}
	if err != nil {
		s.faults = append(s.faults, fmt.Sprintf("%s %s: %v", req.Method, req.URL.Path, err))
	}
	return p, err == nil
}

// submit opens a form, sends it, and reads the receipt.
func (s *submitter) submit(name, page, action string, fields ...string) {
	form, ok := s.answer(s.request(http.MethodGet, page, nil), http.StatusOK)
	if !ok {
		return
	}
	s.sent = append(s.sent, name)
	sent, ok := s.answer(s.formRequest(action, filled(form, fields...)), http.StatusSeeOther)
	if !ok {
		return
	}
	receipt, ok := s.answer(s.request(http.MethodGet, sent.location(), nil), http.StatusOK)
	if text := receipt.text(); ok && !strings.Contains(text, name+" was created") && !strings.Contains(text, name+" was stored") {
		s.faults = append(s.faults, fmt.Sprintf("the receipt of %s says %.300s", name, text))
	}
}

// work submits until the end.
func (s *submitter) work(who int, end <-chan struct{}) {
	for i := 0; ; i++ {
		select {
		case <-end:
			return
		default:
		}
		if i%2 == 0 {
			name := fmt.Sprintf("REFERENCE_%d_%d", who, i)
			s.submit(name, "/secret-references/new", "/secret-references",
				"projectId", maia.ProjectFinance, "secretReferenceName", name, "agentType", "AWS", "secretName", "s")
			continue
		}
		name := fmt.Sprintf("value-%d-%d", who, i)
		s.submit(name, "/secret-values/new", "/secret-values",
			"agentId", maia.AgentAWS, "name", name, "type", "PASSWORD", "valueFormat", "text", "key", "k", "valueText", "hunter2")
	}
}

// written is the name of what a call to Maia writes.
func written(call maia.Call) string {
	if secret, ok := call.Request["secret"].(map[string]any); ok {
		name, _ := secret["name"].(string)
		return name
	}
	return path.Base(call.Path) // of a reference
}

// S-46: two instances behind a proxy are restarted one after the other while people submit: no answer is an
// error, nothing is lost, and nothing arrives twice.
func TestRollingRestartLosesNothing(t *testing.T) {
	t.Parallel()
	tool(t, "caddy")
	databaseURL := pgtest.Start(t)
	front := freePort(t)
	base := "http://" + front
	sb := must(sandbox.Start(t.Context(), sandbox.Options{
		RedirectURI:           base + "/auth/callback",
		PostLogoutRedirectURI: base + "/signed-out",
		PortalURL:             base,
	}))
	t.Cleanup(func() { _ = sb.Close() })
	r := &replicas{rig: &rig{t: t, base: base, sb: sb, logs: &syncBuffer{}}, databaseURL: databaseURL}
	addresses := []string{freePort(t), freePort(t)}
	begin := func(address string) *process {
		return r.start("LISTEN", address, "SHUTDOWN_DELAY", "3s", "SUBMISSIONS_PER_MINUTE", "1000", "LOG_LEVEL", "info")
	}
	for _, address := range addresses {
		r.processes = append(r.processes, begin(address))
	}
	startCaddy(t, front, addresses...)

	var people []*submitter
	for _, name := range []string{"ada", "grace", "ada", "grace"} {
		s := &submitter{browser: r.browser()}
		s.login(name, "/")
		people = append(people, s)
	}
	end := make(chan struct{})
	stop := sync.OnceFunc(func() { close(end) })
	var all sync.WaitGroup
	for who, s := range people {
		all.Go(func() { s.work(who, end) })
	}
	t.Cleanup(func() { stop(); all.Wait() })
	for i, address := range addresses {
		// It has its share of the submissions before it goes, and its successor before the next one goes.
		r.processes[i].wait(t, `"method":"POST","path":"/secret-`)
		r.processes[i].signal(t, syscall.SIGTERM)
		if code := r.processes[i].exit(); code != 0 {
			t.Errorf("exit code %d: %s", code, r.processes[i].logs)
		}
		r.processes[i] = begin(address)
		r.processes[i].wait(t, `"method":"POST","path":"/secret-`)
	}
	stop()
	all.Wait()

	answers, names := 0, map[string]int{}
	for who, s := range people {
		answers += s.count
		for _, fault := range s.faults {
			t.Errorf("submitter %d: %s", who, fault)
		}
		for _, name := range s.sent {
			names[name] = 0
		}
	}
	t.Logf("%d answers, %d submissions", answers, len(names))
	for _, call := range sb.Maia.WriteCalls() {
		name := written(call)
		if _, ours := names[name]; !ours || call.Status/100 != 2 {
			t.Errorf("a call that nobody made: %s %s %q: %d", call.Method, call.Path, name, call.Status)
		}
		names[name]++
	}
	outcomes, err := recorded(t.Context(), r.databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	for name, calls := range names {
		if calls != 1 {
			t.Errorf("%s arrived %d times", name, calls)
		}
		if strings.HasPrefix(name, "value") {
			if _, ok := sb.Maia.VaultSecret(maia.AgentAWS, name); !ok {
				t.Errorf("%s is not in the vault", name)
			}
		} else if _, ok := sb.Maia.Reference(maia.ProjectFinance, name); !ok {
			t.Errorf("%s is not there", name)
		}
		if outcomes[name] != "created" {
			t.Errorf("%s is recorded as %q", name, outcomes[name])
		}
		delete(outcomes, name)
	}
	if len(outcomes) > 0 {
		t.Errorf("recorded, and never submitted: %v", outcomes)
	}
}

// recorded are the outcomes of all records, by name; those of one name are joined.
func recorded(ctx context.Context, databaseURL string) (_ map[string]string, err error) {
	st, err := store.Open(databaseURL, time.Now)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	outcomes := map[string]string{}
	for before := ""; ; {
		list, err := st.Submissions(ctx, record.Query{Of: record.Everyone, Before: before, Limit: 100})
		if err != nil || len(list) == 0 {
			return outcomes, err
		}
		for _, s := range list {
			outcomes[s.Name] += string(s.Outcome)
			before = s.ID
		}
	}
}
