package shape_test

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"maiaportal/internal/shape"
)

// workshop is a folder in which programs make keys.
type workshop struct {
	t      *testing.T
	folder string
}

// needs ends the test where a program is missing.
func (w workshop) needs(program, install string) {
	w.t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		w.t.Skipf("%s is not installed (Debian: apt-get install %s)", program, install)
	}
}

// run gives what a program writes.
func (w workshop) run(program string, arguments ...string) string {
	w.t.Helper()
	c := exec.Command(program, arguments...)
	c.Dir = w.folder
	var said bytes.Buffer
	c.Stderr = &said
	out, err := c.Output()
	if err != nil {
		w.t.Fatalf("%s %q: %v: %s", program, arguments, err, said.String())
	}
	return string(out)
}

// openssl runs a line of arguments without blanks in them.
func (w workshop) openssl(line string) string {
	w.t.Helper()
	return w.run("openssl", strings.Fields(line)...)
}

// file writes a text down for the next program.
func (w workshop) file(name, text string) string {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.folder, name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return text
}

// read gives a file that a program has written.
func (w workshop) read(name string) string {
	w.t.Helper()
	return string(must[[]byte](w.t)(os.ReadFile(filepath.Join(w.folder, name))))
}

// made is what a program has made, and what it may be taken for.
type made struct {
	text  string
	kinds []shape.Kind
	takes shape.Takes
}

var (
	asKey  = []shape.Kind{shape.PrivateKey, shape.Anything, shape.Leaf, shape.File}
	asText = []shape.Kind{shape.Anything, shape.Leaf, shape.File}
	asLine = []shape.Kind{shape.Line, shape.Anything, shape.Leaf, shape.File}
)

// silent says that nothing is odd about any of them at a time.
func silent(t *testing.T, all map[string]made, at time.Time) {
	t.Helper()
	for name, m := range all {
		for _, kind := range m.kinds {
			as := shape.Expect{Kind: kind, Encrypted: true, Takes: m.takes, Now: at}
			if found := shape.Look([]byte(m.text), as); len(found) > 0 {
				t.Errorf("%s as %d: %v", name, kind, found)
			}
		}
	}
}

// What OpenSSL makes is not flagged, in any of its forms.
func TestKeysOfOpenSSL(t *testing.T) {
	t.Parallel()
	w := workshop{t, t.TempDir()}
	w.needs("openssl", "openssl")
	snowflake := shape.Takes{Who: "Snowflake", RSABits: 2048, PKCS8: true}
	all := map[string]made{}
	key := func(name, text string) { all[name] = made{text: text, kinds: asKey} }
	text := func(name, text string) { all[name] = made{text: text, kinds: asText} }

	rsa := w.file("rsa", w.openssl("genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048"))
	all["RSA, PKCS #8"] = made{text: rsa, kinds: asKey, takes: snowflake}
	key("RSA, PKCS #1", w.openssl("rsa -traditional -in rsa"))
	key("RSA, PKCS #1, encrypted", w.openssl("rsa -traditional -aes256 -passout pass:horse -in rsa"))
	for _, how := range []string{"-v2 aes-256-cbc", "-v2 aes-128-cbc -v2prf hmacWithSHA256 -iter 1000", "-scrypt -scrypt_N 1024", "-v2 des3"} {
		all["RSA, PKCS #8 "+how] = made{text: w.openssl("pkcs8 -topk8 -passout pass:horse -in rsa " + how), kinds: asKey, takes: snowflake}
	}
	pss := w.file("pss", w.openssl("genpkey -quiet -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048"))
	key("RSA-PSS", pss)
	for _, curve := range []string{"prime256v1", "secp521r1"} {
		ec := w.file("ec", w.openssl("ecparam -genkey -noout -name "+curve))
		key(curve+", SEC 1", ec)
		key(curve+", with its parameters", w.openssl("ecparam -genkey -name "+curve))
		key(curve+", PKCS #8", w.openssl("pkcs8 -topk8 -nocrypt -in ec"))
		key(curve+", PKCS #8, encrypted", w.openssl("pkcs8 -topk8 -passout pass:horse -in ec"))
		key(curve+", SEC 1, encrypted", w.openssl("ec -aes128 -passout pass:horse -in ec"))
		text(curve+", public", w.openssl("ec -pubout -in ec"))
	}
	for _, algorithm := range []string{"ED25519", "X448"} {
		w.file("ed", w.openssl("genpkey -algorithm "+algorithm))
		key(algorithm, w.read("ed"))
		key(algorithm+", encrypted", w.openssl("pkcs8 -topk8 -passout pass:horse -in ed"))
		text(algorithm+", public", w.openssl("pkey -pubout -in ed"))
	}
	text("RSA, public", w.openssl("rsa -pubout -in rsa"))
	text("RSA, public, PKCS #1", w.openssl("rsa -RSAPublicKey_out -in rsa"))

	root := w.file("root", w.openssl("req -x509 -key ec -subj /CN=root -days 3650"))
	text("a certificate", root)
	text("a certificate, trusted", w.openssl("x509 -trustout -in root"))
	text("a certificate and its text", w.openssl("x509 -text -in root"))
	request := w.file("request", w.openssl("req -new -key rsa -subj /CN=loads.example.com"))
	text("a request", request)
	leaf := w.file("leaf", w.openssl("x509 -req -in request -CA root -CAkey ec -set_serial 2 -days 365"))
	chain := w.file("chain", leaf+root)
	text("a chain", chain)
	text("a chain with words between", "# leaf\n"+leaf+"\n# root\n"+root)
	text("a chain of many", strings.Repeat(chain, 20))
	key("a key and its chain", rsa+chain)
	text("a chain and its key", chain+rsa)
	text("PKCS #7", w.openssl("crl2pkcs7 -nocrl -certfile chain"))
	w.openssl("pkcs12 -export -inkey rsa -in chain -passout pass:horse -out store.p12")
	store := []byte(w.read("store.p12"))
	text("PKCS #12 as PEM", block(t, "PKCS12", store))
	text("PKCS #12 as Base64", w.openssl("base64 -in store.p12"))
	all["PKCS #12 as Base64 in one line"] = made{text: strings.TrimSpace(w.openssl("base64 -A -in store.p12")), kinds: asLine}
	silent(t, all, time.Now())
}

