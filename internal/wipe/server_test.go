package wipe

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// pipes is a listener in memory, so that a test decides which bytes come together.
type pipes struct {
	ready chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.ready:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// watched tells what the server's buffer holds at the moments that count.
type watched struct {
	net.Conn
	wrapper *serverConn
	// waits gets what is in the buffer whenever the server is about to wait for a request; closed when the
	// connection is closed, which is just after net/http has given the buffer away.
	waits, closed chan []byte
	failWrite     bool
	gone          func()
}

func (w *watched) Read(p []byte) (int, error) {
	// The whole buffer is read into when there is nothing unread: it is between two requests.
	if w.wrapper.in.holds(p) && w.wrapper.phase == waiting && len(p) == len(w.wrapper.in) {
		select {
		case w.waits <- bytes.Clone(w.wrapper.in):
		default:
		}
	}
	return w.Conn.Read(p)
}

func (w *watched) Write(p []byte) (int, error) {
	if w.failWrite {
		return 0, errors.New("the client is gone")
	}
	return w.Conn.Write(p)
}

func (w *watched) Close() error {
	select {
	case w.closed <- bytes.Clone(w.wrapper.in):
	default:
	}
	w.gone()
	return w.Conn.Close()
}

// watching makes the connections of a listener watched ones.
type watching struct {
	net.Listener
	made chan *watched
	fail bool
	open *sync.WaitGroup
}

func (l watching) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	s := c.(*serverConn)
	w := &watched{
		Conn:      s.Conn,
		wrapper:   s,
		waits:     make(chan []byte, 100),
		closed:    make(chan []byte, 1),
		failWrite: l.fail,
		gone:      sync.OnceFunc(l.open.Done),
	}
	l.open.Add(1)
	s.Conn = w
	l.made <- w
	return s, nil
}

type site struct {
	t      *testing.T
	pipes  *pipes
	made   chan *watched
	server *http.Server
}

// newSite serves a handler.
func newSite(t *testing.T, fail bool, h http.HandlerFunc) *site {
	t.Helper()
	s := &site{t, &pipes{ready: make(chan net.Conn), done: make(chan struct{})}, make(chan *watched, 10), nil}
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}
	Server(server)
	s.server = server
	served := make(chan struct{})
	var open sync.WaitGroup
	go func() { _ = server.Serve(watching{Listener(s.pipes), s.made, fail, &open}); close(served) }()
	t.Cleanup(func() {
		open.Wait() // the clients have closed; the next test's connections may get the same buffers
		_ = server.Close()
		<-served
	})
	return s
}

func (s *site) dial() (net.Conn, *watched) {
	client, server := net.Pipe()
	_ = client.SetDeadline(time.Now().Add(time.Minute)) // a lost request fails, and does not hang
	s.pipes.ready <- server
	s.t.Cleanup(func() { _ = client.Close() })
	return client, <-s.made
}

// echo answers with the body that it got.
func echo(w http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
	}
	_, _ = fmt.Fprintf(w, "%s %d %s", r.URL.Path, len(b), strings.ToUpper(string(b[:min(len(b), 40)])))
}

// clean fails where something is left of what was sent.
func clean(t *testing.T, what string, buffer []byte) {
	t.Helper()
	if len(buffer) == 0 {
		t.Errorf("%s: no buffer was seen", what)
	}
	if rest := bytes.Trim(buffer, "\x00"); len(rest) > 0 {
		t.Errorf("%s: the buffer holds %q", what, rest)
	}
}

