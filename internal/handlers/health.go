package handlers

import (
	"context"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	assets "maiaportal/web/static"
)

// Healthz says that the process serves. It asks nobody: a container must not be restarted because the
// provider is down.
func Healthz(c echo.Context) error { return c.String(http.StatusOK, "ok\n") }

// Readyz says whether the database answers and the provider has been discovered since the start. A process
// that ends is not ready, so that nothing more is sent to it.
func (h *Handlers) Readyz(c echo.Context) error {
	if h.Ending != nil && h.Ending() {
		return c.String(http.StatusServiceUnavailable, "unavailable\n")
	}
	ctx, cancel := context.WithTimeout(c.Request().Context(), 2*time.Second)
	defer cancel()
	if h.Records.Ping(ctx) != nil || !h.RP.Provider.Ready() {
		return c.String(http.StatusServiceUnavailable, "unavailable\n")
	}
	return c.String(http.StatusOK, "ok\n")
}

// staticFile serves an embedded file under its content-hashed name.
func staticFile(c echo.Context) error {
	f, ok := assets.Open(path.Clean("/static/" + c.Param("*")))
	if !ok {
		return echo.ErrNotFound
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("ETag", f.ETag)
	h.Set("Vary", "Accept-Encoding")
	if c.Request().Header.Get("If-None-Match") == f.ETag {
		return c.NoContent(http.StatusNotModified)
	}
	if f.Gzip != nil && strings.Contains(c.Request().Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		return c.Blob(http.StatusOK, f.ContentType, f.Gzip)
	}
	return c.Blob(http.StatusOK, f.ContentType, f.Content)
}
