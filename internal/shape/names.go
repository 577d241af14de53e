package shape

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/runenames"
)

// Misplaced is a character of a name that nobody sees there: an invisible one anywhere, or a space at an end.
type Misplaced struct {
	Code rune
	At   int  // its position in characters, from 1
	Edge bool // a space at the beginning or the end
}

// Unseen gives the first character that has no place in the name of anything: Unicode's Cc, Cf, Zl, Zp, Zs other than
// the space, and Default_Ignorable_Code_Point; and a space at an end.
func Unseen(name string) (m Misplaced, found bool) {
	at := 0
	for _, c := range name {
		at++
		if unseenInName(c) {
			return Misplaced{Code: c, At: at}, true
		}
	}
	switch {
	case strings.HasPrefix(name, " "):
		return Misplaced{Code: ' ', At: 1, Edge: true}, true
	case strings.HasSuffix(name, " "):
		return Misplaced{Code: ' ', At: at, Edge: true}, true
	}
	return Misplaced{}, false
}

// Seen is the name without all that Unseen finds.
func Seen(name string) string {
	return strings.Trim(strings.Map(func(c rune) rune {
		if unseenInName(c) {
			return -1
		}
		return c
	}, name), " ")
}

// String says which character it is and where it stands.
func (m Misplaced) String() string {
	what := "an invisible character"
	switch {
	case m.Edge && m.At == 1:
		what = "a space at the beginning"
	case m.Edge:
		what = "a space at the end"
	}
	return fmt.Sprintf("It has %s: %s, character %d.", what, CodePoint(m.Code), m.At)
}

// CodePoint is a character as people look it up: U+200B ZERO WIDTH SPACE.
func CodePoint(c rune) string {
	name, ok := controls[c]
	if !ok {
		name = strings.Trim(runenames.Name(c), "<>")
	}
	return strings.TrimSpace(fmt.Sprintf("U+%04X %s", c, name))
}

// controls have no names of their own in Unicode; these are their aliases (NameAliases.txt).
var controls = map[rune]string{
	0x00:   "NULL",
	'\a':   "ALERT",
	'\b':   "BACKSPACE",
	'\t':   "CHARACTER TABULATION",
	'\n':   "LINE FEED",
	'\v':   "LINE TABULATION",
	'\f':   "FORM FEED",
	'\r':   "CARRIAGE RETURN",
	0x1b:   "ESCAPE",
	0x7f:   "DELETE",
	0x85:   "NEXT LINE",
	0xfeff: "ZERO WIDTH NO-BREAK SPACE (byte order mark)",
}

func unseenInName(c rune) bool {
	if c < utf8.RuneSelf {
		return c < ' ' || c == 0x7f
	}
	return c != ' ' && unicode.In(c, unicode.Cc, unicode.Cf, unicode.Zs, unicode.Zl, unicode.Zp) || ignorable(c)
}

// ignorable says whether a character has the property Default_Ignorable_Code_Point, which DerivedCoreProperties.txt
// makes of those that Go's package unicode has.
func ignorable(c rune) bool {
	if !unicode.In(c, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector, unicode.Cf) {
		return false
	}
	return !unicode.In(c, unicode.White_Space, unicode.Prepended_Concatenation_Mark) &&
		(c < 0xfff9 || c > 0xfffb) && (c < 0x13430 || c > 0x13440)
}

// Alike is what a name looks like: without what nobody sees, and with the letters that are drawn alike in the Latin,
// Cyrillic and Greek scripts turned into one. It tells names apart for people, not for computers.
func Alike(name string) string {
	return strings.Map(func(c rune) rune {
		if same, ok := drawnAlike[c]; ok {
			return same
		}
		return c
	}, Seen(name))
}

// drawnAlike has letters that most typefaces draw like a Latin one (confusables.txt of UTS #39, the frequent ones).
var drawnAlike = map[rune]rune{
	'а': 'a', 'с': 'c', 'е': 'e', 'һ': 'h', 'і': 'i', 'ј': 'j', 'о': 'o', 'р': 'p', 'ѕ': 's', 'х': 'x', 'у': 'y',
	'А': 'A', 'В': 'B', 'С': 'C', 'Е': 'E', 'Н': 'H', 'І': 'I', 'Ј': 'J', 'К': 'K', 'М': 'M', 'О': 'O', 'Р': 'P',
	'Ѕ': 'S', 'Т': 'T', 'Х': 'X', 'У': 'Y', 'ο': 'o', 'Α': 'A', 'Β': 'B', 'Ε': 'E', 'Ζ': 'Z', 'Η': 'H', 'Ι': 'I',
	'Κ': 'K', 'Μ': 'M', 'Ν': 'N', 'Ο': 'O', 'Ρ': 'P', 'Τ': 'T', 'Υ': 'Y', 'Χ': 'X',
}