// S-34: requests that come in one piece, or in two that are cut anywhere, are all served as they were
// sent: what was read ahead of the next one is not touched. When all are answered, nothing is left.
func TestPipelinedRequests(t *testing.T) {
	stream := "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 24\r\n\r\nthe first one is a canary" +
		"POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nchunks\r\n4\r\n too\r\n0\r\n\r\n" +
		"GET /c HTTP/1.1\r\nHost: x\r\n\r\n" +
		"POST /d HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\nthe last"
	stream = strings.Replace(stream, "Content-Length: 24", "Content-Length: 25", 1)
	want := []string{"/a 25 THE FIRST ONE IS A CANARY", "/b 10 CHUNKS TOO", "/c 0 ", "/d 8 THE LAST"}
	s := newSite(t, false, echo)
	for cut := 1; cut <= len(stream); cut += 3 {
		client, server := s.dial()
		go func() {
			_, _ = io.WriteString(client, stream[:cut])
			_, _ = io.WriteString(client, stream[cut:])
		}()
		answers := bufio.NewReader(client)
		for i := range want {
			resp, err := http.ReadResponse(answers, nil)
			if err != nil {
				t.Fatalf("cut at %d, answer %d: %v", cut, i, err)
			}
			got, err := io.ReadAll(resp.Body)
			if err != nil || string(got) != want[i] {
				t.Fatalf("cut at %d: answer %d is %q, %v", cut, i, got, err)
			}
		}
		_ = client.Close()
		clean(t, fmt.Sprintf("closed, cut at %d", cut), <-server.closed)
	}
}

// S-34: a connection that is kept has nothing left of a request when the next one is waited for.
func TestKeptConnectionIsClean(t *testing.T) {
	s := newSite(t, false, echo)
	client, server := s.dial()
	clean(t, "new", <-server.waits)
	answers := bufio.NewReader(client)
	for _, size := range []int{10, 3000, 4096, 5000, 100_000} {
		go func() {
			_, _ = fmt.Fprintf(client, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", size, strings.Repeat("canary", size)[:size])
		}()
		resp, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		clean(t, fmt.Sprint(size), <-server.waits)
	}
}

// S-34: whatever ends a connection, the buffer is clean when net/http gives it back.
func TestClosedConnectionIsClean(t *testing.T) {
	const post = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 14\r\n"
	for name, tc := range map[string]struct {
		sent    string
		status  int // 0 where there is no answer
		handler http.HandlerFunc
		fail    bool
		hangUp  bool
	}{
		"the client asks for it":              {post + "Connection: close\r\n\r\nthe canary is ", 200, echo, false, false},
		"an old client":                       {"POST / HTTP/1.0\r\nContent-Length: 14\r\n\r\nthe canary is ", 200, echo, false, false},
		"an old client that wants to keep it": {"POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 14\r\n\r\nthe canary is ", 200, echo, false, false},
		"another request behind it":           {post + "Connection: close\r\n\r\nthe canary is GET / HTTP/1.1\r\nX: canary\r\n\r\n", 200, echo, false, false},
		"the handler panics": {post + "\r\nthe canary is ", 0, func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.ReadAll(r.Body)
			panic(http.ErrAbortHandler)
		}, false, false},
		"the handler panics and has read nothing":    {post + "\r\nthe canary is ", 0, func(http.ResponseWriter, *http.Request) { panic("x") }, false, false},
		"the answer cannot be sent":                  {post + "\r\nthe canary is ", 0, echo, true, false},
		"the body breaks off":                        {post + "\r\nthe canary", 0, echo, false, true},
		"the header breaks off":                      {post + "X: the canary", 0, echo, false, true},
		"the body is too long to be read to its end": {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\nthe canary is ", 403, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) }, false, false},
		"no request":                                 {"POST canary canary canary\r\n\r\n", 400, echo, false, false},
		"a header that is too long":                  {"POST / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("canary", 1<<18), 431, echo, false, false},
		"an unknown expectation":                     {post + "Expect: canary\r\n\r\nthe canary is ", 417, echo, false, false},
		"an unknown transfer coding":                 {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: canary\r\n\r\nthe canary is ", 501, echo, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, tc.fail, tc.handler)
			client, server := s.dial()
			go func() {
				_, _ = io.WriteString(client, tc.sent)
				if tc.hangUp {
					_ = client.Close()
				}
			}()
			resp, err := http.ReadResponse(bufio.NewReader(client), nil)
			switch {
			case tc.status == 0 && err == nil && !tc.hangUp:
				t.Errorf("answered by %d", resp.StatusCode)
			case tc.status != 0 && (err != nil || resp.StatusCode != tc.status):
				t.Errorf("%+v, %v; want %d", resp, err, tc.status)
			}
			_ = client.Close()
			clean(t, name, <-server.closed)
		})
	}
}

// An answer that a panic cuts is a failure for old clients as well, for whom the end of a connection ends an answer.
func TestCutAnswerOverHTTP10(t *testing.T) {
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "half of it")
		_ = http.NewResponseController(w).Flush()
		if r.URL.Path == "/cut" {
			panic(http.ErrAbortHandler)
		}
	})}
	Server(s)
	go func() { _ = s.Serve(Listener(l)) }()
	defer func() { _ = s.Close() }()
	for path, whole := range map[string]bool{"/whole": true, "/cut": false} {
		client, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(client, "GET "+path+" HTTP/1.0\r\n\r\n")
		if got, err := io.ReadAll(client); (err == nil) != whole {
			t.Errorf("%s: %q, %v", path, got, err)
		}
		_ = client.Close()
	}
}

