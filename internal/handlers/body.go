package handlers

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"maiaportal/internal/secret"
	"maiaportal/internal/submission"
)

const (
	maxBody = 1 << 20 // bytes of a request
	// maxDiscard is how much of a body that is too large is read and thrown away, so that the browser
	// gets to see the answer instead of a broken connection.
	maxDiscard   = 16 << 20
	maxParts     = 1000
	maxPartHead  = 8 << 10
	maxFieldName = 100
)

// The ways in which a body can be no form.
var (
	errTooLarge  = errors.New("handlers: body over the limit")
	errMediaType = errors.New("handlers: not a form")
	errMalformed = errors.New("handlers: malformed form")
)

// secretFields never become strings, whatever the page is.
var secretFields = map[string]bool{"valueText": true, "valueJSON": true, "valueFile": true, "pairValue": true}

// repeated are the fields of which there may be several.
var repeated = map[string]bool{"pairKey": true, "pairValue": true}

// formBody is a body that was read once, into one buffer. The values of secret fields are slices of
// that buffer.
type formBody struct {
	buf     []byte
	text    map[string][]string
	secrets map[string][]secret.Value
	// lineEnds names the secret fields whose line ends became LF.
	lineEnds map[string]bool
}

// wipe clears the whole buffer: fields that do not count are in it too.
func (b *formBody) wipe() { clear(b.buf) }

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

// part is one field as it came.
type part struct {
	name   string
	value  []byte
	isFile bool
}

// readForm reads and parses a body. It is parsed from its bytes, because c.FormValue, ParseForm and
// ParseMultipartForm make strings of secrets, copy them and write them to temporary files. The caller
// wipes the result, also when there is an error.
func readForm(r *http.Request) (*formBody, error) {
	b := &formBody{text: map[string][]string{}, secrets: map[string][]secret.Value{}, lineEnds: map[string]bool{}}
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	multipart := media == "multipart/form-data"
	if err != nil || !multipart && media != "application/x-www-form-urlencoded" {
		return b, errMediaType
	}
	if r.Header.Get("Content-Encoding") != "" {
		return b, errMediaType
	}
	if err := b.read(r); err != nil {
		return b, err
	}
	var parts []part
	if multipart {
		parts, err = splitMultipart(b.buf, params["boundary"])
	} else {
		parts, err = splitURLEncoded(b.buf)
	}
	if err != nil {
		return b, err
	}
	return b, b.take(parts)
}

