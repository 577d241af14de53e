package maiaclient

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"maiaportal/internal/secret/plainjson"
	"maiaportal/internal/wipe"
)

const (
	// maxAnswer is how much of an answer is read: problem details and lists are far smaller.
	maxAnswer = 1 << 20
	// maxAnswerHeader bounds what a server may send before its body.
	maxAnswerHeader = 256 << 10
	// idleConnection is short, because a gateway that has closed an idle connection meanwhile turns
	// the next POST on it into one of unknown outcome.
	idleConnection = 5 * time.Second
)

// Client makes the calls. It may be used by many goroutines at once.
type Client struct {
	// Account is the id of the company's account, sent with every call; empty: none. It is set before the
	// first call.
	Account string
	// Observer hears of each call; nil: nobody does. It is set before the first call, too.
	Observer Observer
	// Tracer follows each call; nil: nobody does. It is set before the first call, too.
	Tracer Tracer

	base    string // no slash at its end
	timeout time.Duration
	http    *http.Transport
	now     func() time.Time
}

// New makes a client for the API at base (with its path prefix, e.g.
// https://eu1.api.matillion.com/dpc). timeout is the whole time that one call may take.
func New(base *url.URL, timeout time.Duration) *Client {
	return &Client{
		base:    strings.TrimRight(base.String(), "/"),
		timeout: timeout,
		now:     time.Now,
		http:    newTransport(),
	}
}

func newTransport() *http.Transport {
	d := newDialer()
	return &http.Transport{
		// The dialer knows about TLS and proxies.
		DialContext:            d.plain,
		DialTLSContext:         d.encrypted,
		ReadBufferSize:         wipe.BufferSize,
		WriteBufferSize:        wipe.BufferSize,
		IdleConnTimeout:        idleConnection,
		MaxIdleConnsPerHost:    64,
		MaxResponseHeaderBytes: maxAnswerHeader,
		// A compressed answer could unpack to anything.
		DisableCompression: true,
	}
}

// Close drops idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// segment escapes one path segment. The rules of names and ids are the caller's; this only makes sure
// that whatever comes stays one segment (RFC 3986 section 3.3).
func segment(s string) (string, error) {
	if s == "" || s == "." || s == ".." {
		return "", &transportError{class: ErrNotSent, what: "an id or name that cannot stand in an address"}
	}
	return url.PathEscape(s), nil
}

// answer is what came back: the status, and as much of the body as could be read.
type answer struct {
	status int
	header http.Header
	body   []byte
	whole  bool // the body ended within the limit, and without a fault
}

// call makes one request to an address of the closed list. sent may be nil; nobody reads it any more when call
// returns, so that its owner may wipe it.
func (c *Client) call(ctx context.Context, to target, token string, sent plainjson.Document) (answer, error) {
	along, ended := c.observe(ctx, to)
	a, err := c.request(ctx, to, token, along, sent)
	ended(a, err)
	return a, err
}

// request is call without those who watch. along are headers that go with it; may be nil.
func (c *Client) request(ctx context.Context, to target, token string, along http.Header,
	sent plainjson.Document) (answer, error) {
	out := outgoing{body: sent}
	defer out.wait()
	// The cancel runs before the wait: it makes the transport let go of a body that it still reads,
	// as after an answer that came early.
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()

	var wrote atomic.Bool
	var conn atomic.Pointer[wipe.Conn]
	trace := &httptrace.ClientTrace{
		GotConn: func(i httptrace.GotConnInfo) {
			c, _ := i.Conn.(*wipe.Conn)
			conn.Store(c)
		},
		// The transport tries another connection only where nothing went over the first one.
		GetConn:      func(string) { wrote.Store(false) },
		WroteHeaders: func() { wrote.Store(true) },
	}
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), to.method, c.base+to.path, nil)
	if err != nil {
		return answer{}, &transportError{class: ErrNotSent, what: "request could not be made"}
	}
	maps.Copy(req.Header, along)
	req.Header.Set("Authorization", "Bearer "+token)
	if c.Account != "" {
		req.Header.Set("account-id", c.Account)
	}
	req.Header.Set("Accept", "application/json, application/problem+json")
	req.Header.Set("Accept-Encoding", "identity")
	if sent != nil {
		out.attach(req)
		req.Header.Set("Content-Type", "application/json")
	}

	// The transport itself, not an http.Client: a bearer token must not travel to wherever an answer
	// points, and a Client opens the body anew for a 307 or 308 even where it is told not to follow it.
	resp, err := c.http.RoundTrip(req)
	if err != nil {
		e := &transportError{class: ErrNotSent, what: failure(err), cause: err}
		if wrote.Load() {
			e.class = ErrUnknown
		}
		return answer{}, e
	}
	defer func() {
		_ = resp.Body.Close()
		if c := conn.Load(); c != nil {
			c.Over()
		}
	}()
	a := answer{status: resp.StatusCode, header: resp.Header}
	// A body that breaks off or is too long costs its words, never the status.
	a.body, err = readAnswer(resp)
	a.whole = err == nil && len(a.body) <= maxAnswer
	a.body = a.body[:min(len(a.body), maxAnswer)]
	return a, nil
}

// readAnswer reads up to one byte more than maxAnswer. Unlike io.ReadAll it leaves no copies behind
// when it needs more room: Maia may repeat what was sent.
func readAnswer(resp *http.Response) ([]byte, error) {
	size := 4 << 10
	if resp.ContentLength >= 0 {
		size = int(min(resp.ContentLength, maxAnswer)) + 1
	}
	b := make([]byte, 0, size)
	for len(b) <= maxAnswer {
		if len(b) == cap(b) {
			grown := append(make([]byte, 0, min(4*cap(b), maxAnswer+1)), b...)
			clear(b)
			b = grown
		}
		n, err := resp.Body.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if err == io.EOF { // a reader's end is io.EOF itself
			return b, nil
		} else if err != nil {
			return b, err
		}
	}
	return b, nil
}

// post makes one of the two writing calls. Only 201 is success. The caller wipes the answer's body.
func (c *Client) post(ctx context.Context, to target, token string, sent plainjson.Document) (answer, error) {
	a, err := c.call(ctx, to, token, sent)
	if err != nil {
		return a, err
	}
	if a.status != http.StatusCreated {
		return a, readProblem(a.status, a.header, a.body, c.now())
	}
	return a, nil
}

// failure names what went wrong without quoting addresses or content.
func failure(err error) string {
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	var op *net.OpError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "time-out"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.As(err, &dns):
		return "name not found"
	case errors.As(err, &cert):
		return "certificate not trusted"
	case errors.As(err, &op):
		return "network: " + op.Op
	default:
		return "connection lost"
	}
}
