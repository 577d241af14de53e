package handlers

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"maiaportal/internal/auth/session"
)

// A fault of the portal's own shows nothing of it. It can be tried again where that changes nothing, and never leads to
// another host.
func TestFaultOfThePortal(t *testing.T) {
	h := &Handlers{
		Sessions: &session.Sessions{},
		Files:    files,
		Log:      slog.New(slog.DiscardHandler),
	}
	for address, next := range map[string]string{
		"GET /activity?name=A":  `href="/activity?name=A"`,
		"POST /secret-values":   `href="/secret-values/new"`,
		"POST /sessions":        `href="/"`,
		"GET //evil.example/x":  `href="/"`,
		"GET /\\evil.example/x": `href="/"`,
	} {
		method, target, _ := strings.Cut(address, " ")
		r := httptest.NewRequestWithContext(t.Context(), method, "/", nil)
		r.URL.Path, r.URL.RawQuery, _ = strings.Cut(target, "?")
		w := httptest.NewRecorder()
		c := echo.New().NewContext(r, w)
		c.Set(RequestIDKey, "request-9")
		h.onError(errors.New("nobody expected this"), c)
		body := w.Body.String()
		if w.Code != http.StatusInternalServerError || !strings.Contains(body, "request-9") || strings.Contains(body, "nobody expected") {
			t.Errorf("%s: %d %s", address, w.Code, body)
		}
		if _, main, _ := strings.Cut(body, "<main"); !strings.Contains(main[:strings.Index(main, "</main")], next) || strings.Contains(main, "evil") {
			t.Errorf("%s: the next step is not %s: %s", address, next, main)
		}
	}
}
