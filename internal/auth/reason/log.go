package reason

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"unicode"
)

// Log writes the one line that says why something of the provider was not accepted.
func Log(ctx context.Context, log *slog.Logger, what string, err error, facts ...slog.Attr) {
	var r *Refusal
	if errors.As(err, &r) {
		facts = append(facts, r.Attrs()...)
	} else {
		facts = append(facts, slog.String("error", err.Error()))
	}
	log.LogAttrs(ctx, slog.LevelWarn, what, facts...)
}

// Clip makes a stranger's word fit for the log: short, and in one line.
func Clip(s string) string {
	const most = 200
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s)
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
