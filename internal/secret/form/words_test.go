package form

import (
	"strings"
	"testing"
)

func TestNormalizeLineEnds(t *testing.T) {
	for why, tc := range map[string]struct{ in, want string }{
		"as forms send": {"a\r\nb\r\n", "a\nb\n"}, "as they should be": {"a\nb", "a\nb"}, "lone CR": {"a\rb\r", "a\nb\n"},
		"mixed": {"\r\r\n\n\r", "\n\n\n\n"}, "nothing": {"", ""}, "no line end": {"ab", "ab"},
	} {
		b := []byte(tc.in)
		got := NormalizeLineEnds(b)
		if string(got) != tc.want {
			t.Errorf("%s: %q, want %q", why, got, tc.want)
		}
		if rest := b[len(got):]; strings.Trim(string(rest), "\x00") != "" {
			t.Errorf("%s: %q is left behind the end", why, rest)
		}
	}
	// Every short text of these, and the same between longer runs.
	all := strings.NewReplacer("\r\n", "\n", "\r", "\n")
	texts := []string{""}
	for i := 0; len(texts) < 3000; i++ {
		for _, c := range []string{"a", "\r", "\n"} {
			texts = append(texts, texts[i]+c)
		}
	}
	for _, text := range texts {
		for _, in := range []string{text, "before" + strings.ReplaceAll(text, "a", "between") + "behind"} {
			if got := string(NormalizeLineEnds([]byte(in))); got != all.Replace(in) {
				t.Fatalf("%q became %q, want %q", in, got, all.Replace(in))
			}
		}
	}
}

func TestLine(t *testing.T) {
	for in, want := range map[string]string{" a ": "a", "\u00a0a\t": "a", "a b": "a b", "a\n": "a\n", "\r\na": "\r\na", "": "", " ": "", "\u200ba": "\u200ba"} {
		if got := Line(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}
