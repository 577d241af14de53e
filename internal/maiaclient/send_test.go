package maiaclient

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"maiaportal/internal/secret"
	"maiaportal/internal/secret/plainjson"
)

func nolog() *log.Logger { return log.New(io.Discard, "", 0) }

func theZero() plainjson.Document { return plainjson.Document{plainjson.Raw(secret.Value{})} }

// S-27: no redirect is followed, and the token never reaches the place that it points to.
func TestRedirectsAreNotFollowed(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		for call, do := range calls() {
			t.Run(strconv.Itoa(status)+" "+call, func(t *testing.T) {
				var elsewhere, here seen
				other := newServer(t, func(w http.ResponseWriter, r *http.Request) { elsewhere.add(r); w.WriteHeader(201) })
				began := time.Now()
				for _, to := range []string{other.URL + "/v1/x", "/v1/elsewhere", "//" + strings.TrimPrefix(other.URL, "http://") + "/"} {
					s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
						here.add(r)
						w.Header().Set("Location", to)
						w.WriteHeader(status)
					})
					before := len(here.all())
					mustBe(t, do(t.Context(), newClient(t, s.URL, patient)), ErrUnknown)
					if n := len(here.all()) - before; n != 1 {
						t.Errorf("to %s: %d requests at the configured host", to, n)
					}
				}
				if n := len(elsewhere.all()); n != 0 {
					t.Errorf("%d requests reached the other host", n)
				}
				// A body that was opened for the redirect and never closed would hold up the wiping.
				if time.Since(began) >= letGo {
					t.Error("the calls waited for a body that nobody closes")
				}
			})
		}
	}
}

// S-27: what every request has, and what none may have.
func TestHeaders(t *testing.T) {
	for call, do := range calls() {
		t.Run(call, func(t *testing.T) {
			var s seen
			server := newServer(t, func(w http.ResponseWriter, r *http.Request) {
				s.add(r)
				if r.Method == http.MethodPost {
					w.WriteHeader(201)
				} else {
					_, _ = io.WriteString(w, `{"results":[]}`)
				}
			})
			if err := do(t.Context(), newClient(t, server.URL+"/dpc/", patient)); err != nil {
				t.Fatal(err)
			}
			r := s.all()[0]
			method, content := http.MethodPost, "application/json"
			if writes[call] == nil {
				method, content = http.MethodGet, ""
			}
			if r.Method != method || r.Header.Get("Content-Type") != content {
				t.Errorf("%s with Content-Type %q", r.Method, r.Header.Get("Content-Type"))
			}
			if !strings.HasPrefix(r.URL.Path, "/dpc/v1/") {
				t.Errorf("path %q: the prefix of the configured address is lost or doubled", r.URL.Path)
			}
			if got := r.Header["Authorization"]; len(got) != 1 || got[0] != "Bearer "+token {
				t.Errorf("Authorization: %q", got)
			}
			if !strings.Contains(r.Header.Get("Accept"), "application/problem+json") {
				t.Errorf("Accept: %q", r.Header.Get("Accept"))
			}
			// net/http sends a POST again by itself where it finds one of these.
			for _, h := range []string{"Idempotency-Key", "X-Idempotency-Key"} {
				if r.Header.Values(h) != nil {
					t.Errorf("the request has a %s", h)
				}
			}
			if method == http.MethodPost && r.ContentLength != int64(len(s.lastBody())) {
				t.Errorf("Content-Length %d for a body of %d bytes", r.ContentLength, len(s.lastBody()))
			}
		})
	}
}

