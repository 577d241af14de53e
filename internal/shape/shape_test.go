package shape_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"maiaportal/internal/shape"
)

var now = time.Date(2031, 5, 1, 12, 0, 0, 0, time.UTC)

// keys are real ones of every form that people have.
type keys struct {
	pkcs8, pkcs1, sec1, pkcs8Locked, oldLocked, openSSH, openSSHLocked, public string
	cert, certPast, certLater                                                  string
}

func block(t *testing.T, label string, der []byte) string {
	t.Helper()
	return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}))
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func makeKeys(t *testing.T) keys {
	t.Helper()
	der := must[[]byte](t)
	key := must[*rsa.PrivateKey](t)(rsa.GenerateKey(rand.Reader, 2048))
	curve := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	cert := func(from, until time.Time) string {
		c := x509.Certificate{
			SerialNumber: big.NewInt(1),
			Subject:      pkix.Name{CommonName: "loads"},
			NotBefore:    from,
			NotAfter:     until,
		}
		return block(t, "CERTIFICATE", der(x509.CreateCertificate(rand.Reader, &c, &c, &curve.PublicKey, curve)))
	}
	// What PKCS #8 looks like when it is encrypted: an algorithm, and bytes.
	locked := der(asn1.Marshal(struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}{pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}}, bytes.Repeat([]byte{7}, 300)}))
	sshKey := must[*pem.Block](t)
	return keys{
		pkcs8:       block(t, "PRIVATE KEY", der(x509.MarshalPKCS8PrivateKey(key))),
		pkcs1:       block(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)),
		sec1:        block(t, "EC PRIVATE KEY", der(x509.MarshalECPrivateKey(curve))),
		pkcs8Locked: block(t, "ENCRYPTED PRIVATE KEY", locked),
		oldLocked: "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,0011\n\n" +
			"CQkJCQkJCQkJCQkJCQkJCQ==\n-----END RSA PRIVATE KEY-----\n",
		openSSH:       string(pem.EncodeToMemory(sshKey(ssh.MarshalPrivateKey(curve, "")))),
		openSSHLocked: string(pem.EncodeToMemory(sshKey(ssh.MarshalPrivateKeyWithPassphrase(curve, "", []byte("horse"))))),
		public:        block(t, "PUBLIC KEY", der(x509.MarshalPKIXPublicKey(&key.PublicKey))),
		cert:          cert(now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0)),
		certPast:      cert(now.AddDate(-2, 0, 0), now.AddDate(-1, 0, 0)),
		certLater:     cert(now.AddDate(1, 0, 0), now.AddDate(2, 0, 0)),
	}
}

