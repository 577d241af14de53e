package plainjson

import (
	"bytes"
)

// Member gives the value of an object's property as it is written, or nil. The last of several counts. raw must be
// valid by encoding/json, which says so without copying; what is no object has no properties.
func Member(raw []byte, name string) []byte {
	var found []byte
	Members(raw, func(key, value []byte) {
		if string(key) == name {
			found = value
		}
	})
	return found
}

// Members gives each property of an object: its name, which is good until member returns, and its value as it is
// written. ok says whether raw, which must be valid, is one.
func Members(raw []byte, member func(name, value []byte)) (ok bool) {
	return each(raw, '{', func(key, value []byte) {
		name, copied := plain(key[1 : len(key)-1])
		member(name, value)
		if copied {
			clear(name)
		}
	})
}

// Elements are the values of a list, as they are written; ok says whether raw, which must be valid, is one.
func Elements(raw []byte) (list [][]byte, ok bool) {
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
			i = textEnd(raw, i)
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

// textEnd finds the end of the string that begins at i. Most texts have no escape, and a token is long: it looks for
// the quotes, and for a backslash only before those.
func textEnd(raw []byte, i int) int {
	for i++; ; i++ {
		i += bytes.IndexByte(raw[i:], '"')
		escapes := 0
		for raw[i-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return i + 1
		}
	}
}
