package submission

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"html"
	"regexp"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	// scrubbed stands where a piece of the value stood.
	scrubbed = "[removed]"
	// dropped stands for a text that could not be cleaned in part.
	dropped = "(Maia’s message is not shown, because it repeats a part of the secret.)"

	maxMessage    = 300 // characters of one message that are shown
	maxViolations = 20
	// scrubText is how much of one message is looked at: far more than is shown.
	scrubText = 4096

	shortLeaf = 4 // a shorter leaf would shred any text: the text is dropped instead
	gram      = 8 // from this length on, a piece of a leaf counts as the leaf
	gap       = 12
)

// scrubber takes a secret out of Maia's words, whichever way they spell it: plain, escaped for JSON,
// a URL or HTML, in base64 or in hex, whole or cut off.
type scrubber struct{ leaves [][]byte }

// newScrubber takes the JSON object that was sent. Call wipe when done.
func newScrubber(object []byte) *scrubber {
	s := &scrubber{}
	r := jsonReader{b: object, leaf: func(raw []byte, isString bool) {
		var leaf []byte
		if isString {
			leaf = unescape(nil, raw)
		} else {
			leaf = bytes.Clone(raw)
		}
		// Blanks at the ends are lost when a message is tidied up.
		if t := bytes.TrimSpace(leaf); len(t) > 0 {
			s.leaves = append(s.leaves, t)
		}
	}}
	if len(object) > 0 {
		_ = r.object() // it was made or checked by this package
	}
	return s
}

func (s *scrubber) wipe() {
	for _, l := range s.leaves {
		clear(l)
	}
}

// text gives a message that is fit to be shown and recorded, of up to limit characters.
func (s *scrubber) text(message string, limit int) string {
	if len(message) > scrubText {
		message = message[:scrubText]
	}
	m := []byte(message)
	defer clear(m)
	marks := make([]bool, len(m))
	index := grams(m)
	defer clear(index)
	for _, leaf := range s.leaves {
		for _, spell := range spellings {
			form := spell(leaf)
			hit := mark(m, marks, index, form, len(leaf) < gram)
			clear(form)
			if hit && len(leaf) < shortLeaf {
				return dropped
			}
		}
	}
	out := cut(m, marks)
	defer clear(out)
	if s.in(out) || s.inUndone(out, unescapes) || s.inUndone(out, unescapesOfQueries) {
		return dropped
	}
	return printable(string(out), limit)
}

// inUndone takes escapes off, layer by layer, and looks after each: what no listed spelling matched may
// still be one.
func (s *scrubber) inUndone(text []byte, layers []func([]byte) []byte) bool {
	for range 3 {
		for _, undo := range layers {
			undone := undo(text)
			defer clear(undone)
			if !bytes.Equal(undone, text) && s.in(undone) {
				return true
			}
			text = undone
		}
	}
	return false
}

// in says whether a plain leaf, or a piece of a long one, stands in a text, or would once its blanks and
// line ends are tidied up.
func (s *scrubber) in(m []byte) bool {
	tidied := tidyBytes(m)
	defer clear(tidied)
	index, tidyIndex := grams(m), grams(tidied)
	defer clear(index)
	defer clear(tidyIndex)
	marks := make([]bool, max(len(m), len(tidied)))
	for _, leaf := range s.leaves {
		if mark(m, marks, index, leaf, len(leaf) < gram) {
			return true
		}
		flat := bytes.Join(bytes.Fields(leaf), []byte{' '})
		hit := mark(tidied, marks, tidyIndex, flat, len(flat) < gram)
		clear(flat)
		if hit {
			return true
		}
	}
	return false
}

// grams indexes a message by its runs of eight bytes, so that a long value is searched for in one pass.
// The caller clears it. It has all its room from the beginning: one that grows leaves old parts behind.
func grams(m []byte) map[[gram]byte][]int {
	index := make(map[[gram]byte][]int, len(m))
	for i := 0; i+gram <= len(m); i++ {
		g := [gram]byte(m[i:])
		index[g] = append(index[g], i)
	}
	return index
}