// What is not of the chosen type stays here, and an optional field that is empty is left out.
func TestBodies(t *testing.T) {
	object := `{"b":1.00000000000000000001,"a":"x"}`
	full := func(agentType string) Reference {
		return Reference{
			ProjectID:   projectID,
			Name:        "N",
			AgentType:   agentType,
			Type:        "PASSWORD",
			Description: "D",
			VaultName:   "V",
			SecretName:  "S",
			SecretKey:   "K",
			AgentID:     "A",
			Value:       whole(object),
		}
	}
	var s seen
	server := newServer(t, func(w http.ResponseWriter, r *http.Request) { s.add(r); w.WriteHeader(201) })
	c := newClient(t, server.URL, patient)
	for why, tc := range map[string]struct {
		reference Reference
		want      string
	}{
		"AWS":              {full(AWS), `{"agentType":"AWS","secretReferenceType":"PASSWORD","description":"D","secretName":"S","secretKey":"K"}`},
		"Azure":            {full(Azure), `{"agentType":"Azure","secretReferenceType":"PASSWORD","description":"D","vaultName":"V","secretName":"S","secretKey":"K"}`},
		"Matillion hosted": {full(MatillionHosted), `{"agentType":"Matillion hosted","secretReferenceType":"PASSWORD","description":"D","agentId":"A","secretValue":` + object + `}`},
		"without what is optional": {Reference{
			ProjectID:  projectID,
			Name:       "N",
			AgentType:  AWS,
			Type:       "PASSWORD",
			SecretName: "S",
		}, `{"agentType":"AWS","secretReferenceType":"PASSWORD","secretName":"S"}`},
		"quotes in a field end nothing": {Reference{
			ProjectID:  projectID,
			Name:       "N",
			AgentType:  AWS,
			Type:       "PASSWORD",
			SecretName: `S","agentType":"Azure`,
		}, `{"agentType":"AWS","secretReferenceType":"PASSWORD","secretName":"S\",\"agentType\":\"Azure"}`},
		"a type that is none sends no details": {full("Other"), `{"agentType":"Other","secretReferenceType":"PASSWORD","description":"D"}`},
	} {
		if err := c.CreateReference(t.Context(), token, tc.reference); err != nil || s.lastBody() != tc.want {
			t.Errorf("%s: %v\n got %s\nwant %s", why, err, s.lastBody(), tc.want)
		}
		if b := written(tc.reference.Value); b != "" && b != object {
			t.Errorf("%s: the call changed its owner's value to %q", why, b)
		}
	}
	for why, tc := range map[string]struct {
		value Value
		want  string
		query string
	}{
		"all": {Value{
			AgentID:   "A",
			ProjectID: projectID,
			Name:      "N",
			Type:      "T",
			Key:       "b",
			Object:    whole(object),
		}, `{"secret":{"key":"b","name":"N","type":"T","value":` + object + `}}`, "projectId=" + projectID},
		"without what is optional": {Value{
			AgentID: "A",
			Name:    "N",
			Object:  whole(object),
		}, `{"secret":{"name":"N","value":` + object + `}}`, ""},
	} {
		if _, err := c.StoreValue(t.Context(), token, tc.value); err != nil || s.lastBody() != tc.want {
			t.Errorf("%s: %v\n got %s\nwant %s", why, err, s.lastBody(), tc.want)
		}
		if q := s.all()[len(s.all())-1].URL.RawQuery; q != tc.query {
			t.Errorf("%s: query %q, want %q", why, q, tc.query)
		}
	}
}

// hostile are ids and names that try to be more than one path segment.
var hostile = []string{
	"..", ".", "...", "../../v1/agents/x/credentials", "a/b", "/", "//", "a%2fb", "%2f", "%2F..%2f", "%2e%2e", "a?b=c", "?", "a#b", "#",
	"a\x00b", "\x00", "a\nb", "a\r\nHost: x", "\r", "a b", " ", "+", "a;b=c", "a:b", "a@b", "a\\b", "..\\..", "%", "%%", "%zz", "%u002f",
	"name(1)", "(a)-(b)_c", "é", "\u202e", "\xff\xfe", "*", "~", "a&b", "a=b", "'", `"`, "<x>", "{id}", "|", "^", "`", "\x7f", strings.Repeat("a", 2000),
}

