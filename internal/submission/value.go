package submission

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"maiaportal/internal/record"
	"maiaportal/internal/secret"
	"maiaportal/internal/secret/plainjson"
	"maiaportal/internal/shape"
)

// defaultKey is the property's name where none is given.
const defaultKey = "password"

// ValueInput is a secret value as it was entered. Only what belongs to Format counts, but all of it
// is wiped: a browser sends hidden fields too.
type ValueInput struct {
	Format record.Format
	Key    string
	Text   secret.Value
	JSON   secret.Value
	File   secret.Value
	Pairs  []Pair

	// Recipe is the id of the use that the value was entered for; it may be empty.
	Recipe string
	// Check says that a value that looks odd is not to be sent.
	Check bool
	// Told is what was found in an earlier try of the same form, which may pass now.
	Told Told
	// LineEnds says that line ends became LF when the value was read.
	LineEnds bool
}

// Pair is one row of key and value.
type Pair struct {
	Key   string
	Value secret.Value
}

// Wipe clears every value.
func (v ValueInput) Wipe() {
	v.Text.Wipe()
	v.JSON.Wipe()
	v.File.Wipe()
	for _, p := range v.Pairs {
		p.Value.Wipe()
	}
}

// keys are the names of the pairs.
func (v ValueInput) keys() []string {
	keys := make([]string, len(v.Pairs))
	for i, p := range v.Pairs {
		keys[i] = p.Key
	}
	return keys
}

// plain are the fields that are not secret, as far as they count for the format.
func (v ValueInput) plain(into map[string][]string) {
	into["valueFormat"] = []string{string(v.Format)}
	into["key"] = []string{v.Key}
	if v.Recipe != "" {
		into["recipe"] = []string{v.Recipe}
	}
	if v.Format == record.FormatPairs {
		into["pairKey"] = v.keys()
	}
}

// row names a field of a row of pairs; i counts from 0.
func row(field string, i int) string { return field + "-" + strconv.Itoa(i+1) }

// object checks the value and makes the JSON object that Maia gets. keySent says that the call has a
// place for the key: then it must be a property of a pairs or json value. The key to send comes back.
func (v ValueInput) object(keySent bool, e FieldErrors) (object plainjson.Document, key string) {
	e.checkName("key", v.Key)
	if _, known := FindRecipe(v.Recipe); !known && v.Recipe != "" {
		e.add("recipe", "This use no longer exists. Choose again what the secret is for.")
	}
	key = v.Key
	switch v.Format {
	case record.FormatText:
		object, key = v.single("valueText", v.Text, "Enter the secret value.", e)
	case record.FormatFile:
		object, key = v.single("valueFile", v.File, "Choose the file with the secret. It must not be empty.", e)
	case record.FormatPairs:
		object = v.pairs(keySent, e)
	case record.FormatJSON:
		object = v.json(keySent, e)
	case "":
		e.add("valueFormat", "Choose how you have the value: as text, as pairs, as JSON or as a file.")
	default:
		e.add("valueFormat", chooseFormat)
	}
	if !keySent {
		key = ""
	}
	return object, key
}

// single is an object of one property, for text and for a file.
func (v ValueInput) single(field string, value secret.Value, missing string,
	e FieldErrors) (plainjson.Document, string) {
	key := v.Key
	if key == "" {
		key = defaultKey
	}
	b := value.Bytes()
	if len(b) == 0 {
		e.add(field, missing)
		return nil, key
	}
	if !e.checkBytes(field, b) {
		return nil, key
	}
	head := plainjson.AppendQuoted([]byte{'{'}, key)
	return v.property(nil, head, "", value, "}"), key
}

func (v ValueInput) pairs(keySent bool, e FieldErrors) plainjson.Document {
	if len(v.Pairs) > MaxPairs {
		e.add("pairKey", "Up to 50 pairs can be entered. Use JSON for more.")
		return nil
	}
	total, faults := 0, len(e)
	seen := map[string]bool{}
	looks := map[string]int{}
	recipe, _ := FindRecipe(v.Recipe)
	for i, p := range v.Pairs {
		b := p.Value.Bytes()
		property, known := recipe.property(p.Key)
		switch {
		case p.Key == "" && len(b) == 0:
			continue
		case len(b) == 0 && known && property.Missing == "":
			continue
		case p.Key == "":
			e.add(row("pairKey", i), "Enter the name of this property, or clear its value.")
			continue
		case seen[p.Key]:
			e.add(row("pairKey", i), "This name is already used above.")
			continue
		}
		seen[p.Key] = true
		e.checkName(row("pairKey", i), p.Key)
		if twin, ok := looks[shape.Alike(p.Key)]; ok && len(e[row("pairKey", i)]) == 0 {
			e.add(row("pairKey", i), "This name looks like the name in row "+strconv.Itoa(twin+1)+", but it is different. Use names that people can tell apart.")
		}
		looks[shape.Alike(p.Key)] = i
		if len(b) == 0 {
			missing := "Enter the value of this property, or clear its name."
			if known {
				missing = property.Missing
			}
			e.add(row("pairValue", i), missing)
			continue
		}
		if !e.checkBytes(row("pairValue", i), b) {
			continue
		}
		total += len(p.Key) + len(b)
	}
	switch {
	case len(e) > faults:
		return nil
	case len(seen) == 0:
		e.add("pairKey-1", "Enter at least one property: its name and its value.")
		return nil
	case total > MaxValue:
		e.add("pairKey-1", "Together the properties are larger than 256 KiB. Store less in one secret.")
		return nil
	case keySent && v.Key != "" && !seen[v.Key]:
		e.add("key", "This is not one of the names below. Use one of them, or leave this empty to use the whole object.")
		return nil
	}
	var object plainjson.Document
	before := byte('{')
	for _, p := range v.Pairs {
		if p.Value.Empty() {
			continue
		}
		object = v.property(object, plainjson.AppendQuoted([]byte{before}, p.Key), p.Key, p.Value, "")
		before = ','
	}
	return append(object, plainjson.Raw(secret.New([]byte{'}'})))
}

