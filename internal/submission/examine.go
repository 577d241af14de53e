package submission

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"maiaportal/internal/record"
	"maiaportal/internal/secret/plainjson"
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
	// project is the rule of the project, by the operators' catalogue.
	project NameRule
	now     time.Time
	// answered says that the secret's name is one that Maia itself has answered: its vault has it.
	answered bool
}

// examine looks at a value that has passed object. What cannot be right for the recipe goes to e; what
// is only odd comes back, by field, and only where the user asked for the check. Nothing that is said
// holds any of the value.
func (v ValueInput) examine(c checks, e FieldErrors) FieldErrors {
	doubts := FieldErrors{}
	recipe, _ := FindRecipe(v.Recipe)
	look := func(field string, b []byte, as shape.Expect) {
		if !v.Check && !as.Kind.Strict() {
			return // nobody asks what is odd
		}
		as.Now = c.now
		for _, f := range shape.Look(b, as) {
			switch {
			case f.Broken:
				e.add(field, f.Text+instead)
			case v.Check && len(doubts[field]) < maxDoubts:
				doubts.add(field, f.Text)
			}
		}
	}
	whole := shape.Expect{Kind: recipe.Kind, Own: c.own, Encrypted: recipe.Encrypted, NewlineAdded: recipe.Newline}
	switch v.Format {
	case record.FormatText, record.FormatFile:
		field, b := "valueText", v.Text.Bytes()
		if v.Format == record.FormatFile {
			field, b = "valueFile", v.File.Bytes()
			if whole.Kind == shape.Anything || whole.Kind == shape.Line {
				whole.Kind = shape.File
			}
		}
		if recipe.JSON {
			v.examineDocument(field, b, c, e, doubts)
			break
		}
		look(field, b, whole)
		if whole.Kind == shape.File && v.Check {
			_ = v.examineJSON(field, b, c, doubts) // what is no JSON has no texts to look at
		}
	case record.FormatPairs:
		for i, p := range v.Pairs {
			if p.Value.Empty() {
				continue
			}
			known, ok := recipe.property(p.Key)
			as := shape.Expect{Kind: known.Kind, Encrypted: v.hasPassphrase(i), NewlineAdded: known.Newline}
			if ok || !namesSomebody([]byte(p.Key)) {
				as.Own = c.own
			}
			look(row("pairValue", i), p.Value.Bytes(), as)
		}
	case record.FormatJSON:
		if v.Check {
			_ = v.examineJSON("valueJSON", v.JSON.Bytes(), c, doubts) // object has read it already
		}
	}
	return doubts
}

// examineDocument looks at a text that has to be one JSON object.
func (v ValueInput) examineDocument(field string, b []byte, c checks, e, doubts FieldErrors) {
	if bytes.HasPrefix(b, []byte("\ufeff")) {
		e.add(field, "The file begins with a byte order mark, three bytes that cannot be seen, and JSON must not. Save it as UTF-8 without one.")
		return
	}
	var err error
	if v.Check {
		err = v.examineJSON(field, b, c, doubts)
	} else {
		_, err = plainjson.Walk{}.Object(b)
	}
	if err != nil {
		e.add(field, "This is not one JSON object. "+err.Error()+instead)
	}
}

// examineJSON looks at each text in a JSON object. A finding names the line. Where it is no JSON object,
// nothing is odd, and the error says why.
func (v ValueInput) examineJSON(field string, b []byte, c checks, doubts FieldErrors) error {
	// A passphrase may stand before its key or behind it.
	passphrase, ofPass := false, false
	_, err := plainjson.Walk{
		Name: func(name []byte) { ofPass = namesPassphrase(name) },
		Leaf: func(raw []byte, isString bool, _ int) {
			passphrase = passphrase || ofPass && isString && len(raw) > 0 && !bytes.Contains(raw, []byte("-----BEGIN "))
		},
	}.Object(b)
	if err != nil {
		return err
	}
	line, counted := 1, 0
	as := shape.Expect{Kind: shape.Leaf, Encrypted: passphrase, Now: c.now}
	look := func(raw []byte, isString bool, end int) {
		if !isString || len(raw) == 0 || len(doubts[field]) >= maxDoubts {
			return
		}
		line += bytes.Count(b[counted:end], []byte{'\n'})
		counted = end
		text := plainjson.Unescape(nil, raw)
		defer clear(text)
		for _, f := range shape.Look(text, as) {
			if len(doubts[field]) < maxDoubts {
				doubts.add(field, fmt.Sprintf("In line %d: %s", line, f.Text))
			}
		}
	}
	_, err = plainjson.Walk{Leaf: look}.Object(b)
	return err
}

// hasPassphrase says whether another pair than that of a key has a passphrase.
func (v ValueInput) hasPassphrase(key int) bool {
	for i, p := range v.Pairs {
		if i != key && !p.Value.Empty() && namesPassphrase([]byte(p.Key)) {
			return true
		}
	}
	return false
}

// namesPassphrase says whether a property's name speaks of a passphrase, however it is written.
func namesPassphrase(name []byte) bool { return saysOneOf(name, "pass", "pwd") }

// namesSomebody says whether a property's name speaks of a person or an account, so that the user's own
// name is no surprise in it.
func namesSomebody(name []byte) bool {
	return saysOneOf(name, "user", "name", "login", "mail", "account", "owner")
}

// saysOneOf looks for words in a name, in whatever case and however they are divided.
func saysOneOf(name []byte, words ...string) bool {
	plain := make([]byte, 0, len(name))
	defer func() { clear(plain) }()
	for _, c := range name {
		switch {
		case c >= 'A' && c <= 'Z':
			plain = append(plain, c+'a'-'A')
		case c != '_' && c != '-' && c != '.' && c != ' ':
			plain = append(plain, c)
		}
	}
	return slices.ContainsFunc(words, func(w string) bool { return bytes.Contains(plain, []byte(w)) })
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
	if v.Format == record.FormatPairs {
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
	case record.FormatText:
		added = v.adds("", v.Text.Bytes())
	case record.FormatFile:
		added = v.adds("", v.File.Bytes())
	case record.FormatPairs:
		added = slices.ContainsFunc(v.Pairs, func(p Pair) bool { return v.adds(p.Key, p.Value.Bytes()) })
	case record.FormatJSON:
		// An object is sent as it was pasted.
	}
	if added {
		out = append(out, ChangeNewline)
	}
	return out
}
