package static

import (
	"bytes"
	"image"
	"image/png"
	"strings"
	"testing"
)

const drawing = `<?xml version="1.0" encoding="UTF-8"?>
<!-- a comment -->
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 10 10" width="10" height="10" xml:space="preserve" role="img">
  <title>Company</title>
  <defs>
    <linearGradient id="a" gradientUnits="userSpaceOnUse" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="#fff" stop-opacity=".5"/></linearGradient>
    <clipPath id="c"><rect width="5" height="5" rx="1"/></clipPath>
  </defs>
  <g fill="url(#a)" clip-path="url( '#c' )" transform="translate(1 1)"><path d="M0 0h4v4z" fill-rule="evenodd"/><use href="#a" xlink:href="#a"/></g>
</svg>
`

func TestLogoOfShapesIsTaken(t *testing.T) {
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 3, 3))); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{LogoSVG: []byte(drawing), LogoPNG: picture.Bytes()} {
		if err := CheckLogo(content); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		files := New(Face{Logo: content})
		file, ok := files.Open(files.Logo())
		if !ok || !bytes.Equal(file.Content, content) || files.Logo() != files.Path(name) {
			t.Errorf("%s: is not served as it is", name)
		}
		if wantGzip := name == LogoSVG; (file.Gzip != nil) != wantGzip {
			t.Errorf("%s: compressed: %v", name, !wantGzip)
		}
	}
}

// What is not known is refused: a logo stands on the page where secrets are typed.
func TestLogoThatCouldDoSomethingIsRefused(t *testing.T) {
	with := func(inside string) string {
		return strings.Replace(drawing, "<title>", inside+"<title>", 1)
	}
	for what, content := range map[string]string{
		"a script":                         with(`<script>alert(1)</script>`),
		"a script of another vocabulary":   with(`<h:script xmlns:h="http://www.w3.org/1999/xhtml">alert(1)</h:script>`),
		"an element of another vocabulary": with(`<path xmlns="http://example.com/"/>`),
		"a handler":                        with(`<rect onload="x()"/>`),
		"a link":                           with(`<a href="#c"><rect/></a>`),
		"an address":                       with(`<use href="https://example.com/x.svg#a"/>`),
		"an address, the old way":          with(`<use xlink:href="//example.com/x.svg#a"/>`),
		"an empty address":                 with(`<use href=""/>`),
		"data":                             with(`<use href="data:image/svg+xml,x"/>`),
		"an image":                         with(`<image href="#a"/>`),
		"a foreign object":                 with(`<foreignObject/>`),
		"a style sheet":                    with(`<style>*{}</style>`),
		"a style":                          with(`<rect style="fill:red"/>`),
		"an animation":                     with(`<set attributeName="href" to="x"/>`),
		"a fetched paint":                  with(`<rect fill="URL( 'https://example.com/#a')"/>`),
		"a second, fetched paint":          with(`<rect fill="url(#a) url(//example.com)"/>`),
		"an escaped paint":                 with(`<rect fill="u\72l(//example.com)"/>`),
		"an attribute of an editor":        with(`<rect xmlns:i="http://inkscape.org/" i:label="x"/>`),
		"a document type":                  `<!DOCTYPE svg [<!ENTITY x "y">]>` + drawing[strings.Index(drawing, "<svg"):],
		"a style sheet's address":          `<?xml-stylesheet href="x.css"?>` + drawing[strings.Index(drawing, "<svg"):],
		"a page":                           `<html xmlns="http://www.w3.org/1999/xhtml"/>`,
		"no vocabulary":                    `<svg viewBox="0 0 1 1"/>`,
		"two drawings":                     `<svg xmlns="http://www.w3.org/2000/svg"/><svg xmlns="http://www.w3.org/2000/svg"/>`,
		"half a drawing":                   drawing[:200],
		"a text":                           "hello",
		"nothing":                          "",
		"half a PNG":                       "\x89PNG\r\n\x1a\n",
		"a JPEG":                           "\xff\xd8\xff\xe0",
		"too much":                         strings.Replace(drawing, "a comment", strings.Repeat("x", MaxLogo), 1),
	} {
		if err := CheckLogo([]byte(content)); err == nil {
			t.Errorf("%s: is taken", what)
		}
	}
	err := CheckLogo([]byte(with("\n\n<script/>")))
	if err == nil || !strings.HasPrefix(err.Error(), "line 6: the element script") {
		t.Errorf("the message is %v", err)
	}
}
