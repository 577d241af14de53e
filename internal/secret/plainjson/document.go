package plainjson

import (
	"encoding/binary"
	"io"
	"math/bits"
	"slices"

	"maiaportal/internal/secret"
)

// Document is a JSON text in pieces, one after the other. A secret text in it stays where it is, and is escaped while
// the document is read: no copy of it is made, escaped or not. It may be read as often as needed until it is wiped.
// The zero Document is empty.
type Document []Piece

// Piece is a part of a Document, made by Raw or Escaped.
type Piece struct {
	of      secret.Value
	escapes bool
}

// Raw is a piece that is JSON already.
func Raw(json secret.Value) Piece { return Piece{of: json} }

// Escaped is the inside of a JSON string, without its quotes, which stands for a text. The text must be valid UTF-8.
func Escaped(text secret.Value) Piece { return Piece{of: text, escapes: true} }

// Empty says whether there is nothing in it.
func (d Document) Empty() bool {
	return !slices.ContainsFunc(d, func(p Piece) bool { return !p.of.Empty() })
}

// Size is how many bytes a reader gives.
func (d Document) Size() int64 {
	size := int64(0)
	for _, p := range d {
		b := p.of.Bytes()
		size += int64(len(b))
		if p.escapes {
			size += int64(growth(b))
		}
	}
	return size
}

// Wipe clears what all pieces are made of.
func (d Document) Wipe() {
	for _, p := range d {
		p.of.Wipe()
	}
}

// Each gives what each piece is made of: JSON, or a text that is escaped. The bytes are the document's own: nobody may
// change or keep them.
func (d Document) Each(piece func(b []byte, isText bool)) {
	for _, p := range d {
		piece(p.of.Bytes(), p.escapes)
	}
}

// Reader reads the document from its beginning. It keeps nothing of it.
func (d Document) Reader() io.Reader { return &documentReader{pieces: d} }

type documentReader struct {
	pieces Document
	at     int    // in the first piece
	escape string // what is left of one that has begun
}

// Read reads as much as there is room for.
func (r *documentReader) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) && (r.escape != "" || len(r.pieces) > 0) {
		if r.escape != "" {
			k := copy(p[n:], r.escape)
			r.escape = r.escape[k:]
			n += k
			continue
		}
		first := r.pieces[0]
		rest := first.of.Bytes()[r.at:]
		if len(rest) == 0 {
			r.pieces = r.pieces[1:]
			r.at = 0
			continue
		}
		run := rest[:min(len(rest), len(p)-n)]
		if first.escapes {
			run = run[:plainRun(run)]
		}
		n += copy(p[n:], run)
		r.at += len(run)
		if len(run) < len(rest) && n < len(p) {
			r.escape = escapes[rest[len(run)]]
			r.at++
		}
	}
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// AppendQuoted appends a text that is no secret as a JSON string, with no more escapes than it needs.
func AppendQuoted(dst []byte, text string) []byte {
	dst = append(dst, '"')
	for i := range len(text) {
		if e := escapes[text[i]]; e != "" {
			dst = append(dst, e...)
		} else {
			dst = append(dst, text[i])
		}
	}
	return append(dst, '"')
}

// escapes has the escape of each byte that cannot stand in a JSON string by itself (RFC 8259 section 7).
var escapes = func() (list [256]string) {
	const hex = "0123456789abcdef"
	for c := range 0x20 {
		list[c] = `\u00` + string(hex[c>>4]) + string(hex[c&15])
	}
	list['\n'] = `\n`
	list['\r'] = `\r`
	list['\t'] = `\t`
	list['"'] = `\"`
	list['\\'] = `\\`
	return list
}()

// growth is how many bytes a text gets longer by its escapes.
func growth(b []byte) int {
	n := 0
	for ; len(b) >= 8; b = b[8:] {
		for found := needEscape(binary.LittleEndian.Uint64(b)); found != 0; found &= found - 1 {
			n += len(escapes[b[bits.TrailingZeros64(found)/8]]) - 1
		}
	}
	for _, c := range b {
		if e := escapes[c]; e != "" {
			n += len(e) - 1
		}
	}
	return n
}

// plainRun is how many bytes at the beginning need no escape. Like growth it looks at eight at once: a value may be
// long, and few of its bytes need one.
func plainRun(b []byte) int {
	i := 0
	for ; i+8 <= len(b); i += 8 {
		if found := needEscape(binary.LittleEndian.Uint64(b[i:])); found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for i < len(b) && escapes[b[i]] == "" {
		i++
	}
	return i
}

// needEscape has the highest bit of each byte set that needs an escape. None of the sums carries into the next byte,
// because the highest bits are out of the way; a byte that has it itself belongs to a character beyond ASCII.
func needEscape(eight uint64) uint64 {
	const (
		each = 0x0101010101010101 // a one in each byte
		high = 0x80 * each
	)
	low := eight &^ high
	noControl := low + (0x80-0x20)*each     // 0x80 and more from the blank on
	noQuote := (low ^ '"'*each) + 0x7f*each // and for whatever differs from a quote
	noBackslash := (low ^ '\\'*each) + 0x7f*each
	return ^(noControl&noQuote&noBackslash | eight) & high
}
