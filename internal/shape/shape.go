package shape

import (
	"bytes"
	"encoding/json"
	"time"
	"unicode"
	"unicode/utf8"
)

// Kind is what a piece of a value is meant to be.
type Kind int

// The kinds. What is odd for one is ordinary for another, and a false alarm costs somebody the typing
// of a secret.
const (
	Anything   Kind = iota // not known: what somebody typed or pasted
	Line                   // a password, a token, an id: one line
	PrivateKey             // a private key as PEM
	Leaf                   // a text inside a JSON document, which was written with care
	File                   // the bytes of a file, whose line breaks are its own
)

// Strict says whether a value can be told not to be of the kind, see Finding.Broken.
func (k Kind) Strict() bool { return k == PrivateKey }

// Expect says what a piece of a value is meant to be.
type Expect struct {
	Kind Kind
	// Own are words that are the user's own and no secret: name and e-mail address.
	Own []string
	// Encrypted says that an encrypted key is no surprise: its passphrase is known, or kept elsewhere.
	Encrypted bool
	// NewlineAdded says that a newline that a PEM block lacks at its end will be added.
	NewlineAdded bool
	Now          time.Time
}

// Finding is one thing that is odd.
type Finding struct {
	// Text says what is odd and what to do, beginning with a capital.
	Text string
	// Broken says that the value cannot be what it is meant to be.
	Broken bool
}

// Look gives what is odd about b, which is valid UTF-8 and not empty. The most telling comes first.
func Look(b []byte, e Expect) []Finding {
	var found []Finding
	add := func(odd bool, text string) {
		if odd {
			found = append(found, Finding{Text: text})
		}
	}
	object, document := false, false
	if e.Kind != Leaf {
		object, document = isJSON(b)
	}
	var pem pemLook
	if !document || e.Kind == PrivateKey {
		pem = lookPEM(b, e) // in a JSON document a key's line breaks are written otherwise
	}
	if e.Kind.Strict() && pem.broken != "" {
		return []Finding{{Text: pem.broken, Broken: true}}
	}
	add(bytes.HasPrefix(b, bom), "It begins with a byte order mark, three bytes that cannot be seen. Save the file as UTF-8 without one, or copy the value again.")
	found = append(found, pem.odd...)
	typed := e.Kind == Anything || e.Kind == Line
	if !pem.present {
		if !document { // blanks around JSON mean nothing
			found = append(found, edges(b, e.Kind)...)
		}
		add(e.Kind == Line && bytes.IndexByte(trim(b), '\n') >= 0, "It has more than one line. This is usually a single one.")
		add(typed && object, "It is a whole JSON object. If its properties are meant to be stored one by one, enter it as JSON.")
		add(typed && hasCurly(b), "It holds curly quotation marks, which word processors put in place of straight ones.")
	} else if e.Kind == Line {
		add(true, "It is a key or a certificate in PEM form, where one line is expected.")
	}
	add(hasInvisible(bytes.TrimPrefix(trim(b), bom), typed), "It holds characters that cannot be seen, which web pages, chats and terminals leave in copied text. Copy it from another place, or type it.")
	add(isOwn(b, e.Own), "It is your own name or e-mail address. Perhaps a browser filled it in.")
	add(isPlaceholder(b, e.Kind), "It looks like a placeholder that stands where the secret should be.")
	return found
}

var bom = []byte("\ufeff")

// curly are typographic quotation marks, single and double.
const curly = "‘’‚‛“”„‟"

// hasCurly looks for the byte first with which each of them begins in UTF-8.
func hasCurly(b []byte) bool { return bytes.IndexByte(b, curly[0]) >= 0 && bytes.ContainsAny(b, curly) }

// blank tells characters that take room and show nothing.
func blank(c rune) bool { return unicode.IsSpace(c) }

func trim(b []byte) []byte { return bytes.TrimFunc(b, blank) }

const (
	beginsBlank = "It begins with a blank or a line break, which copying often adds."
	endsBlank   = "It ends with a blank, which copying often adds."
)

// edges finds blanks and line breaks at the ends. A text of several lines usually ends with a line
// break; one line does not. Files begin as their makers like, and in a JSON document a text may well be
// a mere blank.
func edges(b []byte, k Kind) []Finding {
	core := trim(b)
	if len(core) == 0 {
		if k == Leaf {
			return nil
		}
		return []Finding{{Text: "It has nothing but blanks and line breaks."}}
	}
	lineBreaks := func(b []byte) bool { return len(bytes.Trim(b, "\r\n")) == 0 }
	start, end := bytes.IndexFunc(b, func(c rune) bool { return !blank(c) }), len(bytes.TrimRightFunc(b, blank))
	before, after := start > 0, end < len(b)
	if before && k == File && lineBreaks(b[:start]) {
		before = false
	}
	if after && lineBreaks(b[end:]) && (k == Leaf || k != Line && bytes.IndexByte(core, '\n') >= 0) {
		after = false
	}
	switch {
	case before && after:
		return []Finding{{Text: "It begins and ends with a blank or a line break, which copying often adds."}}
	case before:
		return []Finding{{Text: beginsBlank}}
	case after && lineBreaks(b[end:]):
		return []Finding{{Text: "It is one line and ends with a line break, which copying often adds."}}
	case after:
		return []Finding{{Text: endsBlank}}
	}
	return nil
}