// segmentsOf splits an address as it went over the wire.
func segmentsOf(t *testing.T, requestURI string) (segments []string, query string) {
	t.Helper()
	path, query, _ := strings.Cut(requestURI, "?")
	for i := range len(requestURI) {
		if c := requestURI[i]; c <= ' ' || c >= 0x7f || c == '#' || c == '\\' {
			t.Fatalf("the address has a raw %q: %q", c, requestURI)
		}
	}
	for s := range strings.SplitSeq(path, "/") {
		u, err := url.PathUnescape(s)
		if err != nil {
			t.Fatalf("%q: %v", requestURI, err)
		}
		segments = append(segments, u)
	}
	return segments, query
}

// checkOneSegment makes both writing calls with id and asserts that it stayed one segment.
func checkOneSegment(t *testing.T, c *Client, s *seen, id, name string) {
	t.Helper()
	count := len(s.all())
	r := theReference()
	r.ProjectID, r.Name = id, name
	err := c.CreateReference(t.Context(), token, r)
	stop := map[string]bool{"": true, ".": true, "..": true}
	if stop[id] || stop[name] {
		mustBe(t, err, ErrNotSent)
	} else {
		if err != nil {
			t.Fatalf("reference %q %q: %v", id, name, err)
		}
		got, query := segmentsOf(t, s.all()[count].RequestURI)
		if len(got) != 6 || got[1] != "v1" || got[2] != "projects" || got[3] != id || got[4] != "secret-references" || got[5] != name || query != "" {
			t.Fatalf("reference %q %q: the server sees %q?%s", id, name, got, query)
		}
		count++
	}
	v := theValue()
	v.AgentID, v.ProjectID = id, name
	_, err = c.StoreValue(t.Context(), token, v)
	if stop[id] {
		mustBe(t, err, ErrNotSent)
	} else {
		if err != nil {
			t.Fatalf("value %q: %v", id, err)
		}
		got, query := segmentsOf(t, s.all()[count].RequestURI)
		if len(got) != 5 || got[1] != "v1" || got[2] != "secrets" || got[3] != id || got[4] != "secret-value" {
			t.Fatalf("value %q: the server sees %q", id, got)
		}
		q, err := url.ParseQuery(query)
		if err != nil || name != "" && (len(q) != 1 || len(q["projectId"]) != 1 || q.Get("projectId") != name) || name == "" && query != "" {
			t.Fatalf("value with the project %q: the server sees %q", name, query)
		}
		count++
	}
	if n := len(s.all()); n != count {
		t.Fatalf("%q %q: %d requests instead of %d", id, name, n, count)
	}
}

// S-26: whatever an id or a name is, it is one segment of the address, or nothing is sent.
func TestIdsStayOneSegment(t *testing.T) {
	var s seen
	server := newServer(t, func(w http.ResponseWriter, r *http.Request) { s.add(r); w.WriteHeader(201) })
	c := newClient(t, server.URL, patient)
	for _, h := range hostile {
		checkOneSegment(t, c, &s, h, "NAME")
		checkOneSegment(t, c, &s, projectID, h)
	}
}

// S-26, with whatever a fuzzer thinks of.
func FuzzSegments(f *testing.F) {
	for _, h := range hostile {
		f.Add(h, "NAME")
		f.Add(projectID, h)
	}
	var s seen
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.add(r); w.WriteHeader(201) }))
	f.Cleanup(server.Close)
	base, _ := url.Parse(server.URL)
	c := New(base, patient)
	f.Cleanup(c.Close)
	f.Fuzz(func(t *testing.T, id, name string) {
		if len(id)+len(name) > 10_000 {
			t.Skip("a server may refuse such an address")
		}
		s.mu.Lock()
		s.requests, s.bodies = nil, nil
		s.mu.Unlock()
		checkOneSegment(t, c, &s, id, name)
	})
}

func bigBody(n int) []byte { return bytes.Repeat([]byte(canary+"-"), n/(len(canary)+1)) }

