// Package server runs the portal's listeners: time-outs, the order of the middleware, the headers that
// every answer has, and the drain at the end.
//
// It knows no page and no form: what an address does, and the words for what is refused before it comes to that, are
// handed in.
package server

import (
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/labstack/echo/v4"

	"maiaportal/internal/wipe"
)

const (
	maxHeader     = 32 << 10
	headerTimeout = 10 * time.Second
	bodyTimeout   = 60 * time.Second // for 1 MiB over a slow line
	idleTimeout   = 2 * time.Minute
)

// Options are what the public server needs.
type Options struct {
	BaseURL        string                                   // scheme and host that users open
	HTTPS          bool                                     // users come over TLS
	RepeatCookie   func(http.ResponseWriter, *http.Request) // for every answer to a POST, when it goes out
	Program        string                                   // an address that a program posts to, no browser
	Foreign        func() error                             // for what another site's page sends; nil: a plain 403
	RequestIDKey   string                                   // where a request's id is in its echo context
	SubjectKey     string                                   // and who sent it, where that is known
	TrustedProxies []netip.Prefix                           // whose X-Forwarded-For and traceparent are believed
	AnswerTimeout  time.Duration                            // how long an answer may take: longer than a whole submission
	Ending         *Ending                                  // nil: it never does
	Observer       Observer                                 // nil: nobody
	Tracer         Tracer                                   // nil: nobody
	Log            *slog.Logger
}

// New makes the public server; routes registers the pages and their error handler.
func New(o Options, routes func(*echo.Echo)) (*http.Server, error) {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = clientAddress(o.TrustedProxies, func(peer netip.Addr) {
		o.Log.Warn("X-Forwarded-For is not believed: PORTAL_TRUSTED_PROXIES lacks the address that sends it, so records "+
			"have that address in place of the user's", "peer", peer.String())
	})
	m, err := newMiddleware(o)
	if err != nil {
		return nil, err
	}
	// From the outside in. The panic handler sits inside the log, so that a panic has its line there,
	// and outside everything that can fail.
	e.Pre(o.Ending.lastAnswers, m.trace, m.observe, m.detach, m.requestID, m.accessLog, m.headers, m.recover,
		m.repeatCookie, m.sameOrigin)
	routes(e)
	s := &http.Server{
		Handler:           e,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       bodyTimeout,
		WriteTimeout:      bodyTimeout + o.AnswerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),
	}
	wipe.Server(s)
	return s, nil
}

// NewAdmin makes the operator's server.
func NewAdmin(log *slog.Logger, healthz, readyz echo.HandlerFunc, metrics http.Handler) *http.Server {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		e.Add(method, "/healthz", healthz)
		e.Add(method, "/readyz", readyz)
		e.Add(method, "/metrics", echo.WrapHandler(metrics))
	}
	return &http.Server{
		Handler:           e,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       headerTimeout,
		WriteTimeout:      headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}
