package maiaclient

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// S-28: the status alone decides, whatever the body is.
func TestStatusDecidesTheClass(t *testing.T) {
	statuses := map[int]error{
		200: ErrUnknown, 202: ErrUnknown, 204: ErrUnknown, // not the 201 that was promised
		300: ErrUnknown, 304: ErrUnknown,
		400: ErrRejected, 401: ErrUnauthenticated, 403: ErrForbidden, 404: ErrNotFound, 405: ErrRejected, 408: ErrRejected, 409: ErrConflict,
		413: ErrRejected, 415: ErrRejected, 418: ErrRejected, 422: ErrRejected, 429: ErrRateLimited, 499: ErrRejected,
		500: ErrFailed, 501: ErrFailed, 503: ErrFailed, 507: ErrFailed, 599: ErrFailed,
		502: ErrUnknown, 504: ErrUnknown, // a gateway that gave up waiting
	}
	bodies := map[string]struct{ mime, body string }{
		"nothing":                     {"", ""},
		"problem details":             {"application/problem+json", `{"type":"t","title":"T","detail":"D","violations":["V"]}`},
		"another status in the body":  {"application/problem+json", `{"status":201}`},
		"a gateway's page":            {"text/html", "<h1>Bad Gateway</h1>"},
		"JSON that is no object":      {"application/json", `["x"]`},
		"text that claims to be JSON": {"application/json", "{"},
	}
	for status, class := range statuses {
		for why, b := range bodies {
			for call, do := range writes {
				t.Run(strconv.Itoa(status)+" with "+why+" for "+call, func(t *testing.T) {
					s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
						_, _ = io.Copy(io.Discard, r.Body)
						w.Header().Set("Content-Type", b.mime)
						w.WriteHeader(status)
						_, _ = io.WriteString(w, b.body)
					})
					err := do(t.Context(), newClient(t, s.URL, patient))
					mustBe(t, err, class)
					var p *Problem
					if !errors.As(err, &p) || p.Status != status {
						t.Fatalf("%#v, want a Problem of status %d", err, status)
					}
					if why == "problem details" && status != 204 && status != 304 && (string(p.Detail) != "D" || string(bytes.Join(p.Violations, nil)) != "V") {
						t.Errorf("Maia's words are lost: %+v", *p)
					}
				})
			}
		}
	}
}

// A list succeeds with 200 alone; the other statuses are told apart as everywhere.
func TestStatusOfALIst(t *testing.T) {
	for status, class := range map[int]error{201: ErrUnknown, 302: ErrUnknown, 400: ErrRejected, 401: ErrUnauthenticated, 403: ErrForbidden, 404: ErrNotFound, 429: ErrRateLimited, 500: ErrFailed, 502: ErrUnknown} {
		for call, do := range lists {
			s := newServer(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
			t.Run(call+" "+strconv.Itoa(status), func(t *testing.T) { mustBe(t, do(t.Context(), newClient(t, s.URL, patient)), class) })
		}
	}
}

// S-28: created is created, whatever its body; a part that cannot be read is missing and said to be.
func TestCreatedWhateverTheBody(t *testing.T) {
	whole := `{"resolver_ref":"ref-1","vaultSecretName":"vault-1","more":[1]}`
	for why, tc := range map[string]struct {
		body string
		want Stored
	}{
		"as described":                 {whole, Stored{"ref-1", "vault-1", false}},
		"no body":                      {"", Stored{Partial: true}},
		"HTML":                         {"<p>", Stored{Partial: true}},
		"null":                         {"null", Stored{Partial: true}},
		"a list":                       {"[" + whole + "]", Stored{Partial: true}},
		"a member of the wrong type":   {`{"resolver_ref":{"a":1},"vaultSecretName":"vault-1"}`, Stored{"", "vault-1", true}},
		"a member is missing":          {`{"resolver_ref":"ref-1"}`, Stored{"ref-1", "", true}},
		"a member is null":             {`{"resolver_ref":"ref-1","vaultSecretName":null}`, Stored{"ref-1", "", true}},
		"larger than what is read":     {`{"x":"` + strings.Repeat("x", maxAnswer) + `",` + whole[1:], Stored{Partial: true}},
		"exactly as large as the most": {whole + strings.Repeat(" ", maxAnswer-len(whole)), Stored{"ref-1", "vault-1", false}},
	} {
		t.Run(why, func(t *testing.T) {
			s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.WriteHeader(201)
				_, _ = io.WriteString(w, tc.body)
			})
			c := newClient(t, s.URL, patient)
			got, err := c.StoreValue(t.Context(), token, theValue())
			if err != nil || got != tc.want {
				t.Errorf("%+v, %v; want %+v", got, err, tc.want)
			}
			if err := c.CreateReference(t.Context(), token, theReference()); err != nil {
				t.Errorf("reference: %v", err)
			}
		})
	}
}

