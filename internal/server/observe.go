package server

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

// Observer hears of each answer of the public listener, before it goes out.
type Observer interface {
	// Answered has the pattern of the address, never the address itself, and took until the answer begins.
	Answered(route, method string, status int, took time.Duration)
}

const (
	// noRoute is the pattern of addresses that lead nowhere.
	noRoute = "none"
	// otherMethod are methods that no address takes.
	otherMethod = "other"
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
		return noRoute
	}
	return other.Path()
}

// methodOf keeps those that the portal's addresses take: a client can make up any number of others.
func methodOf(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost:
		return r.Method
	}
	return otherMethod
}
