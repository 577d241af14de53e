package submission

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"maiaportal/internal/record"
	"maiaportal/internal/scrub"
	"maiaportal/internal/secret/plainjson"
	"maiaportal/internal/shape"
)

// Changes that a value can undergo on its way, for the record. Nothing else is ever changed.
const (
	ChangeLineEnds = "line_ends"     // CRLF became LF
	ChangeNewline  = "final_newline" // a line break was put after a PEM's END line
	ChangeNoBreak  = "break_removed" // the line break behind a single line was taken away
)

// maxDoubts bounds what is told of one field.
const maxDoubts = 10

// instead is the way out of a recipe's strictness.
const instead = " If it is correct as it is, store it as “Anything else”."

// checks is what an order is checked with, beside what was entered.
type checks struct {
	own  []string // the user's own words that are no secret
	rule NameRule
	// project is the rule of the project, by the operators' catalogue.
	project NameRule
	now     time.Time
	// found is where it is noted what was found odd; nil: nowhere.
	found Told
	// answered says that the secret's name is one that Maia itself has answered: its vault has it.
	answered bool
}

// examine looks at a value that has passed object. What cannot be right for the recipe goes to e; what
// is only odd comes back, and only where the user asked for the check. Nothing that is said holds any of
// the value.
func (v ValueInput) examine(c checks, e FieldErrors) Doubts {
	var odd doubtList
	recipe, _ := FindRecipe(v.Recipe)
	look := func(field, name string, b []byte, as shape.Expect) {
		if !v.looksClosely() && !as.Kind.Strict() {
			return // nobody asks what is odd
		}
		as.Now = c.now
		for _, f := range shape.Look(b, as) {
			switch {
			case f.ID == "bearer" && namesHeader(name):
				// It is a whole header that is kept there.
			case f.Broken:
				e.add(field, f.Text+instead)
			case v.looksClosely():
				odd.find(field, f, "")
			}
		}
	}
	whole := shape.Expect{
		Kind:         recipe.Kind,
		Own:          c.own,
		Encrypted:    recipe.Encrypted,
		NewlineAdded: recipe.Newline,
		Takes:        recipe.Takes,
	}
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
			v.examineDocument(field, b, c, e, &odd)
			break
		}
		if v.dropsBreak("", b) {
			b = b[:len(b)-1]
		}
		look(field, v.Key, b, whole)
		if whole.Kind == shape.File && v.looksClosely() {
			_ = v.examineJSON(field, b, c, &odd) // what is no JSON has no texts to look at
		}
	case record.FormatPairs:
		for i, p := range v.Pairs {
			if p.Value.Empty() {
				continue
			}
			known, ok := recipe.property(p.Key)
			as := shape.Expect{Kind: known.Kind, Encrypted: v.hasPassphrase(i), NewlineAdded: known.Newline, Takes: known.Takes}
			if ok || !namesSomebody([]byte(p.Key)) {
				as.Own = c.own
			}
			b := p.Value.Bytes()
			if v.dropsBreak(p.Key, b) {
				b = b[:len(b)-1]
			}
			look(row("pairValue", i), p.Key, b, as)
		}
		if v.looksClosely() {
			v.examineTogether(&odd)
		}
	case record.FormatJSON:
		if v.looksClosely() {
			_ = v.examineJSON("valueJSON", v.JSON.Bytes(), c, &odd) // object has read it already
		}
	}
	return odd.untold(v, c.found)
}

var (
	accessKeyID = pattern(`\A\s*(AKIA|ASIA)[0-9A-Z]{16}\s*\z`)
	anUUID      = pattern(`\A\s*[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\s*\z`)
)

// examineTogether looks at what two values of a recipe say about each other.
func (v ValueInput) examineTogether(odd *doubtList) {
	at := map[string]int{}
	for i, p := range v.Pairs {
		at[p.Key] = i
	}
	matches := func(name string, rule func() *regexp.Regexp) bool {
		i, ok := at[name]
		return ok && rule().Match(v.Pairs[i].Value.Bytes())
	}
	useless := func(name, id, text string) {
		odd.add(Doubt{
			Field:  row("pairValue", at[name]),
			Text:   text,
			Weight: shape.Useless,
			id:     id,
		})
	}
	switch v.Recipe {
	case "oauth-client":
		if matches("clientId", anUUID) && matches("clientSecret", anUUID) {
			useless("clientSecret", "uuid-secret", "It is an id (a UUID), like the client id. Microsoft Entra ID shows the secret’s id next to its value: enter the value.")
		}
	case "cloud-key":
		if matches("secretAccessKey", accessKeyID) {
			useless("secretAccessKey", "swapped", "It is an access key id, not a secret access key. Perhaps the two are swapped.")
		}
	}
}

