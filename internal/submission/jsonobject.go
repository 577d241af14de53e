package submission

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is how deep a JSON value may be nested.
const maxDepth = 32

// jsonFault is where a JSON text goes wrong, and how, without a piece of the text.
type jsonFault struct {
	line, column int // from 1; columns are characters
	message      string
}

func (f *jsonFault) Error() string {
	return fmt.Sprintf("Line %d, column %d: %s", f.line, f.column, f.message)
}

// jsonReader walks over one JSON object (RFC 8259) without making strings or copies of its values.
// encoding/json is not used, because it makes both, takes the last of two equal names in silence, and
// does not tell the place of a fault in lines and columns.
type jsonReader struct {
	b  []byte
	at int

	// key is a property to look for at the top level; found says whether it is there.
	key   []byte
	found bool
	// members counts the properties at the top level.
	members int
	// leaf, where it is set, is given each string (as it is written between its quotes) and number.
	leaf func(raw []byte, isString bool)
	// name, where it is set, is given each name, before the value that belongs to it.
	name func(name []byte)
}

// object reads the whole text. It must be valid UTF-8.
func (r *jsonReader) object() error {
	r.space()
	if r.peek() != '{' {
		return r.fault("a JSON object is expected here, beginning with {")
	}
	if err := r.readObject(1); err != nil {
		return err
	}
	r.space()
	if r.at < len(r.b) {
		return r.fault("the object has ended, nothing may follow it")
	}
	return nil
}

// peek gives the next byte, or 0 at the end.
func (r *jsonReader) peek() byte {
	if r.at < len(r.b) {
		return r.b[r.at]
	}
	return 0
}

func (r *jsonReader) space() {
	for r.at < len(r.b) {
		switch r.b[r.at] {
		case ' ', '\t', '\n', '\r':
			r.at++
		default:
			return
		}
	}
}

func (r *jsonReader) fault(message string) error { return r.faultAt(r.at, message) }

func (r *jsonReader) faultAt(at int, message string) error {
	before := r.b[:min(at, len(r.b))]
	if at >= len(r.b) {
		message = "the text ends too early; " + message
	}
	return &jsonFault{
		line:    1 + bytes.Count(before, []byte{'\n'}),
		column:  1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]),
		message: message + ".",
	}
}

func (r *jsonReader) readObject(depth int) error {
	if depth > maxDepth {
		return r.fault(fmt.Sprintf("more than %d objects or lists inside each other", maxDepth))
	}
	r.at++ // {
	seen := names{}
	for r.space(); r.peek() != '}'; r.space() {
		if seen.count > 0 {
			if r.peek() != ',' {
				return r.fault("a comma or } is expected here")
			}
			r.at++
			r.space()
		}
		start := r.at
		if r.peek() != '"' {
			return r.fault("a name in double quotes is expected here")
		}
		raw, err := r.readString()
		if err != nil {
			return err
		}
		if !r.readName(raw, depth, &seen) {
			return r.faultAt(start, "this name stands in the object already")
		}
		r.space()
		if r.peek() != ':' {
			return r.fault("a colon is expected here")
		}
		r.at++
		if err := r.readValue(depth); err != nil {
			return err
		}
	}
	r.at++ // }
	return nil
}

// readName takes note of a name. It is false where the object has the name already.
func (r *jsonReader) readName(raw []byte, depth int, seen *names) bool {
	name := unescape(nil, raw)
	defer clear(name)
	if !seen.add(raw, name) {
		return false
	}
	if depth == 1 {
		r.members++
		r.found = r.found || bytes.Equal(name, r.key)
	}
	if r.name != nil {
		r.name(name)
	}
	return true
}

// names are those of one object, as they are written: no copy of a name is kept.
type names struct {
	seed  maphash.Seed
	count int
	raw   map[uint64][][]byte
}

// add is false where the name is there already, written the same way or otherwise.
func (n *names) add(raw, name []byte) bool {
	if n.count == 0 {
		n.seed, n.raw = maphash.MakeSeed(), map[uint64][][]byte{}
	}
	sum := maphash.Bytes(n.seed, name)
	for _, other := range n.raw[sum] {
		plain := unescape(nil, other)
		same := bytes.Equal(plain, name)
		clear(plain)
		if same {
			return false
		}
	}
	n.count++
	n.raw[sum] = append(n.raw[sum], raw)
	return true
}

func (r *jsonReader) readArray(depth int) error {
	if depth > maxDepth {
		return r.fault(fmt.Sprintf("more than %d objects or lists inside each other", maxDepth))
	}
	r.at++ // [
	r.space()
	for first := true; first || r.peek() != ']'; r.space() {
		if first && r.peek() == ']' {
			break
		}
		if !first {
			if r.peek() != ',' {
				return r.fault("a comma or ] is expected here")
			}
			r.at++
		}
		first = false
		if err := r.readValue(depth); err != nil {
			return err
		}
	}
	r.at++ // ]
	return nil
}

