package scrub

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// undo is one kind of escape.
type undo struct {
	signs string // what an escape may begin with
	// at reads the escape that b begins with: its length, and the character or, where raw is true, the
	// byte that it stands for. The length is 0 where there is none.
	at func(b []byte) (n int, c rune, raw bool)
}

// The kinds of escapes. In a query a plus sign is a blank; elsewhere it is itself.
var (
	ofJSON     = undo{`\`, jsonEscape}
	ofURL      = undo{`%`, percentEscape}
	ofQuery    = undo{`%+`, queryEscape}
	ofHTML     = undo{`&`, entity}
	ofPlus     = undo{`+`, func([]byte) (int, rune, bool) { return 1, ' ', true }}
	everyKind  = []undo{ofJSON, ofURL, ofQuery, ofHTML}
	inOneOrder = []undo{ofHTML, ofURL, ofJSON}
)

// rounds bounds how many layers of each kind are undone. People who quote a quotation seldom pass three.
const rounds = 8

// signs are what an escape of any kind may begin with.
const signs = `\%&+`

// next is where the next escape may begin, or the end.
func (u undo) next(b []byte, from int) int {
	var at int
	if len(u.signs) == 1 { // far quicker than the general way
		at = bytes.IndexByte(b[from:], u.signs[0])
	} else {
		at = bytes.IndexAny(b[from:], u.signs)
	}
	if at < 0 {
		return len(b)
	}
	return from + at
}

// inPlace undoes one layer in b itself: no escape is shorter than what it stands for.
func (u undo) inPlace(b []byte) []byte {
	n := u.next(b, 0)
	for i := n; i < len(b); {
		if k, c, raw := u.at(b[i:]); k > 0 {
			n += put(b[n:i+k], c, raw)
			i += k
		} else {
			b[n] = b[i]
			n++
			i++
		}
		end := u.next(b, i)
		n += copy(b[n:], b[i:end])
		i = end
	}
	clear(b[n:])
	return b[:n]
}

// put writes a character, or a byte, and says how long it is.
func put(b []byte, c rune, raw bool) int {
	if raw {
		b[0] = byte(c) // #nosec G115 -- it is one
		return 1
	}
	return utf8.EncodeRune(b, c)
}

// canonical undoes every layer of every kind in b itself, until nothing changes. A plus sign becomes a
// blank, for nobody can tell any more which one it was.
func canonical(b []byte) []byte {
	for range rounds {
		before := len(b)
		for _, u := range inOneOrder {
			b = u.inPlace(b)
		}
		if len(b) == before { // no escape is as short as what it stands for, either
			break
		}
	}
	return ofPlus.inPlace(b)
}

// step gives the length of the first character of b, or of the first byte where it is none, and
// whether it counts as a blank.
func step(b []byte) (n int, blank bool) {
	if c := b[0]; c < utf8.RuneSelf {
		return 1, c <= ' ' || c == 0x7f
	}
	r, n := utf8.DecodeRune(b)
	return n, n > 1 && isBlank(r)
}

// isBlank says whether a character is shown as nothing or next to nothing.
func isBlank(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }

// flat makes one blank of each run of blanks, and none at the ends, in b itself.
func flat(b []byte) []byte {
	n, blank := 0, false
	for i := 0; i < len(b); {
		if !blank {
			if k := visible(b[i:]); k > 0 { // what most is made of
				n += copy(b[n:], b[i:i+k])
				i += k
				continue
			}
		}
		k, isBlank := step(b[i:])
		if isBlank {
			blank = n > 0
		} else {
			if blank {
				b[n] = ' '
				n++
				blank = false
			}
			n += copy(b[n:], b[i:i+k])
		}
		i += k
	}
	clear(b[n:])
	return b[:n]
}

// visible is how many bytes at the beginning are characters of ASCII that are no blanks. It looks at eight at once.
func visible(b []byte) int {
	const (
		each = 0x0101010101010101 // a one in each byte
		high = 0x80 * each
	)
	i := 0
	for ; i+8 <= len(b); i += 8 {
		eight := binary.LittleEndian.Uint64(b[i:])
		// None of the sums carries into the next byte, because the highest bits are out of the way.
		low := eight &^ high
		noBlank := low + (0x80-'!')*each // 0x80 and more from the first one on
		noDelete := ^(low + each)        // less than 0x80 but for the last one
		if other := ^(noBlank & noDelete &^ eight) & high; other != 0 {
			return i + bits.TrailingZeros64(other)/8
		}
	}
	for i < len(b) && b[i] > ' ' && b[i] < 0x7f {
		i++
	}
	return i
}

// jsonEscape reads an escape of JSON, and those of the languages that quote like it.
func jsonEscape(b []byte) (n int, c rune, raw bool) {
	if len(b) < 2 {
		return 0, 0, false
	}
	switch b[1] {
	case '"', '\\', '/', '\'', '`':
		return 2, rune(b[1]), true
	case 'a':
		return 2, '\a', true
	case 'b':
		return 2, '\b', true
	case 'e':
		return 2, 0x1b, true
	case 'f':
		return 2, '\f', true
	case 'n':
		return 2, '\n', true
	case 'r':
		return 2, '\r', true
	case 't':
		return 2, '\t', true
	case 'v':
		return 2, '\v', true
	case 'x':
		c, ok := inHex(b[2:], 2)
		return length(4, ok), c, true
	case 'U':
		c, ok := inHex(b[2:], 8)
		return length(10, ok && utf8.ValidRune(c)), c, false
	case 'u':
		if len(b) > 2 && b[2] == '{' {
			return bracedEscape(b)
		}
		return utf16Escape(b, `\u`)
	}
	return 0, 0, false
}

