package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"maiaportal/internal/record"
	"maiaportal/internal/sandbox"
	"maiaportal/internal/sandbox/fault"
	"maiaportal/internal/sandbox/maia"
	"maiaportal/internal/store"
	"maiaportal/internal/store/pgtest"
)

// replicas are two processes of "portal serve" on one PostgreSQL, behind a load balancer that sends
// each request to the next one.
type replicas struct {
	*rig
	databaseURL string
	processes   []*process
	balancer    *balancer
}

// process is one "portal serve".
type process struct {
	cmd     *exec.Cmd
	address string
	logs    *syncBuffer
	ended   chan struct{}

	mu   sync.Mutex
	more chan struct{} // closed at the next log line
}

// wait gives the log line that says something, as soon as there is one.
func (p *process) wait(t *testing.T, says string) string {
	t.Helper()
	for {
		p.mu.Lock()
		more := p.more
		p.mu.Unlock()
		for line := range strings.Lines(p.logs.String()) {
			if strings.Contains(line, says) {
				return line
			}
		}
		select {
		case <-more:
		case <-p.ended:
			// It may have been the last one.
			if text := p.logs.String(); !strings.Contains(text, says) {
				t.Fatalf("the process ended and never said %q: %s", says, text)
			}
		}
	}
}

// signal sends one.
func (p *process) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// exit waits for the end of a process, and gives its exit code.
func (p *process) exit() int {
	<-p.ended
	return p.cmd.ProcessState.ExitCode()
}

var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "portal-binary-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "portal")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

// balancer sends requests round robin to the processes that are up.
type balancer struct {
	mu      sync.Mutex
	targets []string
	next    atomic.Int64
}

func (b *balancer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	target := b.targets[int(b.next.Add(1))%len(b.targets)]
	b.mu.Unlock()
	proxy := &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(&url.URL{Scheme: "http", Host: target})
		p.Out.Host = p.In.Host
	}}
	proxy.ServeHTTP(w, r)
}

func (b *balancer) use(targets ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.targets = targets
}

func newReplicas(t *testing.T, settings ...string) *replicas {
	t.Helper()
	return newFleet(t, pgtest.Start(t), 2, settings...)
}

