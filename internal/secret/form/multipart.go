package form

import (
	"bytes"
	"fmt"
)

// MaxPartHead is how many bytes the header of a part may have.
const MaxPartHead = 8 << 10

// eachPart hands out the parts of a multipart/form-data body (RFC 7578, RFC 2046 section 5.1) without
// copying anything of them: their names and headers are bytes of the buffer too, for people put
// secrets into the names of files.
//
// Text before the first boundary or after the last one is refused, though RFC 2046 has it ignored: no
// browser sends any, and where a boundary was damaged, or stands in a value, it is a piece of what
// was entered, which would be dropped without a word.
func eachPart(buf []byte, boundary string, take func(name, value []byte, isFile bool) error) error {
	if boundary == "" || len(boundary) > 70 {
		return fmt.Errorf("%w: no boundary", ErrMalformed)
	}
	delimiter := []byte("\r\n--" + boundary)
	rest, ok := bytes.CutPrefix(buf, delimiter[2:])
	if !ok {
		if rest, ok = bytes.CutPrefix(buf, delimiter); !ok {
			return fmt.Errorf("%w: it does not begin with a part", ErrMalformed)
		}
	}
	for n := 0; ; n++ {
		if end, ok := bytes.CutPrefix(rest, []byte("--")); ok {
			end = bytes.TrimLeft(end, " \t")
			if len(end) > 0 && string(end) != "\r\n" {
				return fmt.Errorf("%w: something follows the last part", ErrMalformed)
			}
			return nil
		}
		if n == MaxFields {
			return fmt.Errorf("%w: too many fields", ErrMalformed)
		}
		rest = bytes.TrimLeft(rest, " \t")
		if rest, ok = bytes.CutPrefix(rest, []byte("\r\n")); !ok {
			return fmt.Errorf("%w: a part does not begin", ErrMalformed)
		}
		head, ok := upTo(rest, MaxPartHead)
		if !ok {
			return fmt.Errorf("%w: a part without a header", ErrMalformed)
		}
		content, after, ok := bytes.Cut(rest[len(head)+4:], delimiter)
		if !ok {
			return fmt.Errorf("%w: a part has no end", ErrMalformed)
		}
		name, isFile, err := partHead(head)
		if err != nil {
			return err
		}
		if err := take(name, content, isFile); err != nil {
			return err
		}
		rest = after
	}
}

// upTo is a header without the empty line at its end, where it is no longer than so many bytes.
func upTo(b []byte, most int) (head []byte, ok bool) {
	head, _, ok = bytes.Cut(b[:min(len(b), most+4)], []byte("\r\n\r\n"))
	return head, ok
}

// partHead reads a part's header: its name, and whether it is a file.
func partHead(head []byte) (name []byte, isFile bool, err error) {
	disposed := false
	for len(head) > 0 {
		var line []byte
		line, head, _ = bytes.Cut(head, []byte("\r\n"))
		key, value, _ := bytes.Cut(line, []byte{':'})
		switch key = bytes.TrimSpace(key); {
		case is(key, "content-disposition"):
			if disposed {
				return nil, false, fmt.Errorf("%w: a part has two names", ErrMalformed)
			}
			disposed = true
			if name, isFile, err = disposition(value); err != nil {
				return nil, false, err
			}
		case is(key, "content-transfer-encoding"):
			value = bytes.TrimSpace(value)
			if !is(value, "binary") && !is(value, "7bit") && !is(value, "8bit") {
				return nil, false, fmt.Errorf("%w: a part is encoded", ErrMalformed)
			}
		}
	}
	return name, isFile, nil
}

// is compares with a word in lower case, without making a string.
func is(b []byte, word string) bool {
	return len(b) == len(word) && bytes.EqualFold(b, []byte(word))
}

// disposition reads the parameters as browsers write them: in quotes, with %22 for a quote inside, and
// file names in raw UTF-8, which mime.ParseMediaType does not take.
func disposition(v []byte) (name []byte, isFile bool, err error) {
	named := false
	_, rest, _ := bytes.Cut(v, []byte{';'})
	for len(rest) > 0 {
		var key, value []byte
		key, rest, _ = bytes.Cut(rest, []byte{'='})
		if quoted, ok := bytes.CutPrefix(bytes.TrimSpace(rest), []byte{'"'}); ok {
			value, rest = untilQuote(quoted)
			_, rest, _ = bytes.Cut(rest, []byte{';'})
		} else {
			value, rest, _ = bytes.Cut(rest, []byte{';'})
			value = bytes.TrimSpace(value)
		}
		switch key = bytes.TrimSpace(key); {
		case is(key, "name"):
			if named {
				return nil, false, fmt.Errorf("%w: a part has two names", ErrMalformed)
			}
			name, named = value, true
		case is(key, "filename"), is(key, "filename*"):
			isFile = true
		}
	}
	return name, isFile, nil
}

func untilQuote(b []byte) (value, rest []byte) {
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return b[:i], b[i+1:]
		}
	}
	return b, nil
}
