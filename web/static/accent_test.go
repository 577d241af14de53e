package static

import (
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"
)

// A colour in which links or buttons cannot be read stops the start, and says why.
func TestAccentThatCannotBeRead(t *testing.T) {
	for colour, want := range map[string]string{
		"#4044b8": "", "#000000": "", "#A52A20": "", "#6b6b6b": "",
		"#777777": "4.1 : 1", "#ffffff": "1.0 : 1", "#ffcc00": "darker",
		"4044b8": "#rrggbb", "#4044b": "#rrggbb", "#4044b8 ": "#rrggbb", "#44b": "#rrggbb", "#+044b8": "#rrggbb", "blue": "#rrggbb", "#4044bg": "#rrggbb",
	} {
		err := CheckAccent(colour)
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", colour, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v, want %q", colour, err, want)
		}
	}
}

// Whatever colour passes, text in it, on it and on its wash can be read on light pages and on dark ones.
func TestAccentCanBeReadOnEveryGround(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pair := regexp.MustCompile(`--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)`)
	seen := 0
	for seen < 500 {
		c := colour{float64(random.IntN(256)), float64(random.IntN(256)), float64(random.IntN(256))}
		if CheckAccent(c.String()) != nil {
			continue
		}
		seen++
		light := map[string]colour{"ground": lightGround, "surface": lightSurface}
		dark := map[string]colour{"ground": darkGround, "surface": darkSurface}
		for _, m := range pair.FindAllStringSubmatch(accentTokens(c.String()), -1) {
			light[m[1]], _ = parseColour(m[2])
			dark[m[1]], _ = parseColour(m[3])
		}
		if len(light) != 6 {
			t.Fatalf("%s: tokens %s", c, accentTokens(c.String()))
		}
		if light["accent"] != c {
			t.Errorf("%s became %s on light pages", c, light["accent"])
		}
		for page, tokens := range map[string]map[string]colour{"light": light, "dark": dark} {
			for _, two := range [][2]string{
				{"accent", "ground"}, {"accent", "surface"}, {"accent", "accent-wash"}, {"accent-deep", "ground"}, {"accent-deep", "surface"},
				{"on-accent", "accent"}, {"on-accent", "accent-deep"},
			} {
				if got := contrast(tokens[two[0]], tokens[two[1]]); got < readable {
					t.Errorf("%s, %s page: %s on %s has %.2f : 1", c, page, two[0], two[1], got)
				}
			}
		}
	}
}

// The contrast is checked against the colours that the stylesheet has.
func TestGroundsAreThoseOfTheStylesheet(t *testing.T) {
	sheet, err := os.ReadFile("css/tokens.css")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][2]colour{
		"ground":  {lightGround, darkGround},
		"surface": {lightSurface, darkSurface},
	} {
		line := "--" + name + ": light-dark(" + want[0].String() + ", " + want[1].String() + ");"
		if !strings.Contains(string(sheet), line) {
			t.Errorf("the stylesheet has no %s", line)
		}
	}
}

// A company's colour takes the place of the portal's in the stylesheet and in the icon, under other addresses.
func TestFaceHasItsOwnFiles(t *testing.T) {
	own := New(Face{})
	company := New(Face{Accent: "#a52a20"})
	for _, name := range []string{Stylesheet, FormStylesheet, Icon} {
		if own.Path(name) == company.Path(name) {
			t.Errorf("%s has one address for both looks", name)
		}
		file, ok := company.Open(company.Path(name))
		if !ok || !strings.Contains(string(file.Content), "#a52a20") {
			t.Errorf("%s lacks the colour", name)
		}
	}
	file, _ := company.Open(company.Path(Stylesheet))
	at := strings.Index(string(file.Content), "#a52a20")
	if next := strings.Index(string(file.Content), "@layer base"); at < strings.Index(string(file.Content), "@layer tokens {") || at > next {
		t.Error("the colour does not stand in the layer of the tokens")
	}
	if own.Logo() != "" {
		t.Error("there is a logo that nobody set")
	}
}