// newFleet starts some processes on one database.
func newFleet(t *testing.T, databaseURL string, count int, settings ...string) *replicas {
	t.Helper()
	listener := must((&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0"))
	base := "http://" + listener.Addr().String()
	lb := &balancer{}
	front := &http.Server{Handler: lb, ReadHeaderTimeout: time.Minute}
	go func() { _ = front.Serve(listener) }()
	t.Cleanup(func() { _ = front.Close() })
	sb, err := sandbox.Start(context.Background(), sandbox.Options{
		RedirectURI:           base + "/auth/callback",
		PostLogoutRedirectURI: base + "/signed-out",
		PortalURL:             base,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sb.Close() })
	r := &replicas{rig: &rig{t: t, base: base, sb: sb, logs: &syncBuffer{}}, balancer: lb, databaseURL: databaseURL}
	var targets []string
	for range count {
		p := r.start(settings...)
		r.processes = append(r.processes, p)
		targets = append(targets, p.address)
	}
	lb.use(targets...)
	return r
}

// start runs one process and waits until it is ready.
func (r *replicas) start(settings ...string) *process {
	r.t.Helper()
	path, err := binary()
	if err != nil {
		r.t.Fatal(err)
	}
	env := map[string]string{
		"BASE_URL": r.base, "LISTEN": "127.0.0.1:0", "ADMIN_LISTEN": "", "OIDC_ISSUER": r.sb.Provider.Issuer(), "OIDC_CLIENT_ID": r.sb.Provider.ClientID(),
		"OIDC_CLIENT_SECRET": r.sb.Provider.ClientSecret(), "MAIA_URL": r.sb.Maia.URL(), "DATABASE_URL": r.databaseURL,
		"SESSION_KEYS": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "ALLOWED_GROUPS": "maia-admins", "LOG_LEVEL": "debug", "MAIA_TIMEOUT": "20s",
	}
	for i := 0; i+1 < len(settings); i += 2 {
		env[settings[i]] = settings[i+1]
	}
	p := &process{
		cmd:   exec.Command(path, "serve"),
		logs:  &syncBuffer{},
		ended: make(chan struct{}),
		more:  make(chan struct{}),
	}
	p.cmd.Env = os.Environ()
	for k, v := range env {
		p.cmd.Env = append(p.cmd.Env, "PORTAL_"+k+"="+v)
	}
	pipe, err := p.cmd.StderrPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	listening := make(chan string, 1)
	go func() {
		defer close(p.ended)
		lines := bufio.NewScanner(pipe)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			_, _ = p.logs.Write(append(lines.Bytes(), '\n'))
			p.mu.Lock()
			close(p.more)
			p.more = make(chan struct{})
			p.mu.Unlock()
			if _, rest, ok := strings.Cut(lines.Text(), `"msg":"portal serves","address":"`); ok {
				address, _, _ := strings.Cut(rest, `"`)
				listening <- address
			}
		}
		_ = p.cmd.Wait()
	}()
	r.t.Cleanup(func() {
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
		<-p.ended
	})
	select {
	case p.address = <-listening:
	case <-p.ended:
		r.t.Fatalf("the process ended: %s", p.logs)
	}
	return p
}

// kill ends a process at once, as a crash would.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// S-13: ten concurrent submissions over two replicas with an access token that Maia does not accept any
// more: exactly one refresh arrives at the provider, which takes a reused refresh token for theft, and
// all ten succeed.
func TestReplicasRefreshOnce(t *testing.T) {
	t.Parallel()
	r := newReplicas(t)
	b := r.browser()
	b.login("ada", "/") // begun on one replica and finished on the other
	var forms []url.Values
	for i := range 10 {
		forms = append(forms, b.reference(fmt.Sprintf("R%d", i), "agentType", "AWS", "secretName", "s"))
	}
	r.sb.Provider.ExpireAccessTokens("ada")
	var all sync.WaitGroup
	var mu sync.Mutex
	var answers []page
	for _, form := range forms {
		all.Go(func() {
			p := b.send("/secret-references", form)
			mu.Lock()
			defer mu.Unlock()
			answers = append(answers, p)
		})
	}
	all.Wait()
	for _, p := range answers {
		if p.status != http.StatusSeeOther {
			t.Errorf("%d: %s", p.status, p.text())
		}
	}
	if n := r.sb.Provider.RefreshCount(); n != 1 {
		t.Errorf("%d refreshes arrived at the provider, want 1", n)
	}
	for i := range 10 {
		if _, ok := r.sb.Maia.Reference(maia.ProjectFinance, fmt.Sprintf("R%d", i)); !ok {
			t.Errorf("R%d is missing", i)
		}
	}
}

// S-29, S-47: one form sent to both replicas at once makes one call; a replica that is killed in the
// middle costs no login and doubles nothing; what it had under way is settled by the other one, which
// leaves its own alone.
func TestReplicaIsKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	// The living replica's own call has to outlast the time that it takes to be sure of the other's death.
	r := newReplicas(t, "MAIA_TIMEOUT", "60s", "SHUTDOWN_TIMEOUT", "120s")
	b := r.browser()
	b.login("ada", "/")
	form := b.reference("ONCE", "agentType", "AWS", "secretName", "s")
	hold := make(chan struct{})
	r.sb.Maia.SetFault(&fault.Fault{Hold: hold})
	first, second := r.processes[0], r.processes[1]

	// The first POST goes to the first replica, and stays under way there.
	r.balancer.use(first.address)
	cut := make(chan struct{})
	go func() {
		defer close(cut)
		req := b.request(http.MethodPost, "/secret-references", strings.NewReader(form.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if resp, err := b.client.Do(req); err == nil {
			_ = resp.Body.Close()
		}
	}()
	if err := r.sb.Maia.WaitForCall(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	// The second replica has one of its own under way.
	r.balancer.use(second.address)
	own := b.reference("OWN", "agentType", "AWS", "secretName", "s")
	ownAnswer := make(chan page, 1)
	go func() { ownAnswer <- b.send("/secret-references", own) }()
	if err := r.sb.Maia.WaitForCall(t.Context(), 2); err != nil {
		t.Fatal(err)
	}

	first.kill()
	<-cut
	// The same form at the second replica waits for the first's end, makes no call, and is told.
	p := b.send("/secret-references", form)
	if p.status != http.StatusSeeOther {
		t.Fatalf("%d: %s", p.status, p.text())
	}
	text := b.get(p.location()).text()
	if !strings.Contains(text, "ONCE may or may not have been created") {
		t.Errorf("the receipt says: %s", text)
	}
	close(hold)
	if p := <-ownAnswer; p.status != http.StatusSeeOther || !strings.Contains(b.get(p.location()).text(), "OWN was created") {
		t.Errorf("what the living replica had under way: %d %s", p.status, p.text())
	}
	if n := len(r.sb.Maia.WriteCalls()); n != 2 {
		t.Errorf("%d calls to Maia, want 2", n)
	}
	st := must(store.Open(r.databaseURL, time.Now))
	defer func() { _ = st.Close() }()
	list := must(st.Submissions(t.Context(), record.Query{Of: record.Everyone, Limit: 10}))
	outcomes := map[string]string{}
	for _, s := range list {
		outcomes[s.Name] += string(s.Outcome)
	}
	if outcomes["ONCE"] != "unknown" || outcomes["OWN"] != "created" {
		t.Errorf("recorded: %v", outcomes)
	}
	if p := b.get("/"); p.status != http.StatusOK {
		t.Errorf("the login is lost: %d", p.status)
	}
}

// A process that dies between a setup's two calls leaves its value behind, and says so: another one settles it, and
// the reference alone finishes it. There is one value, and one reference.
func TestSetupIsKilledBetweenItsCalls(t *testing.T) {
	t.Parallel()
	r := newReplicas(t, "MAIA_TIMEOUT", "60s", "SHUTDOWN_TIMEOUT", "120s")
	b := r.browser()
	b.login("ada", "/")
	// Maia answers the value and holds the reference.
	form := b.setup("HALF_WAY", "name", "prod/half-way", "valueFormat", "text", "valueText", "kept by the vault", "description", "d")
	first, second := r.processes[0], r.processes[1]
	r.sb.Maia.SetFault(&fault.Fault{Hang: true, Skip: 1})
	r.balancer.use(first.address)
	cut := make(chan struct{})
	go func() {
		defer close(cut)
		req := b.formRequest("/setup", form)
		if resp, err := b.client.Do(req); err == nil {
			_ = resp.Body.Close()
		}
	}()
	if err := r.sb.Maia.WaitForCall(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	r.balancer.use(second.address)
	first.kill()
	<-cut

	p := b.send("/setup", form)
	if p.status != http.StatusSeeOther {
		t.Fatalf("%d: %s", p.status, p.text())
	}
	receipt := b.get(p.location())
	if !strings.Contains(receipt.text(), "The value of HALF_WAY is stored, the reference is missing") {
		t.Fatalf("the receipt says: %s", receipt.text())
	}
	// Its link has everything that the reference needs, but for the name that hangs.
	link := receipt.href("Finish the reference")
	finish := filled(b.get(link))
	if got := finish.Get("secretName") + " " + finish.Get("secretKey") + " " + finish.Get("agentType"); got != "prod/half-way password AWS" {
		t.Errorf("the link fills in %s", got)
	}
	st := must(store.Open(r.databaseURL, time.Now))
	defer func() { _ = st.Close() }()
	half := must(st.Submissions(t.Context(), record.Query{Of: record.Everyone, Limit: 10}))
	if len(half) != 1 || half[0].Outcome != record.ValueStored || half[0].VaultSecretName == "" {
		t.Fatalf("%+v", half)
	}
	r.sb.Maia.SetFault(nil)
	if p := b.send("/secret-references", finish); p.status != http.StatusSeeOther {
		t.Fatalf("%d: %s", p.status, p.text())
	}
	if whole := must(st.SubmissionByID(t.Context(), half[0].ID)); whole.Outcome != record.Created {
		t.Errorf("after the reference it is %s", whole.Outcome)
	}
	if n := len(r.sb.Maia.WriteCalls()); n != 3 {
		t.Errorf("%d calls to Maia, want the value, the reference that hung, and the one that finished it", n)
	}
}

// S-45: the limit for one user holds over all replicas. A logout counts everywhere, too.
func TestReplicasShareLimitAndLogout(t *testing.T) {
	r := newReplicas(t, "SUBMISSIONS_PER_MINUTE", "3")
	b := r.browser()
	b.login("ada", "/")
	statuses := map[int]int{}
	for i := range 6 {
		statuses[b.send("/secret-references", b.reference(fmt.Sprintf("R%d", i), "agentType", "AWS", "secretName", "s")).status]++
	}
	if statuses[http.StatusTooManyRequests] < 2 || statuses[http.StatusSeeOther] < 3 {
		t.Errorf("answers: %v", statuses)
	}
	if p := b.send("/logout", url.Values{}); p.status != http.StatusOK {
		t.Fatalf("logout: %d", p.status)
	}
	for range 2 {
		if p := b.get("/activity"); p.status != http.StatusSeeOther || !strings.HasPrefix(p.location(), "/login") {
			t.Errorf("after the logout: %d to %q", p.status, p.location())
		}
	}
}

// A process that is asked to end finishes what is under way, and ends with 0.
func TestDrain(t *testing.T) {
	r := newReplicas(t)
	b := r.browser()
	b.login("ada", "/")
	r.balancer.use(r.processes[0].address)
	form := b.reference("DRAINED", "agentType", "AWS", "secretName", "s")
	hold := make(chan struct{})
	r.sb.Maia.SetFault(&fault.Fault{Hold: hold})
	answer := make(chan page, 1)
	go func() { answer <- b.send("/secret-references", form) }()
	if err := r.sb.Maia.WaitForCall(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	r.processes[0].signal(t, syscall.SIGTERM)
	close(hold)
	if p := <-answer; p.status != http.StatusSeeOther {
		t.Errorf("%d: %s", p.status, p.text())
	}
	if code := r.processes[0].exit(); code != 0 {
		t.Errorf("exit code %d: %s", code, r.processes[0].logs)
	}
}
