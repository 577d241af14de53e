package plainjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

func nested(n int) string {
	return strings.Repeat(`{"a":`, n-1) + "{}" + strings.Repeat("}", n-1)
}

// S-38: what is one JSON object.
func TestJSONObjectIsTaken(t *testing.T) {
	for why, text := range map[string]string{
		"empty":                            "{}",
		"blanks everywhere":                " \t\r\n{ \"a\" : [ 1 , 2 ] , \"b\" : { } }\n",
		"every kind of value":              `{"a":"x","b":1,"c":true,"d":false,"e":null,"f":{},"g":[]}`,
		"every escape":                     `{"a":"\"\\\/\b\f\n\r\t\u00e9\uD83D\uDD11"}`,
		"every form of number":             `{"a":[0,-0,0.5,-1.25,1e5,1E+5,2e-7,123456789012345678901234567890.000]}`,
		"the same name in other objects":   `{"a":{"a":1},"b":{"a":1},"c":[{"a":1},{"a":1}]}`,
		"names that differ by their case":  `{"a":1,"A":2}`,
		"an empty name":                    `{"":1}`,
		"depth 32":                         nested(32),
		"depth 32 with lists":              `{"a":` + strings.Repeat("[", 31) + strings.Repeat("]", 31) + `}`,
		"other alphabets":                  `{"пароль":"密码🔑"}`,
		"DEL and other marks need nothing": "{\"a\":\"\x7f\u2028\"}",
	} {
		if _, err := (Walk{}).Object([]byte(text)); err != nil {
			t.Errorf("%s: %v", why, err)
		}
		if !json.Valid([]byte(text)) {
			t.Errorf("%s: the test is wrong", why)
		}
	}
}