// S-28: an answer that breaks off, hangs or never ends keeps its status, in bounded time.
func TestHalfAnAnswerKeepsItsStatus(t *testing.T) {
	for why, tc := range map[string]struct {
		rest func(c *net.TCPConn, r *bufio.Reader) // after the status line
	}{
		"closed in the middle": {func(c *net.TCPConn, _ *bufio.Reader) {
			_, _ = io.WriteString(c, "Content-Length: 100\r\n\r\n{\"resolver_ref\":\"a")
		}},
		"reset in the middle": {func(c *net.TCPConn, _ *bufio.Reader) {
			_, _ = io.WriteString(c, "Content-Length: 100\r\n\r\n{")
			_ = c.SetLinger(0)
		}},
		"chunks that break off": {func(c *net.TCPConn, _ *bufio.Reader) {
			_, _ = io.WriteString(c, "Transfer-Encoding: chunked\r\n\r\n40\r\n{")
		}},
		"chunks that are none": {func(c *net.TCPConn, _ *bufio.Reader) {
			_, _ = io.WriteString(c, "Transfer-Encoding: chunked\r\n\r\nzz\r\n{")
		}},
		"silence after the header": {func(c *net.TCPConn, r *bufio.Reader) {
			_, _ = io.WriteString(c, "Content-Length: 100\r\n\r\n{")
			waitForClose(r)
		}},
	} {
		for status, class := range map[int]error{201: nil, 400: ErrRejected, 500: ErrFailed} {
			for call, do := range writes {
				t.Run(why+" "+strconv.Itoa(status)+" "+call, func(t *testing.T) {
					base := rawServer(t, func(_ int, c *net.TCPConn, r *bufio.Reader) {
						if !readRequest(r) {
							return
						}
						_, _ = io.WriteString(c, "HTTP/1.1 "+strconv.Itoa(status)+" X\r\n")
						tc.rest(c, r)
					})
					err := do(t.Context(), newClient(t, base, soon))
					if class != nil {
						mustBe(t, err, class)
					} else if err != nil {
						t.Errorf("Maia said created, and the call says %v", err)
					}
				})
			}
		}
	}
	base := rawServer(t, func(_ int, c *net.TCPConn, r *bufio.Reader) {
		readRequest(r)
		_, _ = io.WriteString(c, "HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{\"resolver_ref\":\"a\"}")
	})
	got, err := newClient(t, base, patient).StoreValue(t.Context(), token, theValue())
	if err != nil || got != (Stored{Partial: true}) {
		t.Errorf("half an answer: %+v, %v; want what cannot be trusted to be missing", got, err)
	}
}

// S-28: 50 MB and an answer that never ends are read up to the limit and then dropped.
func TestLongAnswersAreCut(t *testing.T) {
	chunk := bytes.Repeat([]byte("x"), 64<<10)
	for why, limit := range map[string]int64{"50 MB": 50 << 20, "an answer without an end": 1 << 40} {
		for _, status := range []int{201, 400} {
			t.Run(why+" "+strconv.Itoa(status), func(t *testing.T) {
				var wrote atomic.Int64
				ended := make(chan struct{})
				s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
					defer close(ended)
					_, _ = io.Copy(io.Discard, r.Body)
					w.WriteHeader(status)
					for wrote.Load() < limit {
						n, err := w.Write(chunk)
						wrote.Add(int64(n))
						if err != nil {
							return
						}
					}
				})
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				err := writes["value"](t.Context(), newClient(t, s.URL, patient))
				runtime.ReadMemStats(&after)
				<-ended
				if status == 201 && err != nil {
					t.Errorf("created, and the call says %v", err)
				}
				if status == 400 {
					mustBe(t, err, ErrRejected)
				}
				// What sockets hold comes on top of the limit.
				if wrote.Load() > 40<<20 {
					t.Errorf("%d bytes of the answer were taken", wrote.Load())
				}
				if used := after.TotalAlloc - before.TotalAlloc; used > 24<<20 {
					t.Errorf("the call allocated %d bytes", used)
				}
			})
		}
	}
}

