package maiaclient

import (
	"regexp"
	"strings"
)

// leading matches what a validator puts in front of its message: a path of property names, as in
// "createSecretReference.body.secretName: must not be blank" or "secretName must not be blank".
var leading = regexp.MustCompile(`^['"\x60]?([A-Za-z][\w.\[\]]*)['"\x60]?(\s*[:=]|\s|$)`)

// ByField puts each violation beside the field that it names, the rest under "". fields maps the API's
// property names to the names of the fields that the page shows: give it only those, for a message at
// a hidden field would vanish.
func ByField(violations []string, fields map[string]string) map[string][]string {
	out := map[string][]string{}
	for _, v := range violations {
		f := fieldOf(v, fields)
		out[f] = append(out[f], v)
	}
	return out
}

// fieldOf looks for a path at the beginning first, then for the earliest property that is named as a
// word. Properties that are ordinary words ("name", "type") count only at the beginning or in quotes.
func fieldOf(violation string, fields map[string]string) string {
	if m := leading.FindStringSubmatch(violation); m != nil {
		path := strings.Split(strings.TrimRight(m[1], "."), ".")
		last, _, _ := strings.Cut(path[len(path)-1], "[")
		if f, ok := fields[last]; ok {
			return f
		}
	}
	found, at := "", len(violation)+1
	for property, field := range fields {
		if i := wordIndex(violation, property); i >= 0 && i < at {
			found, at = field, i
		}
	}
	return found
}

// wordIndex gives the position of a property that stands as a word of its own, or -1.
func wordIndex(s, word string) int {
	common := word == strings.ToLower(word)
	for from := 0; ; {
		i := strings.Index(s[from:], word)
		if i < 0 {
			return -1
		}
		i += from
		end := i + len(word)
		before, after := byte(' '), byte(' ')
		if i > 0 {
			before = s[i-1]
		}
		if end < len(s) {
			after = s[end]
		}
		quoted := strings.IndexByte("'\"`", before) >= 0 && before == after
		if !wordByte(before) && !wordByte(after) && (!common || quoted) {
			return i
		}
		from = end
	}
}

func wordByte(b byte) bool {
	return b == '_' || b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z'
}
