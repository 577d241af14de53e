package submission

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"maiaportal/internal/record"
)

// rsaKey is the same for all tests: making one takes a while.
var rsaKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// pemKey is a private key, whole, with its newline.
func pemKey(t testing.TB) string {
	t.Helper()
	key, err := rsaKey()
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// for names the recipe of a value and asks for the check.
func forUse(recipe string, v ValueInput) ValueInput {
	v.Recipe, v.Check = recipe, true
	return v
}

func file(s string) ValueInput { return ValueInput{Format: record.FormatFile, File: sec(s)} }

// What is odd is told at its field, once and only where the check is asked for; what cannot be right
// for the use is an error. What is looked for depends on the use.
func TestExamine(t *testing.T) {
	key := pemKey(t)
	bare := strings.TrimSpace(key)
	inJSON := strings.ReplaceAll(key, "\n", `\n`)
	for why, tc := range map[string]struct {
		in     ValueInput
		doubts map[string]string // the beginning of the one finding at each field
		errors map[string]string
	}{
		"a password":                              {forUse("password", text("correct horse")), nil, nil},
		"a password with a blank":                 {forUse("password", text("correct horse ")), map[string]string{"valueText": "It ends with a space"}, nil},
		"a text with a blank, for no use":         {forUse("", text(" x")), map[string]string{"valueText": "It begins with a space"}, nil},
		"a key for a password":                    {forUse("password", text(key)), map[string]string{"valueText": "It is a key or a certificate"}, nil},
		"a key for anything":                      {forUse("anything", text(key)), nil, nil},
		"a key without newline, for anything":     {forUse("anything", text(bare)), map[string]string{"valueText": "The line break after the END line"}, nil},
		"a key without newline, which is put":     {forUse("snowflake-key", text(bare)), nil, nil},
		"a key in a file without newline":         {forUse("private-key", file(bare)), nil, nil},
		"a password for a key":                    {forUse("private-key", text("hunter2")), nil, map[string]string{"valueText": "This is not a private key"}},
		"a password for a key, in a file":         {forUse("snowflake-key", file("hunter2")), nil, map[string]string{"valueFile": "This is not a private key"}},
		"a file for anything":                     {forUse("", file("a\r\nb\r\n")), nil, nil},
		"a file of one line":                      {forUse("", file("a\n")), map[string]string{"valueFile": "It is one line"}, nil},
		"own address":                             {forUse("password", text("ada@example.com")), map[string]string{"valueText": "It is your own name"}, nil},
		"own address as a user's name":            {forUse("", pairs("userName", "ada@example.com", "secret", "ada@example.com")), map[string]string{"pairValue-2": "It is your own name"}, nil},
		"own address in JSON":                     {forUse("", jsonValue(`{"user":"ada@example.com"}`, "")), nil, nil},
		"own address as a client id":              {forUse("oauth-client", pairs("clientId", "ada@example.com", "clientSecret", "def")), map[string]string{"pairValue-1": "It is your own name"}, nil},
		"a passphrase that is the key itself":     {forUse("", pairs("password", lockedKey)), map[string]string{"pairValue-1": "The key is encrypted"}, nil},
		"a passphrase by another name":            {forUse("", pairs("key", lockedKey, "PASS_PHRASE", "horse")), nil, nil},
		"a passphrase before its key, in JSON":    {forUse("", jsonValue(`{"pwd":"horse","key":"`+strings.ReplaceAll(lockedKey, "\n", `\n`)+`"}`, "")), nil, nil},
		"a key as the password, in JSON":          {forUse("", jsonValue(`{"password":"`+strings.ReplaceAll(lockedKey, "\n", `\n`)+`"}`, "")), map[string]string{"valueJSON": "In line 1, property password: The key is encrypted"}, nil},
		"an OAuth client":                         {forUse("oauth-client", pairs("clientId", "abc", "clientSecret", "def")), nil, nil},
		"a placeholder in a row":                  {forUse("", pairs("a", "x1", "", "", "b", "changeme")), map[string]string{"pairValue-3": "It looks like a placeholder"}, nil},
		"a scheme in front, in a row":             {forUse("", pairs("token", "Bearer abc")), map[string]string{"pairValue-1": "A word such as Bearer"}, nil},
		"a scheme in front of a client's secret":  {forUse("oauth-client", pairs("clientId", "abc", "clientSecret", "bearer x1")), map[string]string{"pairValue-2": "A word such as Bearer"}, nil},
		"a scheme in front, in JSON":              {forUse("", jsonValue(`{"token":"Bearer abc"}`, "")), map[string]string{"valueJSON": "In line 1, property token: A word such as Bearer"}, nil},
		"a whole header, in a row":                {forUse("", pairs("Authorization", "Bearer abc")), nil, nil},
		"a whole header, in JSON":                 {forUse("", jsonValue(`{"auth_header":"Basic YTpi"}`, "")), nil, nil},
		"several in several rows":                 {forUse("oauth-client", pairs("clientId", " abc", "clientSecret", "xxx")), map[string]string{"pairValue-1": "It begins", "pairValue-2": "It looks like"}, nil},
		"a component's key":                       {forUse("snowflake-component-key", pairs("privateKey", bare, "passphrase", "")), nil, nil},
		"a component's key that is none":          {forUse("snowflake-component-key", pairs("privateKey", "k", "passphrase", "")), nil, map[string]string{"pairValue-1": "This is not a private key"}},
		"an encrypted key alone":                  {forUse("snowflake-component-key", pairs("privateKey", lockedKey, "passphrase", "")), map[string]string{"pairValue-1": "The key is encrypted"}, nil},
		"an encrypted key and its passphrase":     {forUse("snowflake-component-key", pairs("privateKey", lockedKey, "passphrase", "horse")), map[string]string{"pairValue-1": "Snowflake asks for the PKCS #8 form"}, nil},
		"an encrypted key in rows":                {forUse("", pairs("key", lockedKey, "keyPassphrase", "horse")), nil, nil},
		"an encrypted key in JSON":                {forUse("", jsonValue(`{"key":"`+strings.ReplaceAll(lockedKey, "\n", `\n`)+`"}`, "")), map[string]string{"valueJSON": "In line 1, property key: The key is encrypted"}, nil},
		"an encrypted key in JSON, with its pass": {forUse("", jsonValue(`{"key":"`+strings.ReplaceAll(lockedKey, "\n", `\n`)+`","passphrase":"x1"}`, "")), nil, nil},
		"JSON":                                    {forUse("", jsonValue("{\"a\": \"b\",\n \"n\": 1, \"k\": \""+inJSON+"\"}", "")), nil, nil},
		"a blank in JSON":                         {forUse("", jsonValue("{\"a\": \"b\",\n\"c\": [{\"d\": \"e \"}]}", "")), map[string]string{"valueJSON": "In line 2, property d: It ends with a space"}, nil},
		"a key escaped twice in JSON":             {forUse("", jsonValue(`{"k":"`+strings.ReplaceAll(inJSON, `\`, `\\`)+`"}`, "")), map[string]string{"valueJSON": "In line 1, property k: The line breaks of the key are escaped twice"}, nil},
		"JSON in a file for anything":             {forUse("", file("{\n\"private_key\": \""+inJSON+"\"\n}\n")), nil, nil},
		"a blank in JSON in a file":               {forUse("", file("{\n\"a\": \"b \"\n}\n")), map[string]string{"valueFile": "In line 2, property a: It ends with a space"}, nil},
		"a service account":                       {forUse("service-account", file("{\"private_key\": \""+inJSON+"\"}\n")), nil, nil},
		"a service account, pasted":               {forUse("service-account", text(`{"type": "service_account"}`)), nil, nil},
		"a service account that is no JSON":       {forUse("service-account", file("{\n\"a\": }")), nil, map[string]string{"valueFile": "This is not one JSON object. Line 2, column 6:"}},
		"a service account with a mark before it": {forUse("service-account", file("\ufeff{}")), nil, map[string]string{"valueFile": "The file begins with a byte order mark"}},
		"a service account with a broken key":     {forUse("service-account", file("{\n\"private_key\": \""+inJSON[:90]+"\"}")), map[string]string{"valueFile": "In line 2, property private_key: The END line"}, nil},
	} {
		t.Run(why, func(t *testing.T) {
			e := FieldErrors{}
			if object, _ := tc.in.object(true, e); object.Empty() || len(e) > 0 {
				t.Fatalf("it is refused before: %v", map[string][]string(e))
			}
			c := checks{own: []string{"ada@example.com"}, now: time.Now()}
			begins(t, "doubts", tc.in.examine(c, e).byField(), tc.doubts)
			begins(t, "errors", e, tc.errors)
			for field, messages := range e {
				if !strings.HasSuffix(messages[0], instead) && !strings.Contains(messages[0], "byte order mark") || strings.Contains(messages[0], "..") {
					t.Errorf("%s does not tell the way out: %s", field, messages[0])
				}
			}

			// Without the check nothing is odd, and what cannot be right still is.
			tc.in.Check, e = false, FieldErrors{}
			begins(t, "doubts without check", tc.in.examine(c, e).byField(), nil)
			begins(t, "errors without check", e, tc.errors)
		})
	}
}

// lockedKey looks like a key that is encrypted the old way.
const lockedKey = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,0011\n\nCQkJCQkJCQkJCQkJCQkJCQ==\n-----END RSA PRIVATE KEY-----\n"

func begins(t *testing.T, what string, got FieldErrors, want map[string]string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %v, want %v", what, map[string][]string(got), want)
	}
	for field, start := range want {
		if len(got[field]) != 1 || !strings.HasPrefix(got[field][0], start) {
			t.Errorf("%s: %s: %q, want %q", what, field, got[field], start)
		}
	}
}

// However much is odd, a page stays a page.
func TestDoubtsAreBounded(t *testing.T) {
	v := forUse("", jsonValue(`{"a":[`+strings.Repeat(`" x",`, 500)+`" x"]}`, ""))
	if d := v.examine(checks{}, FieldErrors{}); len(d) != maxDoubts {
		t.Errorf("%d messages", len(d))
	}
}

// S-37: nothing is changed but line ends and, where the use asks for it, the line break after END; and
// the record says so.
func TestChanges(t *testing.T) {
	key := pemKey(t)
	bare := strings.TrimSpace(key)
	quoted := func(s string) string { return strings.ReplaceAll(s, "\n", `\n`) }
	ends := func(v ValueInput) ValueInput { v.LineEnds = true; return v }
	for why, tc := range map[string]struct {
		in      ValueInput
		object  string
		changes []string
	}{
		"a key for no use":                    {forUse("", text(bare)), `{"password":"` + quoted(bare) + `"}`, nil},
		"a key for anything":                  {forUse("anything", text(bare)), `{"password":"` + quoted(bare) + `"}`, nil},
		"a key for an environment":            {forUse("snowflake-key", text(bare)), `{"password":"` + quoted(key) + `"}`, []string{ChangeNewline}},
		"a key that has its newline":          {forUse("snowflake-key", text(key)), `{"password":"` + quoted(key) + `"}`, nil},
		"a key in a file":                     {forUse("private-key", file(bare)), `{"password":"` + quoted(key) + `"}`, []string{ChangeNewline}},
		"a key for a component":               {forUse("snowflake-component-key", pairs("privateKey", bare, "passphrase", "p")), `{"privateKey":"` + quoted(key) + `","passphrase":"p"}`, []string{ChangeNewline}},
		"a passphrase that is left out":       {forUse("snowflake-component-key", pairs("privateKey", key, "passphrase", "")), `{"privateKey":"` + quoted(key) + `"}`, nil},
		"an END line that is the passphrase":  {forUse("snowflake-component-key", pairs("privateKey", key, "passphrase", "-----END-----")), `{"privateKey":"` + quoted(key) + `","passphrase":"-----END-----"}`, nil},
		"a key in rows for no use":            {forUse("", pairs("privateKey", bare)), `{"privateKey":"` + quoted(bare) + `"}`, nil},
		"something else behind the END line":  {forUse("snowflake-key", text(bare+" x")), `{"password":"` + quoted(bare) + ` x"}`, nil},
		"line ends that were turned":          {ends(text("a\nb")), `{"password":"a\nb"}`, []string{ChangeLineEnds}},
		"line ends and a newline":             {ends(forUse("snowflake-key", text(bare))), `{"password":"` + quoted(key) + `"}`, []string{ChangeLineEnds, ChangeNewline}},
		"JSON stays as it is, for any use":    {forUse("snowflake-key", jsonValue(`{"k":"`+quoted(bare)+`"}`, "")), `{"k":"` + quoted(bare) + `"}`, nil},
		"a service account stays as it is":    {forUse("service-account", file(" {\"a\":\n1} ")), `{"password":" {\"a\":\n1} "}`, nil},
		"a password stays as it is, end line": {forUse("password", text("-----END X-----")), `{"password":"-----END X-----"}`, nil},
	} {
		e := FieldErrors{}
		object, _ := tc.in.object(false, e)
		if written(object) != tc.object || len(e) > 0 {
			t.Errorf("%s: %s %v", why, written(object), map[string][]string(e))
		}
		if got := tc.in.changes(); !slices.Equal(got, tc.changes) {
			t.Errorf("%s: changes %v, want %v", why, got, tc.changes)
		}
	}
	v := value("a\nb")
	v.Value.LineEnds = true
	r := hosted("x")
	r.Value = ends(forUse("snowflake-key", text(bare)))
	vj, _ := v.prepare(checks{})
	rj, _ := r.prepare(checks{})
	if vj.record.Changes != "line_ends" || rj.record.Changes != "line_ends,final_newline" {
		t.Errorf("%q %q", vj.record.Changes, rj.record.Changes)
	}
}

// What a use needs and does not get is named in its own words.
func TestRecipeFieldsMissing(t *testing.T) {
	for why, tc := range map[string]struct {
		in   ValueInput
		want map[string]string
	}{
		"no client secret":   {forUse("oauth-client", pairs("clientId", "a", "clientSecret", "")), map[string]string{"pairValue-2": "Enter the client secret."}},
		"nothing of a key":   {forUse("snowflake-component-key", pairs("privateKey", "", "passphrase", "")), map[string]string{"pairValue-1": "Enter the private key."}},
		"only a passphrase":  {forUse("snowflake-component-key", pairs("privateKey", "", "passphrase", "p")), map[string]string{"pairValue-1": "Enter the private key."}},
		"a row for no use":   {forUse("", pairs("clientId", "")), map[string]string{"pairValue-1": "Enter the value of this property"}},
		"a use nobody knows": {forUse("nonsense", text("x")), map[string]string{"recipe": "This use no longer exists"}},
		"a row of one's own": {forUse("oauth-client", pairs("other", "")), map[string]string{"pairValue-1": "Enter the value of this property"}},
	} {
		e := FieldErrors{}
		_, _ = tc.in.object(true, e)
		begins(t, why, e, tc.want)
	}
}

// Every recipe can be used as it stands.
func TestRecipes(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Recipes {
		if found, ok := FindRecipe(r.ID); !ok || !reflect.DeepEqual(found, r) || seen[r.ID] {
			t.Errorf("%s is not found by its id, or twice", r.ID)
		}
		seen[r.ID] = true
		if r.Title == "" || r.Text == "" || len(r.Formats) == 0 {
			t.Errorf("%s: words or formats are missing", r.ID)
		}
		for _, f := range r.Formats {
			if !slices.Contains([]record.Format{record.FormatText, record.FormatPairs, record.FormatJSON, record.FormatFile}, f) {
				t.Errorf("%s: format %q", r.ID, f)
			}
			if r.ID != RecipeAnything && (f == record.FormatText && (r.Label == "" || r.Hint == "") || f == record.FormatFile && r.FileHint == "" || f == record.FormatPairs && len(r.Properties) == 0) {
				t.Errorf("%s: no words for %s", r.ID, f)
			}
		}
		required := 0
		for _, p := range r.Properties {
			if p.Name == "" || p.Label == "" {
				t.Errorf("%s: a property has no name or label", r.ID)
			}
			if p.Missing != "" {
				required++
			}
		}
		if len(r.Properties) > 0 && (required == 0 || r.Key != "") {
			t.Errorf("%s: nothing is required, or a key is set beside properties", r.ID)
		}
	}
	// A form without a recipe offers what this one does.
	if r, ok := FindRecipe(RecipeAnything); !ok || len(r.Formats) != 4 || len(r.Properties) > 0 || r.Type+r.Key != "" {
		t.Errorf("the recipe for anything asks for something: %+v", r)
	}
	if _, ok := FindRecipe(""); ok {
		t.Error("no recipe is a recipe")
	}
}

// A value that looks odd is refused with everything else that is wrong, and sent when it is not checked.
func TestUnsendable(t *testing.T) {
	for why, tc := range map[string]struct {
		order  Order
		odd    bool
		faults bool
		fields []string
	}{
		"fine":                                 {value("p1"), false, false, nil},
		"odd":                                  {oddValue(func(*Value) {}), true, false, []string{"valueText"}},
		"odd and wrong":                        {oddValue(func(v *Value) { v.AgentID = "" }), true, true, []string{"agentId", "valueText"}},
		"odd at a name, too":                   {oddValue(func(v *Value) { v.Cloud, v.Name = CloudAzure, "DB_PASSWORD" }), true, false, []string{"name", "valueText"}},
		"wrong alone":                          {func() Order { v := value("p1"); v.AgentID = ""; return v }(), false, true, []string{"agentId"}},
		"a name is odd, nothing was looked at": {oddValue(func(v *Value) { v.Cloud, v.Name, v.Value.Text = CloudAzure, "DB_PASSWORD", sec("") }), false, true, []string{"name", "valueText"}},
		"not checked":                          {oddValue(func(v *Value) { v.Value.Check = false; v.Cloud, v.Name = CloudAzure, "DB_PASSWORD" }), false, false, nil},
		"a hosted reference":                   {func() Order { r := hosted(" p"); r.Value.Check = true; return r }(), true, false, []string{"valueText"}},
		"a reference that carries nothing":     {func() Order { r := aws(); r.Value = forUse("", text(" p")); return r }(), false, false, nil},
	} {
		j, e := tc.order.prepare(checks{})
		err := unsendable(e, j.doubts)
		var got FieldErrors
		odd, faults := false, false
		switch err := err.(type) {
		case *DoubtfulError:
			got, odd, faults = err.Fields(), true, len(err.Faults) > 0
		case FieldErrors:
			got, faults = err, true
		}
		if odd != tc.odd || faults != tc.faults || !slices.Equal(sortedKeys(got), tc.fields) {
			t.Errorf("%s: odd %v, faults %v, %v", why, odd, faults, map[string][]string(got))
		}
	}
}

func oddValue(change func(*Value)) Order {
	v := value(" p")
	v.Value.Check = true
	change(&v)
	return v
}
