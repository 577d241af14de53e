package form

import (
	"bytes"
	"fmt"
)

// MaxFields is how many fields a body may have, those that the table does not have and empty ones included.
const MaxFields = 1000

// eachPair hands out the names and values of an urlencoded body, decoded in place: what is decoded is
// never longer.
func eachPair(buf []byte, take func(name, value []byte) error) error {
	for n := 0; len(buf) > 0; n++ {
		if n == MaxFields {
			return fmt.Errorf("%w: too many fields", ErrMalformed)
		}
		var pair []byte
		pair, buf, _ = bytes.Cut(buf, []byte{'&'})
		if len(pair) == 0 {
			continue
		}
		name, value, _ := bytes.Cut(pair, []byte{'='})
		name, ok1 := unescapeInPlace(name)
		value, ok2 := unescapeInPlace(value)
		if !ok1 || !ok2 {
			return fmt.Errorf("%w: a percent sign is not followed by two hexadecimal digits", ErrMalformed)
		}
		if err := take(name, value); err != nil {
			return err
		}
	}
	return nil
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