// What OpenSSH makes is not flagged.
func TestKeysOfOpenSSH(t *testing.T) {
	t.Parallel()
	w := workshop{t, t.TempDir()}
	w.needs("ssh-keygen", "openssh-client")
	all := map[string]made{}
	for _, kind := range []string{"ed25519", "ecdsa -b 521", "rsa -b 2048"} {
		for _, form := range []string{"RFC4716", "PKCS8", "PEM"} {
			if kind == "ed25519" && form != "RFC4716" {
				continue // it has no other
			}
			if kind == "rsa -b 2048" {
				// One such key is enough: the others are made of it.
				if form == "RFC4716" {
					w.make(kind, form, "", "rsa")
				} else {
					w.rewrite("rsa", form, "")
				}
				all[kind+" "+form] = made{text: w.read("rsa"), kinds: asKey}
				continue
			}
			name := strings.ReplaceAll(kind+form, " ", "")
			w.make(kind, form, "", name)
			all[kind+" "+form] = made{text: w.read(name), kinds: asKey}
			w.rewrite(name, form, "correct horse")
			all[kind+" "+form+", encrypted"] = made{text: w.read(name), kinds: asKey}
			public := w.read(name + ".pub")
			all[kind+" "+form+", public"] = made{text: strings.TrimSpace(public), kinds: asLine}
			all[kind+" "+form+", public, RFC 4716"] = made{text: w.run("ssh-keygen", "-e", "-m", "RFC4716", "-f", name+".pub"), kinds: asText}
		}
	}
	silent(t, all, time.Now())
}

func (w workshop) make(kind, form, passphrase, name string) {
	w.t.Helper()
	arguments := append([]string{"-q", "-t"}, strings.Fields(kind)...)
	w.run("ssh-keygen", append(arguments, "-m", form, "-N", passphrase, "-C", "ada@example.com", "-f", name)...)
}

// rewrite gives a key without a passphrase another form and a passphrase.
func (w workshop) rewrite(name, form, passphrase string) {
	w.t.Helper()
	w.run("ssh-keygen", "-q", "-p", "-a", "1", "-m", form, "-P", "", "-N", passphrase, "-f", name)
}

// What Java's keytool makes is not flagged. Its formats are made here: a Java is large, and slow to start.
func TestKeysOfJava(t *testing.T) {
	t.Parallel()
	k := makeKeys(t)
	der := func(text string) []byte {
		b, _ := pem.Decode([]byte(text))
		return b.Bytes
	}
	entry := "Alias name: loads\nCreation date: Nov 30, 2030\nEntry type: PrivateKeyEntry\nCertificate chain length: 2\n" +
		"Certificate[1]:\n" + k.cert + "Certificate[2]:\n" + k.cert + "\n\n" +
		"*******************************************\n*******************************************\n\n\n"
	all := map[string]made{
		"a certificate":                {text: k.cert, kinds: asText},
		"a request":                    {text: block(t, "NEW CERTIFICATE REQUEST", der(k.cert)), kinds: asText},
		"a list of revoked ones":       {text: block(t, "X509 CRL", der(k.cert)), kinds: asText},
		"a list of a store":            {text: "Keystore type: JKS\nKeystore provider: SUN\n\nYour keystore contains 1 entry\n\n" + entry, kinds: asText},
		"a list of a store of several": {text: "Keystore type: PKCS12\nKeystore provider: SUN\n\nYour keystore contains 2 entries\n\n" + entry + entry, kinds: asText},
	}
	for name, magic := range map[string]uint32{"JKS": 0xfeedfeed, "JCEKS": 0xcececece} {
		store := javaStore(magic, der(k.pkcs8Locked), der(k.cert))
		all[name+" as PEM"] = made{text: block(t, name, store), kinds: asText}
		all[name+" as Base64"] = made{text: wrapped(store, 76, "\n"), kinds: asText}
		all[name+" as Base64, of Windows"] = made{text: wrapped(store, 64, "\r\n"), kinds: asText}
		all[name+" as Base64 in one line"] = made{text: base64.StdEncoding.EncodeToString(store), kinds: asLine}
	}
	silent(t, all, now)
}

// javaStore is a store of one private key and its certificate, as Java has kept them before PKCS #12.
func javaStore(magic uint32, key, certificate []byte) []byte {
	var b []byte
	number := func(n uint32) { b = binary.BigEndian.AppendUint32(b, n) }
	text := func(s string) { b = append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...) }
	number(magic)
	number(2) // the version
	number(1) // how many entries
	number(1) // a private key
	text("loads")
	b = binary.BigEndian.AppendUint64(b, uint64(now.UnixMilli()))
	number(uint32(len(key)))
	b = append(b, key...)
	number(1) // how many certificates
	text("X.509")
	number(uint32(len(certificate)))
	b = append(b, certificate...)
	sum := sha1.Sum(b) // it is what the format has
	return append(b, sum[:]...)
}

// wrapped is Base64 in lines, as the programs for it write it.
func wrapped(b []byte, width int, end string) string {
	text := base64.StdEncoding.EncodeToString(b)
	var out strings.Builder
	for len(text) > width {
		out.WriteString(text[:width] + end)
		text = text[width:]
	}
	return out.String() + text + end
}
