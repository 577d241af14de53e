package form

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"unicode/utf8"

	"maiaportal/internal/secret"
)

const (
	// MaxBody is how many bytes a body may have.
	MaxBody = 1 << 20
	// maxDiscard is how much of a body that is too large is read and thrown away, so that the browser
	// gets to see the answer instead of a broken connection.
	maxDiscard = 16 << 20
	// maxMediaType bounds the Content-Type, whose parameters the standard library makes a map of.
	maxMediaType = 1000
	// firstRoom is what a stranger's body gets at first: more only as its bytes come in.
	firstRoom = 16 << 10
)

const urlEncoded = "application/x-www-form-urlencoded"

// reader is a body while it is read.
type reader struct {
	table    Table
	body     *Body
	stranger bool // it came without a session

	buf   []byte // what has come: the front of the body's buffer
	plain []part // the fields that are not secret, before they become strings
}

// part is a field that is known and not secret, as it came.
type part struct {
	field Field
	value []byte
}

// mediaType reads the Content-Type.
func mediaType(r *http.Request) (media string, params map[string]string, err error) {
	header := r.Header.Get("Content-Type")
	if len(header) > maxMediaType {
		return "", nil, ErrMediaType
	}
	return mime.ParseMediaType(header)
}

// fill fills the buffer. Somebody with a session gets all of the room at once, for a slice that grows
// leaves copies behind. A stranger's grows, so that nobody gets a megabyte for saying that one will
// come, and what it grew out of is cleared.
func (rd *reader) fill(r *http.Request, limit int64) error {
	size := r.ContentLength
	if size > limit {
		discard(r.Body)
		return ErrTooLarge
	}
	if size < 0 {
		size = limit
	}
	most := int(size) + 1
	first := most
	if rd.stranger {
		first = min(most, firstRoom)
	}
	if err := rd.grow(first); err != nil {
		return err
	}
	// Not io.ReadFull: its io.ErrUnexpectedEOF is also what a chunked body gives that broke off, and half
	// a secret must not be taken for a whole one.
	n := 0
	var err error
	for err == nil && n < most {
		if n == len(rd.buf) {
			if err := rd.grow(min(2*n, most)); err != nil {
				return err
			}
		}
		var m int
		m, err = r.Body.Read(rd.buf[n:])
		n += m
	}
	rd.buf = rd.buf[:n]
	switch {
	case int64(n) > size:
		discard(r.Body)
		return ErrTooLarge
	case err == io.EOF && (r.ContentLength < 0 || int64(n) == r.ContentLength): // a reader's end is io.EOF itself
		return nil
	}
	return fmt.Errorf("%w: it broke off", ErrMalformed)
}

// grow makes the buffer larger, and clears the one before.
func (rd *reader) grow(size int) error {
	if !rd.body.room.Take(size) {
		return ErrNoRoom
	}
	before := rd.buf
	rd.buf = make([]byte, size)
	rd.body.whole = secret.New(rd.buf)
	copy(rd.buf, before)
	clear(before)
	rd.body.room.Release(len(before))
	return nil
}

// discard reads into a buffer of its own: io.Discard's are pooled and never cleared.
func discard(body io.Reader) {
	buf := make([]byte, 32<<10)
	defer clear(buf)
	for total := 0; total < maxDiscard; {
		n, err := body.Read(buf)
		if err != nil {
			return
		}
		total += n
	}
}

// add takes a field, where the table has one of that name. A single-valued field that comes twice is
// refused: which one counts would be a guess.
func (rd *reader) add(rawName, value []byte, isFile bool) error {
	// No string is made of a name that the table does not have: it may be a secret in the wrong place.
	f, ok := rd.table.fields[string(rawName)]
	if !ok {
		return nil
	}
	if !f.Repeated && rd.has(f.Name) {
		return fmt.Errorf("%w: the field %s comes twice", ErrMalformed, f.Name)
	}
	b := rd.body
	switch {
	case f.File:
		if isFile {
			b.secrets[f.Name] = append(b.secrets[f.Name], secret.New(value))
		}
	case f.Secret:
		b.lineEnds[f.Name] = b.lineEnds[f.Name] || bytes.IndexByte(value, '\r') >= 0
		b.secrets[f.Name] = append(b.secrets[f.Name], secret.New(NormalizeLineEnds(value)))
	case !utf8.Valid(value):
		return fmt.Errorf("%w: the field %s is not UTF-8", ErrMalformed, f.Name)
	default:
		rd.plain = append(rd.plain, part{f, value})
	}
	return nil
}

// has says whether a field has come already.
func (rd *reader) has(name string) bool {
	return len(rd.body.secrets[name]) > 0 ||
		slices.ContainsFunc(rd.plain, func(p part) bool { return p.field.Name == name })
}

// settle makes strings of the fields that are not secret. Of a stranger's, only of those that can come
// back after the login.
func (rd *reader) settle() {
	parts := rd.plain
	rd.plain = nil
	if rd.stranger {
		parts = slices.DeleteFunc(parts, func(p part) bool { return !p.field.Returns })
		parts = Fitting(parts, rd.table.back, func(p part) int { return PairLen(p.field.Name, p.value) })
	}
	for _, p := range parts {
		text := string(p.value)
		if !p.field.Exact {
			text = Line(text)
		}
		rd.body.text[p.field.Name] = append(rd.body.text[p.field.Name], text)
	}
}
