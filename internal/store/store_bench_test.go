package store

import (
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"maiaportal/internal/audit"
	"maiaportal/internal/record"
	"maiaportal/internal/secret"
)

// One submission that is created: its begin and its end, alone and sixteen at once.
func BenchmarkSubmission(b *testing.B) {
	for _, at := range []int{1, 16} {
		b.Run(fmt.Sprint(at, " at once"), func(b *testing.B) {
			s, err := Open("sqlite:"+filepath.Join(b.TempDir(), "portal.db"), time.Now)
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			s.KeepTrail(audit.NewChain([]secret.Value{secret.New(make([]byte, 32))}), nil)
			if err := s.Migrate(b.Context()); err != nil {
				b.Fatal(err)
			}
			c := newClock()
			var n atomic.Int64
			b.SetParallelism(at)
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					r := intent(c, fmt.Sprint("token", n.Add(1)), 1)
					if _, err := s.LatestAttempt(b.Context(), r.FormToken); err == nil {
						b.Error("a form that was used")
					}
					step := call()
					if begun, _, err := s.BeginSubmission(b.Context(), r, record.Begin{Step: &step}); !begun || err != nil {
						b.Error(begun, err)
					}
					r.Outcome = record.Created
					step.Outcome = record.Created
					if err := s.EndSubmission(b.Context(), r, &step); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
