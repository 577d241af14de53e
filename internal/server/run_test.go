package server_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"maiaportal/internal/server"
)

// fragile is a listener that breaks when the test wants it to.
type fragile struct {
	net.Listener
	broken chan struct{}
}

var errBroken = errors.New("the network interface is gone")

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
		return nil, errBroken
	}
}

// drainer tells when it was asked to drain.
type drainer struct {
	drained atomic.Int32
	wait    chan struct{}
}

func (d *drainer) Drain(ctx context.Context) {
	d.drained.Add(1)
	if d.wait == nil {
		return
	}
	select {
	case <-d.wait:
	case <-ctx.Done():
	}
}

// running is a portal of one page, /slow, that waits until the test lets it go on.
type running struct {
	t             *testing.T
	public, admin string
	breakPublic   func()
	breakAdmin    func()
	end           func()
	hurry         func()
	begun, goOn   chan struct{}
	logs          *lines
	ended         chan error
}

// lines are log lines, one at a time.
type lines struct{ c chan string }

func (l *lines) Write(p []byte) (int, error) {
	l.c <- string(p)
	return len(p), nil
}

// wait reads lines until one says so.
func (r *running) wait(says string) {
	r.t.Helper()
	for {
		select {
		case line := <-r.logs.c:
			if strings.Contains(line, says) {
				return
			}
		case <-r.t.Context().Done():
			r.t.Fatalf("no line says %q", says)
		}
	}
}

