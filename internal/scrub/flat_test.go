package scrub

import (
	"strings"
	"testing"
)

// slowly is flat, one character after the other.
func slowly(s string) string {
	var out strings.Builder
	blank := false
	for b := []byte(s); len(b) > 0; {
		k, isBlank := step(b)
		switch {
		case isBlank:
			blank = out.Len() > 0
		case blank:
			out.WriteByte(' ')
			fallthrough
		default:
			out.Write(b[:k])
			blank = false
		}
		b = b[k:]
	}
	return out.String()
}

// Each byte and its neighbours, at each place of those that are looked at together.
func TestFlat(t *testing.T) {
	texts := []string{"", " ", "a", "exactly8", " a  b\n\nc ", "é\u00a0ü\u2028x", "\xff\xfe\x80ab", strings.Repeat("abc\n\n", 50)}
	for c := range 0x100 {
		for place := range 9 {
			filler := []byte("!!!!!!!!~~~")
			filler[place] = byte(c)
			texts = append(texts, string(filler), string(filler)+string(filler))
		}
	}
	for _, text := range texts {
		whole := []byte(text)
		got := flat(whole)
		if string(got) != slowly(text) {
			t.Errorf("%q became %q, want %q", text, got, slowly(text))
		}
		if strings.Trim(string(whole[len(got):]), "\x00") != "" {
			t.Errorf("%q is left behind %q", whole[len(got):], got)
		}
	}
}

// Wherever a piece of a long value stands, in the value and in a text, it is found.
func TestEachPieceIsFound(t *testing.T) {
	value := string(randomLetters(60))
	for begin := 0; begin+longest <= len(value); begin++ {
		for end := begin + longest; end <= min(len(value), begin+longest+6); end++ {
			text := "<" + value[begin:end] + ">"
			if got := clean(value, text); got != "<"+Removed+">" {
				t.Fatalf("%q of %q: %q", text, value, got)
			}
		}
		if piece := value[begin : begin+longest-1]; clean(value, piece) != piece {
			t.Fatalf("%q of %q is too short to be a piece", piece, value)
		}
	}
}
