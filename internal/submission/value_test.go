package submission

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"maiaportal/internal/record"
	"maiaportal/internal/secret"
	"maiaportal/internal/secret/plainjson"
)

func sec(s string) secret.Value { return secret.New([]byte(s)) }

func text(s string) ValueInput { return ValueInput{Format: record.FormatText, Text: sec(s)} }

func jsonValue(s, key string) ValueInput {
	return ValueInput{Format: record.FormatJSON, Key: key, JSON: sec(s)}
}

func pairs(kv ...string) ValueInput {
	v := ValueInput{Format: record.FormatPairs}
	for i := 0; i < len(kv); i += 2 {
		v.Pairs = append(v.Pairs, Pair{kv[i], sec(kv[i+1])})
	}
	return v
}

// S-37: the object that goes to Maia, byte for byte.
func TestObject(t *testing.T) {
	withKey := func(v ValueInput, key string) ValueInput { v.Key = key; return v }
	hundred := strings.Repeat("x\n", 50_000)
	for why, tc := range map[string]struct {
		in          ValueInput
		object, key string
	}{
		"text, with the standard key": {text("p"), `{"password":"p"}`, "password"},
		"text, with a key":            {withKey(text("p"), "apiKey"), `{"apiKey":"p"}`, "apiKey"},
		"blanks and tabs at the ends": {text("  p\t "), `{"password":"  p\t "}`, "password"},
		"many lines":                  {text("a\nb\n\n"), `{"password":"a\nb\n\n"}`, "password"},
		"quotes and backslashes":      {text(`"a\b'`), `{"password":"\"a\\b'"}`, "password"},
		"marks of HTML stay":          {text("<a>&"), `{"password":"<a>&"}`, "password"},
		"other alphabets stay":        {text("é密🔑\u2028"), "{\"password\":\"é密🔑\u2028\"}", "password"},
		"control characters":          {text("\x01\x1b\x1f\x7f\b\f\r"), "{\"password\":\"\\u0001\\u001b\\u001f\x7f\\u0008\\u000c\\r\"}", "password"},
		"a key with marks":            {withKey(text("p"), `a"b\c`), `{"a\"b\\c":"p"}`, `a"b\c`},
		"100 KB":                      {text(hundred), `{"password":"` + strings.ReplaceAll(hundred, "\n", `\n`) + `"}`, "password"},
		"a blank is a value":          {text(" "), `{"password":" "}`, "password"},
		"some bullets in a text":      {text("a••"), `{"password":"a••"}`, "password"},
		"text that looks like JSON":   {text(`{"a":1}`), `{"password":"{\"a\":1}"}`, "password"},
		"a file keeps the line ends of its maker": {ValueInput{
			Format: record.FormatFile,
			File:   sec("a\r\nb\r"),
		}, `{"password":"a\r\nb\r"}`, "password"},
		"a file with a key": {ValueInput{
			Format: record.FormatFile,
			Key:    "pem",
			File:   sec("x"),
		}, `{"pem":"x"}`, "pem"},
		"a file with a byte order mark": {ValueInput{
			Format: record.FormatFile,
			File:   sec("\ufeffx"),
		}, "{\"password\":\"\ufeffx\"}", "password"},
		"pairs in their order":           {pairs("b", "1", "a", "2"), `{"b":"1","a":"2"}`, ""},
		"pairs with a key":               {withKey(pairs("b", "1", "a", "2"), "a"), `{"b":"1","a":"2"}`, "a"},
		"empty rows are dropped":         {pairs("", "", "a", "1", "", "", "b", "2", "", ""), `{"a":"1","b":"2"}`, ""},
		"pairs with marks":               {pairs(`k"`, "v\n\\"), `{"k\"":"v\n\\"}`, ""},
		"JSON as it is written":          {jsonValue(" {\"b\" : 1.0,\n\"a\":\"\\u0061\"} \n", ""), " {\"b\" : 1.0,\n\"a\":\"\\u0061\"} \n", ""},
		"JSON's numbers digit for digit": {jsonValue(`{"n":12345678901234567890.1234567890e-400}`, "n"), `{"n":12345678901234567890.1234567890e-400}`, "n"},
		"what is not of the format does not count": {ValueInput{
			Format: record.FormatText,
			Text:   sec("p"),
			JSON:   sec("{"),
			File:   sec("\xff"),
			Pairs:  []Pair{{"", sec("x")}},
		}, `{"password":"p"}`, "password"},
	} {
		e := FieldErrors{}
		object, key := tc.in.object(true, e)
		if len(e) != 0 || written(object) != tc.object || key != tc.key {
			t.Errorf("%s: %.200q, key %q, %v; want %.200q", why, written(object), key, map[string][]string(e), tc.object)
		}
		if !json.Valid([]byte(written(object))) {
			t.Errorf("%s: no JSON", why)
		}
		// Where the call has no key, none is sent, and the property is named all the same.
		if object, key := tc.in.object(false, e); len(e) != 0 || key != "" || written(object) != tc.object {
			t.Errorf("%s, in a call without a key: %.200q, key %q, %v", why, written(object), key, map[string][]string(e))
		}
	}
}