// S-34: a body that the handler does not want is read, so that the connection can be kept, but not by
// net/http, whose buffers for that are never cleared.
func TestUnreadBody(t *testing.T) {
	s := newSite(t, false, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/flush" {
			_ = http.NewResponseController(w).Flush()
		}
		w.WriteHeader(http.StatusForbidden)
	})
	client, _ := s.dial()
	answers := bufio.NewReader(client)
	for _, path := range []string{"/", "/flush", "/"} {
		go func() {
			_, _ = fmt.Fprintf(client, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 50000\r\n\r\n%s", path, strings.Repeat("canary....", 5000))
		}()
		resp, err := http.ReadResponse(answers, nil)
		if err != nil || resp.Close {
			t.Fatalf("%s: %+v, %v", path, resp, err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
	}
}

// A client that waits to be asked for its body is not asked where the handler does not want it.
func TestExpectContinue(t *testing.T) {
	s := newSite(t, false, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wanted" {
			echo(w, r)
		} else {
			w.WriteHeader(http.StatusForbidden)
		}
	})
	for path, want := range map[string]int{"/wanted": 100, "/unwanted": 403} {
		client, server := s.dial()
		go func() {
			_, _ = io.WriteString(client, "POST "+path+" HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 6\r\n\r\n")
		}()
		line, err := bufio.NewReader(client).ReadString('\n')
		if err != nil || !strings.Contains(line, fmt.Sprint(want)) {
			t.Errorf("%s: %q, %v", path, line, err)
		}
		_ = client.Close()
		<-server.closed
	}
}

// A server that was not made to tell when its handlers run has its buffers left alone, and a listener of
// another kind is none of this package's business.
func TestOneWithoutTheOther(t *testing.T) {
	for name, wrap := range map[string]func(*http.Server, net.Listener) net.Listener{
		"listener alone": func(_ *http.Server, l net.Listener) net.Listener { return Listener(l) },
		"server alone":   func(s *http.Server, l net.Listener) net.Listener { Server(s); return l },
	} {
		p := &pipes{ready: make(chan net.Conn), done: make(chan struct{})}
		server := &http.Server{Handler: http.HandlerFunc(echo), ReadHeaderTimeout: time.Minute}
		l := wrap(server, p)
		served := make(chan struct{})
		go func() { _ = server.Serve(l); close(served) }()
		client, far := net.Pipe()
		p.ready <- far
		const one = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nbodies"
		go func() { _, _ = io.WriteString(client, one+one) }()
		answers := bufio.NewReader(client)
		for range 2 {
			resp, err := http.ReadResponse(answers, nil)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if b, _ := io.ReadAll(resp.Body); string(b) != "/ 6 BODIES" {
				t.Errorf("%s: %q", name, b)
			}
		}
		_ = client.Close()
		_ = server.Shutdown(context.Background())
		<-served
	}
}

