package wipe

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"runtime"
	"strings"
	"testing"
)

// sink is a connection that takes everything, or fails after some bytes.
type sink struct {
	net.Conn
	got  bytes.Buffer
	room int
}

func (s *sink) Write(p []byte) (int, error) {
	n := min(len(p), s.room)
	s.room -= n
	s.got.Write(p[:n])
	if n < len(p) {
		return n, errors.New("no more room")
	}
	return n, nil
}

// S-34: what goes out of the transport's buffer is cleared, sent or not; what belongs to others is not
// touched.
func TestWrite(t *testing.T) {
	for _, room := range []int{1 << 20, 3} {
		s := &sink{room: room}
		c := Plain(s)
		buffer := make([]byte, BufferSize)
		copy(buffer, "canary")
		n, err := c.Write(buffer[:6])
		if n != min(6, room) || (err == nil) != (room > 6) || s.got.String() != "canary"[:n] {
			t.Errorf("room for %d: %d, %v, %q", room, n, err, s.got.String())
		}
		clean(t, "buffer", buffer)
	}
	for _, size := range []int{5, BufferSize + 1, 2 * BufferSize} {
		others := bytes.Repeat([]byte{'x'}, size)
		if n, err := Plain(&sink{room: 1 << 20}).Write(others); n != size || err != nil || bytes.IndexByte(others, 0) >= 0 {
			t.Errorf("%d bytes of another: %d, %v", size, n, err)
		}
	}
}

// Long bodies arrive as they are, whatever pieces they come in, and a fault on either side is told.
func TestReadFrom(t *testing.T) {
	body := strings.Repeat("canary and more ", 5000)
	for name, tc := range map[string]struct {
		from io.Reader
		room int
		want int64
		ok   bool
	}{
		"whole":             {strings.NewReader(body), 1 << 20, int64(len(body)), true},
		"byte by byte":      {oneByOne{strings.NewReader(body[:100])}, 1 << 20, 100, true},
		"nothing":           {strings.NewReader(""), 1 << 20, 0, true},
		"the reader fails":  {io.MultiReader(strings.NewReader("ab"), failing{}), 1 << 20, 2, false},
		"the other is gone": {strings.NewReader(body), 20_000, 20_000, false},
	} {
		s := &sink{room: tc.room}
		n, err := Plain(s).ReadFrom(tc.from)
		if n != tc.want || (err == nil) != tc.ok || !strings.HasPrefix(body, s.got.String()) && name != "the reader fails" || int64(s.got.Len()) != tc.want {
			t.Errorf("%s: %d, %v, %d arrived", name, n, err, s.got.Len())
		}
	}
}

type oneByOne struct{ io.Reader }

func (r oneByOne) Read(p []byte) (int, error) { return r.Reader.Read(p[:1]) }

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("broken") }