// S-36, S-37, S-38, S-39: what is refused, at which field, and without a word of the value or its length.
func TestObjectFaults(t *testing.T) {
	const canary = "canary-93ab"
	large := strings.Repeat("x", MaxValue+1)
	many := make([]string, 0, 102)
	for i := range 51 {
		many = append(many, fmt.Sprint("k", i), "v")
	}
	file := func(s string) ValueInput { return ValueInput{Format: record.FormatFile, File: sec(s)} }
	for why, tc := range map[string]struct {
		in     ValueInput
		fields []string
	}{
		"no format":                      {ValueInput{Text: sec(canary)}, []string{"valueFormat"}},
		"a format that is none":          {ValueInput{Format: "TEXT", Text: sec(canary)}, []string{"valueFormat"}},
		"no text":                        {text(""), []string{"valueText"}},
		"text that was not sent":         {ValueInput{Format: record.FormatText}, []string{"valueText"}},
		"no file":                        {ValueInput{Format: record.FormatFile}, []string{"valueFile"}},
		"an empty file":                  {file(""), []string{"valueFile"}},
		"a binary file":                  {file(canary + "\xff\xfe"), []string{"valueFile"}},
		"a file in UTF-16":               {file("\xff\xfec\x00a\x00"), []string{"valueFile"}},
		"NUL":                            {text(canary + "\x00"), []string{"valueText"}},
		"invalid UTF-8":                  {text(canary + "\xc3"), []string{"valueText"}},
		"a surrogate in UTF-8":           {text("\xed\xa0\x80"), []string{"valueText"}},
		"bullets of a masked field":      {text("••••"), []string{"valueText"}},
		"bullets in lines":               {text("••\n••••\n"), []string{"valueText"}},
		"bullets in a pair":              {pairs("a", "x", "b", "••"), []string{"pairValue-2"}},
		"bullets in place of JSON":       {jsonValue("•••", ""), []string{"valueJSON"}},
		"larger than 256 KiB":            {text(large), []string{"valueText"}},
		"a larger file":                  {file(large), []string{"valueFile"}},
		"larger JSON":                    {jsonValue(`{"a":"`+large+`"}`, ""), []string{"valueJSON"}},
		"pairs that are larger together": {pairs("a", large[:MaxValue/2], "b", large[:MaxValue/2]), []string{"pairKey-1"}},
		"a key of two lines": {ValueInput{
			Format: record.FormatText,
			Key:    "a\nb",
			Text:   sec(canary),
		}, []string{"key"}},
		"a key that is a book": {ValueInput{
			Format: record.FormatText,
			Key:    large[:2000],
			Text:   sec(canary),
		}, []string{"key"}},
		"no pair":                {ValueInput{Format: record.FormatPairs}, []string{"pairKey-1"}},
		"empty rows alone":       {pairs("", "", "", ""), []string{"pairKey-1"}},
		"a name without a value": {pairs("a", "1", "b", ""), []string{"pairValue-2"}},
		"a value without a name": {pairs("a", "1", "", canary), []string{"pairKey-2"}},
		"equal names":            {pairs("a", "1", "b", "2", "a", canary), []string{"pairKey-3"}},
		"several faults at once": {pairs("", canary, "a", "", "b", "\x00", "b", "x"), []string{"pairKey-1", "pairKey-4", "pairValue-2", "pairValue-3"}},
		"a name of two lines":    {pairs("a\nb", canary), []string{"pairKey-1"}},
		"more than 50 pairs":     {pairs(many...), []string{"pairKey"}},
		"a key that is none of the names": {ValueInput{
			Format: record.FormatPairs,
			Key:    "c",
			Pairs:  pairs("a", canary).Pairs,
		}, []string{"key"}},
		"no JSON":                             {jsonValue("", ""), []string{"valueJSON"}},
		"blanks in place of JSON":             {jsonValue(" \n\u00a0", ""), []string{"valueJSON"}},
		"JSON that is no object":              {jsonValue(`["`+canary+`"]`, ""), []string{"valueJSON"}},
		"JSON that breaks off":                {jsonValue(`{"a":"`+canary, ""), []string{"valueJSON"}},
		"JSON with equal names":               {jsonValue(`{"`+canary+`":1,"`+canary+`":2}`, ""), []string{"valueJSON"}},
		"an empty object":                     {jsonValue("{}", ""), []string{"valueJSON"}},
		"a key that the object has not":       {jsonValue(`{"a":{"k":1}}`, "k"), []string{"key"}},
		"a key in a fault of JSON: one fault": {jsonValue(`{"a":`, "k"), []string{"valueJSON"}},
	} {
		e := FieldErrors{}
		object, _ := tc.in.object(true, e)
		if got := sortedKeys(e); !reflect.DeepEqual(got, tc.fields) {
			t.Errorf("%s: messages at %q, want %q: %v", why, got, tc.fields, map[string][]string(e))
		}
		if why != "a key of two lines" && why != "a key that is a book" && !object.Empty() {
			t.Errorf("%s: there is an object to send", why)
		}
		for _, messages := range e {
			for _, m := range messages {
				if strings.Contains(m, canary[:6]) || strings.Contains(m, fmt.Sprint(MaxValue+1)) || m == "" {
					t.Errorf("%s: the message quotes the value: %s", why, m)
				}
			}
		}
	}
	// Where the call has no place for a key, one that is none of the names harms nothing.
	e := FieldErrors{}
	in := jsonValue(`{"a":1}`, "k")
	if object, key := in.object(false, e); len(e) != 0 || key != "" || object.Empty() {
		t.Errorf("%v", map[string][]string(e))
	}
}