func TestLook(t *testing.T) {
	k := makeKeys(t)
	firstLine := strings.SplitN(k.pkcs8, "\n", 2)[0]
	damaged := k.pkcs8[:100] + k.pkcs8[140:]
	tests := map[string]struct {
		value string
		as    shape.Expect
		want  []string // the beginnings of the findings, none for nothing odd
	}{
		"a password":                           {"correct horse battery staple", shape.Expect{Kind: shape.Line}, nil},
		"a password of signs":                  {`{]}"'<&>;--x`, shape.Expect{Kind: shape.Line}, nil},
		"a password that begins like JSON":     {`{"a`, shape.Expect{}, nil},
		"accents and other scripts":            {"пароль-ça-señor-密码", shape.Expect{Kind: shape.Line}, nil},
		"emoji that are joined":                {"👩\u200d💻🏳\ufe0f\u200d🌈👨\u200d👩\u200d👧\u200d👦", shape.Expect{Kind: shape.Line}, nil},
		"letters that are joined":              {"می\u200cخواهم", shape.Expect{}, nil},
		"several lines end with a line break":  {"first\nsecond\n", shape.Expect{}, nil},
		"a file of several Windows lines":      {"first\r\nsecond\r\n", shape.Expect{Kind: shape.File}, nil},
		"blanks inside":                        {"a b\tc", shape.Expect{}, nil},
		"a blank before":                       {" hunter2", shape.Expect{}, []string{"It begins with a space"}},
		"a blank after":                        {"hunter2\t", shape.Expect{}, []string{"It ends with a space"}},
		"a hard blank after":                   {"hunter2\u00a0", shape.Expect{}, []string{"It ends with a space"}},
		"blanks at both ends":                  {" hunter2 ", shape.Expect{}, []string{"It begins and ends"}},
		"one line and its end":                 {"hunter2\n", shape.Expect{}, []string{"It is one line and ends"}},
		"a file of one line and its end":       {"hunter2\r\n", shape.Expect{Kind: shape.File}, []string{"It is one line and ends"}},
		"a line end before":                    {"\nfirst\nsecond", shape.Expect{}, []string{"It begins with"}},
		"a line end in a JSON text":            {"hunter2\n", shape.Expect{Kind: shape.Leaf}, nil},
		"a blank in a JSON text":               {"hunter2 ", shape.Expect{Kind: shape.Leaf}, []string{"It ends with a space"}},
		"nothing but blanks":                   {" \n\t", shape.Expect{}, []string{"It contains only spaces"}},
		"two lines for a password":             {"first\nsecond", shape.Expect{Kind: shape.Line}, []string{"It has several lines"}},
		"a byte order mark":                    {"\ufeffhunter2", shape.Expect{}, []string{"It begins with a byte order mark"}},
		"a zero-width space":                   {"hunter\u200b2", shape.Expect{}, []string{"It contains an invisible character: U+"}},
		"a joiner after a letter":              {"hunter\u200d2", shape.Expect{}, []string{"It contains an invisible character: U+"}},
		"a mark of direction":                  {"\u202ahunter2\u202c", shape.Expect{}, []string{"It contains an invisible character: U+"}},
		"a soft hyphen":                        {"hun\u00adter2", shape.Expect{}, []string{"It contains an invisible character: U+"}},
		"curly quotes":                         {"“hunter2”", shape.Expect{}, []string{"It contains a curly quotation mark: U+20"}},
		"a curly apostrophe":                   {"it’s me", shape.Expect{Kind: shape.Line}, []string{"It contains a curly quotation mark: U+20"}},
		"curly quotes in a file":               {"he said “no”", shape.Expect{Kind: shape.File}, nil},
		"JSON as text":                         {"{\"clientId\": \"a\"}\n", shape.Expect{}, []string{"It is a whole JSON object"}},
		"JSON in a file":                       {`{"clientId": "a"}`, shape.Expect{Kind: shape.File}, nil},
		"a key inside a JSON file":             {`{"key": "` + strings.ReplaceAll(k.pkcs8, "\n", `\n`) + `"}` + "\n", shape.Expect{Kind: shape.File}, nil},
		"the user's own address":               {"Ada@example.com", shape.Expect{Own: []string{"ada@example.com"}}, []string{"It is your own name"}},
		"a user without an address":            {"hunter2", shape.Expect{Own: []string{""}}, nil},
		"a placeholder":                        {"changeme", shape.Expect{}, []string{"It looks like a placeholder"}},
		"a placeholder, written otherwise":     {"CHANGE_ME!", shape.Expect{}, []string{"It looks like a placeholder"}},
		"a placeholder in brackets":            {"<client secret>", shape.Expect{}, []string{"It looks like a placeholder"}},
		"a template's variable":                {"${DB_PASSWORD}", shape.Expect{}, []string{"It looks like a placeholder"}},
		"only the letter x":                    {"xxx", shape.Expect{}, []string{"It looks like a placeholder"}},
		"only stars":                           {"********", shape.Expect{}, []string{"It is masked"}},
		"a password with a placeholder's word": {"changeme-1987", shape.Expect{}, nil},
		"a password of one letter":             {"xx", shape.Expect{}, nil},
		"a long password that has brackets":    {"<" + strings.Repeat("k", 80) + ">", shape.Expect{}, nil},
		"a key and a blank": {strings.TrimSpace(k.pkcs8) + " ", shape.Expect{
			Kind:         shape.PrivateKey,
			NewlineAdded: true,
		}, []string{"It ends with a space"}},
		"a key, its newline and blanks":         {k.pkcs8 + "  ", shape.Expect{}, []string{"It ends with a space"}},
		"blanks before a key":                   {"  " + k.pkcs8, shape.Expect{}, []string{"It begins with a space"}},
		"empty lines before a key":              {"\n\n" + k.pkcs8, shape.Expect{}, []string{"It begins with a space"}},
		"empty lines after a key":               {k.pkcs8 + "\n\n", shape.Expect{}, nil},
		"words before a key":                    {"Bag Attributes\n    friendlyName: loads\n" + k.pkcs8, shape.Expect{Kind: shape.PrivateKey}, []string{"There are lines before"}},
		"a key in YAML":                         {"tls:\n  key: |\n    " + strings.TrimSpace(strings.ReplaceAll(k.pkcs8, "\n", "\n    ")) + "\n", shape.Expect{Kind: shape.File}, nil},
		"a key in quotes in a file":             {"KEY=\"" + strings.ReplaceAll(k.pkcs8, "\n", `\n`) + "\"\nA=b\n", shape.Expect{Kind: shape.File}, nil},
		"a certificate in a JSON text":          {strings.TrimSpace(k.cert), shape.Expect{Kind: shape.Leaf}, nil},
		"a key in a JSON text, no newline":      {strings.TrimSpace(k.pkcs8), shape.Expect{Kind: shape.Leaf}, []string{"The line break after the END line is missing"}},
		"no ASN.1 is expected":                  {block(t, "AGE ENCRYPTED FILE", []byte("age-encryption.org/v1")), shape.Expect{}, nil},
		"hexadecimal":                           {"-----BEGIN OpenVPN Static key V1-----\n00ff\n-----END OpenVPN Static key V1-----\n", shape.Expect{}, nil},
		"a dash is lost":                        {k.pkcs8[1:], shape.Expect{}, []string{"It looks like a key or certificate whose BEGIN"}},
		"four dashes at the end of BEGIN":       {strings.Replace(k.pkcs8, "KEY-----", "KEY----", 1), shape.Expect{}, []string{"It looks like a key or certificate whose BEGIN"}},
		"no BEGIN line":                         {strings.SplitN(k.pkcs8, "\n", 2)[1], shape.Expect{}, []string{"It looks like a key or certificate whose BEGIN"}},
		"dashes that a word processor made":     {strings.ReplaceAll(k.pkcs8, "-----", "———"), shape.Expect{}, []string{"It looks like a key or certificate whose BEGIN"}},
		"a control character":                   {"hunter2\x7f", shape.Expect{Kind: shape.Line}, []string{"It contains an invisible character: U+"}},
		"an escape of a terminal":               {"\x1b[31mhunter2", shape.Expect{}, []string{"It contains an invisible character: U+"}},
		"a hard blank inside":                   {"hunter\u00a02", shape.Expect{}, []string{"It contains an unusual space: U+00A0"}},
		"a hard blank in a document":            {"10\u00a0%", shape.Expect{Kind: shape.Leaf}, nil},
		"a sign of wrong decoding":              {"p\ufffdss", shape.Expect{Kind: shape.Leaf}, []string{"It contains an invisible character: U+"}},
		"a flag of a country's part":            {"\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", shape.Expect{Kind: shape.Line}, nil},
		"tag letters without a flag":            {"a\U000e0041", shape.Expect{Kind: shape.Line}, []string{"It contains an invisible character: U+"}},
		"blanks alone in a JSON text":           {"\t", shape.Expect{Kind: shape.Leaf}, nil},
		"a plain word in a JSON text":           {"todo", shape.Expect{Kind: shape.Leaf}, nil},
		"a variable in a JSON text":             {"${KEY}", shape.Expect{Kind: shape.Leaf}, []string{"It looks like a placeholder"}},
		"a file that begins with an empty line": {"\na=b\nc=d\n", shape.Expect{Kind: shape.File}, nil},
		"a JSON array in a file":                {"[{\"a\": 1}]\n", shape.Expect{Kind: shape.File}, nil},
		"XML":                                   {"<password>hunter2</password>", shape.Expect{}, nil},
		"PKCS #8":                               {k.pkcs8, shape.Expect{Kind: shape.PrivateKey}, nil},
		"PKCS #1":                               {k.pkcs1, shape.Expect{Kind: shape.PrivateKey}, nil},
		"an elliptic curve's key":               {k.sec1, shape.Expect{Kind: shape.PrivateKey}, nil},
		"OpenSSH":                               {k.openSSH, shape.Expect{Kind: shape.PrivateKey}, nil},
		"a key and its certificate":             {k.pkcs8 + k.cert, shape.Expect{}, nil},
		"a key where anything may be":           {k.pkcs8, shape.Expect{}, nil},
		"a key in a JSON text":                  {k.pkcs8, shape.Expect{Kind: shape.Leaf}, nil},
		"PGP has a check of its own":            {"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQ==\n=AbCd\n-----END PGP PRIVATE KEY BLOCK-----\n", shape.Expect{}, nil},
		"a text about dashes":                   {"-----BEGIN here and never end", shape.Expect{}, nil},
		"a key where a line belongs":            {k.pkcs8, shape.Expect{Kind: shape.Line}, []string{"It is a key or a certificate"}},
		"no newline after END":                  {strings.TrimSpace(k.pkcs8), shape.Expect{}, []string{"The line break after the END line is missing"}},
		"no newline after END, it will be put": {strings.TrimSpace(k.pkcs8), shape.Expect{
			Kind:         shape.PrivateKey,
			NewlineAdded: true,
		}, nil},
		"Windows lines":                         {strings.ReplaceAll(k.pkcs8, "\n", "\r\n"), shape.Expect{Kind: shape.File}, []string{"Its lines end the Windows way"}},
		"line breaks became blanks":             {strings.ReplaceAll(strings.TrimSpace(k.pkcs8), "\n", " "), shape.Expect{}, []string{"The line breaks are lost"}},
		"line breaks are gone":                  {strings.ReplaceAll(k.pkcs8, "\n", ""), shape.Expect{}, []string{"The line breaks are lost"}},
		"line breaks as in JSON":                {strings.ReplaceAll(k.pkcs8, "\n", `\n`), shape.Expect{}, []string{"The line breaks of the key are written"}},
		"no END line":                           {k.pkcs8[:len(k.pkcs8)-30], shape.Expect{}, []string{"The END line"}},
		"another END line":                      {strings.Replace(k.pkcs8, "END PRIVATE", "END RSA PRIVATE", 1), shape.Expect{}, []string{"The END line"}},
		"a letter that is no Base64":            {k.pkcs8[:200] + "%" + k.pkcs8[201:], shape.Expect{}, []string{"The text between"}},
		"a piece is missing":                    {damaged, shape.Expect{}, []string{"The key or certificate does not parse"}},
		"nothing between the lines":             {firstLine + "\n-----END PRIVATE KEY-----\n", shape.Expect{}, []string{"The text between"}},
		"an OpenSSH key that is cut":            {block(t, "OPENSSH PRIVATE KEY", []byte("openssh-key-v1\x00\x00\x00\x00\x04none\x00\x00\x00\x99")), shape.Expect{}, []string{"The key or certificate does not parse"}},
		"encrypted":                             {k.pkcs8Locked, shape.Expect{}, []string{"The key is encrypted"}},
		"encrypted, and a passphrase with it":   {k.pkcs8Locked, shape.Expect{Kind: shape.PrivateKey, Encrypted: true}, nil},
		"encrypted the old way":                 {k.oldLocked, shape.Expect{}, []string{"The key is encrypted"}},
		"OpenSSH, encrypted":                    {k.openSSHLocked, shape.Expect{}, []string{"The key is encrypted"}},
		"a certificate":                         {k.cert, shape.Expect{Now: now}, nil},
		"a certificate that has run out":        {k.certPast, shape.Expect{}, []string{"It contains an expired certificate"}},
		"a certificate for later":               {k.certLater, shape.Expect{}, []string{"It contains a certificate that is not valid yet"}},
		"a key, and a certificate that ran out": {k.pkcs8 + k.certPast, shape.Expect{}, []string{"It contains an expired certificate"}},
		"a password for a private key":          {"hunter2", shape.Expect{Kind: shape.PrivateKey}, []string{"This is not a private key"}},
		"a public key for a private one":        {k.public, shape.Expect{Kind: shape.PrivateKey}, []string{"This is a public key"}},
		"a certificate for a private key":       {k.cert, shape.Expect{Kind: shape.PrivateKey}, []string{"This is a public key"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			tc.as.Now = now
			before := strings.Clone(tc.value)
			found := shape.Look([]byte(tc.value), tc.as)
			if len(found) != len(tc.want) {
				t.Fatalf("found %v, want %d", found, len(tc.want))
			}
			for i, f := range found {
				if !strings.HasPrefix(f.Text, tc.want[i]) {
					t.Errorf("%q, want one that begins with %q", f.Text, tc.want[i])
				}
				if f.Broken != strings.HasPrefix(f.Text, "This is") {
					t.Errorf("broken is %v: %s", f.Broken, f.Text)
				}
			}
			if before != tc.value {
				t.Error("the value was changed")
			}
		})
	}
}

