package wipe

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// maxDrain is how much of a body is read that its handler left unread, so that the connection can be
// used again. net/http does the same, but through buffers that are shared and never cleared.
const maxDrain = 256 << 10

// A client that still sends when its answer is there and the connection is about to be closed is listened
// to for so long and so many bytes: closed at once, the connection would be reset, and the answer lost.
const (
	lingerTime = 2 * time.Second
	maxLinger  = 2 << 20
)

// Server makes s clear what it read of each request. The listener has to be one that Listener made.
//
// A handler must not keep a connection for itself (http.Hijacker), nor read its body after it has
// returned.
func Server(s *http.Server) {
	h := &handler{next: s.Handler}
	s.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		if c, ok := c.(*serverConn); ok {
			c.told = &h.over
			return context.WithValue(ctx, connKey{}, c)
		}
		return ctx
	}
	// By then the server has noted that it ends, and serves nothing more on any connection.
	s.RegisterOnShutdown(func() { h.over.Store(true) })
	s.Handler = h
}

// Listener makes connections whose read buffers can be cleared.
func Listener(l net.Listener) net.Listener { return listener{l} }

type connKey struct{}

type listener struct{ net.Listener }

// Accept waits for the next connection.
func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &serverConn{Conn: c}, nil
}

// phase is where a connection stands.
type phase int

const (
	waiting  phase = iota // for a request, or in the middle of its header
	handling              // a handler runs
	answered              // the handler has returned; net/http sends what is left of the answer
)

// serverConn sees the slices that net/http reads a connection into. They are parts of one bufio.Reader's
// buffer, which goes back to a pool of the whole process as soon as net/http is done with the
// connection, and before it is closed. So it is too late then, and what was read is cleared before: when
// the next request is waited for, or when a handler has returned after which there will be none.
//
// But for Read with a slice outside of in, all fields belong to the goroutine that serves the
// connection.
type serverConn struct {
	net.Conn
	// told is true once the server ends. Where it is nil nothing may be cleared: the server tells when a handler
	// runs.
	told  *atomic.Bool
	in    buffer // the bufio.Reader's whole buffer
	phase phase
	dead  bool // an answer could not be sent: net/http serves nothing more
	// cut says that nothing more is read: when a handler has returned, net/http would read the rest of a
	// body into buffers that are shared and never cleared.
	cut atomic.Bool
}

// Read clears the part of the buffer that it is given, before anything is read into it: bufio asks for
// more only when it has moved what is unread to the front, and what lies behind it has been consumed.
// A pipelined request is never touched.
func (c *serverConn) Read(p []byte) (int, error) {
	if c.cut.Load() {
		return 0, io.EOF
	}
	if c.told != nil && c.in == nil && len(p) > 1 {
		c.in = whole(p) // the first to read is bufio, with all of its buffer
	}
	if !c.in.holds(p) {
		// A handler's own slice, or the single byte with which net/http waits for the client to go away.
		return c.Conn.Read(p)
	}
	clear(whole(p))
	if c.phase == answered {
		c.phase = waiting
	}
	n, err := c.Conn.Read(p)
	if c.phase == waiting && (err != nil || c.told.Load()) {
		c.clear() // half a header becomes no request, nor does a whole one when the server ends
		if err == nil {
			return 0, io.EOF
		}
	}
	return n, err
}

// Write sends a part of an answer.
func (c *serverConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.dead = c.dead || err != nil
	if c.phase == waiting || c.dead && c.phase == answered {
		// net/http refuses what was no request by itself, and then closes.
		c.clear()
	}
	return n, err
}

// CloseWrite lets net/http end its side first, so that a client that still sends gets to read why.
func (c *serverConn) CloseWrite() error {
	if w, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return errors.ErrUnsupported
}

func (c *serverConn) clear() { clear(c.in) }

// reset makes the connection end as one that failed. Over HTTP/1.0, which some proxies speak, the end of a connection
// is the end of an answer, and one that a panic has cut would look whole.
func (c *serverConn) reset() {
	if t, ok := c.Conn.(interface{ SetLinger(seconds int) error }); ok {
		_ = t.SetLinger(0) // where it cannot be set, the connection is broken already
	}
}