func TestLimitsAreInclusive(t *testing.T) {
	fifty := make([]string, 0, 100)
	for i := range 50 {
		fifty = append(fifty, fmt.Sprint("k", i), "v")
	}
	most := strings.Repeat("x", MaxValue)
	for why, in := range map[string]ValueInput{
		"text of 256 KiB":                      text(most),
		"text that needs escapes, of 256 KiB":  text(strings.Repeat("\x01", MaxValue)),
		"JSON of 256 KiB":                      jsonValue(`{"a":"`+most[:MaxValue-8]+`"}`, ""),
		"50 pairs":                             pairs(fifty...),
		"pairs that have 256 KiB together":     pairs("ab", most[:MaxValue-2]),
		"50 pairs and an empty row at the end": pairs(append(fifty[:98:98], "", "")...),
	} {
		e := FieldErrors{}
		if object, _ := in.object(true, e); len(e) != 0 || object.Empty() {
			t.Errorf("%s: %v", why, map[string][]string(e))
		}
	}
}

// S-37: whatever is typed, a JSON parser gives it back exactly.
func FuzzValueText(f *testing.F) {
	for _, s := range []string{"p", `"\`, "\x01\x7f\u2028", "a\r\nb", "🔑", " ", "</script>", `\u0041`} {
		f.Add(s, "password")
		f.Add("x", s)
	}
	f.Fuzz(func(t *testing.T, value, key string) {
		e := FieldErrors{}
		in := ValueInput{Format: record.FormatText, Key: key, Text: sec(value)}
		object, sent := in.object(true, e)
		if len(e) > 0 {
			if utf8.ValidString(value) && utf8.ValidString(key) && !strings.ContainsAny(value, "\x00•") && value != "" && len(value) < MaxValue && e["valueText"] != nil {
				t.Fatalf("%q is refused: %v", value, map[string][]string(e))
			}
			return
		}
		if key == "" {
			key = "password"
		}
		var got map[string]string
		if err := json.Unmarshal([]byte(written(object)), &got); err != nil {
			t.Fatalf("%q: %v", written(object), err)
		}
		if len(got) != 1 || got[key] != value || sent != key {
			t.Fatalf("%q under %q became %q, key %q", value, key, got, sent)
		}
		// The value itself is what is sent: nothing is copied.
		copied := true
		object.Each(func(b []byte, isText bool) { copied = copied && !(isText && &b[0] == &in.Text.Bytes()[0]) })
		if copied {
			t.Fatalf("%q was copied", value)
		}
		// The reader of JSON values takes what the builder makes.
		if _, err := (plainjson.Walk{}).Object([]byte(written(object))); err != nil {
			t.Fatalf("%q: %v", written(object), err)
		}
	})
}

// S-37: two pairs arrive as they are, in their order.
func FuzzValuePairs(f *testing.F) {
	f.Add("a", "1", "b", "2")
	f.Add(`"`, "\n", `\`, "\x02")
	f.Fuzz(func(t *testing.T, k1, v1, k2, v2 string) {
		e := FieldErrors{}
		in := pairs(k1, v1, k2, v2)
		object, _ := in.object(true, e)
		if len(e) > 0 {
			return
		}
		want := map[string]string{}
		for k, v := range map[string]string{k1: v1, k2: v2} {
			if k != "" {
				want[k] = v
			}
		}
		var got map[string]string
		if err := json.Unmarshal([]byte(written(object)), &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: %v", written(object), err)
		}
	})
}

// S-34: a value is wiped in every field, whichever format was chosen.
func TestWipeReachesEveryField(t *testing.T) {
	bytesOf := [][]byte{[]byte("text-1"), []byte("json-1"), []byte("file-1"), []byte("pair-1"), []byte("pair-2")}
	v := ValueInput{
		Format: record.FormatText,
		Text:   secret.New(bytesOf[0]),
		JSON:   secret.New(bytesOf[1]),
		File:   secret.New(bytesOf[2]),
		Pairs:  []Pair{{"a", secret.New(bytesOf[3])}, {"b", secret.New(bytesOf[4])}, {"c", secret.Value{}}},
	}
	Value{Value: v}.Wipe()
	Reference{Value: ValueInput{}}.Wipe()
	for i, b := range bytesOf {
		if strings.Trim(string(b), "\x00") != "" {
			t.Errorf("field %d: %q is left", i, b)
		}
	}
}

// written is a document as it is sent.
func written(d plainjson.Document) string {
	b, _ := io.ReadAll(d.Reader())
	return string(b)
}
