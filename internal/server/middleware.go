package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"runtime"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
)

// policy forbids everything that a page does not need: all script above all. form-action covers the
// redirects that follow a POST, which is why none of them leaves the portal.
const policy = "default-src 'none'; script-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// permissions switches every powerful feature off that browsers know by name. One that none of them has is nothing but
// an error in the console of each page.
const permissions = "accelerometer=(), autoplay=(), bluetooth=(), browsing-topics=(), camera=(), clipboard-read=(), clipboard-write=(), " +
	"compute-pressure=(), cross-origin-isolated=(), display-capture=(), encrypted-media=(), fullscreen=(), gamepad=(), geolocation=(), gyroscope=(), hid=(), " +
	"identity-credentials-get=(), idle-detection=(), keyboard-map=(), local-fonts=(), magnetometer=(), microphone=(), midi=(), otp-credentials=(), payment=(), " +
	"picture-in-picture=(), publickey-credentials-create=(), publickey-credentials-get=(), screen-wake-lock=(), serial=(), speaker-selection=(), storage-access=(), " +
	"sync-xhr=(), usb=(), web-share=(), window-management=(), xr-spatial-tracking=()"

type middleware struct {
	o       Options
	origins origins
	trusted []netip.Prefix
}

func newMiddleware(o Options) (*middleware, error) {
	own, err := originOf(o.BaseURL)
	if err != nil {
		return nil, err
	}
	return &middleware{
		o:       o,
		origins: origins{own},
		trusted: believable(o.TrustedProxies),
	}, nil
}

// requestID gives each request an id of our own, which its answer has, too: one that a client sends could be anything.
func (m *middleware) requestID(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		id := uuid.NewString()
		c.Set(m.o.RequestIDKey, id)
		c.Response().Header().Set(echo.HeaderXRequestID, id)
		return next(c)
	}
}

// accessLog writes one line for a request: the path, never the query or a body. An error becomes its
// page here, so that the line has the status that went out.
func (m *middleware) accessLog(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		begun := time.Now()
		if err := next(c); err != nil {
			m.answer(c, err)
		}
		r := c.Request()
		id, _ := c.Get(m.o.RequestIDKey).(string)
		attrs := []slog.Attr{
			slog.String("request_id", id),
			slog.String("route", routeOf(c)),
			slog.String("method", r.Method),
			slog.String("path", r.URL.Path),
			slog.Int("status", c.Response().Status),
			slog.Int64("bytes", c.Response().Size),
			slog.Float64("duration_ms", float64(time.Since(begun).Microseconds())/1000),
			slog.String("client", c.RealIP()),
		}
		if subject, _ := c.Get(m.o.SubjectKey).(string); subject != "" {
			attrs = append(attrs, slog.String("subject", subject))
		}
		m.o.Log.LogAttrs(r.Context(), slog.LevelInfo, "request", attrs...)
		return nil
	}
}

// answer makes a page of an error. Whatever becomes of that page, a status is written: without one
// net/http would answer 200 with nothing in it.
func (m *middleware) answer(c echo.Context, err error) {
	defer func() {
		if v := recover(); v != nil {
			m.logPanic(c, v)
		}
		if !c.Response().Committed {
			_ = c.String(http.StatusInternalServerError, "Something went wrong in the portal.\n")
		}
	}()
	c.Error(err)
}

// headers sets what every answer has, errors too.
func (m *middleware) headers(next echo.HandlerFunc) echo.HandlerFunc {
	all := http.Header{}
	all.Set("Content-Security-Policy", policy)
	all.Set("Referrer-Policy", "same-origin") // no-referrer would make browsers send "Origin: null"
	all.Set("X-Content-Type-Options", "nosniff")
	all.Set("X-Frame-Options", "DENY") // for browsers that do not know frame-ancestors
	all.Set("Cross-Origin-Opener-Policy", "same-origin")
	all.Set("Cross-Origin-Resource-Policy", "same-origin")
	all.Set("Permissions-Policy", permissions)
	all.Set("Cache-Control", "no-store")
	if m.o.HTTPS {
		all.Set("Strict-Transport-Security", "max-age=31536000")
	}
	return func(c echo.Context) error {
		// All answers share the values. Set puts another one in their place, and Add copies: each has no room for more.
		maps.Copy(c.Response().Header(), all)
		return next(c)
	}
}

// recover turns a panic into a plain error page. The panic's value is not logged: it may quote what
// was in hand. Where it happened is.
func (m *middleware) recover(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if e, ok := v.(error); ok && errors.Is(e, http.ErrAbortHandler) {
				panic(v)
			}
			err = errPanic
			m.logPanic(c, v)
		}()
		return next(c)
	}
}

func (m *middleware) logPanic(c echo.Context, v any) {
	id, _ := c.Get(m.o.RequestIDKey).(string)
	m.o.Log.LogAttrs(c.Request().Context(), slog.LevelError, "panic",
		slog.String("request_id", id), slog.String("kind", fmt.Sprintf("%T", v)), slog.Any("at", callers()))
}

var errPanic = errors.New("server: panic")

// callers names the functions on the way to a panic, without their arguments.
func callers() []string {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(5, pcs)])
	var out []string
	for {
		f, more := frames.Next()
		out = append(out, fmt.Sprintf("%s:%d", f.Function, f.Line))
		if !more {
			return out
		}
	}
}

// repeatCookie sets a cookie on every answer to a POST, refusals included: with no-store, this keeps a
// typed secret out of Chromium's back/forward cache. Which one is decided when the answer goes out: by
// then the browser may have another session than the one that it sent.
func (m *middleware) repeatCookie(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		// A program has no browser behind it.
		if c.Request().Method == http.MethodPost && c.Request().URL.Path != m.o.Program {
			if m.origins.foreign(c.Request()) && len(c.Request().Cookies()) == 0 {
				// Browsers send no Lax cookies with another site's POST: one that is made here would replace the
				// one that this browser's pending logins belong to.
				return next(c)
			}
			c.Response().Before(func() { m.o.RepeatCookie(c.Response(), c.Request()) })
		}
		return next(c)
	}
}

// detach keeps a request going when its client has left, or has closed its own half of the connection:
// what was asked for is done, and a refusal is written with its own status (S-56, S-57). It ends when the
// connection would be cut anyway.
func (m *middleware) detach(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request().Context()), bodyTimeout+m.o.AnswerTimeout)
		defer cancel()
		c.SetRequest(c.Request().WithContext(ctx))
		return next(c)
	}
}