// S-28: a compressed answer is asked for by nobody and unpacked by nobody.
func TestBombIsNotUnpacked(t *testing.T) {
	var mebibyte, last bytes.Buffer
	for z, text := range map[*gzip.Writer]string{gzip.NewWriter(&mebibyte): strings.Repeat(" ", 1<<20), gzip.NewWriter(&last): `{"resolver_ref":"a"}`} {
		_, _ = io.WriteString(z, text)
		_ = z.Close()
	}
	bomb := append(bytes.Repeat(mebibyte.Bytes(), 500), last.Bytes()...)
	var asked http.Header
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		asked = r.Header
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(201)
		_, _ = w.Write(bomb)
	})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got, err := newClient(t, s.URL, patient).StoreValue(t.Context(), token, theValue())
	runtime.ReadMemStats(&after)
	if err != nil || got != (Stored{Partial: true}) {
		t.Errorf("%+v, %v", got, err)
	}
	if e := asked.Get("Accept-Encoding"); e != "identity" {
		t.Errorf("Accept-Encoding: %q", e)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 24<<20 {
		t.Errorf("the call allocated %d bytes", used)
	}
}

// S-28, S-29: where the connection fails decides whether the user may send again. Nothing that was not
// sent may be called unknown, and nothing that may have arrived may be called not sent.
func TestNotSent(t *testing.T) {
	refused, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refusedURL := "http://" + refused.Addr().String()
	_ = refused.Close()
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = nolog()
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	plain := rawServer(t, func(_ int, c *net.TCPConn, r *bufio.Reader) {
		_, _ = r.Peek(1)
		_, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n")
	})
	closes := rawServer(t, func(_ int, c *net.TCPConn, r *bufio.Reader) { _, _ = r.Peek(1) })
	silent := rawServer(t, func(_ int, _ *net.TCPConn, r *bufio.Reader) { waitForClose(r) })
	tls := func(base string) string { return "https" + strings.TrimPrefix(base, "http") }
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()

	for why, tc := range map[string]struct {
		ctx     context.Context
		base    string
		timeout time.Duration
	}{
		"nobody listens":                        {t.Context(), refusedURL, patient},
		"no such host":                          {t.Context(), "http://no-such-host.invalid", patient},
		"certificate of an unknown authority":   {t.Context(), untrusted.URL, patient},
		"the other side speaks no TLS":          {t.Context(), tls(plain), patient},
		"closed during the handshake":           {t.Context(), tls(closes), patient},
		"time is over during the handshake":     {t.Context(), tls(silent), soon},
		"cancelled before it began":             {cancelled, silent, patient},
		"a scheme that is none of HTTP's":       {t.Context(), "gopher://127.0.0.1", patient},
		"an address in which no request can be": {t.Context(), "http://127.0.0.1:1/%zz", patient},
	} {
		for call, do := range calls() {
			t.Run(why+" "+call, func(t *testing.T) {
				c := newClient(t, "http://127.0.0.1", tc.timeout)
				c.base = tc.base
				err := do(tc.ctx, c)
				mustBe(t, err, ErrNotSent)
				mustNotQuote(t, err, tc.base)
			})
		}
	}
}

