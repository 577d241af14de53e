package main

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
)

// Two servers of one SQLite file would take each other's submissions for those of a dead process. The second one is
// told so at its start, and the first one goes on.
func TestSecondServerOfAFileIsRefused(t *testing.T) {
	r := newRig(t)
	log := slog.New(slog.DiscardHandler)
	p, err := wire(t.Context(), r.p.cfg, log, log.Handler(), nil)
	if err == nil {
		t.Error("a second server started", p.close())
	} else if !strings.Contains(err.Error(), "another portal serves this SQLite file; stop it first, or use PostgreSQL") {
		t.Errorf("the message is %v", err)
	}
	b := r.browser()
	if p := b.login("ada", "/"); p.status != http.StatusOK {
		t.Errorf("the first server answers %d", p.status)
	}
}