// mark marks where form stands in m: as a whole only, or any eight bytes of it. A piece of a short leaf's
// spelling says too little to be cut out alone, for the rest of the leaf would stay.
func mark(m []byte, marks []bool, index map[[gram]byte][]int, form []byte, whole bool) bool {
	hit := false
	at := func(i, n int) {
		hit = true
		for k := i; k < i+n; k++ {
			marks[k] = true
		}
	}
	if whole || len(form) < gram {
		for i := 0; len(form) > 0; {
			k := bytes.Index(m[i:], form)
			if k < 0 {
				break
			}
			at(i+k, len(form))
			i += k + len(form)
		}
		return hit
	}
	for i := 0; i+gram <= len(form); i++ {
		places, ok := index[[gram]byte(form[i:])]
		if !ok {
			continue
		}
		hit = true
		for _, k := range places {
			at(k, gram)
		}
		// What is marked stays marked. Without this a long value of one letter, repeated, would be looked
		// at for minutes.
		if len(places) > 0 {
			index[[gram]byte(form[i:])] = places[:0]
		}
	}
	return hit
}

// cut replaces what is marked. A few bytes between two marks are an escape that was spelled another
// way: they go too.
func cut(m []byte, marks []bool) []byte {
	last := -1
	for i, marked := range marks {
		if !marked {
			continue
		}
		if last >= 0 && i-last <= gap {
			for k := last; k < i; k++ {
				marks[k] = true
			}
		}
		last = i
	}
	out := make([]byte, 0, len(m)*len(scrubbed)) // enough, even if every byte were cut out
	for i := range m {
		switch {
		case !marks[i]:
			out = append(out, m[i])
		case i == 0 || !marks[i-1]:
			out = append(out, scrubbed...)
		}
	}
	defer clear(out)
	return bytes.ToValidUTF8(out, []byte("?"))
}

// unescapes each take one kind of escape off, into a slice of its own. In a query a plus sign is a blank;
// elsewhere it is itself.
var (
	unescapes          = []func([]byte) []byte{looseEntities, loosePercent, looseUnescape}
	unescapesOfQueries = []func([]byte) []byte{looseEntities, func(b []byte) []byte { return bytes.ReplaceAll(b, []byte{'+'}, []byte{' '}) }, loosePercent, looseUnescape}
)

// entity matches no more than what may be one; the longest name has 31 letters.
var entity = regexp.MustCompile(`^&(#[xX][0-9A-Fa-f]*|#[0-9]*|[0-9A-Za-z]{0,31});?`)

// looseEntities undoes the entities of HTML. html.UnescapeString is given one at a time, for it makes
// strings, which cannot be wiped.
func looseEntities(b []byte) []byte {
	out := make([]byte, 0, 2*len(b)) // some stand for more bytes than they have themselves
	for i := 0; i < len(b); {
		if b[i] != '&' {
			out = append(out, b[i])
			i++
			continue
		}
		n := len(entity.Find(b[i:]))
		out = append(out, html.UnescapeString(string(b[i:i+n]))...)
		i += n
	}
	return out
}

// loosePercent undoes percent-encoding where there is some and leaves every other percent sign alone:
// one that means "per cent" must not keep the rest from being looked at.
func loosePercent(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == '%' && i+2 < len(b) {
			var c [1]byte
			if n, err := hex.Decode(c[:], b[i+1:i+3]); n == 1 && err == nil {
				out = append(out, c[0])
				i += 2
				continue
			}
		}
		out = append(out, b[i])
	}
	return out
}

// looseUnescape undoes JSON escapes where there are some and leaves everything else alone.
func looseUnescape(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' || i+1 == len(b) {
			out = append(out, b[i])
			continue
		}
		n := 2
		if b[i+1] == 'u' {
			n = 6
			if u, ok := hex4(b, i+2); ok && utf16.IsSurrogate(u) {
				n = 12
			}
		}
		if i+n > len(b) || (&jsonReader{b: b[i : i+n]}).readEscape() != nil {
			out = append(out, b[i])
			continue
		}
		out = unescape(out, b[i:i+n])
		i += n - 1
	}
	return out
}

