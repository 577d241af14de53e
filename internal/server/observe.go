package server

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

// Observer hears of each answer of the public listener, before it goes out.
type Observer interface {
	// Answered has the pattern of the address, never the address itself, and took until the answer begins.
	Answered(route, method string, status int, took time.Duration)
}

// Tracer follows each request of the public listener from its head on.
type Tracer interface {
	// RequestBegins has the pattern of the address, never the address itself. traceparent is the trace that a trusted
	// proxy says the request belongs to (W3C Trace Context); empty: none. The request goes on with the context, and ended
	// is called once it is over, with its status, or 0 where its connection was cut.
	RequestBegins(ctx context.Context, route, method, traceparent string) (_ context.Context, ended func(status int))
}

// What stands in place of a pattern or a method.
const (
	// NoRoute is the pattern of addresses that lead nowhere.
	NoRoute = "none"
	// OtherMethod are methods that no address takes.
	OtherMethod = "other"
)

// observe tells the observer of each answer. It is told before the answer goes out, so that who has it finds it
// counted.
func (m *middleware) observe(next echo.HandlerFunc) echo.HandlerFunc {
	to := m.o.Observer
	if to == nil {
		return next
	}
	return func(c echo.Context) error {
		begun := time.Now()
		told := false
		tell := func() {
			if !told {
				told = true
				to.Answered(routeOf(c), methodOf(c.Request()), c.Response().Status, time.Since(begun))
			}
		}
		c.Response().Before(tell)
		err := next(c)
		tell()
		return err
	}
}

// trace has each request followed. It is outside of whatever may log, ask the database or call somebody.
func (m *middleware) trace(next echo.HandlerFunc) echo.HandlerFunc {
	to := m.o.Tracer
	if to == nil {
		return next
	}
	return func(c echo.Context) error {
		r := c.Request()
		ctx, ended := to.RequestBegins(r.Context(), routeOf(c), methodOf(r), m.traceparent(r))
		status := 0 // a panic that cuts the connection passes here, too
		defer func() { ended(status) }()
		c.SetRequest(r.WithContext(ctx))
		err := next(c)
		status = c.Response().Status
		return err
	}
}

// traceparent is the trace that a request's sender says it belongs to, where the sender is a trusted proxy: others
// could put their requests into whichever trace they like, and have each one recorded. tracestate is left alone,
// because it may be any text.
func (m *middleware) traceparent(r *http.Request) string {
	lines := r.Header.Values("Traceparent")
	if len(lines) != 1 { // more are as good as none
		return ""
	}
	if peer, ok := address(r.RemoteAddr); !ok || !within(peer, m.trusted) {
		return ""
	}
	return lines[0]
}

// routeOf is the pattern that a request's address has: also of one that is refused before it is routed, or whose method
// does not fit.
func routeOf(c echo.Context) string {
	if c.Path() != "" {
		return c.Path()
	}
	e := c.Echo()
	other := e.AcquireContext()
	defer e.ReleaseContext(other)
	other.Reset(c.Request(), nil)
	e.Router().Find(c.Request().Method, echo.GetPath(c.Request()), other)
	if other.Path() == "" {
		return NoRoute
	}
	return other.Path()
}

// methodOf keeps those that the portal's addresses take: a client can make up any number of others.
func methodOf(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost:
		return r.Method
	}
	return OtherMethod
}
