package handlers

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"unicode/utf8"

	"maiaportal/internal/secret"
	"maiaportal/internal/submission"
)

const (
	maxBody = 1 << 20 // bytes of a request
	// maxDiscard is how much of a body that is too large is read and thrown away, so that the browser
	// gets to see the answer instead of a broken connection.
	maxDiscard = 16 << 20
	// maxMediaType bounds the Content-Type, whose parameters the standard library makes a map of.
	maxMediaType = 1000
	// firstRoom is what a stranger's body gets at first: more only as its bytes come in.
	firstRoom = 16 << 10
)

// The ways in which a body can be no form.
var (
	errTooLarge  = errors.New("handlers: body over the limit")
	errMediaType = errors.New("handlers: not a form")
	errMalformed = errors.New("handlers: malformed form")
)

// formBody is a body that was read once, into one buffer. The values of secret fields are slices of
// that buffer.
type formBody struct {
	buf     []byte
	text    map[string][]string
	secrets map[string][]secret.Value
	// lineEnds names the secret fields whose line ends became LF.
	lineEnds map[string]bool

	plain    []part        // the fields that are not secret, before they become strings
	stranger bool          // it came without a session
	room     *strangerRoom // where a stranger's buffer is counted; else nil
}

// wipe clears the whole buffer: fields that do not count are in it too.
func (b *formBody) wipe() {
	whole := b.buf[:cap(b.buf)]
	clear(whole)
	b.buf = b.buf[:0:0]
	b.room.release(len(whole))
}

// get gives a field that is not secret.
func (b *formBody) get(name string) string {
	if v := b.text[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// secret gives a secret field.
func (b *formBody) secret(name string) secret.Value {
	if v := b.secrets[name]; len(v) > 0 {
		return v[0]
	}
	return secret.Value{}
}

// part is a field that is known and not secret, as it came.
type part struct {
	name  string
	value []byte
}

// readForm reads and parses a body. It is parsed from its bytes, because c.FormValue, ParseForm and
// ParseMultipartForm make strings of secrets, copy them and write them to temporary files. The caller
// wipes the result, also when there is an error.
func readForm(r *http.Request) (*formBody, error) { return readFormInto(r, &formBody{}) }

// readStrangersForm is readForm for somebody without a session. Only what fits into the way back from
// the login is kept of the fields that are not secret.
func readStrangersForm(r *http.Request, room *strangerRoom) (*formBody, error) {
	return readFormInto(r, &formBody{stranger: true, room: room})
}

func readFormInto(r *http.Request, b *formBody) (*formBody, error) {
	b.text, b.secrets, b.lineEnds = map[string][]string{}, map[string][]secret.Value{}, map[string]bool{}
	media, params, err := mediaType(r)
	multipart := media == "multipart/form-data"
	if err != nil || !multipart && media != urlEncoded {
		return b, errMediaType
	}
	if r.Header.Get("Content-Encoding") != "" {
		return b, errMediaType
	}
	if err := b.read(r, maxBody); err != nil {
		return b, err
	}
	if multipart {
		err = eachPart(b.buf, params["boundary"], b.add)
	} else {
		err = eachPair(b.buf, func(name, value []byte) error { return b.add(name, value, false) })
	}
	if err != nil {
		return b, err
	}
	b.settle()
	return b, nil
}

const urlEncoded = "application/x-www-form-urlencoded"

// mediaType reads the Content-Type.
func mediaType(r *http.Request) (media string, params map[string]string, err error) {
	header := r.Header.Get("Content-Type")
	if len(header) > maxMediaType {
		return "", nil, errMediaType
	}
	return mime.ParseMediaType(header)
}

// read fills the buffer. Somebody with a session gets all of the room at once, for a slice that grows
// leaves copies behind. A stranger's grows, so that nobody gets a megabyte for saying that one will
// come, and what it grew out of is cleared.
func (b *formBody) read(r *http.Request, limit int64) error {
	size := r.ContentLength
	if size > limit {
		discard(r.Body)
		return errTooLarge
	}
	if size < 0 {
		size = limit
	}
	most := int(size) + 1
	first := most
	if b.stranger {
		first = min(most, firstRoom)
	}
	if err := b.grow(first); err != nil {
		return err
	}
	// Not io.ReadFull: its io.ErrUnexpectedEOF is also what a chunked body gives that broke off, and half
	// a secret must not be taken for a whole one.
	n := 0
	var err error
	for err == nil && n < most {
		if n == len(b.buf) {
			if err := b.grow(min(2*n, most)); err != nil {
				return err
			}
		}
		var m int
		m, err = r.Body.Read(b.buf[n:])
		n += m
	}
	b.buf = b.buf[:n]
	switch {
	case int64(n) > size:
		discard(r.Body)
		return errTooLarge
	case err == io.EOF && (r.ContentLength < 0 || int64(n) == r.ContentLength): // a reader's end is io.EOF itself
		return nil
	}
	return fmt.Errorf("%w: it broke off", errMalformed)
}

// grow makes the buffer larger, and clears the one before.
func (b *formBody) grow(size int) error {
	if !b.room.take(size) {
		return noRoom()
	}
	before := b.buf
	b.buf = make([]byte, size)
	copy(b.buf, before)
	clear(before)
	b.room.release(len(before))
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

// add takes a field, where a form has one of that name. A single-valued field that comes twice is
// refused: which one counts would be a guess.
func (b *formBody) add(rawName, value []byte, isFile bool) error {
	// No string is made of a name that no form has: it may be a secret in the wrong place.
	name, ok := fieldNames[string(rawName)]
	if !ok {
		return nil
	}
	if !repeated[name] && b.has(name) {
		return fmt.Errorf("%w: the field %s comes twice", errMalformed, name)
	}
	switch {
	case name == "valueFile":
		// Without multipart a browser sends the file's name, which is no secret to store.
		if isFile {
			b.secrets[name] = append(b.secrets[name], secret.New(value))
		}
	case secretFields[name]:
		b.lineEnds[name] = b.lineEnds[name] || bytes.IndexByte(value, '\r') >= 0
		b.secrets[name] = append(b.secrets[name], secret.New(submission.NormalizeLineEnds(value)))
	case !utf8.Valid(value):
		return fmt.Errorf("%w: the field %s is not UTF-8", errMalformed, name)
	default:
		b.plain = append(b.plain, part{name, value})
	}
	return nil
}

// has says whether a field has come already.
func (b *formBody) has(name string) bool {
	return len(b.secrets[name]) > 0 || slices.ContainsFunc(b.plain, func(p part) bool { return p.name == name })
}

// settle makes strings of the fields that are not secret. Of a stranger's, only of those that can come
// back after the login.
func (b *formBody) settle() {
	parts := b.plain
	b.plain = nil
	if b.stranger {
		parts = slices.DeleteFunc(parts, func(p part) bool { return !comesBack[p.name] })
		parts = fitting(parts, maxLink, func(p part) int { return len(p.name) + escapedLen(p.value) + 2 })
	}
	for _, p := range parts {
		b.text[p.name] = append(b.text[p.name], submission.Line(string(p.value)))
	}
}
