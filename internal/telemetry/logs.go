// Package telemetry makes the portal's logs, its metrics and its traces.
//
// It does not decide what is logged, counted or followed: each room that is observed says what happens in it, by an
// interface of its own, and every line is written where something happens, with the path and never the query, and never
// a body.
package telemetry

import (
	"io"
	"log/slog"
)

// NewLogger writes lines of a format ("json" or "text") from a level on. Times are UTC.
func NewLogger(w io.Writer, level slog.Level, format string) *slog.Logger {
	o := &slog.HandlerOptions{
		Level: level,
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			// The line's own time: an attribute of this name may be something else.
			if a.Key == slog.TimeKey && len(groups) == 0 && a.Value.Kind() == slog.KindTime {
				a.Value = slog.TimeValue(a.Value.Time().UTC())
			}
			return a
		},
	}
	if format == "text" {
		return slog.New(slog.NewTextHandler(w, o))
	}
	return slog.New(slog.NewJSONHandler(w, o))
}