// S-26: what cannot be a path segment is not sent at all.
func TestNotSentForIdsThatAreNoSegment(t *testing.T) {
	var s seen
	server := newServer(t, func(w http.ResponseWriter, r *http.Request) { s.add(r); w.WriteHeader(201) })
	c := newClient(t, server.URL, patient)
	for _, bad := range []string{"", ".", ".."} {
		r, v := theReference(), theValue()
		r.ProjectID, v.AgentID = bad, bad
		mustBe(t, c.CreateReference(t.Context(), token, r), ErrNotSent)
		r = theReference()
		r.Name = bad
		mustBe(t, c.CreateReference(t.Context(), token, r), ErrNotSent)
		_, err := c.StoreValue(t.Context(), token, v)
		mustBe(t, err, ErrNotSent)
	}
	v := theValue()
	v.Object.Wipe()
	v.Object = theZero()
	_, err := c.StoreValue(t.Context(), token, v)
	mustBe(t, err, ErrNotSent)
	if n := len(s.all()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// A token that would end the header is sent nowhere.
func TestNotSentForATokenThatIsNoHeader(t *testing.T) {
	var s seen
	server := newServer(t, func(w http.ResponseWriter, r *http.Request) { s.add(r); w.WriteHeader(201) })
	err := newClient(t, server.URL, patient).CreateReference(t.Context(), "token\r\nX-Other: 1", theReference())
	mustBe(t, err, ErrNotSent)
	if n := len(s.all()); n != 0 || strings.Contains(err.Error(), "X-Other") {
		t.Errorf("%d requests; error %v", n, err)
	}
}

// S-29: from the moment on at which Maia may have the request, nobody knows.
func TestUnknownAfterSending(t *testing.T) {
	for why, tc := range map[string]struct {
		answer  func(c *net.TCPConn, r *bufio.Reader)
		timeout time.Duration
	}{
		"reset after the request was read": {func(c *net.TCPConn, _ *bufio.Reader) { _ = c.SetLinger(0) }, patient},
		"closed without an answer":         {func(*net.TCPConn, *bufio.Reader) {}, patient},
		"silence":                          {func(_ *net.TCPConn, r *bufio.Reader) { waitForClose(r) }, soon},
		"an answer that is no HTTP":        {func(c *net.TCPConn, _ *bufio.Reader) { _, _ = io.WriteString(c, "220 mail.example.com ESMTP\r\n") }, patient},
		"half a status line":               {func(c *net.TCPConn, _ *bufio.Reader) { _, _ = io.WriteString(c, "HTTP/1.1 20") }, patient},
		"half a header":                    {func(c *net.TCPConn, _ *bufio.Reader) { _, _ = io.WriteString(c, "HTTP/1.1 201 Created\r\nContent-Le") }, patient},
		"a header that is far too long": {func(c *net.TCPConn, _ *bufio.Reader) {
			_, _ = io.WriteString(c, "HTTP/1.1 201 Created\r\nX: "+strings.Repeat("x", 2<<20))
		}, patient},
		"a header of very many small lines": {func(c *net.TCPConn, _ *bufio.Reader) {
			_, _ = io.WriteString(c, "HTTP/1.1 201 Created\r\n"+strings.Repeat("X: x\r\n", 200<<10)+"\r\n")
		}, patient},
		"an upgrade that nobody asked for": {func(c *net.TCPConn, _ *bufio.Reader) {
			_, _ = io.WriteString(c, "HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
		}, patient},
	} {
		for call, do := range writes {
			t.Run(why+" "+call, func(t *testing.T) {
				var requests atomic.Int32
				base := rawServer(t, func(_ int, c *net.TCPConn, r *bufio.Reader) {
					if readRequest(r) {
						requests.Add(1)
						tc.answer(c, r)
					}
				})
				err := do(t.Context(), newClient(t, base, tc.timeout))
				mustBe(t, err, ErrUnknown)
				mustNotQuote(t, err, base)
				if n := requests.Load(); n != 1 {
					t.Errorf("the request was sent %d times", n)
				}
			})
		}
	}
}

// S-29: a caller that gives up after Maia has read the request cannot take it back.
func TestUnknownWhenCancelledAfterSending(t *testing.T) {
	for call, do := range writes {
		t.Run(call, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			base := rawServer(t, func(_ int, _ *net.TCPConn, r *bufio.Reader) {
				readRequest(r)
				cancel()
				waitForClose(r)
			})
			mustBe(t, do(ctx, newClient(t, base, patient)), ErrUnknown)
		})
	}
}

// mustNotQuote: an error can be logged, so it says nothing of addresses, tokens and values.
func mustNotQuote(t *testing.T, err error, base string) {
	t.Helper()
	_, host, _ := strings.Cut(base, "://")
	for _, s := range []string{token, canary, host, projectID, "agent-1"} {
		if s != "" && strings.Contains(err.Error(), s) {
			t.Errorf("the error quotes %q: %v", s, err)
		}
	}
}
