package submission

import (
	"bytes"
	"fmt"

	"maiaportal/internal/secret/plainjson"
	"maiaportal/internal/shape"
)

// jsonFaults gathers what can never be right in a JSON object that is otherwise whole: what is in its names, and NUL,
// however it is written.
type jsonFaults struct {
	messages []string
}

// namelike are the names that programs give to properties.
var namelike = pattern(`\A[A-Za-z_][0-9A-Za-z_.-]{0,63}\z`)

// maxJSONFaults bounds what is told at once.
const maxJSONFaults = 5

func (f *jsonFaults) add(text []byte, at int, message string) {
	if len(f.messages) < maxJSONFaults {
		line, column := plainjson.Place(text, at)
		f.messages = append(f.messages, fmt.Sprintf("Line %d, column %d: %s", line, column, message))
	}
}

// name checks a property's name. What is repeated of it is only what names are made of: people paste more than objects
// into the field.
func (f *jsonFaults) name(text, name []byte, at int) {
	if len(name) == 0 {
		f.add(text, at, "This property has no name. Give it one.")
		return
	}
	if len(f.messages) >= maxJSONFaults {
		return
	}
	if plainName(name) {
		return
	}
	if message := unseen(string(name), namelike().MatchString(shape.Seen(string(name)))); message != "" {
		f.add(text, at, "The name of a property. "+message)
	}
}

// plainName tells most names apart without making strings of them.
func plainName(name []byte) bool {
	for _, c := range name {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}

// text checks a string as it is written between its quotes.
func (f *jsonFaults) text(text, raw []byte, at int) {
	for rest := raw; ; {
		i := bytes.IndexByte(rest, '\\')
		if i < 0 || i+1 >= len(rest) {
			return
		}
		if bytes.HasPrefix(rest[i:], []byte(`\u0000`)) {
			f.add(text, at, "This text has a NUL character (\\u0000), which vaults cannot keep. Remove it.")
			return
		}
		rest = rest[i+2:]
	}
}