func run(t *testing.T, delay, limit time.Duration, d *drainer) *running {
	t.Helper()
	r := &running{
		t:     t,
		begun: make(chan struct{}, 10),
		goOn:  make(chan struct{}),
		logs:  &lines{make(chan string, 1000)},
		ended: make(chan error, 1),
	}
	log := slog.New(slog.NewJSONHandler(r.logs, nil))
	ending := &server.Ending{}
	answer := func(c echo.Context) error {
		if ending.Begun() {
			return c.String(http.StatusServiceUnavailable, "unavailable\n")
		}
		return c.String(http.StatusOK, "ok\n")
	}
	public, err := server.New(server.Options{BaseURL: "http://portal.test", Log: log, Ending: ending}, func(e *echo.Echo) {
		e.GET("/", answer)
		e.GET("/slow", func(c echo.Context) error {
			r.begun <- struct{}{}
			<-r.goOn
			return c.String(http.StatusOK, "done\n")
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	listen := func() (fragile, string, func()) {
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		f := fragile{l, make(chan struct{})}
		return f, "http://" + l.Addr().String(), sync.OnceFunc(func() { close(f.broken) })
	}
	var publicListener, adminListener fragile
	publicListener, r.public, r.breakPublic = listen()
	adminListener, r.admin, r.breakAdmin = listen()
	ctx, cancel := context.WithCancel(t.Context())
	hurry := make(chan struct{})
	r.end, r.hurry = cancel, sync.OnceFunc(func() { close(hurry) })
	go func() {
		r.ended <- server.Run(ctx, server.Running{
			Public:      server.Listening{Server: public, Listener: publicListener},
			Admin:       server.Listening{Server: server.NewAdmin(log, answer, answer, http.NotFoundHandler()), Listener: adminListener},
			Delay:       delay,
			Hurry:       hurry,
			Limit:       limit,
			Submissions: d,
			Ending:      ending,
			Log:         log,
		})
	}()
	return r
}

// slow asks for the page that waits.
func (r *running) slow() chan string {
	answer := make(chan string, 1)
	go func() {
		resp, err := (&http.Client{Transport: &http.Transport{}}).Get(r.public + "/slow")
		if err != nil {
			answer <- err.Error()
			return
		}
		defer func() { _ = resp.Body.Close() }()
		b, _ := io.ReadAll(resp.Body)
		answer <- string(b)
	}()
	<-r.begun
	return answer
}

// A listener that breaks ends the process as SIGTERM does: what is under way finishes first. The same holds
// for the operator's listener.
func TestBrokenListenerDrains(t *testing.T) {
	for name, pick := range map[string]func(*running) func(){
		"public":   func(r *running) func() { return r.breakPublic },
		"operator": func(r *running) func() { return r.breakAdmin },
	} {
		t.Run(name, func(t *testing.T) {
			d := &drainer{wait: make(chan struct{})}
			r := run(t, 0, time.Minute, d)
			answer := r.slow()
			pick(r)()
			r.wait("no new connections")
			select {
			case err := <-r.ended:
				t.Fatalf("it ended under a request: %v", err)
			case <-time.After(100 * time.Millisecond):
			}
			close(r.goOn)
			if got := <-answer; got != "done\n" {
				t.Errorf("the request under way: %q", got)
			}
			close(d.wait)
			if err := <-r.ended; !errors.Is(err, errBroken) {
				t.Errorf("%v", err)
			}
			if d.drained.Load() == 0 {
				t.Error("submissions were not drained")
			}
		})
	}
}

// When the public listener is gone there is nothing to wait for; when it is the operator's, a proxy still has
// to notice.
func TestBrokenListenerAndDelay(t *testing.T) {
	r := run(t, time.Hour, time.Minute, &drainer{})
	r.breakAdmin()
	r.wait("takes requests until the delay is over")
	if status, _, _ := get(t, r.public+"/", nil); status != http.StatusServiceUnavailable {
		t.Errorf("during the delay: %d", status)
	}
	r.breakPublic()
	if err := <-r.ended; !errors.Is(err, errBroken) {
		t.Errorf("%v", err)
	}
}

// During the delay the portal says on both listeners that it is not ready, takes requests all the same, and
// makes each answer the last one of its connection, without closing those that are idle. Then the public
// listener closes. The operator's answers until nothing is under way.
func TestDelayBeforeTheListenerCloses(t *testing.T) {
	r := run(t, time.Hour, time.Minute, &drainer{})
	kept, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(r.public, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = kept.Close() }()
	answers := bufio.NewReader(kept)
	ask := func() *http.Response {
		t.Helper()
		_, _ = io.WriteString(kept, "GET / HTTP/1.1\r\nHost: portal.test\r\n\r\n")
		resp, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.ReadAll(resp.Body)
		return resp
	}
	if resp := ask(); resp.StatusCode != http.StatusOK || resp.Close {
		t.Errorf("before: %d, closes: %v", resp.StatusCode, resp.Close)
	}
	r.end()
	r.wait("takes requests until the delay is over")
	for _, base := range []string{r.public, r.admin} {
		if status, _, _ := get(t, base+"/readyz", nil); base == r.admin && status != http.StatusServiceUnavailable {
			t.Errorf("ready during the delay: %d", status)
		}
	}
	if resp := ask(); resp.StatusCode != http.StatusServiceUnavailable || !resp.Close {
		t.Errorf("over the kept connection: %d, closes: %v", resp.StatusCode, resp.Close)
	}
	if _, err := answers.ReadByte(); err != io.EOF {
		t.Errorf("after the last answer: %v", err)
	}
	answer := r.slow()
	r.hurry()
	r.wait("no new connections")
	if status, _, _ := get(t, r.admin+"/readyz", nil); status != http.StatusServiceUnavailable {
		t.Errorf("the operator's listener during the drain: %d", status)
	}
	close(r.goOn)
	if got := <-answer; got != "done\n" {
		t.Errorf("the request under way: %q", got)
	}
	if err := <-r.ended; err != nil {
		t.Error(err)
	}
	for _, base := range []string{r.public, r.admin} {
		if c, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", strings.TrimPrefix(base, "http://")); err == nil {
			_ = c.Close()
			t.Errorf("%s still listens", base)
		}
	}
}

// Whoever called Run closes the database next: no handler may run any more, not even one that was cut.
func TestNoHandlerOutlivesRun(t *testing.T) {
	r := run(t, 0, time.Nanosecond, &drainer{})
	_ = r.slow()
	r.end()
	r.wait("is cut")
	select {
	case err := <-r.ended:
		t.Fatalf("it ended under a handler: %v", err)
	case <-time.After(100 * time.Millisecond): // what must not come cannot be waited for
	}
	close(r.goOn)
	if err := <-r.ended; err != nil {
		t.Error(err)
	}
}
