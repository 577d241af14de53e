package handlers

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
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
