package shape

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
)

// BenchmarkLook looks at values of several lengths for which nothing is expected.
func BenchmarkLook(b *testing.B) {
	pem := "-----BEGIN PRIVATE KEY-----\n" + strings.Repeat(strings.Repeat("A", 64)+"\n", 25) + "-----END PRIVATE KEY-----\n"
	for name, value := range map[string][]byte{
		"40":      []byte("correct-horse-battery-staple-0123456789!"),
		"PEM":     []byte(pem),
		"256_KiB": bytes.Repeat([]byte("abcdefgh"), 32<<10),
	} {
		for _, kind := range []Kind{Anything, Line} {
			b.Run(fmt.Sprintf("%s/%v", name, kind), func(b *testing.B) {
				b.SetBytes(int64(len(value)))
				b.ReportAllocs()
				for b.Loop() {
					Look(value, Expect{Kind: kind, Now: time.Unix(1_800_000_000, 0)})
				}
			})
		}
	}
}
