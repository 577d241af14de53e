// Package static holds the files that pages link to: one stylesheet and one icon.
//
// A file's address carries a hash of its content, so browsers may keep it for ever and a new version
// is never mixed up with an old one. The stylesheet is made of the files in css, one cascade layer each.
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

const (
	stylesheet = "portal.css"
	icon       = "icon.svg"
)

// layers are the files of the stylesheet, each a cascade layer of its name. What stands in a later one
// wins, however specific the earlier one's selector is.
var layers = []string{"tokens", "base", "form", "parts", "pages", "modes"}

// unlayered is the file whose rules hold in browsers that know no layers, too, and win over all of them.
const unlayered = "masking"

// joinStyles makes the one stylesheet that pages link to.
func joinStyles() []byte {
	var sheet bytes.Buffer
	sheet.WriteString("@layer " + strings.Join(layers, ", ") + ";\n\n")
	for _, name := range layers {
		sheet.WriteString("@layer " + name + " {\n")
		sheet.Write(read("css/" + name + ".css"))
		sheet.WriteString("}\n\n")
	}
	sheet.Write(read("css/" + unlayered + ".css"))
	return sheet.Bytes()
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

// Path returns the address of the embedded file name, such as /static/portal.0123456789abcdef.css.
// A name that is not embedded is a fault in the program, so it panics.
func Path(name string) string {
	address, ok := files().addresses[name]
	if !ok {
		panic("static: no embedded file " + name)
	}
	return address
}

// Open returns the file at an address that Path returned. Other addresses, those with the hash of an
// older content included, name no file.
func Open(address string) (File, bool) {
	file, ok := files().byAddress[address]
	return file, ok
}

type index struct {
	addresses map[string]string
	byAddress map[string]File
}

// files joins, hashes and compresses everything once, at the first use.
var files = sync.OnceValue(func() index {
	contentTypes := map[string]string{
		".css": "text/css; charset=utf-8",
		".svg": "image/svg+xml",
	}
	contents := map[string][]byte{
		stylesheet: joinStyles(),
		icon:       read(icon),
	}
	idx := index{
		addresses: map[string]string{},
		byAddress: map[string]File{},
	}
	for name, content := range contents {
		sum := sha256.Sum256(content)
		hash := hex.EncodeToString(sum[:8])
		ext := path.Ext(name)
		address := Prefix + strings.TrimSuffix(name, ext) + "." + hash + ext
		idx.addresses[name] = address
		idx.byAddress[address] = File{
			Content:     content,
			Gzip:        compress(content),
			ContentType: contentTypes[ext],
			ETag:        `"` + hash + `"`,
			GzipETag:    `"` + hash + `-gzip"`,
		}
	}
	return idx
})

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