// property appends a property to an object: what stands before its colon, and its value, with the newline that the
// recipe asks for. The value is not copied.
func (v ValueInput) property(object plainjson.Document, head []byte, name string, value secret.Value,
	tail string) plainjson.Document {
	end := `"`
	if b := value.Bytes(); v.dropsBreak(name, b) {
		// Not a copy: the whole value is wiped by its owner.
		value = secret.New(b[:len(b)-1])
	}
	if v.adds(name, value.Bytes()) {
		end = `\n"`
	}
	return append(object,
		plainjson.Raw(secret.New(append(head, `:"`...))),
		plainjson.Escaped(value),
		plainjson.Raw(secret.New([]byte(end+tail))),
	)
}

func (v ValueInput) json(keySent bool, e FieldErrors) plainjson.Document {
	b := v.JSON.Bytes()
	if len(bytes.TrimSpace(b)) == 0 {
		e.add("valueJSON", "Enter the JSON object.")
		return nil
	}
	if !e.checkBytes("valueJSON", b) {
		return nil
	}
	var wrong jsonFaults
	object, err := plainjson.Walk{
		Key:    []byte(v.Key),
		NameAt: func(name []byte, at int) { wrong.name(b, name, at) },
		Text:   func(_, raw []byte, at int) { wrong.text(b, raw, at) },
	}.Object(b)
	if err != nil {
		e.add("valueJSON", err.Error())
		return nil
	}
	for _, message := range wrong.messages {
		e.add("valueJSON", message)
	}
	switch {
	case len(wrong.messages) > 0:
	case object.Members == 0:
		e.add("valueJSON", "The object is empty. Enter at least one property.")
	case keySent && v.Key != "" && !object.Found:
		e.add("key", "The object has no such property at its top level. Use one that it has, or leave this empty to use the whole object.")
	default:
		return plainjson.Document{plainjson.Raw(v.JSON)}
	}
	return nil
}

// checkBytes holds what every value must be, whatever its format. It never says a length or a piece.
func (e FieldErrors) checkBytes(field string, b []byte) bool {
	switch {
	case len(b) > MaxValue:
		e.add(field, "The value is larger than 256 KiB, which is the most that can be stored.")
	case isUTF16(b):
		e.add(field, "The text is in UTF-16, not in UTF-8. Save the file as UTF-8, and choose it again.")
	case !utf8.Valid(b):
		e.add(field, "The value is not text in UTF-8. Store binary data in a text form, for example as PEM or Base64.")
	case bytes.IndexByte(b, 0) >= 0:
		e.add(field, "The value holds a NUL character, which vaults cannot keep. Copy it again from its source.")
	case onlyBullets(b):
		e.add(field, "These are the dots of a masked field, not the secret itself. Copy the value again from its source.")
	default:
		return true
	}
	return false
}

// isUTF16 tells a text of two bytes a character, with or without a mark at its beginning.
func isUTF16(b []byte) bool {
	if len(b) < 4 || len(b)%2 != 0 {
		return false
	}
	if bytes.HasPrefix(b, []byte("\xff\xfe")) || bytes.HasPrefix(b, []byte("\xfe\xff")) {
		return true
	}
	zeros := [2]int{}
	for i, c := range b {
		if c == 0 {
			zeros[i%2]++
		}
	}
	return zeros[0] == 0 && zeros[1] > len(b)/4 || zeros[1] == 0 && zeros[0] > len(b)/4
}

// onlyBullets tells what Chromium puts on the clipboard when somebody copies from a masked field.
func onlyBullets(b []byte) bool {
	any := false
	for len(b) > 0 {
		c, n := utf8.DecodeRune(b)
		b = b[n:]
		switch {
		case c == '•':
			any = true
		case c != '\n':
			return false
		}
	}
	return any
}