var place = regexp.MustCompile(`U\+[0-9A-F]{4,6} [^,.]*, (line \d+, column|character) \d+|Certificate \d+ of \d+`)

// What is said never depends on the value's own words: there are so many sentences and no more.
func FuzzLook(f *testing.F) {
	for _, s := range []string{"hunter2", " a ", "xxx", "“a”", "{}", "a\u200bb", "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
		"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMAA=\n-----END RSA PRIVATE KEY-----\n", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----\n"} {
		for kind := range 5 {
			f.Add([]byte(s), kind, true)
		}
	}
	var sentences []string
	f.Fuzz(func(t *testing.T, b []byte, kind int, kept bool) {
		before := bytes.Clone(b)
		found := shape.Look(b, shape.Expect{
			Kind:         shape.Kind(kind & 7),
			Own:          []string{"ada@example.com"},
			Encrypted:    kept,
			NewlineAdded: kept,
			Now:          now,
		})
		if !bytes.Equal(b, before) {
			t.Fatal("the value was changed")
		}
		for _, one := range found {
			if one.Text == "" || one.ID == "" || len(one.Text) > 300 || one.Broken && len(found) != 1 {
				t.Fatalf("%+v", found)
			}
			// A character that is odd is named, with its place; nothing else is taken from the value.
			text := place.ReplaceAllString(one.Text, "…")
			if !slices.Contains(sentences, text) {
				sentences = append(sentences, text)
			}
		}
		if len(sentences) > 60 {
			t.Fatalf("sentences are made of what was entered: %q", sentences)
		}
	})
}

// The worst finding of a value comes first, and of equal ones the most telling.
func TestWorstComesFirst(t *testing.T) {
	for value, want := range map[string][]string{
		" changeme":              {"placeholder", "begins-space"},
		" a\u2011b\u200bc":       {"begins-space", "invisible", "odd-hyphen"},
		"“********” ":            {"masked", "ends-space", "odd-quote"},
		"first\nsecond\u2026 x ": {"ends-space", "several-lines", "odd-dots"},
	} {
		var got []string
		for _, f := range shape.Look([]byte(value), shape.Expect{Kind: shape.Line, Now: now}) {
			got = append(got, f.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", value, got, want)
		}
	}
}