// read fills the buffer. Its size is known or the limit: a slice that grows leaves copies behind.
func (b *formBody) read(r *http.Request) error {
	size := r.ContentLength
	if size > maxBody {
		discard(r.Body)
		return errTooLarge
	}
	if size < 0 {
		size = maxBody
	}
	b.buf = make([]byte, size+1)
	// Not io.ReadFull: its io.ErrUnexpectedEOF is also what a chunked body gives that broke off, and half
	// a secret must not be taken for a whole one.
	n := 0
	var err error
	for err == nil && n < len(b.buf) {
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

// take sorts the parts. A single-valued field that comes twice is refused: which one counts would be a
// guess.
func (b *formBody) take(parts []part) error {
	if len(parts) > maxParts {
		return fmt.Errorf("%w: too many fields", errMalformed)
	}
	for _, p := range parts {
		if !knownFields[p.name] {
			continue
		}
		if len(b.text[p.name])+len(b.secrets[p.name]) > 0 && !repeated[p.name] {
			return fmt.Errorf("%w: the field %s comes twice", errMalformed, p.name)
		}
		switch {
		case p.name == "valueFile":
			// Without multipart a browser sends the file's name, which is no secret to store.
			if p.isFile {
				b.secrets[p.name] = append(b.secrets[p.name], secret.New(p.value))
			}
		case secretFields[p.name]:
			b.lineEnds[p.name] = b.lineEnds[p.name] || bytes.IndexByte(p.value, '\r') >= 0
			b.secrets[p.name] = append(b.secrets[p.name], secret.New(submission.NormalizeLineEnds(p.value)))
		case !utf8.Valid(p.value):
			return fmt.Errorf("%w: the field %s is not UTF-8", errMalformed, p.name)
		default:
			b.text[p.name] = append(b.text[p.name], submission.Line(string(p.value)))
		}
	}
	return nil
}

// splitURLEncoded decodes in place: what is decoded is never longer.
func splitURLEncoded(buf []byte) ([]part, error) {
	var parts []part
	for len(buf) > 0 {
		var pair []byte
		pair, buf, _ = bytes.Cut(buf, []byte{'&'})
		if len(pair) == 0 {
			continue
		}
		name, value, _ := bytes.Cut(pair, []byte{'='})
		name, ok1 := unescapeInPlace(name)
		value, ok2 := unescapeInPlace(value)
		if !ok1 || !ok2 {
			return nil, fmt.Errorf("%w: a percent sign is not followed by two hexadecimal digits", errMalformed)
		}
		if len(name) <= maxFieldName {
			parts = append(parts, part{name: string(name), value: value})
		}
	}
	return parts, nil
}

func unescapeInPlace(b []byte) ([]byte, bool) {
	n := 0
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch c {
		case '+':
			c = ' '
		case '%':
			if i+2 >= len(b) {
				return nil, false
			}
			hi, ok1 := unhex(b[i+1])
			lo, ok2 := unhex(b[i+2])
			if !ok1 || !ok2 {
				return nil, false
			}
			c = hi<<4 | lo
			i += 2
		}
		b[n] = c
		n++
	}
	return b[:n], true
}

func unhex(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// splitMultipart finds the parts of a multipart/form-data body (RFC 7578, RFC 2046 section 5.1)
// without copying their content.
func splitMultipart(buf []byte, boundary string) ([]part, error) {
	if boundary == "" || len(boundary) > 70 {
		return nil, fmt.Errorf("%w: no boundary", errMalformed)
	}
	delimiter := []byte("\r\n--" + boundary)
	rest, ok := bytes.CutPrefix(buf, delimiter[2:])
	if !ok {
		// What stands before the first delimiter is a preamble.
		if _, rest, ok = bytes.Cut(buf, delimiter); !ok {
			return nil, fmt.Errorf("%w: no part", errMalformed)
		}
	}
	var parts []part
	for {
		if bytes.HasPrefix(rest, []byte("--")) {
			return parts, nil
		}
		rest = bytes.TrimLeft(rest, " \t")
		if rest, ok = bytes.CutPrefix(rest, []byte("\r\n")); !ok {
			return nil, fmt.Errorf("%w: a part does not begin", errMalformed)
		}
		head, body, ok := bytes.Cut(rest, []byte("\r\n\r\n"))
		if !ok || len(head) > maxPartHead {
			return nil, fmt.Errorf("%w: a part without a header", errMalformed)
		}
		content, after, ok := bytes.Cut(body, delimiter)
		if !ok {
			return nil, fmt.Errorf("%w: a part has no end", errMalformed)
		}
		p, err := partHead(string(head))
		if err != nil {
			return nil, err
		}
		p.value, rest = content, after
		if len(parts) >= maxParts {
			return nil, fmt.Errorf("%w: too many fields", errMalformed)
		}
		parts = append(parts, p)
	}
}

// partHead reads a part's header: its name, and whether it is a file.
func partHead(head string) (part, error) {
	var p part
	for line := range strings.SplitSeq(head, "\r\n") {
		name, value, _ := strings.Cut(line, ":")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "content-disposition":
			p = disposition(value)
		case "content-transfer-encoding":
			switch strings.ToLower(strings.TrimSpace(value)) {
			case "binary", "7bit", "8bit":
			default:
				return part{}, fmt.Errorf("%w: a part is encoded", errMalformed)
			}
		}
	}
	return p, nil
}

// disposition reads the parameters as browsers write them: in quotes, with %22 for a quote inside, and
// file names in raw UTF-8, which mime.ParseMediaType does not take.
func disposition(v string) part {
	var p part
	_, rest, _ := strings.Cut(v, ";")
	for rest != "" {
		var name, value string
		name, rest, _ = strings.Cut(rest, "=")
		if quoted, ok := strings.CutPrefix(strings.TrimSpace(rest), `"`); ok {
			value, rest = untilQuote(quoted)
			_, rest, _ = strings.Cut(rest, ";")
		} else {
			value, rest, _ = strings.Cut(rest, ";")
			value = strings.TrimSpace(value)
		}
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "name":
			p.name = value
		case "filename", "filename*":
			p.isFile = true
		}
	}
	return p
}

func untilQuote(s string) (value, rest string) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}