// bracedEscape reads \u{1f511}.
func bracedEscape(b []byte) (n int, c rune, raw bool) {
	end := bytes.IndexByte(b[:min(len(b), len(`\u{10ffff}`))], '}')
	if end < 4 {
		return 0, 0, false
	}
	c, ok := inHex(b[3:], end-3)
	return length(end+1, ok && utf8.ValidRune(c)), c, false
}

// utf16Escape reads four digits, or twice four that make one character.
func utf16Escape(b []byte, sign string) (n int, c rune, raw bool) {
	k := len(sign)
	c, ok := inHex(b[k:], 4)
	if !ok || !utf16.IsSurrogate(c) {
		return length(k+4, ok), c, false
	}
	rest := b[k+4:]
	if !bytes.HasPrefix(rest, []byte(sign)) {
		return 0, 0, false
	}
	low, ok := inHex(rest[k:], 4)
	c = utf16.DecodeRune(c, low)
	return length(2*k+8, ok && c != utf8.RuneError), c, false
}

// percentEscape reads %2f, and %u0431 as old JavaScript writes it.
func percentEscape(b []byte) (n int, c rune, raw bool) {
	if len(b) > 1 && b[1] == 'u' {
		return utf16Escape(b, `%u`)
	}
	c, ok := inHex(b[1:], 2)
	return length(3, ok), c, true
}

func queryEscape(b []byte) (n int, c rune, raw bool) {
	if b[0] == '+' {
		return 1, ' ', true
	}
	return percentEscape(b)
}

// entity reads &#65; and &#x41; and &lt; the semicolon may be missing where browsers do without it.
func entity(b []byte) (n int, c rune, raw bool) {
	if len(b) > 1 && b[1] == '#' {
		return numericEntity(b)
	}
	end := 1
	for end < len(b) && end <= longestEntity && isAlphanumeric(b[end]) {
		end++
	}
	if end < len(b) && b[end] == ';' {
		if c, ok := entities[string(b[1:end])]; ok { // no string is made for this
			return end + 1, c, false
		}
	}
	for _, e := range bareEntities {
		if bytes.HasPrefix(b[1:], []byte(e.name)) {
			return 1 + len(e.name), e.c, false
		}
	}
	return 0, 0, false
}

func numericEntity(b []byte) (n int, c rune, raw bool) {
	i, base := 2, rune(10)
	if i < len(b) && (b[i] == 'x' || b[i] == 'X') {
		i, base = 3, 16
	}
	begin := i
	for ; i < len(b); i++ {
		d, ok := digit(b[i])
		if !ok || d >= base {
			break
		}
		if c = c*base + d; c > unicode.MaxRune {
			return 0, 0, false
		}
	}
	if i == begin || c == 0 || !utf8.ValidRune(c) {
		return 0, 0, false
	}
	if i < len(b) && b[i] == ';' {
		i++
	}
	return i, c, false
}

func length(n int, ok bool) int {
	if !ok {
		return 0
	}
	return n
}

// inHex reads n hexadecimal digits.
func inHex(b []byte, n int) (c rune, ok bool) {
	if n < 1 || len(b) < n {
		return 0, false
	}
	for _, d := range b[:n] {
		v, ok := digit(d)
		if !ok || c > unicode.MaxRune {
			return 0, false
		}
		c = c<<4 | v
	}
	return c, true
}

func digit(c byte) (rune, bool) {
	switch {
	case c >= '0' && c <= '9':
		return rune(c - '0'), true
	case c >= 'a' && c <= 'f':
		return rune(c-'a') + 10, true
	case c >= 'A' && c <= 'F':
		return rune(c-'A') + 10, true
	}
	return 0, false
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
