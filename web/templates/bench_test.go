package templates_test

import (
	"context"
	"io"
	"testing"
)

// BenchmarkPages draws some of the sample pages.
func BenchmarkPages(b *testing.B) {
	for _, name := range []string{"value-none", "value-text-ko", "reference-none", "activity"} {
		page, ok := samples()[name]
		if !ok {
			b.Fatal("no page " + name)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := page.Render(context.Background(), io.Discard); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
