package plainjson

import (
	"bytes"
	"strings"
	"testing"
)

// BenchmarkObject reads an object of one long text, and one of many short ones.
func BenchmarkObject(b *testing.B) {
	many := []byte(`{"list":[` + strings.Repeat(`{"name":"value","number":12.5},`, 8000) + `null]}`)
	for name, text := range map[string][]byte{
		"one_text":   []byte(`{"password":"` + strings.Repeat("x", 250<<10) + `"}`),
		"many_texts": many,
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := (Walk{Key: []byte("password")}).Object(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkUnescape undoes the escapes of a key in PEM.
func BenchmarkUnescape(b *testing.B) {
	raw := bytes.Repeat([]byte(strings.Repeat("A", 64)+`\n`), 26)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		Unescape(nil, raw)
	}
}
