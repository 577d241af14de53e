// Package static holds the files that pages link to: two stylesheets, one icon, and the company's logo where it has
// one.
//
// A file's address carries a hash of its content, so browsers may keep it forever and a new version is never mixed up
// with an old one. The stylesheets are made of the files in css, one cascade layer each. A page links one of them:
// forms are what people come to by a link, with nothing in their browser's cache, and need little of what other pages
// do.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"path"
	"strings"
	"sync"
)

// Prefix is what every address of a static file begins with.
const Prefix = "/static/"

//go:embed css icon.svg
var embedded embed.FS

// The names of the files.
const (
	Stylesheet     = "portal.css"
	FormStylesheet = "forms.css"
	Icon           = "icon.svg"
	LogoSVG        = "logo.svg"
	LogoPNG        = "logo.png"
)

// Face is what a company sets of the portal's looks. Its zero value is the portal's own.
type Face struct {
	Accent string // #rrggbb that passed CheckAccent; may be empty
	Logo   []byte // an SVG or PNG that passed CheckLogo; may be empty
}

// tokens is the layer with the colours.
const tokens = "tokens"

// layers are the files of the stylesheets, each a cascade layer of its name. What stands in a later one wins, however
// specific the earlier one's selector is, also where a page links both stylesheets.
var layers = []string{tokens, "base", "form", "parts", "pages", "modes"}

// lacks is the layer that a stylesheet does not have.
var lacks = map[string]string{Stylesheet: "form", FormStylesheet: "pages"}

// unlayered is the file whose rules hold in browsers that know no layers, too, and win over all of them. It masks, so
// it is for forms.
const unlayered = "masking"

// joinStyles makes a stylesheet that pages link to.
func joinStyles(name string, face Face) []byte {
	var sheet bytes.Buffer
	sheet.WriteString("@layer " + strings.Join(layers, ", ") + ";\n\n")
	for _, layer := range layers {
		if layer == lacks[name] {
			continue
		}
		sheet.WriteString("@layer " + layer + " {\n")
		sheet.Write(read("css/" + layer + ".css"))
		if layer == tokens && face.Accent != "" {
			sheet.WriteString("\n" + accentTokens(face.Accent))
		}
		sheet.WriteString("}\n\n")
	}
	if name == FormStylesheet {
		sheet.Write(read("css/" + unlayered + ".css"))
	}
	return tightened(sheet.Bytes())
}

// read panics where a name is not embedded: that is a fault in the program.
func read(name string) []byte {
	content, err := embedded.ReadFile(name)
	if err != nil {
		panic(err)
	}
	return content
}

// File is one file, ready to be sent. Its slices are shared and must not be changed.
type File struct {
	Content     []byte
	Gzip        []byte
	ContentType string
	ETag        string // strong, for Content; quotes included
	GzipETag    string // the same for Gzip: other bytes have another one
}

// Files are the files of one portal, ready to be sent.
type Files struct{ index func() index }

type index struct {
	addresses map[string]string
	byAddress map[string]File
}

// Path returns the address of the file name, such as /static/portal.0123456789abcdef.css. A name that is not there is a
// fault in the program, so it panics.
func (f *Files) Path(name string) string {
	address, ok := f.index().addresses[name]
	if !ok {
		panic("static: no file " + name)
	}
	return address
}

// Logo returns the address of the company's logo, empty where there is none.
func (f *Files) Logo() string {
	idx := f.index()
	if address, ok := idx.addresses[LogoSVG]; ok {
		return address
	}
	return idx.addresses[LogoPNG]
}

// Open returns the file at an address that Path returned. Other addresses, those with the hash of an
// older content included, name no file.
func (f *Files) Open(address string) (File, bool) {
	file, ok := f.index().byAddress[address]
	return file, ok
}

// New gives the files of a portal with this face. They are joined, hashed and compressed once, at the first use, so
// that no start waits for it.
func New(face Face) *Files {
	return &Files{index: sync.OnceValue(func() index { return prepare(face) })}
}

func prepare(face Face) index {
	contents := map[string][]byte{
		Stylesheet:     joinStyles(Stylesheet, face),
		FormStylesheet: joinStyles(FormStylesheet, face),
		Icon:           coloured(read(Icon), face.Accent),
	}
	switch {
	case len(face.Logo) == 0:
	case isPNG(face.Logo):
		contents[LogoPNG] = face.Logo
	default:
		contents[LogoSVG] = face.Logo
	}
	idx := index{
		addresses: map[string]string{},
		byAddress: map[string]File{},
	}
	for name, content := range contents {
		idx.add(name, content)
	}
	return idx
}

var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".svg": "image/svg+xml",
	".png": "image/png",
}

func (i index) add(name string, content []byte) {
	sum := sha256.Sum256(content)
	hash := hex.EncodeToString(sum[:8])
	ext := path.Ext(name)
	address := Prefix + strings.TrimSuffix(name, ext) + "." + hash + ext
	file := File{
		Content:     content,
		ContentType: contentTypes[ext],
		ETag:        `"` + hash + `"`,
	}
	if ext != ".png" { // it is compressed already
		file.Gzip = compress(content)
		file.GzipETag = `"` + hash + `-gzip"`
	}
	i.addresses[name] = address
	i.byAddress[address] = file
}

// ownAccent is the accent of the portal's own icon.
const ownAccent = "#4044b8"

// coloured is the icon in the company's colour.
func coloured(svg []byte, accent string) []byte {
	if accent == "" {
		return svg
	}
	return bytes.ReplaceAll(svg, []byte(ownAccent), []byte(accent))
}

// compress cannot fail: it writes to memory, at a level that exists.
func compress(content []byte) []byte {
	var buf bytes.Buffer
	w, err := gzip.NewWriterLevel(&buf, gzip.BestCompression)
	if err != nil {
		panic(err)
	}
	if _, err := w.Write(content); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return buf.Bytes()
}
