package shape_test

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"

	"maiaportal/internal/shape"
)

// letters makes texts of n characters of an alphabet, always the same ones.
func letters(r *rand.Rand, alphabet string, n int) string {
	all := []rune(alphabet)
	out := make([]rune, n)
	for i := range out {
		out[i] = all[r.IntN(len(all))]
	}
	return string(out)
}

const (
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	lower  = "abcdefghijklmnopqrstuvwxyz"
	digit  = "0123456789"
	hexa   = "0123456789abcdef"
	alnum  = upper + lower + digit
	url64  = alnum + "-_"
	signs  = "!#$%&()*+,-./:;<=>?@[]^_{|}~\\"
	strong = alnum + signs
)

// Good values are not flagged, whatever alphabet or service they are of.
func TestGoodValues(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	one := map[string]string{}
	for i := range 40 {
		for name, alphabet := range map[string]string{
			"letters and digits": alnum, "all signs": strong, "hexadecimal": hexa, "URL": url64, "Cyrillic": "абвгдежзиклмнопрст0123",
			"Greek": "αβγδεζηθικλμνξ0123", "Hebrew": "אבגדהוזחטיכלמנ", "Arabic": "ابتثجحخدذرز", "Chinese": "密码钥匙安全天地人", "emoji": "🔑🐎🔋👩🌈",
		} {
			one[fmt.Sprintf("%s %d", name, i)] = letters(r, alphabet, 12+i%20)
		}
		sas := base64.StdEncoding.EncodeToString([]byte(letters(r, alnum, 32)))
		for name, value := range map[string]string{
			"GitHub": "ghp_" + letters(r, alnum, 36), "GitLab": "glpat-" + letters(r, url64, 20), "Slack": "xoxb-" + letters(r, digit, 12) + "-" + letters(r, alnum, 24),
			"Stripe": "sk_live_" + letters(r, alnum, 24), "AWS": letters(r, alnum+"/+", 40), "AWS id": "AKIA" + letters(r, upper, 16), "Google": "AIza" + letters(r, url64, 35),
			"Databricks": "dapi" + letters(r, hexa, 32), "JWT": "eyJ" + letters(r, url64, 40) + "." + letters(r, url64, 80) + "." + letters(r, url64, 43),
			"Entra": letters(r, alnum, 3) + "8Q~" + letters(r, url64+"~.", 34), "npm": "npm_" + letters(r, alnum, 36), "SendGrid": "SG." + letters(r, url64, 22) + "." + letters(r, url64, 43),
			"UUID":    letters(r, hexa, 8) + "-" + letters(r, hexa, 4) + "-" + letters(r, hexa, 4) + "-" + letters(r, hexa, 4) + "-" + letters(r, hexa, 12),
			"storage": "DefaultEndpointsProtocol=https;AccountName=loads;AccountKey=" + sas + ";EndpointSuffix=core.windows.net",
			"SAS":     "?sv=2024-11-04&ss=b&srt=sco&sp=rl&se=2031-01-01T00:00:00Z&sig=" + letters(r, alnum, 40) + "%3D",
			"SQL":     "Server=tcp:loads.database.windows.net,1433;Initial Catalog=db;User ID=ada;Password=" + letters(r, alnum, 16) + ";",
			"ODBC":    "postgres://ada:" + letters(r, alnum, 16) + "@db.example.com:5432/loads?sslmode=require",
			"phrase":  strings.Join([]string{letters(r, lower, 6), letters(r, lower, 5), letters(r, lower, 7), letters(r, lower, 4)}, "-"),
			"spaces":  strings.Join([]string{letters(r, lower, 6), letters(r, lower, 5), letters(r, lower, 7)}, " "),
		} {
			one[fmt.Sprintf("%s %d", name, i)] = value
		}
	}
	for name, value := range map[string]string{
		"brackets": "<q9F!x7>", "a dollar and braces": "${Kx9!}", "a token of 40 KB": letters(r, url64, 40<<10), "a flag": "🇩🇪🇫🇷x", "Persian": "می\u200cخواهم", "a keycap": "1\ufe0f\u20e3x",
		"a kind of token": "Bearer", "another kind": "Basic", "words": "bearer of bad news", "two words": "basic training", "two more": "Basic Instinct", "two again": "token ring",
		"a key of words": "api key holder", "a name like a header": "x-ray:vision9", "a word of a scheme inside": "my-Bearer-abc1",
		"combining": "e\u0301cole-n\u0303", "backslashes": `a\b\\n\t`,
	} {
		one[name] = value
	}
	if len(one) < 400 {
		t.Fatalf("%d values", len(one))
	}
	for name, value := range one {
		for _, kind := range []shape.Kind{shape.Line, shape.Anything, shape.Leaf, shape.File} {
			if found := shape.Look([]byte(value), shape.Expect{Kind: kind, Now: now}); len(found) > 0 {
				t.Errorf("%s as %d: %q: %v", name, kind, value, found)
			}
		}
	}
}

