package submission

import (
	"os"
	"strings"
	"testing"
	"time"
)

// Each file is an input as people have entered it, under its own name. What is said of it begins, in one of its sentences,
// with the words; no words: nothing is said.
func TestInputsFromTheField(t *testing.T) {
	raw := func(name string) string {
		b, err := os.ReadFile("../shape/testdata/cases/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	line := func(name string) string { return strings.TrimSuffix(raw(name), "\n") }
	lines := func(name string, i int) string { return strings.Split(line(name), "\n")[i] }
	for _, tc := range []struct {
		file  string
		in    ValueInput
		says  string
		error bool
	}{
		{"02-bag-attributes.pem", forUse("private-key", text(raw("02-bag-attributes.pem"))), "There are lines before", false},
		{"02-bag-attributes.pem", forUse("snowflake-key", text(raw("02-bag-attributes.pem"))), "There are lines before", false},
		{"03-glued-chain.pem", forUse("anything", text(raw("03-glued-chain.pem"))), "An END line and a BEGIN line share", false},
		{"03-glued-chain.pem", forUse("anything", file(raw("03-glued-chain.pem"))), "An END line and a BEGIN line share", false},
		{"04-zsh-percent.pem", forUse("snowflake-key", text(raw("04-zsh-percent.pem"))), "There is something after an END line", false},
		{"04-zsh-percent.pem", forUse("", text(line("04-zsh-percent.pem"))), "There is something after an END line", false},
		{"27c-quoted-pem.txt", forUse("private-key", text(line("27c-quoted-pem.txt"))), "There is something before a BEGIN", false},
		{"27c-quoted-pem.txt", forUse("anything", text(line("27c-quoted-pem.txt"))), "There is something before a BEGIN", false},
		{"27e-heredoc.txt", forUse("private-key", text(raw("27e-heredoc.txt"))), "There are lines before", false},
		{"27e-heredoc.txt", forUse("anything", text(raw("27e-heredoc.txt"))), "There are lines before", false},
		{"20-blank-before-end.pem", forUse("private-key", text(raw("20-blank-before-end.pem"))), "There is an empty line", false},
		{"21-blank-after-begin.pem", forUse("private-key", text(raw("21-blank-after-begin.pem"))), "", false},
		{"21b-blanks-at-line-ends.pem", forUse("private-key", text(raw("21b-blanks-at-line-ends.pem"))), "It ends with a space", false},
		{"32-four-dashes.pem", forUse("private-key", text(raw("32-four-dashes.pem"))), "This is a key whose BEGIN line is missing or damaged", true},
		{"32-four-dashes.pem", forUse("anything", text(raw("32-four-dashes.pem"))), "It looks like a key or certificate whose BEGIN", false},
		{"06-snowflake-pkcs1.pem", forUse("snowflake-key", text(raw("06-snowflake-pkcs1.pem"))), "Snowflake asks for the PKCS #8 form", false},
		{"06-snowflake-pkcs1.pem", forUse("private-key", text(raw("06-snowflake-pkcs1.pem"))), "", false},
		{"06b-snowflake-openssh.pem", forUse("snowflake-key", text(raw("06b-snowflake-openssh.pem"))), "Snowflake does not take keys in OpenSSH", false},
		{"06c-snowflake-ed25519-p8.pem", forUse("snowflake-component-key", pairs("privateKey", raw("06c-snowflake-ed25519-p8.pem"))), "Snowflake takes RSA keys only", false},
		{"06d-snowflake-rsa1024.pem", forUse("snowflake-key", text(raw("06d-snowflake-rsa1024.pem"))), "Snowflake takes RSA keys of at least 2048 bits", false},
		{"06d-snowflake-rsa1024.pem", forUse("private-key", text(raw("06d-snowflake-rsa1024.pem"))), "", false},
		{"15-putty.ppk", forUse("private-key", text(raw("15-putty.ppk"))), "This is a key in PuTTY’s own form", true},
		{"15-putty.ppk", forUse("anything", text(raw("15-putty.ppk"))), "This is a key in PuTTY’s own form", false},
		{"07-base64-of-pem.txt", forUse("private-key", text(raw("07-base64-of-pem.txt"))), "This is the Base64 form", true},
		{"07-base64-of-pem.txt", forUse("password", text(line("07-base64-of-pem.txt"))), "This is the Base64 form", false},
		{"05-utf16-key.pem", forUse("private-key", file(raw("05-utf16-key.pem"))), "The text is in UTF-16", true},
		{"05b-utf16-nobom.pem", forUse("anything", file(raw("05b-utf16-nobom.pem"))), "The text is in UTF-16", true},
		{"28-cert-no-newline.pem", forUse("anything", text(line("28-cert-no-newline.pem"))), "", false},
		{"28-cert-no-newline.pem", forUse("", pairs("certificate", line("28-cert-no-newline.pem"))), "", false},
		{"30-secrets.toml", forUse("anything", text(raw("30-secrets.toml"))), "", false},
		{"30-secrets.toml", forUse("anything", file(raw("30-secrets.toml"))), "", false},
		{"16-double-escaped.json", forUse("service-account", file(raw("16-double-escaped.json"))), "In line 4, property private_key: The line breaks of the key are escaped twice", false},
		{"16-double-escaped.json", forUse("", jsonValue(raw("16-double-escaped.json"), "")), "In line 4, property private_key: The line breaks of the key are escaped twice", false},
		{"14-smart-quotes.json", forUse("", jsonValue(raw("14-smart-quotes.json"), "")), "Line 2, column 3: a curly quotation mark (U+201C", true},
		{"18-nul-escape.json", forUse("", jsonValue(raw("18-nul-escape.json"), "")), "Line 1, column 13: This text has a NUL", true},
		{"34-minified.json", forUse("", jsonValue(raw("34-minified.json"), "")), "In line 1, property token: It begins with a space", false},
		{"34-minified.json", forUse("", jsonValue(raw("34-minified.json"), "")), "In line 1, property pw: It looks like a placeholder", false},
		{"34-minified.json", forUse("", jsonValue(raw("34-minified.json"), "")), "In line 1, property note: It contains an invisible character: U+200B", false},
		{"12-nnbsp.txt", forUse("password", text(line("12-nnbsp.txt"))), "It contains an unusual space: U+202F NARROW NO-BREAK SPACE, character 8", false},
		{"24-two-cells.txt", forUse("password", text(line("24-two-cells.txt"))), "There is a tab between two texts", false},
		{"13b-zwsp-property-name.txt", forUse("", pairs(line("13b-zwsp-property-name.txt"), "x")), "It has an invisible character: U+200B ZERO WIDTH SPACE, character 8. Without it: STATS__API_URL", true},
		{"09-quoted-oauth.txt", forUse("oauth-client", pairs("clientId", lines("09-quoted-oauth.txt", 0), "clientSecret", lines("09-quoted-oauth.txt", 1))), "It has quotation marks around it", false},
		{"09b-env-line.txt", forUse("password", text(line("09b-env-line.txt"))), "There is a name and an equals sign", false},
		{"17-half-masked.txt", forUse("password", text(line("17-half-masked.txt"))), "It is masked", false},
		{"17-half-masked.txt", forUse("", jsonValue(`{"token":"`+line("17-half-masked.txt")+`"}`, "")), "In line 1, property token: It is masked", false},
		{"29-pointer.txt", forUse("password", text(line("29-pointer.txt"))), "It points to a secret", false},
	} {
		t.Run(tc.file+" for "+tc.in.Recipe, func(t *testing.T) {
			e := FieldErrors{}
			object, _ := tc.in.object(true, e)
			doubts := FieldErrors{}
			if !object.Empty() {
				doubts = tc.in.examine(checks{now: time.Now()}, e).byField()
			}
			where, other := doubts, e
			if tc.error {
				where, other = e, doubts
			}
			var said []string
			for _, messages := range where {
				said = append(said, messages...)
			}
			if len(other) > 0 {
				t.Errorf("also: %v", map[string][]string(other))
			}
			found := tc.says == "" && len(said) == 0
			for _, s := range said {
				found = found || tc.says != "" && strings.HasPrefix(s, tc.says)
			}
			if !found {
				t.Errorf("%q, want %q", said, tc.says)
			}
		})
	}
}
