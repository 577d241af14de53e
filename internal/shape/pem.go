package shape

import (
	"bytes"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cryptoasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// pemLook is what is known of the PEM blocks (RFC 7468) in a value.
type pemLook struct {
	present bool
	broken  string // why it is no private key
	odd     []Finding
}

var (
	pemBegin = []byte("-----BEGIN ")
	pemEnd   = []byte("-----END ")
	dashes   = []byte("-----")
)

// Words about keys. They name no label and no length: both come from the value.
const (
	noKey       = "This is no private key in PEM form. It has to begin with a line such as -----BEGIN PRIVATE KEY----- and end with the END line that belongs to it."
	publicKey   = "This is a public key or a certificate. The private key is needed here: its first line has the words PRIVATE KEY."
	noBegin     = "It looks like a key or certificate whose BEGIN line is missing or damaged. Copy it whole, from the first dash to the last one."
	noEnd       = "The END line of a key or certificate is missing, or is not the one of its BEGIN line. Copy it whole, from the first dash to the last one."
	lostBreaks  = "The line breaks of the key are lost. PEM needs the BEGIN line, the END line and what is between them on lines of their own: copy it from its file again."
	written     = `The line breaks of the key are written as a backslash and the letter n, as in JSON. Enter it with real line breaks.`
	notBase64   = "What stands between the BEGIN and END lines is damaged: it is not Base64. Copy it from its file again."
	notParsed   = "The key or certificate does not parse: a part of it is missing or changed. Copy it from its file again."
	encrypted   = "The key is encrypted, and no passphrase goes with it. Whoever uses it needs both."
	hasRunOut   = "A certificate in it has run out."
	notYet      = "A certificate in it is not valid yet."
	noNewline   = "The line break after the END line is missing. Some programs, Snowflake connections among them, do not accept a key without it."
	windowsEnds = "Its lines end the Windows way (CRLF). Many programs want a key with plain line feeds: save the file with Unix line ends, or paste the key as text."
)

// lookPEM finds the blocks and looks at each. Keys are taken apart just far enough to see that they
// are whole: a parser of keys would leave their numbers all over the memory.
func lookPEM(b []byte, e Expect) pemLook {
	var p pemLook
	said := map[string]bool{}
	say := func(text string) {
		if text != "" && !said[text] {
			said[text] = true
			p.odd = append(p.odd, Finding{Text: text})
		}
	}
	private, public, quoted := false, false, false
	first, last := -1, 0
	for at := 0; ; {
		i := bytes.Index(b[at:], pemBegin)
		if i < 0 {
			break
		}
		begin := at + i
		at = begin + len(pemBegin)
		label, after, ok := bytes.Cut(b[at:], dashes)
		if !ok || len(label) > 64 || bytes.IndexByte(label, '\n') >= 0 {
			continue // dashes in a text, no block
		}
		if e.Kind == File && begin > 0 && (b[begin-1] == '"' || b[begin-1] == '\'') {
			quoted = true
			continue // a text in quotes, which a program reads in a way of its own
		}
		p.present = true
		if first < 0 {
			first = begin
		}
		isPrivate := bytes.Contains(label, []byte("PRIVATE KEY"))
		private, public = private || isPrivate, public || !isPrivate
		body, end, ok := cutEnd(after, label)
		if !ok {
			if bytes.Contains(after, []byte(`\n`)) {
				say(written)
			}
			say(noEnd)
			break
		}
		at = len(b) - len(end)
		last = at
		if bytes.HasPrefix(label, []byte("PGP ")) {
			continue // has a check sum of its own kind
		}
		say(lookBlock(label, body, indented(b[:begin]), e))
	}
	switch {
	case !p.present:
		p.broken = noKey
		if !quoted && damagedBegin(b) {
			say(noBegin)
		}
	case !private && public:
		p.broken = publicKey
	}
	if p.present && len(p.odd) == 0 {
		sayEnds(b[:first], b[last:], private, e, say)
		if bytes.Contains(b, []byte("\r\n")) {
			say(windowsEnds)
		}
	}
	return p
}

// sayEnds looks at what stands before the first block and behind the last one.
func sayEnds(before, after []byte, private bool, e Expect, say func(string)) {
	if len(before) > 0 && len(trim(before)) == 0 {
		say(beginsBlank)
	}
	switch {
	case len(after) == 0:
		if !e.NewlineAdded && (e.Kind != Leaf || private) {
			say(noNewline)
		}
	case len(trim(after)) == 0 && (bytes.ContainsAny(after, " \t") || after[0] != '\n' && after[0] != '\r'):
		say(endsBlank)
	}
}

// damagedBegin tells a key or certificate of which the beginning was not copied, or whose dashes became
// others.
func damagedBegin(b []byte) bool {
	for _, sign := range []string{"-----END ", "PRIVATE KEY-", "PRIVATE KEY—", "PRIVATE KEY–", "BEGIN CERTIFICATE-"} {
		if bytes.Contains(b, []byte(sign)) {
			return true
		}
	}
	return false
}

// indented says whether a line that goes on after b begins with blanks and nothing else, as in YAML.
func indented(b []byte) bool {
	line := b[bytes.LastIndexByte(b, '\n')+1:]
	return len(line) > 0 && len(bytes.Trim(line, " \t")) == 0
}

// cutEnd splits what follows a BEGIN line at the END line of the same label.
func cutEnd(b, label []byte) (body, after []byte, ok bool) {
	body, after, ok = bytes.Cut(b, pemEnd)
	if !ok || !bytes.HasPrefix(after, label) {
		return nil, nil, false
	}
	after = after[len(label):]
	if !bytes.HasPrefix(after, dashes) {
		return nil, nil, false
	}
	return body, after[len(dashes):], true
}

// lookBlock gives what is odd about one block, or nothing. The label stays bytes: it is a part of the
// value.
func lookBlock(label, body []byte, indented bool, e Expect) string {
	if bytes.Contains(body, []byte(`\n`)) {
		return written
	}
	if indented {
		body = bytes.TrimRight(body, " \t")
	}
	if line := bytes.TrimLeft(body, " \t"); len(line) == 0 || line[0] != '\n' && line[0] != '\r' || !bytes.HasSuffix(body, []byte("\n")) {
		return lostBreaks
	}
	// Old keys have header lines, which an empty line ends (RFC 1421).
	head, data, ok := bytes.Cut(bytes.TrimLeft(body, "\r\n"), []byte("\n\n"))
	if !ok {
		head, data, ok = bytes.Cut(bytes.TrimLeft(body, "\r\n"), []byte("\r\n\r\n"))
	}
	locked := false
	if ok && bytes.IndexByte(head, ':') > 0 {
		locked = bytes.Contains(head, []byte("ENCRYPTED"))
		body = data
	}
	if indented {
		bare := withoutBlanks(body)
		defer clear(bare)
		body = bare
	}
	der := make([]byte, base64.StdEncoding.DecodedLen(len(body)))
	defer clear(der)
	n, err := base64.StdEncoding.Decode(der, body)
	if string(label) == "OpenVPN Static key V1" {
		return "" // it is hexadecimal
	}
	if err != nil || n == 0 {
		return notBase64
	}
	if !locked {
		var whole bool
		if whole, locked = parse(label, der[:n]); !whole {
			return notParsed
		}
	}
	if locked && !e.Encrypted {
		return encrypted
	}
	if string(label) == "CERTIFICATE" {
		return validity(der[:n], e.Now)
	}
	return ""
}

// withoutBlanks copies b into room that is made at once. The caller clears it.
func withoutBlanks(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for _, c := range b {
		if c != ' ' && c != '\t' {
			out = append(out, c)
		}
	}
	return out
}

// parse says whether a block's content is whole, as far as its label tells what it is, and whether it
// is encrypted. Of other labels nothing is known: some are no ASN.1 at all.
func parse(label, der []byte) (whole, locked bool) {
	if string(label) == "OPENSSH PRIVATE KEY" {
		return parseOpenSSH(der)
	}
	var in cryptobyte.String
	outer := cryptobyte.String(der)
	sequence := func(tags ...cryptoasn1.Tag) bool {
		if !outer.ReadASN1(&in, cryptoasn1.SEQUENCE) || !outer.Empty() {
			return false
		}
		for _, tag := range tags {
			if !in.SkipASN1(tag) {
				return false
			}
		}
		return true
	}
	switch string(label) {
	case "PRIVATE KEY": // PKCS #8, RFC 5958
		return sequence(cryptoasn1.INTEGER, cryptoasn1.SEQUENCE, cryptoasn1.OCTET_STRING), false
	case "ENCRYPTED PRIVATE KEY":
		return sequence(cryptoasn1.SEQUENCE, cryptoasn1.OCTET_STRING), true
	case "RSA PRIVATE KEY": // PKCS #1, RFC 8017: version and eight numbers
		return sequence(slices.Repeat([]cryptoasn1.Tag{cryptoasn1.INTEGER}, 9)...), false
	case "EC PRIVATE KEY": // RFC 5915
		return sequence(cryptoasn1.INTEGER, cryptoasn1.OCTET_STRING), false
	case "PUBLIC KEY":
		return sequence(cryptoasn1.SEQUENCE, cryptoasn1.BIT_STRING), false
	case "CERTIFICATE": // RFC 5280
		return sequence(cryptoasn1.SEQUENCE, cryptoasn1.SEQUENCE, cryptoasn1.BIT_STRING), false
	}
	return true, false
}

// parseOpenSSH reads the head of OpenSSH's own format: a mark, and the name of the cipher.
func parseOpenSSH(b []byte) (whole, locked bool) {
	b, ok := bytes.CutPrefix(b, []byte("openssh-key-v1\x00"))
	if !ok {
		return false, false
	}
	field := func() ([]byte, bool) {
		if len(b) < 4 {
			return nil, false
		}
		n := int64(binary.BigEndian.Uint32(b))
		if n > int64(len(b)-4) {
			return nil, false
		}
		f := b[4 : 4+n]
		b = b[4+n:]
		return f, true
	}
	cipher, ok := field()
	if !ok {
		return false, false
	}
	locked = string(cipher) != "none"
	for range 2 { // the key derivation and its options
		if _, ok := field(); !ok {
			return false, locked
		}
	}
	if len(b) < 4 {
		return false, locked
	}
	b = b[4:] // how many keys
	for range 2 {
		if _, ok := field(); !ok {
			return false, locked
		}
	}
	return true, locked
}

// validity says whether a certificate has run out or is not valid yet.
func validity(der []byte, now time.Time) string {
	outer := cryptobyte.String(der)
	var cert, tbs, valid cryptobyte.String
	if !outer.ReadASN1(&cert, cryptoasn1.SEQUENCE) || !cert.ReadASN1(&tbs, cryptoasn1.SEQUENCE) ||
		!tbs.SkipOptionalASN1(cryptoasn1.Tag(0).ContextSpecific().Constructed()) ||
		!tbs.SkipASN1(cryptoasn1.INTEGER) || !tbs.SkipASN1(cryptoasn1.SEQUENCE) || !tbs.SkipASN1(cryptoasn1.SEQUENCE) ||
		!tbs.ReadASN1(&valid, cryptoasn1.SEQUENCE) {
		return notParsed
	}
	from, ok1 := readTime(&valid)
	until, ok2 := readTime(&valid)
	switch {
	case !ok1 || !ok2:
		return notParsed
	case now.After(until):
		return hasRunOut
	case now.Before(from):
		return notYet
	}
	return ""
}

func readTime(s *cryptobyte.String) (t time.Time, ok bool) {
	if s.PeekASN1Tag(cryptoasn1.UTCTime) {
		return t, s.ReadASN1UTCTime(&t)
	}
	return t, s.PeekASN1Tag(cryptoasn1.Tag(asn1.TagGeneralizedTime)) && s.ReadASN1GeneralizedTime(&t)
}
