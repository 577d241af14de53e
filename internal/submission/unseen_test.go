package submission

import (
	"os"
	"slices"
	"strings"
	"testing"

	"maiaportal/internal/maiaclient"
)

// input reads a file of inputs from the field.
func input(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("../shape/testdata/cases/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(string(b), "\n")
}

// S-66: no name that goes to Maia, and no ticket, holds a character that nobody sees, or a space at its ends.
func TestUnseenInNames(t *testing.T) {
	const zwsp = "Without it: STATS__API_URL"
	name13b := input(t, "13b-zwsp-property-name.txt")
	for what, name := range map[string]string{
		"U+200B ZERO WIDTH SPACE, character 8": name13b,
		"U+0020 SPACE, character 1":            " STATS__API_URL",
		"U+0020 SPACE, character 15":           "STATS__API_URL ",
		"U+00A0 NO-BREAK SPACE, character 6":   "STATS\u00a0__API_URL",
		"U+2028 LINE SEPARATOR, character 6":   "STATS\u2028__API_URL",
		"U+FE0F VARIATION SELECTOR-16":         "STATS\ufe0f__API_URL",
		"U+115F HANGUL CHOSEONG FILLER":        "STATS\u115f__API_URL",
		"U+0009 CHARACTER TABULATION":          "STATS\t__API_URL",
		"U+200D ZERO WIDTH JOINER":             "STATS\u200d__API_URL",
	} {
		reference := aws()
		reference.AgentType, reference.VaultName = maiaclient.Azure, name
		reference.Name, reference.SecretName, reference.SecretKey, reference.Ticket = name, name, name, name
		val := value("p")
		val.Name, val.Type, val.Value.Key = name, name, name
		inRows := value("")
		inRows.Value = pairs("a", "x", name, "y")
		inJSON := value("")
		inJSON.Value = jsonValue(`{"a": [{"`+strings.ReplaceAll(name, "\t", `\t`)+`": 1}]}`, "")
		for _, tc := range []struct {
			order  Order
			fields []string
		}{
			{reference, []string{"secretKey", "secretName", "secretReferenceName", "ticket", "vaultName"}},
			{val, []string{"key", "name", "type"}},
			{inRows, []string{"pairKey-2"}},
			{inJSON, []string{"valueJSON"}},
		} {
			_, e := tc.order.prepare(checks{})
			if got := sortedKeys(e); !slices.Equal(got, tc.fields) {
				t.Errorf("%s: errors at %q, want %q", what, got, tc.fields)
			}
			for field, messages := range e {
				if len(messages) != 1 || !strings.Contains(messages[0], what) || !strings.Contains(messages[0], zwsp) {
					t.Errorf("%s at %s: %q", what, field, messages)
				}
			}
		}
	}
	e := FieldErrors{}
	e.checkReferenceName(input(t, "33-zwsp-secret-name.txt"), NameRule{})
	if got := strings.Join(e["secretReferenceName"], ""); !strings.Contains(got, "U+200B") || !strings.HasSuffix(got, ": db-prod") {
		t.Errorf("33-zwsp-secret-name.txt: %q", got)
	}
}

// What JSON writes with escapes counts as what it means, and NUL is never stored, whether the value is checked or not.
func TestEscapesInJSON(t *testing.T) {
	for why, tc := range map[string]struct{ text, says string }{
		"18-nul-escape.json":      {input(t, "18-nul-escape.json"), "Line 1, column 13: This text has a NUL"},
		"NUL in a name":           {`{"a\u0000b": "x"}`, "U+0000 NULL"},
		"NUL deep down":           {"{\"a\":\n[[\"\\u0000\"]]}", "Line 2, column 3: This text has a NUL"},
		"a name with an escape":   {`{"db\u200bprod": "x"}`, "U+200B ZERO WIDTH SPACE, character 3. Without it: dbprod"},
		"an empty name":           {`{"": "x"}`, "Line 1, column 2: This property has no name"},
		"an empty name deep down": {`{"a": {"": "x"}}`, "Line 1, column 8: This property has no name"},
		"a name of much else":     {`{"pass word#1\u200b": "x"}`, "character 12. Remove it."},
	} {
		for _, check := range []bool{false, true} {
			v := jsonValue(tc.text, "")
			v.Check = check
			e := FieldErrors{}
			object, _ := v.object(true, e)
			if got := strings.Join(e["valueJSON"], "\n"); !object.Empty() || !strings.Contains(got, tc.says) {
				t.Errorf("%s, check %v: %q, want %q", why, check, got, tc.says)
			}
		}
	}
	for _, fine := range []string{`{"a": "\\u0000"}`, `{"a": "\\\\u0000"}`, `{"a b": "x"}`, `{"ключ": "x"}`} {
		e := FieldErrors{}
		if object, _ := jsonValue(fine, "").object(true, e); object.Empty() {
			t.Errorf("%s is refused: %v", fine, map[string][]string(e))
		}
	}
}

// 14-smart-quotes.json: the character is named, not a rule of JSON's.
func TestCharactersBetweenJSON(t *testing.T) {
	for text, says := range map[string]string{
		input(t, "14-smart-quotes.json"): "Line 2, column 3: a curly quotation mark (U+201C LEFT DOUBLE QUOTATION MARK)",
		"{\u00a0\"a\":1}":                "Line 1, column 2: an invisible character (U+00A0 NO-BREAK SPACE)",
		"\ufeff{}":                       "Line 1, column 1: a byte order mark (U+FEFF",
		"{\"a\":\u200b1}":                "Line 1, column 6: an invisible character (U+200B",
	} {
		e := FieldErrors{}
		_, _ = jsonValue(text, "").object(true, e)
		if got := strings.Join(e["valueJSON"], ""); !strings.HasPrefix(got, says) {
			t.Errorf("%q, want %q", got, says)
		}
	}
}

// Names that people cannot tell apart are told.
func TestNamesThatLookAlike(t *testing.T) {
	for why, tc := range map[string]struct {
		in   ValueInput
		told bool
	}{
		"a Cyrillic letter":     {pairs("password", "x", "p\u0430ssword", "y"), true},
		"a capital letter":      {pairs("Token", "x", "token", "y"), false},
		"different names":       {pairs("user", "x", "token", "y"), false},
		"names of one language": {pairs("имя", "x", "пароль", "y"), false},
	} {
		e := FieldErrors{}
		_, _ = tc.in.object(true, e)
		if got := strings.HasPrefix(strings.Join(e["pairKey-2"], ""), "This name looks like the name in row 1"); got != tc.told {
			t.Errorf("%s: %v", why, map[string][]string(e))
		}
	}
}
