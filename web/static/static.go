// Package static holds the files that pages link to: one stylesheet and one icon.
//
// A file's address carries a hash of its content, so browsers may keep it for ever and a new version
// is never mixed up with an old one.
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

//go:embed portal.css icon.svg
var embedded embed.FS

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

// files reads, hashes and compresses everything once, at the first use.
var files = sync.OnceValue(func() index {
	contentTypes := map[string]string{
		".css": "text/css; charset=utf-8",
		".svg": "image/svg+xml",
	}
	entries, err := embedded.ReadDir(".")
	if err != nil {
		panic(err)
	}
	idx := index{addresses: map[string]string{}, byAddress: map[string]File{}}
	for _, entry := range entries {
		name := entry.Name()
		content, err := embedded.ReadFile(name)
		if err != nil {
			panic(err)
		}
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