// end notes that a handler has returned. last says that no other request will be served.
func (c *serverConn) end(last bool) {
	c.phase = answered
	if last || c.dead {
		c.clear()
	}
}

type handler struct {
	next http.Handler
	over atomic.Bool // the server ends
}

// ServeHTTP lets the handler run, and decides whether the connection can be used again.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, _ := r.Context().Value(connKey{}).(*serverConn)
	if c == nil {
		c = &serverConn{}
	}
	c.phase = handling
	a := &answer{ResponseWriter: w, body: &body{ReadCloser: r.Body}, r: r}
	returned := false
	// After a panic net/http closes, too.
	defer func() {
		c.end(a.last || !returned || h.over.Load())
		if !returned && !a.r.ProtoAtLeast(1, 1) {
			c.reset()
		}
	}()
	// A copy: net/http goes on with the original, and would not know another type of body.
	r = r.WithContext(r.Context())
	if r.Body != http.NoBody {
		r.Body = a.body
	} else {
		a.body.ended = true
	}
	h.next.ServeHTTP(a, r)
	a.settle()
	if !a.body.ended {
		a.linger()
		c.cut.Store(true)
	}
	returned = true
}

// body tells when a request's body has been read to its end.
type body struct {
	io.ReadCloser
	begun, ended bool
}

// Read reads the body.
func (b *body) Read(p []byte) (int, error) {
	b.begun = true
	n, err := b.ReadCloser.Read(p)
	b.ended = b.ended || err == io.EOF // a reader's end is io.EOF itself
	return n, err
}

// answer is a ResponseWriter that has the body read before the answer begins. Then it is known, and can
// be said in the answer's header, whether the connection will be closed.
type answer struct {
	http.ResponseWriter
	body    *body
	r       *http.Request
	settled bool
	last    bool
}

// settle reads what is left of the body.
func (a *answer) settle() {
	if a.settled {
		return
	}
	a.settled = true
	if !a.body.ended && a.wanted() {
		rest := make([]byte, 16<<10)
		for total := 0; total <= maxDrain && !a.body.ended; {
			n, err := a.body.Read(rest)
			if total += n; err != nil {
				break
			}
		}
		clear(rest)
	}
	if !a.body.ended || a.closes() || a.r.Close || !a.r.ProtoAtLeast(1, 1) {
		a.last = true
		a.Header().Set("Connection", "close")
	}
}

// wanted says whether the rest of a body is worth reading before the answer goes out. It is not where
// the handler closes the connection: whoever is refused for what the header says waits for no body.
func (a *answer) wanted() bool { return a.r.ContentLength <= maxDrain && !a.closes() && a.asked() }

// closes says whether the handler has decided to close the connection.
func (a *answer) closes() bool { return strings.EqualFold(a.Header().Get("Connection"), "close") }

// asked says whether the client sends its body. One that waits to be asked for it is not asked.
func (a *answer) asked() bool {
	return a.body.begun || !strings.EqualFold(a.r.Header.Get("Expect"), "100-continue")
}

// linger sends the answer and then reads what the client still sends, within bounds.
func (a *answer) linger() {
	c := http.NewResponseController(a.ResponseWriter)
	if !a.asked() || c.Flush() != nil || c.SetReadDeadline(time.Now().Add(lingerTime)) != nil {
		return
	}
	rest := make([]byte, 16<<10)
	defer clear(rest)
	for total := 0; total < maxLinger; {
		n, err := a.body.Read(rest)
		if total += n; err != nil {
			return
		}
	}
}

// WriteHeader begins the answer.
func (a *answer) WriteHeader(status int) {
	if status >= http.StatusOK {
		a.settle()
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write sends a part of the answer.
func (a *answer) Write(p []byte) (int, error) {
	a.settle()
	return a.ResponseWriter.Write(p)
}

// FlushError sends what there is of the answer.
func (a *answer) FlushError() error {
	a.settle()
	return http.NewResponseController(a.ResponseWriter).Flush()
}

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
