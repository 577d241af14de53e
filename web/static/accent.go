package static

import (
	"errors"
	"fmt"
	"math"
	"strconv"
)

// colour is a colour in sRGB, each channel 0 to 255.
type colour [3]float64

// readable is the least contrast of text with what is under it (WCAG 2.2, success criterion 1.4.3).
const readable = 4.5

// What the accent stands on. TestGroundsAreThoseOfTheStylesheet holds them to the tokens.
var (
	lightGround  = colour{0xf5, 0xf5, 0xf8}
	darkGround   = colour{0x0f, 0x11, 0x16}
	lightSurface = colour{0xff, 0xff, 0xff}
	darkSurface  = colour{0x18, 0x1b, 0x23}
	white        = colour{0xff, 0xff, 0xff}
	black        = colour{0x00, 0x00, 0x00}
)

// CheckAccent says whether a colour can be the accent: #rrggbb, with a contrast of at least 4.5 : 1 with the light
// page, where it is the colour of links, and with white, which is written on buttons.
func CheckAccent(text string) error {
	c, err := parseColour(text)
	if err != nil {
		return err
	}
	if on := contrast(c, lightGround); on < readable {
		return fmt.Errorf("has a contrast of %.1f : 1 with the light page, and needs 4.5 : 1; take a darker colour", math.Floor(on*10)/10)
	}
	return nil
}

func parseColour(text string) (colour, error) {
	wrong := errors.New("want a colour as #rrggbb, such as #4044b8")
	if len(text) != 7 || text[0] != '#' {
		return colour{}, wrong
	}
	n, err := strconv.ParseUint(text[1:], 16, 32)
	if err != nil {
		return colour{}, wrong
	}
	return colour{float64(n >> 16), float64(n >> 8 & 0xff), float64(n & 0xff)}, nil
}

func (c colour) String() string {
	return fmt.Sprintf("#%02x%02x%02x", int(math.Round(c[0])), int(math.Round(c[1])), int(math.Round(c[2])))
}

// mix is share of the other colour, 0 to 1, and else c, rounded to what can be written as #rrggbb.
func (c colour) mix(other colour, share float64) colour {
	for i := range c {
		c[i] = math.Round(c[i]*(1-share) + other[i]*share)
	}
	return c
}

// luminance is the relative luminance of WCAG 2.2.
func (c colour) luminance() float64 {
	linear := func(channel float64) float64 {
		v := channel / 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c[0]) + 0.7152*linear(c[1]) + 0.0722*linear(c[2])
}

// contrast is the contrast ratio of WCAG 2.2, 1 to 21.
func contrast(a, b colour) float64 {
	la := a.luminance()
	lb := b.luminance()
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

// towards mixes c with the other colour, in steps, until it is readable on all of the grounds.
func (c colour) towards(other colour, on ...colour) colour {
	for share := 0.0; share < 1; share += 0.02 {
		mixed := c.mix(other, share)
		ok := true
		for _, ground := range on {
			ok = ok && contrast(mixed, ground) >= readable
		}
		if ok {
			return mixed
		}
	}
	return other
}

// wash is a ground with a touch of the accent, as strong as text in the accent's colour stays readable on it.
func wash(accent, ground colour, strongest float64) colour {
	for share := strongest; share > 0; share -= 0.01 {
		if mixed := ground.mix(accent, share); contrast(accent, mixed) >= readable {
			return mixed
		}
	}
	return ground
}

// accentTokens are the tokens of a company's colour. The dark page has a tint of it that can be read there.
func accentTokens(text string) string {
	light, err := parseColour(text)
	if err != nil {
		panic(err) // CheckAccent has seen it
	}
	dark := light.towards(white, darkGround, darkSurface)
	on := dark.mix(black, 0.75).towards(black, dark)
	return fmt.Sprintf(`:root {
  --accent: light-dark(%s, %s);
  --accent-deep: light-dark(%s, %s);
  --on-accent: light-dark(%s, %s);
  --accent-wash: light-dark(%s, %s);
}
`, light, dark,
		light.mix(black, 0.2), dark.mix(white, 0.3),
		white, on,
		wash(light, lightSurface, 0.08), wash(dark, darkSurface, 0.16))
}
