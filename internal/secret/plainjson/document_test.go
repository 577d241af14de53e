package plainjson

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"maiaportal/internal/secret"
)

// read reads a document with a buffer of some size.
func read(t *testing.T, d Document, size int) string {
	t.Helper()
	r := d.Reader()
	var got []byte
	p := make([]byte, size)
	for {
		n, err := r.Read(p)
		got = append(got, p[:n]...)
		if err == io.EOF {
			return string(got)
		}
		if err != nil || n == 0 {
			t.Fatalf("%d bytes at once: read %d, %v", size, n, err)
		}
	}
}

func piecesOf(text string) Document {
	return Document{
		Raw(secret.New([]byte(`{"a":"`))),
		Escaped(secret.New([]byte(text))),
		Raw(secret.Value{}),
		Escaped(secret.Value{}),
		Raw(secret.New([]byte(`"}`))),
	}
}

// Whatever is escaped, and in whatever pieces it is read, the same text comes back, and its size is known before.
func TestDocument(t *testing.T) {
	var every strings.Builder
	for c := range rune(0x180) {
		every.WriteRune(c)
	}
	texts := []string{"", "plain", "\n", "\x00\x1f\x20\x7f", "\"\\", "exactly8", "é\u2028\U0001F600</>&", every.String()}
	// Each byte that needs an escape, and its neighbours, at each place of those that are looked at together.
	for c := range 0x80 {
		for place := range 9 {
			filler := []byte("!!!!!!!!~~~")
			filler[place] = byte(c)
			texts = append(texts, string(filler))
		}
	}
	for _, text := range texts {
		d := piecesOf(text)
		var want string
		for size := 1; size <= 40; size++ {
			got := read(t, d, size)
			if want == "" {
				want = got
			}
			if got != want || int64(len(got)) != d.Size() {
				t.Fatalf("%q, %d bytes at once: %q of %d, want %q", text, size, got, d.Size(), want)
			}
		}
		var is struct{ A string }
		if err := json.Unmarshal([]byte(want), &is); err != nil || is.A != text {
			t.Errorf("%q became %s: %v", text, want, err)
		}
		if quoted := string(AppendQuoted(nil, text)); `{"a":`+quoted+`}` != want {
			t.Errorf("%q is quoted as %s", text, quoted)
		}
	}
}

// Nothing is escaped that need not be.
func TestFewEscapes(t *testing.T) {
	const text = "a</é\u2028\x7f\n\r\t\b\"\\"
	const want = `{"a":"a</é` + "\u2028\x7f" + `\n\r\t\u0008\"\\"}`
	if got := read(t, piecesOf(text), 100); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestDocumentIsWipedWhereItIs(t *testing.T) {
	text := []byte("canary\n")
	d := Document{Raw(secret.New([]byte(`"`))), Escaped(secret.New(text))}
	if d.Empty() || !(Document{}).Empty() || !(Document{Raw(secret.Value{})}).Empty() {
		t.Error("what is empty?")
	}
	seen := 0
	d.Each(func(b []byte, isText bool) {
		seen++
		if isText != (seen == 2) || isText && &b[0] != &text[0] {
			t.Errorf("piece %d: %q, %v", seen, b, isText)
		}
	})
	if seen != 2 {
		t.Errorf("%d texts", seen)
	}
	if shown := fmt.Sprintf("%v %+v %#v", d, d, d); strings.Contains(shown, "canary") {
		t.Errorf("it shows %s", shown)
	}
	d.Wipe()
	if strings.Trim(string(text), "\x00") != "" {
		t.Errorf("%q is left", text)
	}
	if n, err := d.Reader().Read(nil); n != 0 || err != nil {
		t.Errorf("no room: %d, %v", n, err)
	}
}

func BenchmarkDocument(b *testing.B) {
	text := strings.Repeat(strings.Repeat("abcdEFGH", 9)+"wxyz\n", 3400)
	d := piecesOf(text)
	p := make([]byte, 16<<10)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		_ = d.Size()
		r := d.Reader()
		for {
			if _, err := r.Read(p); err != nil {
				break
			}
		}
	}
}
