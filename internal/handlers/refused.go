package handlers

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/labstack/echo/v4"

	"maiaportal/internal/auth"
	"maiaportal/internal/auth/reason"
	"maiaportal/internal/record"
)

// noteTime is how long the database may take for an event that stops nothing.
const noteTime = 5 * time.Second

// over is the request that something is done over, for events.
func over(c echo.Context) record.Request {
	return record.Request{ClientAddress: c.RealIP(), RequestID: requestID(c)}
}

// noteRefusal writes the event of a login that was refused to somebody whom a verified ID token names. All other
// refusals are log lines alone, so that strangers cannot fill the trail, and a provider that stumbles has refused
// nobody. A refusal stays one where its event cannot be written: there is no login to stop.
func (h *Handlers) noteRefusal(c echo.Context, login auth.Login, err error) {
	var refusal *reason.Refusal
	if login.Subject == "" || !errors.As(err, &refusal) || errors.Is(err, reason.ErrProviderAway) {
		return
	}
	// A browser that leaves must not keep it out of the trail.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request().Context()), noteTime)
	defer cancel()
	by := record.By{
		Actor:         record.Actor{Issuer: login.Issuer, Subject: login.Subject, Name: login.Name},
		ClientAddress: c.RealIP(),
		RequestID:     requestID(c),
	}
	if err := h.Records.Append(ctx, record.Refused(by, string(refusal.Reason))); err != nil {
		h.Log.LogAttrs(ctx, slog.LevelWarn, "refused login not in the audit trail",
			slog.String("request_id", requestID(c)), slog.String("error", err.Error()))
	}
}