func (r *jsonReader) readValue(depth int) error {
	r.space()
	switch c := r.peek(); {
	case c == '{':
		return r.readObject(depth + 1)
	case c == '[':
		return r.readArray(depth + 1)
	case c == '"':
		raw, err := r.readString()
		if err == nil && r.leaf != nil {
			r.leaf(raw, true)
		}
		return err
	case c == '-' || c >= '0' && c <= '9':
		return r.readNumber()
	default:
		for _, word := range []string{"true", "false", "null"} {
			if bytes.HasPrefix(r.b[r.at:], []byte(word)) {
				r.at += len(word)
				return nil
			}
		}
		return r.fault("a value is expected here: text in double quotes, a number, true, false, null, { or [")
	}
}

// readString gives what stands between the quotes, as it is written.
func (r *jsonReader) readString() ([]byte, error) {
	start := r.at
	r.at++
	for r.at < len(r.b) {
		switch c := r.b[r.at]; {
		case c == '"':
			r.at++
			return r.b[start+1 : r.at-1], nil
		case c < 0x20:
			return nil, r.fault(`a line break, tab or control character inside a text has to be written with a backslash, such as \n`)
		case c == '\\':
			if err := r.readEscape(); err != nil {
				return nil, err
			}
		default:
			r.at++
		}
	}
	return nil, r.fault("a text that was begun with a double quote has no end")
}

func (r *jsonReader) readEscape() error {
	start := r.at
	if r.at+1 >= len(r.b) {
		r.at = len(r.b)
		return r.fault("something has to follow a backslash")
	}
	switch r.b[r.at+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		r.at += 2
		return nil
	case 'u':
		u, ok := hex4(r.b, r.at+2)
		if !ok {
			return r.faultAt(start, `four hexadecimal digits have to follow \u`)
		}
		r.at += 6
		if !utf16.IsSurrogate(u) {
			return nil
		}
		low, ok := hex4(r.b, r.at+2)
		if !ok || r.b[r.at] != '\\' || r.b[r.at+1] != 'u' || utf16.DecodeRune(u, low) == utf8.RuneError {
			return r.faultAt(start, `this \u stands for half a character, its other half is missing`)
		}
		r.at += 6
		return nil
	default:
		return r.faultAt(start, `a backslash may be followed by one of " \ / b f n r t u only`)
	}
}

// hex4 reads four hexadecimal digits at i.
func hex4(b []byte, i int) (rune, bool) {
	if i+4 > len(b) {
		return 0, false
	}
	var u rune
	for _, c := range b[i : i+4] {
		switch {
		case c >= '0' && c <= '9':
			u = u<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			u = u<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			u = u<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	return u, true
}

func (r *jsonReader) readNumber() error {
	start := r.at
	digits := func() bool {
		from := r.at
		for c := r.peek(); c >= '0' && c <= '9'; c = r.peek() {
			r.at++
		}
		return r.at > from
	}
	if r.peek() == '-' {
		r.at++
	}
	if r.peek() == '0' {
		r.at++
		if c := r.peek(); c >= '0' && c <= '9' {
			return r.faultAt(start, "a number may not begin with 0; if it is meant as text, put it in double quotes")
		}
	} else if !digits() {
		return r.fault("a digit is expected here")
	}
	if r.peek() == '.' {
		r.at++
		if !digits() {
			return r.fault("a digit is expected here")
		}
	}
	if c := r.peek(); c == 'e' || c == 'E' {
		r.at++
		if c := r.peek(); c == '+' || c == '-' {
			r.at++
		}
		if !digits() {
			return r.fault("a digit is expected here")
		}
	}
	if r.leaf != nil {
		r.leaf(r.b[start:r.at], false)
	}
	return nil
}

// unescape appends what a JSON text stands for. raw has been checked by readString. The room is made
// at once, so that no shorter copy of a secret is left behind.
func unescape(dst, raw []byte) []byte {
	if dst == nil {
		dst = make([]byte, 0, len(raw))
	}
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			dst = append(dst, raw[i])
			continue
		}
		i++
		switch raw[i] {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			u, _ := hex4(raw, i+1)
			i += 4
			if utf16.IsSurrogate(u) {
				low, _ := hex4(raw, i+3)
				u = utf16.DecodeRune(u, low)
				i += 6
			}
			dst = utf8.AppendRune(dst, u)
		default:
			dst = append(dst, raw[i])
		}
	}
	return dst
}