// Broken values are each found.
func TestBrokenValues(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	count := 0
	for i := range 4 {
		token := letters(r, alnum, 20+i)
		for _, value := range []string{
			" " + token, token + " ", token + "\u00a0", token + "\n\n", "\ufeff" + token, token[:5] + "\u200b" + token[5:], token[:5] + "\u202f" + token[5:], token[:5] + "\u2011" + token[5:],
			token[:5] + "…" + token[5:], "“" + token + "”", token[:5] + "\u00ad" + token[5:], token[:5] + "\ue000" + token[5:], token[:5] + "\u0378" + token[5:], token[:5] + "\x1b[0m" + token[5:],
			`"` + token + `"`, "'" + token + "'", "`" + token + "`", "export TOKEN=" + token, "API_TOKEN=" + token, "password=" + token, "token: " + token, `"token": "` + token + `",`,
			"Bearer " + token, "Authorization: Bearer " + token, "Bearer abc", "bearer x", "BEARER\t" + token[:3], "Basic YTpi", "basic dXNlcjpwdw==", "Token " + token, "token 1a2b", "ApiKey " + token[:6] + "7",
			"Api-Key a1", "SSWS 00a1", "X-Api-Key: abc", "PRIVATE-TOKEN:abc", "Proxy-Authorization : Basic YTpi", token + ",", token + ";", "user\t" + token, "Access key ID,Secret access key\nx," + token, token[:4] + "********" + token[4:],
			"••••••••" + token[:4], "●●●●", "[REDACTED]", "(sensitive value)", "<client secret>", "${TOKEN}", "$(TOKEN)", "%TOKEN%", "{{ token }}", "${{ secrets.TOKEN }}", "#{token}#",
			"op://vault/item/" + token, "arn:aws:secretsmanager:eu-west-1:123456789012:secret:" + token, "@Microsoft.KeyVault(SecretUri=https://kv.vault.azure.net/secrets/x/)",
			"https://kv.vault.azure.net/secrets/" + token, "ENC[AES256_GCM,data:" + token + "]", "$ANSIBLE_VAULT;1.1;AES256\n6162", "changeme", "xxxx", "__TOKEN__", "vault:v1:" + token,
		} {
			count++
			if found := shape.Look([]byte(value), shape.Expect{Kind: shape.Line, Now: now}); len(found) == 0 {
				t.Errorf("nothing is found in %q", value)
			}
		}
	}
	if count < 120 {
		t.Errorf("%d values", count)
	}
}

// Where the check and OpenSSL disagree about a key, there is a reason.
func TestAsStrictAsOpenSSL(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed (Debian: apt-get install openssl)")
	}
	k := makeKeys(t)
	for name, tc := range map[string]struct {
		key    string
		reason string // why the check says something about what OpenSSL takes, or nothing about what it refuses
	}{
		"whole":                      {k.pkcs8, ""},
		"PKCS #1":                    {k.pkcs1, ""},
		"an elliptic curve":          {k.sec1, ""},
		"spaces at line ends":        {strings.ReplaceAll(strings.TrimSpace(k.pkcs8), "\n", " \n") + "\n", ""},
		"an empty line":              {k.pkcs8[:93] + "\n" + k.pkcs8[93:], ""},
		"an empty line before END":   {strings.Replace(k.pkcs8, "-----END", "\n-----END", 1), ""},
		"an empty line behind BEGIN": {strings.Replace(k.pkcs8, "KEY-----\n", "KEY-----\n\n", 1), "OpenSSL takes it for an empty header; others refuse it"},
		"four hyphens":               {k.pkcs8[1:], ""},
		"a quotation mark in front":  {`"` + k.pkcs8, ""},
		"a percent sign behind":      {strings.TrimSpace(k.pkcs8) + "%", ""},
		"lines in front":             {"Bag Attributes\n" + k.pkcs8, "OpenSSL skips them; readers that cut at BEGIN do not"},
		"a piece is missing":         {k.pkcs8[:100] + k.pkcs8[140:], ""},
		"a letter that is no Base64": {k.pkcs8[:200] + "%" + k.pkcs8[201:], ""},
		"END is indented":            {strings.Replace(k.pkcs8, "-----END", "  -----END", 1), ""},
		"lines are lost":             {strings.ReplaceAll(k.pkcs8, "\n", ""), ""},
		"another END":                {strings.Replace(k.pkcs8, "END PRIVATE", "END RSA PRIVATE", 1), ""},
		"Windows lines":              {strings.ReplaceAll(k.pkcs8, "\n", "\r\n"), "OpenSSL takes them; other programs do not"},
	} {
		program := exec.Command("openssl", "pkey", "-noout")
		program.Stdin = strings.NewReader(tc.key)
		takes := program.Run() == nil
		silent := len(shape.Look([]byte(tc.key), shape.Expect{Kind: shape.PrivateKey, Now: now})) == 0
		if (takes != silent) != (tc.reason != "") {
			t.Errorf("%s: OpenSSL takes it: %v; the check is silent: %v; the reason: %q", name, takes, silent, tc.reason)
		}
	}
}