// S-38: a fault is told with its place, and without a piece of the text.
func TestJSONObjectFaults(t *testing.T) {
	for why, tc := range map[string]struct {
		text         string
		line, column int
		says         string
	}{
		"nothing":                         {"", 1, 1, "ends too early"},
		"blanks":                          {" \n ", 2, 2, "ends too early"},
		"a list":                          {"[1]", 1, 1, "object is expected"},
		"a text":                          {`"canary-1"`, 1, 1, "object is expected"},
		"a number":                        {"12345678", 1, 1, "object is expected"},
		"a byte order mark":               {"\ufeff{}", 1, 1, "a byte order mark (U+FEFF"},
		"something after it":              {`{"a":1} canary-1`, 1, 9, "nothing may follow"},
		"two objects":                     {"{}\n{}", 2, 1, "nothing may follow"},
		"no end":                          {`{"a":1`, 1, 7, "ends too early"},
		"no value":                        {`{"a":`, 1, 6, "ends too early"},
		"no colon":                        {`{"a" "canary-1"}`, 1, 6, "colon"},
		"no comma":                        {`{"a":"canary-1" "b":2}`, 1, 17, "comma"},
		"a comma too many":                {`{"a":1,}`, 1, 8, "name in double quotes"},
		"a comma first":                   {`{,"a":1}`, 1, 2, "name in double quotes"},
		"a comma too many in a list":      {`{"a":[1,]}`, 1, 9, "value is expected"},
		"two commas in a list":            {`{"a":[1,,2]}`, 1, 9, "value is expected"},
		"a name without quotes":           {`{canary1:1}`, 1, 2, "name in double quotes"},
		"single quotes":                   {`{'a':1}`, 1, 2, "name in double quotes"},
		"a value without quotes":          {`{"a":canary1}`, 1, 6, "value is expected"},
		"a comment":                       {"{// x\n\"a\":1}", 1, 2, "name in double quotes"},
		"True of another language":        {`{"a":True}`, 1, 6, "value is expected"},
		"a word that goes on":             {`{"a":trueish}`, 1, 10, "comma"},
		"a text without an end":           {`{"a":"canary-1`, 1, 15, "no end"},
		"a line break in a text":          {"{\"a\":\"canary\n-1\"}", 1, 13, "backslash"},
		"a tab in a text":                 {"{\"a\":\"x\ty\"}", 1, 8, "backslash"},
		"an escape that is none":          {`{"a":"x\qy"}`, 1, 8, "backslash may be followed"},
		"a backslash at the end":          {`{"a":"x\`, 1, 9, "follow a backslash"},
		"hexadecimal digits that are not": {`{"a":"\u12g4"}`, 1, 7, "four hexadecimal"},
		"too few hexadecimal digits":      {`{"a":"\u12`, 1, 7, "four hexadecimal"},
		"half a character, first half":    {`{"a":"\ud83d"}`, 1, 7, "half a character"},
		"half a character, second half":   {`{"a":"\udd11"}`, 1, 7, "half a character"},
		"halves in the wrong order":       {`{"a":"\udd11\ud83d"}`, 1, 7, "half a character"},
		"a half and something else":       {`{"a":"\ud83dxudd11"}`, 1, 7, "half a character"},
		"half a character in a name":      {`{"\ud83d":1}`, 1, 3, "half a character"},
		"a number that begins with 0":     {`{"a":007}`, 1, 6, "may not begin with 0"},
		"a number with a plus":            {`{"a":+1}`, 1, 6, "value is expected"},
		"a minus alone":                   {`{"a":-}`, 1, 7, "digit"},
		"a point without digits":          {`{"a":1.}`, 1, 8, "digit"},
		"a point first":                   {`{"a":.5}`, 1, 6, "value is expected"},
		"an exponent without digits":      {`{"a":1e+}`, 1, 9, "digit"},
		"hexadecimal":                     {`{"a":0x1F}`, 1, 7, "comma"},
		"no number":                       {`{"a":NaN}`, 1, 6, "value is expected"},
		"the same name":                   {`{"a":1,"b":2,"a":3}`, 1, 14, "occurs twice in the object"},
		"the same name by escapes":        {"{\"a\":1,\n \"\\u0061\":3}", 2, 2, "occurs twice in the object"},
		"the same name by other escapes":  {`{"/":1,"\/":3}`, 1, 8, "occurs twice in the object"},
		"the same long name by a pair":    {`{"🔑":1,"\ud83d\udd11":3}`, 1, 8, "occurs twice in the object"},
		"the same name further down":      {`{"a":[{"b":{"c":1,"c":2}}]}`, 1, 19, "occurs twice in the object"},
		"the same empty name":             {`{"":1,"":2}`, 1, 7, "occurs twice in the object"},
		"depth 33":                        {nested(33), 1, 161, "more than 32"},
		"depth 33 with lists":             {`{"a":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}`, 1, 37, "more than 32"},
		"very deep":                       {`{"a":` + strings.Repeat("[", 200_000), 1, 37, "more than 32"},
		"columns are characters":          {"{\"пароль\":\n \"密码🔑\" x}", 2, 8, "comma"},
		"line ends of Windows":            {"{\r\n\"a\":1\r\nx}", 3, 1, "comma"},
		"NUL":                             {"{\"a\":\x001}", 1, 6, "value is expected"},
	} {
		_, err := (Walk{}).Object([]byte(tc.text))
		var f *Fault
		if !errors.As(err, &f) {
			t.Errorf("%s: taken", why)
			continue
		}
		if f.Line != tc.line || f.Column != tc.column || !strings.Contains(f.Message, tc.says) {
			t.Errorf("%s: %v; want line %d, column %d, %q", why, f, tc.line, tc.column, tc.says)
		}
		if strings.Contains(err.Error(), "anary") || strings.Contains(err.Error(), "1234") {
			t.Errorf("%s: the message quotes the text: %v", why, err)
		}
	}
}

// However many names there are, and however they are written, one that is there twice is found, and no other one.
func TestJSONObjectWithManyNames(t *testing.T) {
	members := func(n int) []string {
		list := make([]string, n)
		for i := range list {
			list[i] = fmt.Sprintf(`"name\u0020%d":%d`, i, i)
		}
		return list
	}
	for _, n := range []int{1, fewNames - 1, fewNames, fewNames + 1, 100} {
		got, err := Walk{}.Object([]byte("{" + strings.Join(members(n), ",") + "}"))
		if err != nil || got.Members != n {
			t.Errorf("%d names: %v, %+v", n, err, got)
		}
		for twice := range n {
			again := append(members(n), fmt.Sprintf(`"name %d":0`, twice))
			if _, err := (Walk{}).Object([]byte("{" + strings.Join(again, ",") + "}")); err == nil {
				t.Errorf("%d names, and name %d again: taken", n, twice)
			}
		}
	}
}

// The key is looked for at the top level, as what it means and not as it is written.
func TestJSONObjectFindsTheKey(t *testing.T) {
	for why, tc := range map[string]struct {
		text, key string
		found     bool
		members   int
	}{
		"as written":           {`{"a":1,"b":2}`, "b", true, 2},
		"written with escapes": {`{"\u0061":1}`, "a", true, 1},
		"further down":         {`{"a":{"b":2}}`, "b", false, 1},
		"as a value":           {`{"a":"b"}`, "b", false, 1},
		"another case":         {`{"A":1}`, "a", false, 1},
		"a path is no key":     {`{"a":{"b":2}}`, "a.b", false, 1},
		"none":                 {`{}`, "a", false, 0},
	} {
		got, err := Walk{Key: []byte(tc.key)}.Object([]byte(tc.text))
		if err != nil || got.Found != tc.found || got.Members != tc.members {
			t.Errorf("%s: %v, %+v", why, err, got)
		}
	}
}

// hasDuplicates is told by encoding/json's tokens.
func hasDuplicates(text []byte) bool {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	type level struct {
		object, value bool
		names         map[string]bool
	}
	var stack []*level
	for {
		token, err := d.Token()
		if err != nil {
			return false
		}
		if n := len(stack); n > 0 && stack[n-1].object {
			top := stack[n-1]
			if name, ok := token.(string); ok && !top.value {
				if top.names[name] {
					return true
				}
				top.names[name], top.value = true, true
				continue
			}
			top.value = false
		}
		switch token {
		case json.Delim('{'):
			stack = append(stack, &level{object: true, names: map[string]bool{}})
		case json.Delim('['):
			stack = append(stack, &level{})
		case json.Delim('}'), json.Delim(']'):
			stack = stack[:len(stack)-1]
		}
	}
}

func depthOf(text []byte) int {
	depth, most, inString := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			depth++
			most = max(most, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	return most
}

// S-38: the reader takes what encoding/json takes, but for duplicate names, depth and half characters,
// and its messages have nothing of the text.
func FuzzJSONObject(f *testing.F) {
	for _, s := range []string{"{}", `{"a":[1,-2.5e+7,true,null,{"b":"\u00e9\ud83d\udd11"}]}`, `{"a":1,"\u0061":2}`, `{"a":[1,]}`, `{"a":01}`, `{"a":"\ud83d"}`, "{\"a\":\"x\ny\"}", nested(33), `{"a":tru}`, `{"a":-}`, `{"a" 1}`, `[{}]`, `{"a":"canary-4b1d"`} {
		f.Add([]byte(s))
	}
	const marked = "canary-4b1d9c"
	f.Fuzz(func(t *testing.T, text []byte) {
		if !utf8.Valid(text) {
			return // refused before
		}
		_, err := (Walk{}).Object(text)
		valid := json.Valid(text) && bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("{"))
		switch {
		case err == nil && !valid:
			t.Fatalf("%q is taken, and encoding/json refuses it", text)
		case err == nil && (hasDuplicates(text) || depthOf(text) > maxDepth):
			t.Fatalf("%q is taken in spite of equal names or its depth", text)
		case err != nil && valid && !hasDuplicates(text) && depthOf(text) <= maxDepth && !strings.Contains(err.Error(), "half a character"):
			t.Fatalf("%q is refused, and encoding/json takes it: %v", text, err)
		}
		// The same text with a marked value at every place where the reader could stop.
		for i := 0; i <= len(text) && i < 200; i++ {
			if !utf8.RuneStart(append(text[i:len(text):len(text)], 'x')[0]) {
				continue
			}
			broken := append(append(append([]byte{}, text[:i]...), marked...), text[i:]...)
			if _, err := (Walk{}).Object(broken); err != nil {
				for k := 0; k+4 <= len(marked); k++ {
					if strings.Contains(err.Error(), marked[k:k+4]) {
						t.Fatalf("%q is quoted: %v", broken, err)
					}
				}
			}
		}
	})
}

func taken(text []byte) bool {
	_, err := (Walk{}).Object(text)
	return err == nil
}

// What the scrubber looks for: the text that encoding/json reads.
func FuzzUnescape(f *testing.F) {
	f.Add(`a\n\u00e9\ud83d\udd11\/`)
	f.Add(`\"\\\b\f\r\t`)
	f.Fuzz(func(t *testing.T, raw string) {
		var want string
		text := []byte(`{"a":"` + raw + `"}`)
		if !utf8.ValidString(raw) || !taken(text) {
			return
		}
		var object map[string]string
		if json.Unmarshal(text, &object) != nil || len(object) != 1 {
			return
		}
		want = object["a"]
		if got := Unescape(nil, []byte(raw)); string(got) != want || cap(got) > len(raw) && len(raw) > 0 && cap(got) != len(raw) {
			t.Fatalf("%q: %q, want %q", raw, got, want)
		}
	})
}
