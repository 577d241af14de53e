package form

import (
	"bytes"
	"strings"
)

// NormalizeLineEnds turns CRLF and lone CR into LF, in place: forms send CRLF, keys need LF.
func NormalizeLineEnds(b []byte) []byte {
	n := bytes.IndexByte(b, '\r')
	if n < 0 {
		return b
	}
	for i := n; i < len(b); {
		// Here stands a CR; what follows up to the next one is moved in one go.
		if i+1 < len(b) && b[i+1] == '\n' {
			i++
		}
		b[n] = '\n'
		n++
		i++
		end := bytes.IndexByte(b[i:], '\r')
		if end < 0 {
			end = len(b) - i
		}
		n += copy(b[n:], b[i:i+end])
		i += end
	}
	clear(b[n:])
	return b[:n]
}

// Line is a field of one line as it counts: without the blanks around it that copying leaves. Line
// ends stay, so that the rules can refuse them.
func Line(s string) string { return strings.Trim(s, " \t\u00a0") }
