package maiaclient

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"maiaportal/internal/secret"
)

const (
	token     = "token-1f0c"
	canary    = "canary-7d21e0b4"
	projectID = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
	// patient is a time-out that no test is meant to reach.
	patient = 30 * time.Second
	// soon is for the tests whose server never answers.
	soon = 300 * time.Millisecond
)

// allClasses are the classes of errors; each error is one of them, and one only.
var allClasses = []error{ErrRejected, ErrUnauthenticated, ErrForbidden, ErrNotFound, ErrConflict, ErrRateLimited, ErrFailed, ErrUnknown, ErrNotSent}

func mustBe(t *testing.T, err, class error) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %v", class)
	}
	for _, c := range allClasses {
		if errors.Is(err, c) != (c == class) {
			t.Errorf("error %q: errors.Is(%q) is %v, want %v", err, c, c != class, c == class)
		}
	}
}

func newClient(t *testing.T, base string, timeout time.Duration) *Client {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	c := New(u, timeout)
	t.Cleanup(c.Close)
	return c
}

// newServer is a Maia made of one handler.
func newServer(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// rawServer speaks TCP: for answers that no HTTP server gives. Each connection is closed when handle
// returns, and before the test ends.
func rawServer(t *testing.T, handle func(n int, c *net.TCPConn, r *bufio.Reader)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var open []net.Conn
	var running sync.WaitGroup
	running.Go(func() {
		for n := 1; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
			running.Go(func() {
				defer func() { _ = c.Close() }()
				handle(n, c.(*net.TCPConn), bufio.NewReader(c))
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		for _, c := range open {
			_ = c.Close()
		}
		mu.Unlock()
		running.Wait()
	})
	return "http://" + l.Addr().String()
}

// readRequest takes a whole request off the connection.
func readRequest(r *bufio.Reader) bool {
	req, err := http.ReadRequest(r)
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, req.Body)
	return err == nil
}

// waitForClose blocks until the other side has closed the connection.
func waitForClose(r *bufio.Reader) { _, _ = io.Copy(io.Discard, r) }

// theReference and theValue are calls that carry a value.
func theReference() Reference {
	return Reference{
		ProjectID: projectID,
		Name:      "N",
		AgentType: MatillionHosted,
		Type:      "PASSWORD",
		AgentID:   "agent-1",
		Value:     secret.New([]byte(`{"password":"` + canary + `"}`)),
	}
}

func theValue() Value {
	return Value{
		AgentID:   "agent-1",
		ProjectID: projectID,
		Name:      "N",
		Type:      "PASSWORD",
		Key:       "password",
		Object:    secret.New([]byte(`{"password":"` + canary + `"}`)),
	}
}

// writes are the two calls that write, as one type.
var writes = map[string]func(context.Context, *Client) error{
	"reference": func(ctx context.Context, c *Client) error { return c.CreateReference(ctx, token, theReference()) },
	"value": func(ctx context.Context, c *Client) error {
		_, err := c.StoreValue(ctx, token, theValue())
		return err
	},
}

// lists are the two calls that read.
var lists = map[string]func(context.Context, *Client) error{
	"projects": func(ctx context.Context, c *Client) error { _, err := c.Projects(ctx, token); return err },
	"agents":   func(ctx context.Context, c *Client) error { _, err := c.Agents(ctx, token); return err },
}

// questions are the calls that look for something in a list.
var questions = map[string]func(context.Context, *Client) error{
	"references": func(ctx context.Context, c *Client) error {
		_, _, err := c.HasReference(ctx, token, projectID, "N")
		return err
	},
}

// calls are all of the closed list.
func calls() map[string]func(context.Context, *Client) error {
	all := map[string]func(context.Context, *Client) error{}
	for _, m := range []map[string]func(context.Context, *Client) error{writes, lists, questions} {
		for name, call := range m {
			all[name] = call
		}
	}
	return all
}

// seen keeps what a server was asked.
type seen struct {
	mu       sync.Mutex
	requests []*http.Request
	bodies   []string
}

func (s *seen) add(r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r)
	s.bodies = append(s.bodies, string(b))
}

func (s *seen) all() []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

func (s *seen) lastBody() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.bodies) == 0 {
		return ""
	}
	return s.bodies[len(s.bodies)-1]
}