// examineDocument looks at a text that has to be one JSON object.
func (v ValueInput) examineDocument(field string, b []byte, c checks, e FieldErrors, odd *doubtList) {
	if bytes.HasPrefix(b, []byte("\ufeff")) {
		e.add(field, "The file begins with a byte order mark, three invisible bytes, and JSON must not. Save it as UTF-8 without one.")
		return
	}
	var wrong jsonFaults
	_, err := plainjson.Walk{Text: func(_, raw []byte, at int) { wrong.text(b, raw, at) }}.Object(b)
	if err != nil {
		e.add(field, "This is not one JSON object. "+err.Error()+instead)
		return
	}
	for _, message := range wrong.messages {
		e.add(field, message)
	}
	if v.looksClosely() {
		_ = v.examineJSON(field, b, c, odd)
	}
}

// examineJSON looks at each text in a JSON object. A finding names the property where its name can be nothing but a
// name, else line and column. Where it is no JSON object, nothing is odd, and the error says why.
func (v ValueInput) examineJSON(field string, b []byte, c checks, odd *doubtList) error {
	// A passphrase may stand before its key or behind it, under any name.
	passphrase := false
	_, err := plainjson.Walk{
		Leaf: func(raw []byte, isString bool, _ int) {
			passphrase = passphrase || isString && len(raw) > 0 && !bytes.Contains(raw, []byte("-----BEGIN "))
		},
	}.Object(b)
	if err != nil {
		return err
	}
	as := shape.Expect{Kind: shape.Leaf, Encrypted: passphrase, Now: c.now}
	line, begins, counted := 1, 0, 0
	_, err = plainjson.Walk{Text: func(name, raw []byte, at int) {
		line += bytes.Count(b[counted:at], []byte{'\n'})
		if i := bytes.LastIndexByte(b[counted:at], '\n'); i >= 0 {
			begins = counted + i + 1
		}
		counted = at
		if len(raw) == 0 {
			return
		}
		text := plainjson.Unescape(nil, raw)
		defer clear(text)
		for _, f := range shape.Look(text, as) {
			if f.ID == "bearer" && namesHeader(name) {
				continue
			}
			where := "In line " + strconv.Itoa(line) + ", column " + strconv.Itoa(1+utf8.RuneCount(b[begins:at]))
			if scrub.OrdinaryName(name) {
				where = "In line " + strconv.Itoa(line) + ", property " + string(name)
			}
			odd.find(field, f, where+": ")
		}
	}}.Object(b)
	return err
}

// hasPassphrase says whether another pair than that of a key may be its passphrase, whatever it is called.
func (v ValueInput) hasPassphrase(key int) bool {
	for i, p := range v.Pairs {
		if i != key && !p.Value.Empty() && !bytes.Contains(p.Value.Bytes(), []byte("-----BEGIN ")) {
			return true
		}
	}
	return false
}

// namesSomebody says whether a property's name speaks of a person or an account, so that the user's own
// name is no surprise in it.
func namesSomebody(name []byte) bool {
	return saysOneOf(name, "user", "name", "login", "mail", "account", "owner")
}

// namesHeader says whether a property's name speaks of a request's header, which has the word for its scheme in front.
func namesHeader[T string | []byte](name T) bool {
	return saysOneOf([]byte(name), "authorization", "header")
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
	return bytes.HasPrefix(last, []byte("-----END ")) && bytes.HasSuffix(bytes.TrimRight(last, " \t"), []byte("-----"))
}

// dropsBreak says whether a value is one line with one line break behind it, which a phone's return key puts there, for
// a use that takes one line. It is the one thing that is ever taken away.
func (v ValueInput) dropsBreak(name string, b []byte) bool {
	recipe, ok := FindRecipe(v.Recipe)
	if !ok || v.Format == record.FormatFile || bytes.IndexByte(b, '\n') != len(b)-1 || len(b) < 2 {
		return false
	}
	if v.Format == record.FormatPairs {
		p, _ := recipe.property(name)
		return p.OneLine()
	}
	return recipe.OneLine()
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
	dropped := false
	switch v.Format {
	case record.FormatText:
		added = v.adds("", v.Text.Bytes())
		dropped = v.dropsBreak("", v.Text.Bytes())
	case record.FormatFile:
		added = v.adds("", v.File.Bytes())
	case record.FormatPairs:
		added = slices.ContainsFunc(v.Pairs, func(p Pair) bool { return v.adds(p.Key, p.Value.Bytes()) })
		dropped = slices.ContainsFunc(v.Pairs, func(p Pair) bool { return v.dropsBreak(p.Key, p.Value.Bytes()) })
	case record.FormatJSON:
		// An object is sent as it was pasted.
	}
	if added {
		out = append(out, ChangeNewline)
	}
	if dropped {
		out = append(out, ChangeNoBreak)
	}
	return out
}
