//go:build unix

package store

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"
)

// Two that migrate one SQLite file do so one after the other, else both could run the same step.
func TestSQLiteMigrationsTakeTurns(t *testing.T) {
	dir := t.TempDir()
	s := open(t, "sqlite:"+filepath.Join(dir, "portal.db"), newClock())
	unlock, err := lockFolder(t.Context(), dir)
	must0(t, err)
	short, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := s.Migrate(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("migrated beside another: %v", err)
	}
	unlock()
	must0(t, s.Migrate(t.Context()))
}
