package submission

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"maiaportal/internal/shape"
)

// Changes that a value can undergo on its way, for the record. Nothing else is ever changed.
const (
	ChangeLineEnds = "line_ends"     // CRLF became LF
	ChangeNewline  = "final_newline" // a line break was put after a PEM's END line
)

// maxDoubts bounds what is told of one field.
const maxDoubts = 5

// instead is the way out of a recipe's strictness.
const instead = " If it is right as it is, store it as “Anything else”."

// checks is what an order is checked with, beside what was entered.
type checks struct {
	own  []string // the user's own words that are no secret
	rule NameRule
	now  time.Time
}

// examine looks at a value that has passed object. What cannot be right for the recipe goes to e; what
// is only odd comes back, by field, and only where the user asked for the check. Nothing that is said
// holds any of the value.
func (v ValueInput) examine(c checks, e FieldErrors) FieldErrors {
	doubts := FieldErrors{}
	recipe, _ := FindRecipe(v.Recipe)
	look := func(field string, b []byte, as shape.Expect) {
		as.Own, as.Now = c.own, c.now
		for _, f := range shape.Look(b, as) {
			switch {
			case f.Broken:
				e.add(field, f.Text+instead)
			case v.Check && len(doubts[field]) < maxDoubts:
				doubts.add(field, f.Text)
			}
		}
	}
	whole := shape.Expect{Kind: recipe.Kind, Encrypted: recipe.Encrypted, NewlineAdded: recipe.Newline}
	switch v.Format {
	case FormatText, FormatFile:
		field, b := "valueText", v.Text.Bytes()
		if v.Format == FormatFile {
			field, b = "valueFile", v.File.Bytes()
			if whole.Kind == shape.Anything || whole.Kind == shape.Line {
				whole.Kind = shape.File
			}
		}
		if recipe.JSON {
			if err := v.examineJSON(field, b, c, doubts); err != nil {
				e.add(field, "This is not one JSON object. "+err.Error()+"."+instead)
			}
			break
		}
		look(field, b, whole)
		if whole.Kind == shape.File {
			_ = v.examineJSON(field, b, c, doubts) // what is no JSON has no texts to look at
		}
	case FormatPairs:
		passphrase := slices.ContainsFunc(v.Pairs, func(p Pair) bool { return mentionsPass([]byte(p.Key)) && !p.Value.Empty() })
		for i, p := range v.Pairs {
			if p.Value.Empty() {
				continue
			}
			known, _ := recipe.property(p.Key)
			look(row("pairValue", i), p.Value.Bytes(), shape.Expect{Kind: known.Kind, Encrypted: passphrase, NewlineAdded: known.Newline})
		}
	case FormatJSON:
		_ = v.examineJSON("valueJSON", v.JSON.Bytes(), c, doubts) // object has read it already
	}
	return doubts
}

// examineJSON looks at each text in a JSON object. A finding names the line. Where it is no JSON object,
// nothing is odd, and the error says why.
func (v ValueInput) examineJSON(field string, b []byte, c checks, doubts FieldErrors) error {
	line, counted := 1, 0
	found := FieldErrors{}
	as := shape.Expect{Kind: shape.Leaf, Encrypted: mentionsPass(b), Own: c.own, Now: c.now}
	r := jsonReader{b: b}
	r.leaf = func(raw []byte, isString bool) {
		if !isString || len(raw) == 0 || !v.Check {
			return
		}
		line += bytes.Count(b[counted:r.at], []byte{'\n'})
		counted = r.at
		text := unescape(nil, raw)
		defer clear(text)
		for _, f := range shape.Look(text, as) {
			if len(found[field])+len(doubts[field]) < maxDoubts {
				found.add(field, fmt.Sprintf("In line %d: %s", line, f.Text))
			}
		}
	}
	if err := r.object(); err != nil {
		return err
	}
	for _, message := range found[field] {
		doubts.add(field, message)
	}
	return nil
}

// mentionsPass says whether a name speaks of a passphrase or password.
func mentionsPass(b []byte) bool {
	return bytes.Contains(b, []byte("assphrase")) || bytes.Contains(b, []byte("assword")) || bytes.Contains(b, []byte("ASSPHRASE")) || bytes.Contains(b, []byte("ASSWORD"))
}

// lacksNewline says whether b ends with a PEM's END line that has no line break.
func lacksNewline(b []byte) bool {
	last := b[bytes.LastIndexByte(b, '\n')+1:]
	return bytes.HasPrefix(last, []byte("-----END ")) && bytes.HasSuffix(last, []byte("-----"))
}

// adds says whether a newline is put after a value: only where the recipe asks for it.
func (v ValueInput) adds(name string, b []byte) bool {
	recipe, ok := FindRecipe(v.Recipe)
	if !ok || !lacksNewline(b) {
		return false
	}
	if v.Format == FormatPairs {
		p, _ := recipe.property(name)
		return p.Newline
	}
	return recipe.Newline
}

// changes are what becomes different on the way to Maia.
func (v ValueInput) changes() []string {
	var out []string
	if v.LineEnds {
		out = append(out, ChangeLineEnds)
	}
	added := false
	switch v.Format {
	case FormatText:
		added = v.adds("", v.Text.Bytes())
	case FormatFile:
		added = v.adds("", v.File.Bytes())
	case FormatPairs:
		added = slices.ContainsFunc(v.Pairs, func(p Pair) bool { return v.adds(p.Key, p.Value.Bytes()) })
	}
	if added {
		out = append(out, ChangeNewline)
	}
	return out
}
