package plainjson

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// Text gives what a JSON string stands for, in a slice of its own; nil for anything else. raw must be valid.
func Text(raw []byte) []byte {
	if len(raw) < 2 || raw[0] != '"' {
		return nil
	}
	return Unescape(nil, raw[1:len(raw)-1])
}

// Unescape appends what stands between the quotes of a valid JSON string. As in encoding/json, what is no UTF-8 and
// what is half a character becomes the replacement character. Where dst is nil, the room is made at once, so that
// no shorter copy of a secret is left behind; otherwise dst must have it, which is len(raw) where raw is UTF-8.
func Unescape(dst, raw []byte) []byte {
	valid := utf8.Valid(raw)
	if dst == nil {
		room := len(raw)
		if !valid {
			room *= len(string(utf8.RuneError))
		}
		dst = make([]byte, 0, room)
	}
	for len(raw) > 0 {
		plain := bytes.IndexByte(raw, '\\')
		if plain < 0 {
			plain = len(raw)
		}
		if valid {
			dst = append(dst, raw[:plain]...)
		} else {
			dst = appendValid(dst, raw[:plain])
		}
		if raw = raw[plain:]; len(raw) > 0 {
			var n int
			dst, n = appendEscape(dst, raw)
			raw = raw[n:]
		}
	}
	return dst
}

// appendValid appends text with a replacement character for each byte that belongs to none.
func appendValid(dst, text []byte) []byte {
	for len(text) > 0 {
		c, n := utf8.DecodeRune(text)
		dst = utf8.AppendRune(dst, c)
		text = text[n:]
	}
	return dst
}

// appendEscape appends what the escape at the beginning of raw stands for, and gives its length.
func appendEscape(dst, raw []byte) ([]byte, int) {
	switch c := raw[1]; c {
	case 'b':
		return append(dst, '\b'), 2
	case 'f':
		return append(dst, '\f'), 2
	case 'n':
		return append(dst, '\n'), 2
	case 'r':
		return append(dst, '\r'), 2
	case 't':
		return append(dst, '\t'), 2
	case 'u':
		r, n := escapedRune(raw)
		return utf8.AppendRune(dst, r), n
	default:
		return append(dst, c), 2
	}
}

// escapedRune reads \u0000, and two of them that make one character; half a one is the replacement character.
func escapedRune(raw []byte) (r rune, n int) {
	r, ok := hex4(raw, 2)
	if !ok {
		return utf8.RuneError, min(len(raw), 6)
	}
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if bytes.HasPrefix(raw[6:], []byte(`\u`)) {
		if low, ok := hex4(raw, 8); ok && utf16.DecodeRune(r, low) != utf8.RuneError {
			return utf16.DecodeRune(r, low), 12
		}
	}
	return utf8.RuneError, 6
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
