package shape

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
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
	// Takes is which keys the program takes that the value is for.
	Takes Takes
	Now   time.Time

	bundle, position int // how many certificates there are, and which one is looked at
}

// Finding is one thing that is odd.
type Finding struct {
	// ID names the kind of finding, in lower case with hyphens.
	ID string
	// Text says what is odd and what to do, beginning with a capital.
	Text string
	// Broken says that the value cannot be what it is meant to be.
	Broken bool
}

// Look gives what is odd about b, which is valid UTF-8 and not empty. The worst comes first, and of equal ones the most
// telling.
func Look(b []byte, e Expect) []Finding {
	found := look(b, e)
	slices.SortStableFunc(found, func(x, y Finding) int { return cmp.Compare(y.Weight(), x.Weight()) })
	return found
}

func look(b []byte, e Expect) []Finding {
	var found []Finding
	add := func(odd bool, id, text string) {
		if odd {
			found = append(found, Finding{ID: id, Text: text})
		}
	}
	object, document := false, false
	if e.Kind != Leaf {
		object, document = isJSON(b)
	}
	var table []Finding
	if !document {
		table = copied(b, e.Kind)
	}
	if e.Kind.Strict() && len(table) > 0 && table[0].Broken {
		return table[:1]
	}
	var pem pemLook
	if !document || e.Kind == PrivateKey {
		pem = lookPEM(b, e) // in a JSON document a key's line breaks are written otherwise
	}
	if e.Kind.Strict() && pem.broken.ID != "" {
		pem.broken.Broken = true
		return []Finding{pem.broken}
	}
	add(bytes.HasPrefix(b, bom), "byte-order-mark", "It begins with a byte order mark, three invisible bytes. Save the file as UTF-8 without one, or copy the value again.")
	found = append(found, pem.odd...)
	typed := e.Kind == Anything || e.Kind == Line
	if !pem.present {
		found = append(found, table...)
		if !document { // blanks around JSON mean nothing
			found = append(found, edges(b, e.Kind)...)
		}
		add(e.Kind == Line && bytes.IndexByte(trim(b), '\n') >= 0, "several-lines", "It has several lines; this kind of secret usually has one.")
		add(typed && object, "json", "It is a whole JSON object. If its properties are meant to be stored one by one, enter it as JSON.")
	} else if e.Kind == Line {
		add(true, "pem", "It is a key or a certificate in PEM form, where one line is expected.")
	}
	found = append(found, odd(b, e.Kind)...)
	add(isOwn(b, e.Own), "own-name", "It is your own name or e-mail address. Perhaps a browser filled it in.")
	add(len(table) == 0 && isPlaceholder(b, e.Kind), "placeholder", placeholderText)
	return found
}

var bom = []byte("\ufeff")

// blank tells characters that take room and show nothing.
func blank(c rune) bool { return unicode.IsSpace(c) }

func trim(b []byte) []byte { return bytes.TrimFunc(b, blank) }

var (
	beginsBlank = Finding{ID: "begins-space", Text: "It begins with a space or a line break, which copying often adds. Remove it."}
	endsBlank   = Finding{ID: "ends-space", Text: "It ends with a space, which copying often adds. Remove it."}
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
		return []Finding{{ID: "only-space", Text: "It contains only spaces and line breaks."}}
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
		return []Finding{{ID: "both-space", Text: "It begins and ends with a space or a line break, which copying often adds. Remove them."}}
	case before:
		return []Finding{beginsBlank}
	case after && lineBreaks(b[end:]):
		return []Finding{{ID: "ends-line", Text: "It is one line and ends with a line break, which copying often adds. Remove it."}}
	case after:
		return []Finding{endsBlank}
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
	first := b[0]
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
