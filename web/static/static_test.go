package static_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"maiaportal/web/static"
)

// plain are the files of a portal that has the portal's own looks.
var plain = static.New(static.Face{})

// sheets are the stylesheets with the layers that each has.
var sheets = map[string][]string{
	"portal.css": {"tokens", "base", "parts", "pages", "modes"},
	"forms.css":  {"tokens", "base", "form", "parts", "modes"},
}

// source makes a file of what is in the folder. A stylesheet's layers stand in the order in which they win; what masks
// secrets is in none, so that it wins over all of them, and holds in browsers that know no layers.
func source(t *testing.T, name string) []byte {
	t.Helper()
	read := func(path string) string {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	layers, ok := sheets[name]
	if !ok {
		return []byte(read(name))
	}
	sheet := "@layer tokens, base, form, parts, pages, modes;\n\n"
	for _, layer := range layers {
		sheet += "@layer " + layer + " {\n" + read("css/"+layer+".css") + "}\n\n"
	}
	if name == "forms.css" {
		sheet += read("css/masking.css")
	}
	return []byte(sheet)
}

// meaning is what a stylesheet says, however it is laid out: no comments, and no blanks but those between words. What is
// in quotes counts as it is.
func meaning(sheet []byte) string {
	var b strings.Builder
	inner := regexp.MustCompile(`"[^"]*"`).ReplaceAllFunc(sheet, func(s []byte) []byte {
		return []byte(`"` + hex.EncodeToString(s) + `"`)
	})
	text := regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAllString(string(inner), " ")
	text = strings.NewReplacer("{", " { ", "}", " ; } ", ";", " ; ", ",", " , ").Replace(text)
	text = regexp.MustCompile(`:\s+`).ReplaceAllString(text, ":")
	last := ""
	for _, word := range strings.Fields(text) {
		if word == ";" && (last == ";" || last == "}" || last == "{") {
			continue
		}
		b.WriteString(word + " ")
		last = word
	}
	return b.String()
}

// Most of the stylesheet's bytes are for its readers, and browsers are sent none of them.
func TestStylesheetIsTight(t *testing.T) {
	for name := range sheets {
		file, _ := plain.Open(plain.Path(name))
		if got := meaning(file.Content); got != meaning(source(t, name)) {
			t.Errorf("%s says something else than its files:\n%s", name, got)
		}
		for _, needless := range []string{"/*", "\n", "  ", "; ", ";}", " {"} {
			if bytes.Contains(file.Content, []byte(needless)) {
				t.Errorf("%s has %q", name, needless)
			}
		}
	}
	file, _ := plain.Open(plain.Path("portal.css"))
	if !bytes.Contains(file.Content, []byte(`content:"✓" / ""`)) {
		t.Error("what is in quotes is not as it was")
	}
}

// A file that lacks a brace would take the next layers into its own, or end its layer too early.
func TestStylesAreWhole(t *testing.T) {
	entries, err := os.ReadDir("css")
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 7 {
		t.Errorf("%d files, of which 7 are joined", len(entries))
	}
	for _, entry := range entries {
		content, err := os.ReadFile("css/" + entry.Name())
		if err != nil {
			t.Fatal(err)
		}
		depth := 0
		for _, c := range regexp.MustCompile(`(?s)/\*.*?\*/|"[^"]*"`).ReplaceAllString(string(content), "") {
			switch c {
			case '{':
				depth++
			case '}':
				depth--
			}
			if depth < 0 {
				t.Errorf("%s ends its layer", entry.Name())
				break
			}
		}
		if depth > 0 {
			t.Errorf("%s lacks a brace", entry.Name())
		}
		// In layers the order of what is important is the other way round: only the mask may have it.
		if strings.Contains(string(content), "!important") && entry.Name() != "masking.css" {
			t.Errorf("%s says !important", entry.Name())
		}
	}
}

func TestPathAndOpen(t *testing.T) {
	for name, tc := range map[string]struct{ contentType, address string }{
		"portal.css": {"text/css; charset=utf-8", `^/static/portal\.([0-9a-f]{12,})\.css$`},
		"forms.css":  {"text/css; charset=utf-8", `^/static/forms\.([0-9a-f]{12,})\.css$`},
		"icon.svg":   {"image/svg+xml", `^/static/icon\.([0-9a-f]{12,})\.svg$`},
	} {
		t.Run(name, func(t *testing.T) {
			address := plain.Path(name)
			match := regexp.MustCompile(tc.address).FindStringSubmatch(address)
			if match == nil {
				t.Fatalf("Path(%q) = %q, want %s", name, address, tc.address)
			}
			file, ok := plain.Open(address)
			if !ok {
				t.Fatalf("Open(%q) found nothing", address)
			}
			want := file.Content
			if sheets[name] == nil && !bytes.Equal(want, source(t, name)) {
				t.Error("the content is not that of the file")
			}
			sum := sha256.Sum256(want)
			if !strings.HasPrefix(hex.EncodeToString(sum[:]), match[1]) {
				t.Errorf("the hash in %q is not that of the content", address)
			}
			if file.ContentType != tc.contentType {
				t.Errorf("content type %q, want %q", file.ContentType, tc.contentType)
			}
			if file.ETag != `"`+match[1]+`"` {
				t.Errorf("ETag %s does not carry the hash of %s", file.ETag, address)
			}
			if file.GzipETag != `"`+match[1]+`-gzip"` {
				t.Errorf("compressed: ETag %s", file.GzipETag)
			}
			zr, err := gzip.NewReader(bytes.NewReader(file.Gzip))
			if err != nil {
				t.Fatal(err)
			}
			unpacked, err := io.ReadAll(zr)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(unpacked, want) {
				t.Error("the compressed content unpacks to something else")
			}
			if len(file.Gzip) >= len(want) {
				t.Errorf("compressed to %d bytes from %d", len(file.Gzip), len(want))
			}
		})
	}
}

// Only whole, current addresses name a file: a wrong hash must not be cached for a year as this one.
func TestOpenUnknown(t *testing.T) {
	current := plain.Path("portal.css")
	for _, address := range []string{
		"", "/static/", "/static/portal.css", "portal.css", "/static/static.go", "/static/../static.go",
		strings.Replace(current, ".css", "0.css", 1), strings.TrimPrefix(current, "/"), current + "/", strings.ToUpper(current),
	} {
		if _, ok := plain.Open(address); ok {
			t.Errorf("Open(%q) found a file", address)
		}
	}
}

func TestPathOfUnknownName(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a name that is not embedded went without a panic")
		}
	}()
	plain.Path("nothing.css")
}

// The page's policy blocks what this looks for, in a browser and without a word in any log.
func TestNothingThatThePolicyBlocks(t *testing.T) {
	for name, forbidden := range map[string]string{
		"portal.css": `(?i)@import|url\(|https?:|data:`,
		"forms.css":  `(?i)@import|url\(|https?:|data:`,
		"icon.svg":   `(?i)<script|<style|\sstyle=|\son[a-z]+=|href|data:`,
	} {
		file, _ := plain.Open(plain.Path(name))
		if found := regexp.MustCompile(forbidden).Find(file.Content); found != nil {
			t.Errorf("%s has %q", name, found)
		}
	}
}
