package plainjson

import (
	"bytes"
	"fmt"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/unicode/runenames"
)

// maxDepth is how deep a JSON value may be nested.
const maxDepth = 32

// Fault is where a JSON text goes wrong, and how, without a piece of the text.
type Fault struct {
	Line, Column int // from 1; columns are characters
	Message      string
}

func (f *Fault) Error() string {
	return fmt.Sprintf("Line %d, column %d: %s", f.Line, f.Column, f.Message)
}

// Walk goes over one JSON object (RFC 8259) from its beginning to its end, and tells what it meets. It is strict:
// equal names in one object, half characters and deep nesting are faults. What it hands out is the text itself,
// and is good until the call returns.
type Walk struct {
	// Key is a property to look for at the top level; nil: none.
	Key []byte
	// Name, where it is set, is given each name, before the value that belongs to it.
	Name func(name []byte)
	// NameAt, where it is set, is given each name and the place in the text where it begins.
	NameAt func(name []byte, at int)
	// Text, where it is set, is given each string as Leaf gives it, the name of the property that it belongs to as it is
	// written, and the place where it begins. The elements of a list belong to the list's property.
	Text func(name, raw []byte, at int)
	// Leaf, where it is set, is given each string (as it is written between its quotes, see Unescape) and number,
	// and the place in the text behind it.
	Leaf func(raw []byte, isString bool, end int)
}

// Object is what a walk found.
type Object struct {
	Members int  // the properties at the top level
	Found   bool // whether the key is one of them
}

// Object reads the whole text, which must be valid UTF-8. Its error is a *Fault.
func (w Walk) Object(text []byte) (Object, error) {
	r := reader{Walk: w, b: text}
	err := r.object()
	return r.read, err
}

// reader is a walk on its way.
type reader struct {
	Walk
	b    []byte
	at   int
	name []byte // of the property that is read, as it is written
	read Object
}

func (r *reader) object() error {
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
func (r *reader) peek() byte {
	if r.at < len(r.b) {
		return r.b[r.at]
	}
	return 0
}

func (r *reader) space() {
	for r.at < len(r.b) {
		switch r.b[r.at] {
		case ' ', '\t', '\n', '\r':
			r.at++
		default:
			return
		}
	}
}

func (r *reader) fault(message string) error { return r.faultAt(r.at, message) }

func (r *reader) faultAt(at int, message string) error {
	if at >= len(r.b) {
		message = "the text ends too early; " + message
	} else if c, n := utf8.DecodeRune(r.b[at:]); n > 1 {
		message = character(c)
	}
	line, column := Place(r.b, at)
	return &Fault{
		Line:    line,
		Column:  column,
		Message: message + ".",
	}
}

// Place is the line and the column, in characters, of a place in a text, from 1.
func Place(text []byte, at int) (line, column int) {
	before := text[:min(at, len(text))]
	return 1 + bytes.Count(before, []byte{'\n'}), 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
}

// character says what stands where JSON has its signs. Outside of its texts JSON has no character beyond ASCII.
func character(c rune) string {
	name := fmt.Sprintf("U+%04X %s", c, runenames.Name(c))
	switch {
	case c == 0xfeff:
		return "a byte order mark (" + name + ") stands here; save the text as UTF-8 without one"
	case c >= 0x2018 && c <= 0x201f:
		return "a curly quotation mark (" + name + `) stands here; JSON needs straight ones, "`
	case unicode.IsPrint(c):
		return "the character " + name + " stands here; outside of double quotes JSON has no such character"
	}
	return "an invisible character (" + name + ") stands here; remove it"
}

func (r *reader) readObject(depth int) error {
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
		r.name = raw
		if !r.readName(raw, start, depth, &seen) {
			return r.faultAt(start, "this name occurs twice in the object")
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
func (r *reader) readName(raw []byte, at, depth int, seen *names) bool {
	name, copied := plain(raw)
	if copied {
		defer clear(name)
	}
	if !seen.add(raw, name) {
		return false
	}
	if depth == 1 {
		r.read.Members++
		r.read.Found = r.read.Found || r.Key != nil && bytes.Equal(name, r.Key)
	}
	if r.Name != nil {
		r.Name(name)
	}
	if r.NameAt != nil {
		r.NameAt(name, at)
	}
	return true
}

func (r *reader) readArray(depth int) error {
	if depth > maxDepth {
		return r.fault(fmt.Sprintf("more than %d objects or lists inside each other", maxDepth))
	}
	r.at++ // [
	r.space()
	name := r.name
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
		r.name = name
		if err := r.readValue(depth); err != nil {
			return err
		}
	}
	r.at++ // ]
	return nil
}

func (r *reader) readValue(depth int) error {
	r.space()
	switch c := r.peek(); {
	case c == '{':
		return r.readObject(depth + 1)
	case c == '[':
		return r.readArray(depth + 1)
	case c == '"':
		start := r.at
		raw, err := r.readString()
		if err == nil && r.Text != nil {
			r.Text(r.name, raw, start)
		}
		if err == nil && r.Leaf != nil {
			r.Leaf(raw, true, r.at)
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
func (r *reader) readString() ([]byte, error) {
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
			r.at += plainRun(r.b[r.at:])
		}
	}
	return nil, r.fault("a text that was begun with a double quote has no end")
}

func (r *reader) readEscape() error {
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

func (r *reader) readNumber() error {
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
	if r.Leaf != nil {
		r.Leaf(r.b[start:r.at], false, r.at)
	}
	return nil
}