// S-22: whoever is refused for what the header says gets the answer at once, whether the body comes or
// not, and the buffer is clean.
func TestRefusedBeforeTheBody(t *testing.T) {
	s := newSite(t, false, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusForbidden)
	})
	for name, head := range map[string]string{
		"with a length":         "Content-Length: 1000\r\n\r\nthe canary is ",
		"in chunks":             "Transfer-Encoding: chunked\r\n\r\n20\r\nthe canary is ",
		"nothing of it is sent": "Content-Length: 1000\r\n\r\n",
		"it waits to be asked":  "Expect: 100-continue\r\nContent-Length: 1000\r\n\r\n",
		"there is none":         "Content-Length: 0\r\n\r\n",
	} {
		client, server := s.dial()
		go func() { _, _ = io.WriteString(client, "POST / HTTP/1.1\r\nHost: x\r\n"+head) }()
		resp, err := http.ReadResponse(bufio.NewReader(client), nil)
		if err != nil || resp.StatusCode != http.StatusForbidden || !resp.Close {
			t.Errorf("%s: %+v, %v", name, resp, err)
		}
		_ = client.Close()
		clean(t, name, <-server.closed)
	}
}

// A client that sends a body which nobody wants still gets to read its answer: the rest is read within
// bounds, and no byte more by net/http, whose buffers for that are never cleared (S-34).
func TestUnwantedBodyIsReadWithinBounds(t *testing.T) {
	s := newSite(t, false, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusForbidden)
	})
	client, server := s.dial()
	_, _ = io.WriteString(client, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(client), nil)
	if err != nil || resp.StatusCode != http.StatusForbidden {
		t.Fatalf("%+v, %v", resp, err)
	}
	go func() { _, _ = io.Copy(io.Discard, resp.Body) }()
	sent, chunk := 0, "400\r\n"+strings.Repeat("canary..", 128)+"\r\n"
	for err == nil {
		var n int
		n, err = io.WriteString(client, chunk)
		sent += n
	}
	if sent < maxLinger || sent > maxLinger+64<<10 {
		t.Errorf("%d bytes were read", sent)
	}
	clean(t, "closed", <-server.closed)
}

// S-34: a handler that ends its connection by itself, as all do once the process ends, leaves nothing behind.
func TestHandlerClosesAConnection(t *testing.T) {
	s := newSite(t, false, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		echo(w, r)
	})
	client, server := s.dial()
	go func() {
		_, _ = io.WriteString(client, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 14\r\n\r\nthe canary is ")
	}()
	resp, err := http.ReadResponse(bufio.NewReader(client), nil)
	if err != nil || !resp.Close {
		t.Fatalf("%+v, %v", resp, err)
	}
	clean(t, "closed by the handler", <-server.closed)
	_ = client.Close()
}

// S-34: when the server shuts down, net/http closes after the answer that is under way, and drops a request
// that has just come. Neither is left in a buffer.
func TestShutdownLeavesNothingBehind(t *testing.T) {
	const post = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 14\r\n\r\nthe canary is "
	for name, begun := range map[string]bool{"an answer has begun": true, "a request has just come": false} {
		t.Run(name, func(t *testing.T) {
			goOn, handling := make(chan struct{}), make(chan struct{})
			s := newSite(t, false, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.ReadAll(r.Body)
				_, _ = io.WriteString(w, strings.Repeat("long", 2000)) // the header is out
				close(handling)
				<-goOn
			})
			client, server := s.dial()
			go func() { _, _ = io.Copy(io.Discard, client) }()
			if begun {
				_, _ = io.WriteString(client, post)
				<-handling
			} else {
				<-server.waits
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_ = s.server.Shutdown(ctx)
			for !s.server.Handler.(*handler).over.Load() {
				runtime.Gosched() // it is told in a goroutine
			}
			close(goOn)
			if !begun {
				go func() { _, _ = io.WriteString(client, post) }()
			}
			clean(t, name, <-server.closed)
			_ = client.Close()
		})
	}
}
