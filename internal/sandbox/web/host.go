// Package web is what the sandbox's servers have in common: a listener on loopback that can be
// away for a while, answers of an API, and pages without scripts.
package web

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Host is an HTTP server on a free port of 127.0.0.1 that can be away for a while.
type Host struct {
	url      string
	server   *http.Server
	listener *listener
	cancel   context.CancelFunc
}

// Listen takes a free port. Nothing is answered before Serve. The logger hears what net/http
// complains about, at debug level.
func Listen(logger *slog.Logger) (*Host, error) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("sandbox: listen: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	return &Host{
		url:      "http://" + inner.Addr().String(),
		listener: &listener{Listener: inner, open: map[*conn]struct{}{}},
		cancel:   cancel,
		server: &http.Server{
			ReadHeaderTimeout: 10 * time.Second,
			ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
			// Every request's context ends with the server, so that none hangs beyond it.
			BaseContext: func(net.Listener) context.Context { return ctx },
		},
	}, nil
}

// URL is the host's address, without a slash at its end.
func (h *Host) URL() string { return h.url }

// Addr is the host's address as host:port.
func (h *Host) Addr() string { return h.listener.Addr().String() }

// Serve begins to answer and returns at once.
func (h *Host) Serve(handler http.Handler) {
	h.server.Handler = loopbackOnly(handler)
	go func() { _ = h.server.Serve(h.listener) }()
}

// Offline takes the host away, or brings it back: meanwhile every connection to it is reset.
func (h *Host) Offline(offline bool) { h.listener.setOffline(offline) }

// Close ends the server and every request that is still under way. It may be called twice.
func (h *Host) Close() error {
	h.cancel()
	err := h.server.Close()
	_ = h.listener.Close() // the server knows it only once it serves
	return err
}

// loopbackOnly refuses other host names: a page somewhere whose name resolves to 127.0.0.1 could
// otherwise read what the sandbox shows.
func loopbackOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			name = r.Host
		}
		if name != "localhost" && !net.ParseIP(name).IsLoopback() {
			http.Error(w, "This sandbox answers on loopback only.", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// listener keeps its port while it is offline, so that nobody else gets it meanwhile: it takes
// connections and resets them.
type listener struct {
	net.Listener

	mu      sync.Mutex
	offline bool
	open    map[*conn]struct{}
}

func (l *listener) Accept() (net.Conn, error) {
	for {
		inner, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := &conn{Conn: inner, listener: l}
		l.mu.Lock()
		offline := l.offline
		if !offline {
			l.open[c] = struct{}{}
		}
		l.mu.Unlock()
		if !offline {
			return c, nil
		}
		c.reset()
	}
}

func (l *listener) setOffline(offline bool) {
	l.mu.Lock()
	l.offline = offline
	var cut []*conn
	if offline {
		for c := range l.open {
			cut = append(cut, c)
		}
	}
	l.mu.Unlock()
	for _, c := range cut {
		c.reset()
	}
}

// Reset loses the connection of a request without an answer. A writer that has no connection to give
// away is left as it is.
func Reset(w http.ResponseWriter) {
	hijacked, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	hijacked.(*conn).reset()
}

// conn can be reset: the peer then sees a lost connection, not an orderly end.
type conn struct {
	net.Conn
	listener *listener
}

func (c *conn) Close() error {
	c.listener.mu.Lock()
	delete(c.listener.open, c)
	c.listener.mu.Unlock()
	return c.Conn.Close()
}

func (c *conn) reset() {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}
