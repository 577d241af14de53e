package shape

import (
	"slices"
	"testing"
	"unicode"
)

// defaultIgnorable is Default_Ignorable_Code_Point as DerivedCoreProperties.txt of Unicode 15 lists it.
var defaultIgnorable = [][2]rune{
	{0x00ad, 0x00ad},
	{0x034f, 0x034f},
	{0x061c, 0x061c},
	{0x115f, 0x1160},
	{0x17b4, 0x17b5},
	{0x180b, 0x180f},
	{0x200b, 0x200f},
	{0x202a, 0x202e},
	{0x2060, 0x206f},
	{0x3164, 0x3164},
	{0xfe00, 0xfe0f},
	{0xfeff, 0xfeff},
	{0xffa0, 0xffa0},
	{0xfff0, 0xfff8},
	{0x1bca0, 0x1bca3},
	{0x1d173, 0x1d17a},
	{0xe0000, 0xe0fff},
}

// howMany is the number at the end of Unicode's list.
const howMany = 4174

func listed(c rune) bool {
	return slices.ContainsFunc(defaultIgnorable, func(r [2]rune) bool { return r[0] <= c && c <= r[1] })
}

// What is made of the tables of Go's package unicode is the property that Unicode lists, of every code point.
func TestDefaultIgnorable(t *testing.T) {
	n := 0
	for c := rune(0); c <= unicode.MaxRune; c++ {
		if listed(c) {
			n++
		}
		if ignorable(c) != listed(c) {
			t.Errorf("%s: %v, with the tables of Unicode %s", CodePoint(c), ignorable(c), unicode.Version)
		}
	}
	if n != howMany {
		t.Errorf("the list of this test has %d code points, and Unicode's %d", n, howMany)
	}
}

// Between plain letters each of them is told, whatever the value is taken for, and in a name as well; so is all that
// has a property of invisible characters.
func TestEachInvisibleCharacterIsTold(t *testing.T) {
	for c := rune(0x80); c <= unicode.MaxRune; c++ {
		format := unicode.Is(unicode.Cf, c) && !unicode.Is(unicode.Prepended_Concatenation_Mark, c)
		if !listed(c) && !format && !unicode.In(c, unicode.Cc, unicode.Zl, unicode.Zp) {
			continue
		}
		for _, kind := range []Kind{Anything, Line, Leaf, File} {
			found := Look([]byte("a"+string(c)+"b"), Expect{Kind: kind})
			want := "It contains an invisible character: " + CodePoint(c) + ", "
			if len(found) != 1 || found[0].ID != "invisible" || len(found[0].Text) < len(want) || found[0].Text[:len(want)] != want {
				t.Errorf("%s as %d: %v", CodePoint(c), kind, found)
			}
		}
		if m, ok := Unseen("a" + string(c) + "b"); !ok || m.Code != c || m.At != 2 {
			t.Errorf("%s in a name: %v %v", CodePoint(c), m, ok)
		}
		if got := Seen("a" + string(c) + "b"); got != "ab" {
			t.Errorf("%s in a name: %q is left", CodePoint(c), got)
		}
	}
}

// What a script needs is not told behind its letters, and what can be seen is not told at all.
func TestCharactersThatScriptsNeed(t *testing.T) {
	for why, value := range map[string]string{
		"Arabic, a mark of direction":      "سلام\u061c",
		"Arabic, a number sign":            "\u0600١٢",
		"Persian, a non-joiner":            "می\u200cخواهم",
		"Hebrew, a grapheme joiner":        "לָ\u034fם",
		"Hebrew, a mark of direction":      "שלום\u200f",
		"Devanagari, a joiner":             "क्\u200dष",
		"Hangul, a filler":                 "ᄀ\u1160ᆨ",
		"Khmer, an inherent vowel":         "ក\u17b4",
		"Mongolian, a vowel separator":     "ᠮ\u180eᠠ",
		"Mongolian, a variation selector":  "ᠮ\u180b",
		"Mongolian, a fourth of them":      "ᠮ\u180f",
		"Duployan, a shorthand control":    "\U0001bc02\U0001bca0\U0001bc06",
		"hieroglyphs, a joiner":            "\U00013000\U00013430\U00013001",
		"music, the beginning of a beam":   "\U0001d158\U0001d173\U0001d165",
		"an ideograph's form":              "葛\U000e0100",
		"an emoji's form":                  "❤\ufe0f",
		"emoji that are joined":            "👩\u200d💻",
		"a flag":                           "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
		"a keycap":                         "1\ufe0f\u20e3",
		"a letter and a mark that is seen": "e\u0301",
	} {
		for _, kind := range []Kind{Anything, Line, Leaf, File} {
			if found := Look([]byte(value), Expect{Kind: kind}); len(found) > 0 {
				t.Errorf("%s as %d: %v", why, kind, found)
			}
		}
		// The same behind a plain letter belongs to nothing.
		for _, c := range value {
			if !listed(c) {
				continue
			}
			if found := Look([]byte("x"+string(c)+"y"), Expect{Kind: Line}); len(found) == 0 {
				t.Errorf("%s: %s is not told behind an x", why, CodePoint(c))
			}
		}
	}
}
