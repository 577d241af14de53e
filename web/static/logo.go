package static

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image/png"
	"io"
	"strings"
)

// MaxLogo is the most that a logo may have, in bytes.
const MaxLogo = 32 << 10

// CheckLogo says whether a file can be the logo: a PNG, or an SVG in which nothing stands but shapes and colours. What
// is not known is refused, so nothing in it can run, be fetched or link elsewhere. The error says what is wrong, and
// where.
func CheckLogo(content []byte) error {
	if len(content) > MaxLogo {
		return fmt.Errorf("has more than %d bytes", MaxLogo)
	}
	if isPNG(content) {
		if _, err := png.DecodeConfig(bytes.NewReader(content)); err != nil {
			return errors.New("is not a PNG that can be read")
		}
		return nil
	}
	return checkSVG(content)
}

func isPNG(content []byte) bool { return bytes.HasPrefix(content, []byte("\x89PNG\r\n\x1a\n")) }

const svgSpace = "http://www.w3.org/2000/svg"

// svgElements and svgAttributes are those of SVG 1.1 and 2 that draw and colour shapes, and nothing else.
var (
	svgElements = words(`svg g defs symbol use title desc path rect circle ellipse line polyline polygon
		linearGradient radialGradient stop clipPath mask`)
	svgAttributes = words(`id version viewBox preserveAspectRatio width height x y x1 y1 x2 y2 cx cy r rx ry fx fy fr d points
		transform fill fill-opacity fill-rule stroke stroke-width stroke-opacity stroke-linecap stroke-linejoin
		stroke-miterlimit stroke-dasharray stroke-dashoffset opacity color offset stop-color stop-opacity
		gradientUnits gradientTransform spreadMethod clip-path clip-rule clipPathUnits mask maskUnits maskContentUnits
		role aria-hidden aria-label focusable href`)
)

func words(list string) map[string]bool {
	all := map[string]bool{}
	for _, w := range strings.Fields(list) {
		all[w] = true
	}
	return all
}

func checkSVG(content []byte) error {
	d := xml.NewDecoder(bytes.NewReader(content))
	depth := 0
	roots := 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		line, _ := d.InputPos()
		if err != nil {
			return fmt.Errorf("line %d: is neither a PNG nor an SVG that can be read", line)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if depth == 0 {
				roots++
			}
			depth++
			if err := checkElement(token, depth); err != nil {
				return fmt.Errorf("line %d: %w", line, err)
			}
		case xml.EndElement:
			depth--
		case xml.Directive:
			return fmt.Errorf("line %d: a document type or entity is not allowed; remove it", line)
		case xml.ProcInst:
			if token.Target != "xml" {
				return fmt.Errorf("line %d: a processing instruction is not allowed; remove it", line)
			}
		case xml.CharData, xml.Comment:
		}
	}
	if roots != 1 {
		return errors.New("is neither a PNG nor an SVG")
	}
	return nil
}

func checkElement(e xml.StartElement, depth int) error {
	if depth == 1 && e.Name.Local != "svg" {
		return errors.New("is neither a PNG nor an SVG")
	}
	if e.Name.Space != svgSpace || !svgElements[e.Name.Local] {
		return fmt.Errorf("the element %s is not allowed; export the drawing as plain SVG, with text as paths", e.Name.Local)
	}
	for _, a := range e.Attr {
		if err := checkAttribute(a); err != nil {
			return err
		}
	}
	return nil
}

func checkAttribute(a xml.Attr) error {
	name := a.Name.Local
	switch {
	case a.Name.Space == "" && name == "xmlns", a.Name.Space == "xmlns":
		return nil // names a vocabulary, whose elements and attributes are refused
	case a.Name.Space == "http://www.w3.org/1999/xlink" && name == "href", a.Name.Space == "" && name == "href":
		if !strings.HasPrefix(a.Value, "#") {
			return errors.New("an address is not allowed; only parts of the drawing itself (#…) may be referred to")
		}
		return nil
	case a.Name.Space == "http://www.w3.org/XML/1998/namespace" && name == "space":
		return nil
	case a.Name.Space != "" || !svgAttributes[name]:
		return fmt.Errorf("the attribute %s is not allowed; export the drawing as plain SVG, with colours as attributes", name)
	}
	return checkURLs(a.Value)
}

// checkURLs refuses references to anything but parts of the drawing.
func checkURLs(value string) error {
	// An escape of CSS could spell url(...) another way.
	if strings.Contains(value, "\\") {
		return errors.New("a backslash is not allowed in an attribute")
	}
	rest := strings.ToLower(value)
	for {
		_, after, found := strings.Cut(rest, "url(")
		if !found {
			return nil
		}
		if !strings.HasPrefix(strings.TrimLeft(after, " \t\r\n'\""), "#") {
			return errors.New("an address is not allowed; only parts of the drawing itself (#…) may be referred to")
		}
		rest = after
	}
}
