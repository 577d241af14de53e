package catalogue

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

const (
	// maxFile bounds a catalogue, which is written by hand.
	maxFile = 1 << 20
	// maxNodes bounds what a catalogue becomes when its aliases are followed: a few lines of them can stand for more
	// than any computer has room for.
	maxNodes = 200_000
)

// document reads the file as YAML and gives what it holds: nil where that is nothing, or not to be read.
func (r *reader) document(content []byte) (root *yaml.Node) {
	if len(content) > maxFile {
		r.mistake(1, "The file is larger than 1 MiB, which is the most that a catalogue may have.")
		return nil
	}
	last, ok := r.characters(content)
	if !ok {
		return nil
	}
	defer func() {
		// A running portal reads the file, too. It must not end because of it.
		if recover() != nil {
			r.mistake(1, "This cannot be read as YAML.")
			root = nil
		}
	}()
	loader, err := yaml.NewLoader(bytes.NewReader(content))
	if err != nil {
		r.syntax(err, last)
		return nil
	}
	var first, second yaml.Node
	switch err := loader.Load(&first); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		r.syntax(err, last)
		return nil
	}
	switch err := loader.Load(&second); {
	case errors.Is(err, io.EOF):
	case err != nil:
		r.syntax(err, last)
	default:
		r.mistake(second.Line, "A second document begins here. A catalogue is one document: remove the line ---.")
	}
	if first.Kind != yaml.DocumentNode || len(first.Content) == 0 || isNull(first.Content[0]) {
		return nil
	}
	if root = first.Content[0]; !r.bounded(root) {
		return nil
	}
	return root
}

// characters says whether all of the file can be read as YAML's characters: the library would not say where they stand.
// last is the last line that has something.
func (r *reader) characters(content []byte) (last int, ok bool) {
	before := len(r.mistakes)
	line := 1
	for rest := content; len(rest) > 0; {
		c, n := utf8.DecodeRune(rest)
		switch {
		case c == utf8.RuneError && n == 1:
			r.mistake(line, "The file is not UTF-8 from here on. Save it as UTF-8.")
			return line, false
		case c == '\n', c == '\r' && !bytes.HasPrefix(rest[1:], []byte("\n")):
			line++
		case c == '\t', c == '\r', c == ' ':
		case c == 0x85, c == 0x2028, c == 0x2029, unicode.IsControl(c), c == 0xFFFE, c == 0xFFFF:
			// The first three would be ends of lines to YAML and to no editor.
			r.mistake(line, fmt.Sprintf("The character U+%04X cannot stand in a catalogue. Remove it.", c))
		default:
			last = line
		}
		rest = rest[n:]
	}
	return last, len(r.mistakes) == before
}

// syntax reports what the library says, not behind the last line: what is never closed is noticed there. Names are left
// out: a password may look like one.
func (r *reader) syntax(err error, last int) {
	var load *yaml.LoadError
	if !errors.As(err, &load) {
		r.mistake(1, "This cannot be read as YAML.")
		return
	}
	line := min(load.Mark.Line, last)
	what := load.Message
	if load.ContextMsg != "" {
		what += " " + load.ContextMsg
	}
	switch begun := load.ContextMark.Line; {
	case strings.HasPrefix(what, "unknown anchor"):
		r.mistake(line, "There is no anchor for this alias. Put a text that begins with * in quotes.")
		return
	case begun > 0 && begun < line && cutShort(load.ContextMsg):
		// What is not closed is noticed much later, often at the file's end.
		line = begun
	}
	r.mistake(line, "This is not valid YAML: "+what+". Check indentation, quotes and brackets here and in the line before.")
}

// cutShort says whether a mistake is where something begins, not where YAML noticed it.
func cutShort(context string) bool {
	switch context {
	case "while scanning a quoted scalar", "while scanning a simple key",
		"while parsing a flow sequence", "while parsing a flow mapping":
		return true
	}
	return false
}

// bounded says whether what the file holds ends, and has a size that can be dealt with.
func (r *reader) bounded(root *yaml.Node) bool {
	sizes := map[*yaml.Node]int{}
	const open = -1
	var size func(n *yaml.Node) int
	size = func(n *yaml.Node) int {
		if n.Kind == yaml.AliasNode {
			if sizes[n.Alias] == open {
				r.mistake(n.Line, "This alias stands in what it refers to. Write the entry out instead.")
				return 1
			}
			return size(n.Alias)
		}
		if known, ok := sizes[n]; ok {
			return known
		}
		sizes[n] = open
		sum := 1
		for _, inner := range n.Content {
			sum = min(sum+size(inner), maxNodes+1)
		}
		sizes[n] = sum
		return sum
	}
	before := len(r.mistakes)
	if size(root) > maxNodes {
		r.mistake(root.Line, fmt.Sprintf("With its aliases the catalogue has more than %d entries. Use fewer of them.", maxNodes))
	}
	return len(r.mistakes) == before
}

// invisible says whether a text has characters that nobody sees, or line breaks.
func invisible(s string) bool {
	return strings.ContainsFunc(s, func(c rune) bool {
		return unicode.In(c, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
	})
}