// spellings are the ways in which a value is looked for.
var spellings = []func([]byte) []byte{
	bytes.Clone,
	func(b []byte) []byte { q := appendQuoted(make([]byte, 0, quotedLen(b)), b); return q[1 : len(q)-1] },
	func(b []byte) []byte { return asciiJSON(b, "0123456789abcdef") },
	func(b []byte) []byte { return asciiJSON(b, "0123456789ABCDEF") },
	func(b []byte) []byte { return percent(b, "0123456789ABCDEF", false) },
	func(b []byte) []byte { return percent(b, "0123456789abcdef", false) },
	func(b []byte) []byte { return percent(b, "0123456789ABCDEF", true) },
	entities,
	func(b []byte) []byte { return inHex(b, "0123456789abcdef") },
	func(b []byte) []byte { return inHex(b, "0123456789ABCDEF") },
	func(b []byte) []byte { return inBase64(b, base64.StdEncoding, 0) },
	func(b []byte) []byte { return inBase64(b, base64.StdEncoding, 1) },
	func(b []byte) []byte { return inBase64(b, base64.StdEncoding, 2) },
	func(b []byte) []byte { return inBase64(b, base64.URLEncoding, 0) },
	func(b []byte) []byte { return inBase64(b, base64.URLEncoding, 1) },
	func(b []byte) []byte { return inBase64(b, base64.URLEncoding, 2) },
}

// asciiJSON escapes all that is not ASCII, and what careful encoders escape for HTML.
func asciiJSON(b []byte, hex string) []byte {
	out := make([]byte, 0, 6*len(b))
	unit := func(u rune) {
		out = append(out, '\\', 'u', hex[u>>12&15], hex[u>>8&15], hex[u>>4&15], hex[u&15])
	}
	for len(b) > 0 {
		c, n := utf8.DecodeRune(b)
		switch {
		case c < 0x80 && c != '<' && c != '>' && c != '&' && c != '\'':
			q := appendQuoted(make([]byte, 0, 8), b[:1])
			out = append(out, q[1:len(q)-1]...)
		case c > 0xffff:
			hi, lo := utf16.EncodeRune(c)
			unit(hi)
			unit(lo)
		default:
			unit(c)
		}
		b = b[n:]
	}
	return out
}

// percent escapes all but the unreserved characters of RFC 3986 section 2.3.
func percent(b []byte, hex string, plus bool) []byte {
	out := make([]byte, 0, 3*len(b))
	for _, c := range b {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.', c == '~':
			out = append(out, c)
		case plus && c == ' ':
			out = append(out, '+')
		default:
			out = append(out, '%', hex[c>>4], hex[c&15])
		}
	}
	return out
}

func entities(b []byte) []byte {
	names := map[byte]string{'&': "&amp;", '<': "&lt;", '>': "&gt;", '"': "&quot;", '\'': "&#39;"}
	out := make([]byte, 0, 6*len(b))
	for _, c := range b {
		if n, ok := names[c]; ok {
			out = append(out, n...)
		} else {
			out = append(out, c)
		}
	}
	return out
}

func inHex(b []byte, hex string) []byte {
	out := make([]byte, 0, 2*len(b))
	for _, c := range b {
		out = append(out, hex[c>>4], hex[c&15])
	}
	return out
}

// inBase64 is the part of an encoding that does not depend on what stands before and behind: the value
// may have been encoded together with its surroundings, which shifts it by 0, 1 or 2 bytes.
func inBase64(b []byte, enc *base64.Encoding, shift int) []byte {
	skip := (3 - shift) % 3
	if len(b) < skip+3 {
		return nil
	}
	b = b[skip:]
	b = b[:len(b)/3*3]
	out := make([]byte, enc.EncodedLen(len(b)))
	enc.Encode(out, b)
	return out
}