// S-33, S-34: a call makes no copy of the secret, and when it is over, however it ended, the transport does not
// read it any more: its owner may wipe it (the race detector would see who reads it).
func TestOwnerMayWipeAfterTheCall(t *testing.T) {
	const size = 8 << 20 // more than sockets hold, so that it is still being sent
	created := func(c *net.TCPConn) { _, _ = io.WriteString(c, "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n") }
	for why, tc := range map[string]struct {
		handle  func(c *net.TCPConn, r *bufio.Reader, stop <-chan struct{})
		timeout time.Duration
		class   error
	}{
		"created": {func(c *net.TCPConn, r *bufio.Reader, _ <-chan struct{}) { readRequest(r); created(c) }, patient, nil},
		"refused before the body was read": {func(c *net.TCPConn, r *bufio.Reader, stop <-chan struct{}) {
			_, _ = http.ReadRequest(r)
			_, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\n{}")
			waitForClose(r)
		}, patient, ErrRejected},
		"refused, and the body is never read": {func(c *net.TCPConn, r *bufio.Reader, stop <-chan struct{}) {
			_, _ = http.ReadRequest(r)
			_, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\n{}")
			<-stop
		}, patient, ErrRejected},
		"refused with a connection that closes": {func(c *net.TCPConn, r *bufio.Reader, stop <-chan struct{}) {
			_, _ = http.ReadRequest(r)
			_, _ = io.WriteString(c, "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
			waitForClose(r)
		}, patient, ErrRejected},
		"time is over while it is sent": {func(_ *net.TCPConn, r *bufio.Reader, stop <-chan struct{}) {
			_, _ = http.ReadRequest(r)
			<-stop
		}, soon, ErrUnknown},
		"reset while it is sent": {func(c *net.TCPConn, r *bufio.Reader, stop <-chan struct{}) {
			_, _ = http.ReadRequest(r)
			_ = c.SetLinger(0)
		}, patient, ErrUnknown},
	} {
		t.Run(why, func(t *testing.T) {
			stop := make(chan struct{})
			c := newClient(t, rawServer(t, func(_ int, conn *net.TCPConn, r *bufio.Reader) { tc.handle(conn, r, stop) }), tc.timeout)
			defer close(stop)
			owned := secret.New(bigBody(size))
			_, err := c.post(t.Context(), target{"x", http.MethodPost, "/v1/x", "/v1/x"}, token, around([]byte(`{"a":"`), plainjson.Document{plainjson.Escaped(owned)}, `"}`))
			owned.Wipe()
			if tc.class == nil && err != nil {
				t.Error(err)
			}
			if tc.class != nil {
				mustBe(t, err, tc.class)
			}
		})
	}
	t.Run("nothing was sent", func(t *testing.T) {
		untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
		untrusted.Config.ErrorLog = nolog()
		untrusted.StartTLS()
		defer untrusted.Close()
		for _, base := range []string{"http://127.0.0.1:1", untrusted.URL, "gopher://x", "http://127.0.0.1/%zz"} {
			c := newClient(t, "http://127.0.0.1", patient)
			c.base = base
			owned := secret.New(bigBody(1000))
			_, err := c.post(t.Context(), target{"x", http.MethodPost, "/v1/x", "/v1/x"}, token, plainjson.Document{plainjson.Raw(owned)})
			owned.Wipe()
			mustBe(t, err, ErrNotSent)
		}
	})
}

// slowConn is a connection that goes on writing a body after it was closed, until it is released.
type slowConn struct {
	net.Conn
	release <-chan struct{}
}

func (c slowConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if bytes.Contains(p, []byte(canary)) {
		<-c.release
	}
	return n, err
}

// An answer that came early is no reason to leave while the body is still read.
func TestCallWaitsForTheReaderOfTheBody(t *testing.T) {
	base := rawServer(t, func(_ int, conn *net.TCPConn, r *bufio.Reader) {
		_, _ = http.ReadRequest(r)
		_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\n{}")
		waitForClose(r)
	})
	c := newClient(t, base, patient)
	release := make(chan struct{})
	c.http.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		return slowConn{conn, release}, err
	}
	over := make(chan error, 1)
	go func() {
		_, err := c.post(t.Context(), target{"x", http.MethodPost, "/v1/x", "/v1/x"}, token, plainjson.Document{plainjson.Raw(secret.New(bigBody(64 << 10)))})
		over <- err
	}()
	// That it does not return cannot be waited for; a call that does not wait would be over by then.
	select {
	case err := <-over:
		close(release)
		t.Fatalf("over while the body was being written: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	close(release)
	mustBe(t, <-over, ErrRejected)
}

// The transport may open a body again for another connection: a call is not over before the last reader is
// closed, and a reader that is closed twice counts once.
func TestBodyCanBeOpenedAgain(t *testing.T) {
	o := outgoing{body: around([]byte(`{"a":"`), plainjson.Document{plainjson.Escaped(secret.New([]byte(canary)))}, `"}`)}
	const want = `{"a":"` + canary + `"}`
	req, _ := http.NewRequest(http.MethodPost, "http://127.0.0.1", nil)
	o.attach(req)
	if req.ContentLength != int64(len(want)) {
		t.Errorf("Content-Length %d", req.ContentLength)
	}
	again, err := req.GetBody()
	if err != nil {
		t.Fatal(err)
	}
	if err := req.Body.Close(); err != nil {
		t.Fatal(err)
	}
	_ = req.Body.Close()
	over := make(chan struct{})
	go func() { o.wait(); close(over) }()
	// That it does not return cannot be waited for; a wait that does not wait would be over by then.
	select {
	case <-over:
		t.Error("over while a reader was open")
	case <-time.After(50 * time.Millisecond):
	}
	got, err := io.ReadAll(again)
	if string(got) != want || err != nil {
		t.Errorf("the second reader gives %q, %v", got, err)
	}
	_ = again.Close()
	<-over
	(&outgoing{}).wait()
}

// Whatever pieces a body is read in, it is its segments one after the other.
func TestBodyInPieces(t *testing.T) {
	o := outgoing{body: around([]byte("ab"), plainjson.Document{
		plainjson.Raw(secret.Value{}),
		plainjson.Escaped(secret.New([]byte("cd\nef"))),
		plainjson.Raw(secret.New([]byte{})),
		plainjson.Raw(secret.New([]byte("g"))),
	}, "h")}
	for size := 1; size <= 11; size++ {
		r := o.reader()
		var got []byte
		p := make([]byte, size)
		for {
			n, err := r.Read(p)
			got = append(got, p[:n]...)
			if err == io.EOF {
				break
			}
			if err != nil || n == 0 {
				t.Fatalf("%d bytes at once: read %d, %v", size, n, err)
			}
		}
		if string(got) != `abcd\nefgh` {
			t.Errorf("%d bytes at once: %q", size, got)
		}
		_ = r.Close()
	}
	if n, err := o.reader().Read(nil); n != 0 || err != nil {
		t.Errorf("no room: %d, %v", n, err)
	}
}

// A gateway that closes idle connections is no reason to doubt: the client notices, and the next call
// goes over a new connection.
func TestIdleConnectionThatTheServerClosed(t *testing.T) {
	noticed := make(chan struct{})
	var requests atomic.Int32
	base := rawServer(t, func(n int, c *net.TCPConn, r *bufio.Reader) {
		if !readRequest(r) {
			return
		}
		requests.Add(1)
		_, _ = io.WriteString(c, "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
		if n == 1 {
			_ = c.CloseWrite()
			waitForClose(r) // the client closes its side when it has seen that
			close(noticed)
		}
	})
	c := newClient(t, base, patient)
	for i := range 2 {
		if err := c.CreateReference(t.Context(), token, theReference()); err != nil {
			t.Fatalf("call %d: %v", i+1, err)
		}
		if i == 0 {
			<-noticed
		}
	}
	if n := requests.Load(); n != 2 {
		t.Errorf("%d requests for two calls", n)
	}
}

// deadConn is a connection on which nothing can be written any more, as the kernel says when the other
// side is gone.
type deadConn struct {
	net.Conn
	dead *atomic.Bool
}

func (c deadConn) Write(b []byte) (int, error) {
	if c.dead.Load() {
		return 0, syscall.EPIPE
	}
	return c.Conn.Write(b)
}

// A kept connection that takes not one byte: the call goes over another one, once, and where there is
// no other one, nothing was sent.
func TestKeptConnectionThatTakesNothing(t *testing.T) {
	for why, refuse := range map[string]bool{"there is another one": false, "there is no other one": true} {
		for call, do := range writes {
			t.Run(why+" "+call, func(t *testing.T) {
				var s seen
				server := newServer(t, func(w http.ResponseWriter, r *http.Request) { s.add(r); w.WriteHeader(201) })
				c := newClient(t, server.URL, patient)
				var dials atomic.Int32
				var dead atomic.Bool
				c.http.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
					if dials.Add(1) > 1 {
						if refuse {
							return nil, syscall.ECONNREFUSED
						}
						return (&net.Dialer{}).DialContext(ctx, network, address)
					}
					conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
					return deadConn{conn, &dead}, err
				}
				if err := do(t.Context(), c); err != nil {
					t.Fatal(err)
				}
				first := s.lastBody()
				dead.Store(true)
				err := do(t.Context(), c)
				if dials.Load() != 2 {
					t.Fatalf("%d connections: the kept one was not used", dials.Load())
				}
				if refuse {
					mustBe(t, err, ErrNotSent)
					return
				}
				if n := len(s.all()); err != nil || n != 2 || s.lastBody() != first {
					t.Errorf("%v; %d requests, the second body %q", err, n, s.lastBody())
				}
			})
		}
	}
}

// Lists are read page by page, one request at a time, up to a bound.
func TestListPages(t *testing.T) {
	for why, tc := range map[string]struct {
		total    int  // entries that the server has
		says     *int // total that it claims, where that is another one
		requests int
		entries  int
	}{
		"none, which is normal for a new account": {0, nil, 1, 0},
		"one page":                     {7, nil, 1, 7},
		"a full page":                  {100, nil, 1, 100},
		"one more than a page":         {101, nil, 2, 101},
		"the most that is read":        {10_000, nil, 100, 10_000},
		"more than that":               {10_001, nil, 100, 10_000},
		"a total that never comes":     {120, ptr(9999), 3, 120},
		"no total: what is there":      {100, ptr(0), 1, 100},
		"a total that is far too high": {10_100, ptr(1 << 30), 100, 10_000},
	} {
		for call, path := range map[string]string{"projects": "/v1/projects", "agents": "/v1/agents"} {
			t.Run(why+" "+call, func(t *testing.T) {
				var s seen
				var running, most atomic.Int32
				server := newServer(t, func(w http.ResponseWriter, r *http.Request) {
					most.Store(max(most.Load(), running.Add(1)))
					defer running.Add(-1)
					s.add(r)
					q := r.URL.Query()
					page, _ := strconv.Atoi(q.Get("page"))
					size, _ := strconv.Atoi(q.Get("size"))
					if size < 1 || size > 100 || len(q) != 2 {
						w.WriteHeader(400)
						return
					}
					var results []map[string]any
					for i := page * size; i < min(tc.total, (page+1)*size); i++ {
						id := strconv.Itoa(i)
						results = append(results, map[string]any{"id": id, "agentId": id, "name": "n" + id, "description": nil, "agentType": "streaming", "cloudProvider": "aws", "agentStatus": "running", "unknown": map[string]int{"x": 1}, "connected": false, "restrictedAccess": true, "pausedUntil": "2027-01-31T10:00:00Z", "versionDetails": map[string]any{"support": "supported", "agentVersion": "11"}})
					}
					total := tc.total
					if tc.says != nil {
						total = *tc.says
					}
					_ = json.NewEncoder(w).Encode(map[string]any{"page": page, "size": size, "total": total, "results": results})
				})
				c := newClient(t, server.URL, patient)
				var ids []string
				if call == "projects" {
					list, err := c.Projects(t.Context(), token)
					if err != nil {
						t.Fatal(err)
					}
					for _, p := range list {
						ids = append(ids, p.ID)
						if p.Name != "n"+p.ID {
							t.Errorf("%+v", p)
						}
					}
				} else {
					list, err := c.Agents(t.Context(), token)
					if err != nil {
						t.Fatal(err)
					}
					for _, a := range list {
						ids = append(ids, a.ID)
						if a.Connected == nil || *a.Connected {
							t.Errorf("%+v counts as connected", a)
						}
						a.Connected = nil
						if a != (Agent{
							ID:            a.ID,
							Name:          "n" + a.ID,
							Type:          "streaming",
							CloudProvider: "aws",
							Status:        "running",
							Restricted:    true,
							PausedUntil:   "2027-01-31T10:00:00Z",
							Version:       AgentVersion{Support: "supported"},
						}) {
							t.Errorf("%+v", a)
						}
					}
				}
				if len(ids) != tc.entries {
					t.Errorf("%d entries, want %d", len(ids), tc.entries)
				}
				for i, id := range ids {
					if id != strconv.Itoa(i) {
						t.Fatalf("entry %d is %s: the order is lost", i, id)
					}
				}
				if n := len(s.all()); n != tc.requests || most.Load() != 1 {
					t.Errorf("%d requests, %d at once; want %d, one at a time", n, most.Load(), tc.requests)
				}
				for i, r := range s.all() {
					if r.URL.Path != path || r.URL.Query().Get("page") != strconv.Itoa(i) {
						t.Errorf("request %d is %s", i, r.URL)
					}
				}
			})
		}
	}
}

func ptr[T any](v T) *T { return &v }

// A list that cannot be read costs a picker, not more; a fault on the second page is a fault.
func TestListsThatCannotBeRead(t *testing.T) {
	full := `{"total":300,"results":[` + strings.TrimSuffix(strings.Repeat(`{"id":"x"},`, 100), ",") + `]}`
	for why, tc := range map[string]struct {
		pages []string
		class error
	}{
		"HTML":                         {[]string{"<html>"}, ErrUnknown},
		"nothing":                      {[]string{""}, ErrUnknown},
		"a list of lists":              {[]string{`{"results":[[]]}`}, ErrUnknown},
		"results that are none":        {[]string{`{"results":"x"}`}, ErrUnknown},
		"larger than what is read":     {[]string{`{"results":[{"id":"` + strings.Repeat("x", maxAnswer) + `"}]}`}, ErrUnknown},
		"the second page is forbidden": {[]string{full, "403"}, ErrForbidden},
		"the second page is nonsense":  {[]string{full, "x"}, ErrUnknown},
	} {
		for call, do := range lists {
			t.Run(why+" "+call, func(t *testing.T) {
				var n atomic.Int32
				server := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
					page := tc.pages[min(int(n.Add(1)), len(tc.pages))-1]
					if page == "403" {
						w.WriteHeader(403)
						return
					}
					_, _ = io.WriteString(w, page)
				})
				mustBe(t, do(t.Context(), newClient(t, server.URL, patient)), tc.class)
			})
		}
	}
}

// One client serves all requests of the portal at once; bodies must not get mixed up.
func TestManyAtOnce(t *testing.T) {
	var mu sync.Mutex
	got := map[string]string{}
	server := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		mu.Lock()
		got[r.URL.Path] = string(b)
		mu.Unlock()
		w.WriteHeader(201)
	})
	c := newClient(t, server.URL, patient)
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			r := theReference()
			r.Name = "N" + strconv.Itoa(i)
			r.Value = whole(`{"password":"` + strings.Repeat(r.Name+".", 2000) + `"}`)
			if err := c.CreateReference(t.Context(), token, r); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for i := range 40 {
		name := "N" + strconv.Itoa(i)
		if body := got["/v1/projects/"+projectID+"/secret-references/"+name]; !strings.HasSuffix(body, `"secretValue":{"password":"`+strings.Repeat(name+".", 2000)+`"}}`) {
			t.Errorf("the body of %s is not its own: %.120q", name, body)
		}
	}
}
