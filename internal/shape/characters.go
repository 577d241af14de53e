package shape

import (
	"bytes"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// oddity is why a character is odd.
type oddity int

const (
	ordinary oddity = iota
	invisible
	space
	hyphen
	dots
	quote
	unknown
)

// odd finds characters by their properties and says which one comes first, where, and how many there are. Those that
// join emoji and the letters of some scripts belong where they stand between them. Spaces, hyphens, dots and quotation
// marks of print are odd only in what was typed or pasted: documents have them.
func odd(b []byte, k Kind) []Finding {
	counts := [unknown + 1]int{}
	firsts := [unknown + 1]Misplaced{}
	lines := [unknown + 1]int{}
	before := rune(-1)
	flag := false
	core := trimMark(trim(b))
	ahead := b[:len(b)-len(bytes.TrimLeftFunc(b, blank))]
	line := 1 + bytes.Count(ahead, []byte{'\n'})
	column := utf8.RuneCount(ahead[bytes.LastIndexByte(ahead, '\n')+1:])
	for len(core) > 0 {
		c, n := rune(core[0]), 1
		if c < utf8.RuneSelf {
			if c >= ' ' && c != 0x7f { // what most is made of
				before, flag = c, false
				core = core[1:]
				column++
				continue
			}
		} else {
			c, n = utf8.DecodeRune(core)
		}
		core = core[n:]
		column++
		if c == '\n' {
			line++
			column = 0
			before = c
			continue
		}
		why := oddityOf(c, before, flag, k)
		if why != ordinary {
			if counts[why] == 0 {
				firsts[why] = Misplaced{Code: c, At: column}
				lines[why] = line
			}
			counts[why]++
		}
		if c >= 0xe0020 && c <= 0xe007f || c == '\u200c' || c == '\u200d' {
			continue // the one before a second joiner is still what counts
		}
		flag = c == 0x1f3f4
		before = c
	}
	var found []Finding
	for why := invisible; why <= unknown; why++ {
		if counts[why] > 0 {
			found = append(found, Finding{
				ID:   oddWords[why].id,
				Text: fmt.Sprintf(oddWords[why].text, CodePoint(firsts[why].Code), place(lines[why], firsts[why].At, line > 1)),
			})
		}
	}
	return found
}

// trimMark drops a byte order mark at the beginning, which is told by itself.
func trimMark(b []byte) []byte {
	if len(b) >= len(bom) && string(b[:len(bom)]) == string(bom) {
		return b[len(bom):]
	}
	return b
}

func place(line, column int, several bool) string {
	if several {
		return fmt.Sprintf("line %d, column %d", line, column)
	}
	return fmt.Sprintf("character %d", column)
}

var oddWords = [unknown + 1]struct{ id, text string }{
	invisible: {"invisible", "It contains an invisible character: %s, %s. Web pages, chats and terminals leave these in copied text: copy it from another place, or type it."},
	space:     {"odd-space", "It contains an unusual space: %s, %s. Type a plain space, or remove it."},
	hyphen:    {"odd-hyphen", "It contains a typographic hyphen or dash: %s, %s. Word processors put it in place of a plain hyphen (-)."},
	dots:      {"odd-dots", "It contains typographic dots: %s, %s. They often replace omitted text, or three plain dots."},
	quote:     {"odd-quote", "It contains a curly quotation mark: %s, %s. Word processors put these in place of straight ones."},
	unknown:   {"unknown", "It contains a character that Unicode does not know: %s, %s. It was probably decoded wrongly: copy it again."},
}

func oddityOf(c, before rune, flag bool, k Kind) oddity {
	typed := k == Anything || k == Line
	switch {
	case c == '\t' || c == '\r':
		return ordinary
	case c < utf8.RuneSelf || c < 0xa0:
		return invisible // only controls come here
	case c == '\u200c' || c == '\u200d':
		return when(!joins(before), invisible)
	case c == '\u200e' || c == '\u200f' || c == '\u061c':
		leftwards := unicode.In(before, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana, unicode.Nko)
		return when(!leftwards, invisible)
	case c == '\u034f':
		return when(!unicode.In(before, unicode.Hebrew, unicode.Inherited), invisible)
	case c >= 0xe0020 && c <= 0xe007f: // the letters of a flag
		return when(!flag, invisible)
	case unicode.Is(unicode.Variation_Selector, c):
		return when(before < utf8.RuneSelf && before != '#' && before != '*' && (before < '0' || before > '9'), invisible)
	case c == '\u115f' || c == '\u1160':
		return when(!unicode.Is(unicode.Hangul, before), invisible)
	case unicode.Is(unicode.Zs, c):
		return when(typed, space)
	case c == '\u2028' || c == '\u2029':
		return invisible
	case c == unicode.ReplacementChar || c >= 0xfff9 && c <= 0xfffc:
		return invisible
	}
	if k == Line {
		switch {
		case c >= '\u2010' && c <= '\u2015' || c == '\u2212' || c == '\ufe58' || c == '\ufe63':
			return hyphen
		case c == '\u2024' || c == '\u2025' || c == '\u2026':
			return dots
		}
	}
	switch {
	case typed && c >= '\u2018' && c <= '\u201f':
		return quote
	case unicode.Is(unicode.Prepended_Concatenation_Mark, c):
		return ordinary // a sign that is seen, though it is a format character
	case ignorable(c) || unicode.Is(unicode.Cf, c):
		return when(!belongs(c, before), invisible) // some are letters and marks by their category
	case unicode.IsGraphic(c):
		return ordinary
	case c >= 0x1f000 && c <= 0x1faff:
		return ordinary // emoji that are newer than the table
	}
	return when(k != File, unknown) // private use and unassigned
}

func when(is bool, so oddity) oddity {
	if is {
		return so
	}
	return ordinary
}

// belongs says whether an invisible character is one of the script of the character before it.
func belongs(c, before rune) bool {
	for _, script := range []*unicode.RangeTable{unicode.Khmer, unicode.Mongolian, unicode.Egyptian_Hieroglyphs} {
		if unicode.Is(script, c) {
			return unicode.Is(script, before)
		}
	}
	switch {
	case c >= 0x1bca0 && c <= 0x1bca3: // of shorthand
		return unicode.Is(unicode.Duployan, before)
	case c >= 0x1d173 && c <= 0x1d17a: // of music
		return before >= 0x1d100 && before <= 0x1d1ff
	}
	return false
}

// joins tells what a zero width joiner may follow: emoji, and the scripts from Arabic to Mongolian.
func joins(c rune) bool {
	return c >= '\u0600' && c <= '\u18af' || c >= '\u2190' && c < '\ufeff' || c >= 0x1f000
}