// S-34: over TLS as without it, nothing of an answer is left when the exchange is over, whether the
// connection is kept or not. Large and small records, one after the other, arrive whole.
func TestExchange(t *testing.T) {
	answer := func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		if r.URL.Path == "/close" {
			w.Header().Set("Connection", "close")
		}
		for len(b) > 0 { // in pieces of many sizes
			n := min(len(b), 1+len(b)/3)
			_, _ = w.Write(b[:n])
			_ = http.NewResponseController(w).Flush()
			b = b[n:]
		}
	}
	plain, secure := httptest.NewServer(http.HandlerFunc(answer)), httptest.NewTLSServer(http.HandlerFunc(answer))
	defer plain.Close()
	defer secure.Close()
	roots := x509.NewCertPool()
	roots.AddCert(secure.Certificate())
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		transport := &http.Transport{
			ReadBufferSize:  BufferSize,
			WriteBufferSize: BufferSize,
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				raw, err := (&net.Dialer{}).DialContext(ctx, network, address)
				if err != nil {
					return nil, err
				}
				w := &witness{Conn: raw, t: t}
				w.c = Plain(w)
				return w.c, nil
			},
			DialTLSContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				raw, err := (&net.Dialer{}).DialContext(ctx, network, address)
				if err != nil {
					return nil, err
				}
				w := &witness{Conn: raw, t: t}
				c, inner := TLS(w, &tls.Config{RootCAs: roots, ServerName: "127.0.0.1", MinVersion: version, MaxVersion: version})
				w.c = c
				return c, inner.HandshakeContext(ctx)
			},
		}
		for _, base := range []string{plain.URL, secure.URL} {
			for _, path := range []string{"/keep", "/close"} {
				for _, size := range []int{0, 1, 20, 4000, 5000, 70_000, 300} {
					body := strings.Repeat("canary and more ", size/16+1)[:size]
					var conn *Conn
					trace := &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { conn = i.Conn.(*Conn) }}
					req, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), http.MethodPost, base+path, io.MultiReader(strings.NewReader(body)))
					if err != nil {
						t.Fatal(err)
					}
					req.ContentLength = int64(size)
					resp, err := transport.RoundTrip(req)
					if err != nil {
						t.Fatal(err)
					}
					got, err := io.ReadAll(resp.Body)
					if err != nil || string(got) != body {
						t.Fatalf("%s%s: %d bytes of %d, %v", base, path, len(got), size, err)
					}
					_ = resp.Body.Close()
					conn.Over()
					if path == "/keep" && size != 300 {
						continue
					}
					transport.CloseIdleConnections()
					what := fmt.Sprintf("%s%s, %d bytes, TLS %x", base, path, size, version)
					conn.settled(func() {
						clean(t, what, conn.in)
						if conn.records != nil {
							clean(t, what+", records", conn.records.in)
						}
					})
				}
			}
		}
	}
}

// witness looks at what is left whenever the transport asks for the next answer, and crypto/tls for the
// next record.
type witness struct {
	net.Conn
	t *testing.T
	c *Conn
}

func (w *witness) Read(p []byte) (int, error) {
	if r := w.c.records; r != nil && len(r.in) > 0 && (r.left == 0 && len(r.header) == 0) && bytes.Contains(r.in, []byte("canary")) {
		w.t.Error("a record is left while the next one is read")
	} else if r == nil && len(p) == BufferSize && len(bytes.Trim(w.c.in, "\x00")) > 0 {
		w.t.Error("an answer is left while the next one is waited for")
	}
	return w.Conn.Read(p)
}

// settled calls do when the transport has closed the connection and let go of it.
func (c *Conn) settled(do func()) {
	for {
		c.mu.Lock()
		if c.closed && !c.inRead {
			do()
			c.mu.Unlock()
			return
		}
		c.mu.Unlock()
		runtime.Gosched()
	}
}

// S-34: whoever comes last clears, be it the one who has read the answer or the one who closes; nobody
// clears what another may still read.
func TestOverAndClose(t *testing.T) {
	for name, tc := range map[string]struct {
		steps []func(*Conn)
		clean bool
	}{
		"read, then closed":          {[]func(*Conn){(*Conn).Over, shut}, true},
		"closed, then read":          {[]func(*Conn){shut, (*Conn).Over}, true},
		"closed in the middle":       {[]func(*Conn){shut}, false},
		"read, and kept":             {[]func(*Conn){(*Conn).Over}, false}, // the next Read clears
		"closed, but no more answer": {[]func(*Conn){shut, readOn}, true},
	} {
		near, far := net.Pipe()
		c := Plain(near)
		go func() { _, _ = io.WriteString(far, "canary") }()
		buffer := make([]byte, BufferSize)
		if n, err := c.Read(buffer); n != 6 || err != nil {
			t.Fatal(n, err)
		}
		for _, step := range tc.steps {
			step(c)
		}
		if got := buffer[0] == 0; got != tc.clean {
			t.Errorf("%s: cleared %v, want %v", name, got, tc.clean)
		}
		_ = far.Close()
	}
}

func shut(c *Conn)   { _ = c.Close() }
func readOn(c *Conn) { _, _ = c.Read(c.in[6:]) }
