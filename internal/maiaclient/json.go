package maiaclient

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// The functions here read JSON in place. encoding/json copies what it reads more than once, and Maia's
// answers may repeat a secret: only what is asked for is copied, once, into a slice that can be wiped.
// encoding/json says beforehand whether a text is JSON, which it does without copying.

// member gives the value of an object's property as it is written, or nil. The last of several counts.
// raw must be valid JSON; what is no object has no properties.
func member(raw []byte, name string) []byte {
	var found []byte
	each(raw, '{', func(key, value []byte) {
		plain := key[1 : len(key)-1]
		if bytes.IndexByte(plain, '\\') >= 0 {
			plain = unquote(key)
			defer clear(plain)
		}
		if string(plain) == name {
			found = value
		}
	})
	return found
}

// elements are the values of a list, as they are written; ok says whether raw is one.
func elements(raw []byte) (list [][]byte, ok bool) {
	ok = each(raw, '[', func(_, value []byte) { list = append(list, value) })
	return list, ok
}

// each calls do for every value of an object or list. It returns false where raw is something else.
func each(raw []byte, open byte, do func(key, value []byte)) bool {
	raw = bytes.TrimLeft(raw, " \t\r\n")
	if len(raw) == 0 || raw[0] != open {
		return false
	}
	for i := 1; i < len(raw); {
		switch raw[i] {
		case ' ', '\t', '\r', '\n', ',':
			i++
			continue
		case '}', ']':
			return true
		}
		var key []byte
		if open == '{' {
			end := valueEnd(raw, i)
			key = raw[i:end]
			i = end
			for raw[i] == ' ' || raw[i] == '\t' || raw[i] == '\r' || raw[i] == '\n' || raw[i] == ':' {
				i++
			}
		}
		end := valueEnd(raw, i)
		do(key, raw[i:end])
		i = end
	}
	return true
}

// valueEnd finds where the value that begins at i ends.
func valueEnd(raw []byte, i int) int {
	for depth := 0; i < len(raw); {
		switch raw[i] {
		case '"':
			for i++; raw[i] != '"'; i++ {
				if raw[i] == '\\' {
					i++
				}
			}
			i++
		case '{', '[':
			depth++
			i++
			continue
		case '}', ']':
			depth--
			i++
		case ',', ':', ' ', '\t', '\r', '\n':
			i++
			continue
		default: // a number or a word
			for i < len(raw) && bytes.IndexByte([]byte(",:]} \t\r\n"), raw[i]) < 0 {
				i++
			}
		}
		if depth == 0 {
			return i
		}
	}
	return len(raw)
}

// unquote gives what a JSON string stands for, in a slice of its own; nil for anything else. As in
// encoding/json, what is no UTF-8 becomes the replacement character.
func unquote(raw []byte) []byte {
	if len(raw) < 2 || raw[0] != '"' {
		return nil
	}
	raw = raw[1 : len(raw)-1]
	room := len(raw)
	if !utf8.Valid(raw) {
		room *= len(string(utf8.RuneError))
	}
	out := make([]byte, 0, room)
	for len(raw) > 0 {
		if raw[0] != '\\' {
			r, n := utf8.DecodeRune(raw)
			out = utf8.AppendRune(out, r)
			raw = raw[n:]
			continue
		}
		c := raw[1]
		raw = raw[2:]
		switch c {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r := hex4(raw)
			raw = raw[4:]
			if utf16.IsSurrogate(r) {
				if len(raw) >= 6 && raw[0] == '\\' && raw[1] == 'u' && utf16.DecodeRune(r, hex4(raw[2:])) != utf8.RuneError {
					r = utf16.DecodeRune(r, hex4(raw[2:]))
					raw = raw[6:]
				} else {
					r = utf8.RuneError
				}
			}
			out = utf8.AppendRune(out, r)
		default:
			out = append(out, c)
		}
	}
	return out
}

// hex4 reads four hexadecimal digits.
func hex4(b []byte) rune {
	var r rune
	for _, c := range b[:4] {
		switch {
		case c <= '9':
			c -= '0'
		case c <= 'F':
			c -= 'A' - 10
		default:
			c -= 'a' - 10
		}
		r = r<<4 | rune(c)
	}
	return r
}