// isJSON tells a JSON document, and whether it is an object, with blanks around it or not. It is valid as
// a whole: a password may well begin with a brace.
func isJSON(b []byte) (object, document bool) {
	b = trim(b)
	if len(b) < 2 || b[0] != '{' && b[0] != '[' || !json.Valid(b) {
		return false, false
	}
	return b[0] == '{', true
}

// hasInvisible finds characters that show nothing. Those that join emoji and the letters of some scripts
// belong where they stand between them. A hard blank is one only in what was typed or pasted: documents
// have them.
func hasInvisible(b []byte, typed bool) bool {
	before, flag := rune(-1), false
	for len(b) > 0 {
		if c := b[0]; c < utf8.RuneSelf { // what most is made of
			if c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7f {
				return true
			}
			before, flag = rune(c), false
			b = b[1:]
			continue
		}
		c, n := utf8.DecodeRune(b)
		b = b[n:]
		switch {
		case c == '\u200c' || c == '\u200d':
			if !joins(before) {
				return true
			}
			continue // the one before a second joiner is still what counts
		case c >= 0xe0020 && c <= 0xe007f: // the letters of a flag
			if !flag {
				return true
			}
			continue
		case c == '\u00a0':
			if typed {
				return true
			}
		case invisible(c):
			return true
		}
		flag = c == 0x1f3f4
		before = c
	}
	return false
}

// invisible is for characters beyond ASCII.
func invisible(c rune) bool {
	return unicode.IsControl(c) || c == '\u00ad' || c == '\u061c' || c == '\u180e' || c >= '\u200b' && c <= '\u200f' ||
		c >= '\u2028' && c <= '\u202e' || c >= '\u2060' && c <= '\u206f' || c == '\u3164' || c == '\ufeff' ||
		c >= '\ufff9' && c <= '\ufffd' || c >= 0xe0000 && c <= 0xe001f
}

// joins tells what a zero width joiner may follow: emoji, and the scripts from Arabic to Khmer.
func joins(c rune) bool {
	return c >= '\u0600' && c <= '\u17ff' || c >= '\u2190' && c < '\ufeff' || c >= 0x1f000
}

// isOwn tells the user's own words. Very short ones are no evidence.
func isOwn(b []byte, own []string) bool {
	for _, o := range own {
		if len(o) > 3 && bytes.EqualFold(trim(b), []byte(o)) {
			return true
		}
	}
	return false
}

// placeholders are what people write where a secret will be, in lower case, without blanks and signs.
var placeholders = [][]byte{
	[]byte("changeme"), []byte("changeit"), []byte("replaceme"), []byte("fillmein"), []byte("placeholder"), []byte("todo"), []byte("tbd"), []byte("dummy"),
	[]byte("yourpassword"), []byte("yoursecret"), []byte("yourclientid"), []byte("yourclientsecret"), []byte("yourtoken"), []byte("yourapikey"),
	[]byte("yourpasswordhere"), []byte("yoursecrethere"), []byte("yourtokenhere"), []byte("yourapikeyhere"),
	[]byte("passwordhere"), []byte("secrethere"), []byte("insertpasswordhere"), []byte("enterpasswordhere"),
}

// maxPlaceholder bounds what is looked at: a long text is none.
const maxPlaceholder = 64

// isPlaceholder tells what stands where a secret should be. In a document only the signs of a template
// are told: its other texts are often plain words.
func isPlaceholder(b []byte, k Kind) bool {
	b = trim(b)
	if len(b) == 0 || len(b) > maxPlaceholder {
		return false
	}
	first, last := b[0], b[len(b)-1]
	if len(b) > 2 && bytes.IndexByte(b, '\n') < 0 &&
		(first == '<' && last == '>' && bytes.IndexByte(b[1:], '<') < 0 || bytes.HasPrefix(b, []byte("${")) && last == '}' || bytes.HasPrefix(b, []byte("{{")) && last == '}') {
		return true
	}
	if k == Leaf {
		return false
	}
	filler := first == 'x' || first == 'X' || first == '*' || first == '.'
	if len(b) >= 3 && filler && len(bytes.Trim(b, string(rune(first)))) == 0 {
		return true
	}
	// Letters alone are compared: change-me, CHANGE_ME and <change me> are all the same.
	var letters [maxPlaceholder]byte
	defer clear(letters[:])
	n := 0
	for _, c := range b {
		switch {
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
			fallthrough
		case c >= 'a' && c <= 'z':
			letters[n] = c
			n++
		case c >= '0' && c <= '9' || c >= utf8.RuneSelf:
			return false
		}
	}
	for _, p := range placeholders {
		if bytes.Equal(letters[:n], p) {
			return true
		}
	}
	return false
}
