package handlers

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"maiaportal/internal/audit"
	"maiaportal/internal/auth"
	"maiaportal/internal/record"
)

const (
	// chunkTime is how long a reader of an export may take for one chunk.
	chunkTime = time.Minute
	// chunkSize is how much of an export is written at once, in bytes.
	chunkSize = 64 << 10
)

// auditTrail sends the audit trail to an auditor, as lines of JSON: the events that are there when it begins. That it
// is sent is an event itself, before the first byte.
func (h *Handlers) auditTrail(c echo.Context, s *auth.Session) error {
	if !h.Policy.Audits(s.Login.Groups) {
		return echo.ErrNotFound
	}
	f, err := readFilter(c, true, h.dates().zone, "from", "to")
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderContentType, "application/jsonl; charset=utf-8")
	c.Response().Header().Set(echo.HeaderContentDisposition, `attachment; filename="audit.jsonl"`)
	if c.Request().Method == http.MethodHead {
		return c.NoContent(http.StatusOK)
	}
	ctx := c.Request().Context()
	events, err := h.Records.EventsBetween(ctx, f.filter.From, f.filter.To)
	if err != nil {
		return exportAway(c, err)
	}
	rows, err := h.Records.CountEvents(ctx, events)
	if err != nil {
		return exportAway(c, err)
	}
	if err := h.Records.Append(ctx, record.Exported(by(c, s), "audit.jsonl", f.values().Encode(), int(rows))); err != nil {
		return exportAway(c, err)
	}
	h.sendEvents(c, events, rows)
	return nil
}

// exportAway is for an export that has not begun.
func exportAway(c echo.Context, err error) error {
	c.Response().Header().Del(echo.HeaderContentDisposition)
	return databaseAway(err)
}

// sendEvents writes events as they are read, in batches. What is cut short must not look whole: then the connection is
// cut, without an end.
func (h *Handlers) sendEvents(c echo.Context, events record.Range, rows int64) {
	// It takes as long as its reader does. Each chunk has a limit of its own instead.
	ctx := context.WithoutCancel(c.Request().Context())
	out := http.NewResponseController(c.Response())
	buffer := make([]byte, 0, chunkSize+4096)
	flush := func() error {
		if err := out.SetWriteDeadline(time.Now().Add(chunkTime)); err != nil {
			return err
		}
		if _, err := c.Response().Write(buffer); err != nil {
			return err
		}
		buffer = buffer[:0]
		return out.Flush()
	}
	c.Response().WriteHeader(http.StatusOK)
	err := flush() // from here on whoever asks sees that it is cut, and does not ask again by itself
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	var sent int64
	err = h.Records.Events(ctx, events, func(e record.Stored) error {
		buffer = audit.AppendLine(buffer, e)
		sent++
		if len(buffer) < chunkSize {
			return nil
		}
		return flush()
	})
	if err == nil && sent != rows {
		err = fmt.Errorf("%d of %d events were left", sent, rows)
	}
	if err == nil {
		err = flush()
	}
	if err != nil {
		h.cut(c, err)
	}
}

// cut ends an answer that has begun and cannot be finished.
func (h *Handlers) cut(c echo.Context, err error) {
	h.Log.LogAttrs(context.WithoutCancel(c.Request().Context()), slog.LevelWarn, "export cut short",
		slog.String("request_id", requestID(c)), slog.String("error", err.Error()))
	panic(http.ErrAbortHandler)
}
