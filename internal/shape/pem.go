package shape

import (
	"bytes"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cryptoasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// pemLook is what is known of the PEM blocks (RFC 7468) in a value.
type pemLook struct {
	present bool
	quoted  bool    // a key stands inside a quoted text
	broken  Finding // why it is no private key
	odd     []Finding
}

var (
	pemBegin = []byte("-----BEGIN ")
	pemEnd   = []byte("-----END ")
	dashes   = []byte("-----")
)

// Words about keys. They name no label and no length: both come from the value.
var (
	noKey       = Finding{ID: "no-key", Text: "This is not a private key in PEM form. It has to begin with a line such as -----BEGIN PRIVATE KEY----- and end with the matching END line."}
	publicKey   = Finding{ID: "public-key", Text: "This is a public key or a certificate. The private key is needed here: its first line has the words PRIVATE KEY."}
	badBegin    = Finding{ID: "bad-begin", Text: "This is a key whose BEGIN line is missing or damaged. The line has exactly five hyphens on both sides and plain spaces: -----BEGIN PRIVATE KEY-----. Copy the key again from its file."}
	noBegin     = Finding{ID: "no-begin", Text: "It looks like a key or certificate whose BEGIN line is missing or damaged. The line has exactly five hyphens on both sides. Copy it whole, from the first hyphen to the last one."}
	noEnd       = Finding{ID: "no-end", Text: "The END line of a key or certificate is missing, or does not match its BEGIN line. Copy it whole, from the first hyphen to the last one."}
	lostBreaks  = Finding{ID: "lost-breaks", Text: "The line breaks are lost. PEM needs the BEGIN line, the END line and what is between them on lines of their own: copy it from its file again."}
	written     = Finding{ID: "written-breaks", Text: `The line breaks of the key are written as a backslash and the letter n. Enter it with real line breaks.`}
	twice       = Finding{ID: "escaped-twice", Text: `The line breaks of the key are escaped twice. In JSON write \n once for each of them, not \\n.`}
	notBase64   = Finding{ID: "not-base64", Text: "The text between the BEGIN and END lines is damaged: it is not Base64. Copy it from its file again."}
	notParsed   = Finding{ID: "not-parsed", Text: "The key or certificate does not parse: a part of it is missing or changed. Copy it from its file again."}
	emptyLine   = Finding{ID: "empty-line", Text: "There is an empty line between the BEGIN and END lines, which OpenSSL and others refuse. Remove the empty line."}
	encrypted   = Finding{ID: "encrypted", Text: "The key is encrypted, but no passphrase was entered with it. Its users need both."}
	notYet      = Finding{ID: "not-yet", Text: "It contains a certificate that is not valid yet."}
	hasRunOut   = Finding{ID: "expired", Text: "It contains an expired certificate."}
	noNewline   = Finding{ID: "no-newline", Text: "The line break after the END line is missing. Some programs, Snowflake connections among them, do not accept a key without it."}
	windowsEnds = Finding{ID: "windows-lines", Text: "Its lines end the Windows way (CRLF). Many programs want a key with plain line feeds: save the file with Unix line ends, or paste the key as text."}
	glued       = Finding{ID: "glued", Text: "An END line and a BEGIN line share a line. Put each on a line of its own."}
	besideBegin = Finding{ID: "beside-begin", Text: "There is something before a BEGIN line, such as a quotation mark or a name and an equals sign. It is not part of the key: remove it."}
	behindEnd   = Finding{ID: "behind-end", Text: "There is something after an END line, such as a quotation mark or the % that a terminal shows. It is not part of the key: remove it."}
	linesBefore = Finding{ID: "lines-before", Text: "There are lines before the first BEGIN line, such as bag attributes, a command or a prompt. Not all programs skip them: remove them."}
	linesAfter  = Finding{ID: "lines-after", Text: "There are lines after the last END line, such as a command’s end or a prompt. They are not part of the key: remove them."}
	endIndented = Finding{ID: "indented", Text: "A BEGIN or END line begins with spaces, and programs do not find it. Remove the spaces before it."}
)

// lookPEM finds the blocks and looks at each, by the rules of OpenSSL 3 (PEM_read_bio). Keys are taken apart just far
// enough to see that they are whole: a parser of keys would leave their numbers all over the memory.
func lookPEM(b []byte, e Expect) pemLook {
	var p pemLook
	said := map[string]bool{}
	say := func(f Finding) {
		if f.ID != "" && !said[f.ID] {
			said[f.ID] = true
			p.odd = append(p.odd, f)
		}
	}
	private, public, lastPrivate := false, false, false
	certificates := bytes.Count(b, []byte("-----BEGIN CERTIFICATE-----"))
	certificate, first, last := 0, -1, 0
	for at := 0; ; {
		i := bytes.Index(b[at:], pemBegin)
		if i < 0 {
			break
		}
		begin := at + i
		at = begin + len(pemBegin)
		label, after, ok := bytes.Cut(b[at:], dashes)
		if !ok || len(label) > 64 || bytes.IndexByte(label, '\n') >= 0 || bytes.IndexFunc(label, beyondASCII) >= 0 {
			continue // dashes in a text, no block
		}
		if inQuotes(b, begin, e.Kind) {
			p.quoted = true
			continue // a text in quotes, which a program reads in a way of its own
		}
		p.present = true
		isPrivate := bytes.Contains(label, []byte("PRIVATE KEY"))
		private, public, lastPrivate = private || isPrivate, public || !isPrivate, isPrivate
		line := b[bytes.LastIndexByte(b[:begin], '\n')+1 : begin]
		if first < 0 {
			first = begin
		}
		if len(trim(line)) > 0 && !bytes.HasSuffix(trim(line), dashes) {
			say(besideBegin)
		}
		body, end, ok := cutEnd(after, label)
		if !ok {
			if bytes.Contains(after, []byte(`\n`)) {
				say(escaped(e.Kind))
			}
			say(noEnd)
			break
		}
		at = len(b) - len(end)
		last = at
		say(behind(end))
		if bytes.HasPrefix(label, []byte("PGP ")) {
			continue // has a check sum of its own kind
		}
		as := e
		if string(label) == "CERTIFICATE" {
			certificate++
			as.bundle = certificates
			as.position = certificate
		}
		say(lookBlock(label, body, indented(b[:begin]), as))
	}
	switch {
	case !p.present:
		damaged := !p.quoted && damagedBegin(b)
		p.broken = noKey
		if damaged {
			p.broken = badBegin
			say(noBegin)
		}
	case !private && public:
		p.broken = publicKey
	}
	if p.present {
		sayAround(b[:first], b[last:], e.Kind, say)
	}
	if p.present && len(p.odd) == 0 {
		sayEnds(b[:first], b[last:], lastPrivate, e, say)
		if bytes.Contains(b, []byte("\r\n")) {
			say(windowsEnds)
		}
	}
	return p
}

func beyondASCII(c rune) bool { return c > 0x7e }

// escaped is what is said of line breaks that are written out, in the words of the format.
func escaped(k Kind) Finding {
	if k == Leaf {
		return twice
	}
	return written
}

// inQuotes tells a key inside a text of TOML, YAML, JSON or an .env file, where line breaks are written as \n.
func inQuotes(b []byte, begin int, k Kind) bool {
	if k != File && k != Anything || begin == 0 || b[begin-1] != '"' && b[begin-1] != '\'' {
		return false
	}
	if k == File {
		return true
	}
	line, _, _ := bytes.Cut(b[begin:], []byte{'\n'})
	return begin > 1 && bytes.Contains(line, []byte(`\n`))
}

// behind looks at what shares the line with an END line.
func behind(after []byte) Finding {
	line, _, _ := bytes.Cut(after, []byte{'\n'})
	switch line = trim(line); {
	case bytes.Contains(line, pemBegin):
		return glued
	case len(line) > 0 && !bytes.HasPrefix(line, []byte(`\n`)):
		return behindEnd
	}
	return Finding{}
}

// sayAround looks at the lines before the first block and behind the last one. Where a key is expected, there are none;
// elsewhere they may be a file of settings, and only what a terminal leaves is told.
func sayAround(before, after []byte, k Kind, say func(Finding)) {
	before = before[:bytes.LastIndexByte(before, '\n')+1]
	if i := bytes.IndexByte(after, '\n'); i >= 0 {
		after = after[i:]
	} else {
		after = nil
	}
	switch k {
	case PrivateKey:
		if len(trim(before)) > 0 {
			say(linesBefore)
		}
		if len(trim(after)) > 0 {
			say(linesAfter)
		}
	case Anything, Line:
		command := fromTerminal(before)
		if command {
			say(linesBefore)
		}
		if rest := trim(after); len(rest) > 0 && (command || len(rest) < 80 && bytes.IndexByte([]byte("$%#"), rest[len(rest)-1]) >= 0) {
			say(linesAfter)
		}
	case Leaf, File:
	}
}

// fromTerminal tells a here-document and a prompt with a command.
func fromTerminal(before []byte) bool {
	line := trim(before)
	line = line[bytes.LastIndexByte(line, '\n')+1:]
	heredoc := bytes.Index(line, []byte("<<"))
	return heredoc >= 0 && heredoc+2 < len(line) || bytes.HasPrefix(line, []byte("$ ")) || bytes.HasPrefix(line, []byte("% ")) ||
		bytes.Contains(line, []byte("$ cat ")) || bytes.HasPrefix(line, []byte("Bag Attributes"))
}

// sayEnds looks at what stands before the first block and behind the last one.
func sayEnds(before, after []byte, private bool, e Expect, say func(Finding)) {
	if len(before) > 0 && len(trim(before)) == 0 {
		say(beginsBlank)
	}
	switch {
	case len(after) == 0:
		if !e.NewlineAdded && private {
			say(noNewline)
		}
	case len(trim(after)) == 0 && (bytes.ContainsAny(after, " \t") || after[0] != '\n' && after[0] != '\r'):
		say(endsBlank)
	}
}

// damagedBegin tells a key or certificate of which the beginning was not copied, or whose dashes became
// others.
func damagedBegin(b []byte) bool {
	for _, sign := range []string{"-----END ", "PRIVATE KEY-", "PRIVATE KEY—", "PRIVATE KEY–", "PRIVATE\u00a0KEY-", "BEGIN CERTIFICATE-"} {
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
func lookBlock(label, body []byte, indented bool, e Expect) Finding {
	if bytes.Contains(body, []byte(`\n`)) {
		return escaped(e.Kind)
	}
	if trimmed := bytes.TrimRight(body, " \t"); len(trimmed) < len(body) {
		if !indented || e.Kind == PrivateKey && bytes.HasSuffix(trimmed, []byte("\n")) {
			if bytes.HasSuffix(trimmed, []byte("\n")) {
				return endIndented
			}
		}
		body = trimmed
	}
	if line := bytes.TrimLeft(body, " \t"); len(line) == 0 || line[0] != '\n' && line[0] != '\r' || !bytes.HasSuffix(body, []byte("\n")) {
		return lostBreaks
	}
	// Old keys have header lines, which an empty line ends (RFC 1421).
	head, data, ok := bytes.Cut(bytes.TrimLeft(body, "\r\n"), []byte("\n\n"))
	if !ok {
		head, data, ok = bytes.Cut(bytes.TrimLeft(body, "\r\n"), []byte("\r\n\r\n"))
	}
	var key keyLook
	headed := ok && bytes.IndexByte(head, ':') > 0
	if !headed && hasEmptyLine(body) || headed && hasEmptyLine(data) {
		return emptyLine
	}
	if headed {
		key = keyLook{form: oldEncrypted, locked: bytes.Contains(head, []byte("ENCRYPTED"))}
		body = data
	}
	bare := withoutBlanks(body)
	defer clear(bare)
	body = bare
	der := make([]byte, base64.StdEncoding.DecodedLen(len(body)))
	defer clear(der)
	n, err := base64.StdEncoding.Decode(der, body)
	if string(label) == "OpenVPN Static key V1" {
		return Finding{} // it is hexadecimal
	}
	if err != nil || n == 0 {
		return notBase64
	}
	if !key.locked {
		var whole bool
		if whole, key = parse(label, der[:n]); !whole {
			return notParsed
		}
	}
	if key.locked && !e.Encrypted {
		return encrypted
	}
	if f := e.Takes.refuses(key); f.ID != "" {
		return f
	}
	if string(label) == "CERTIFICATE" {
		return e.dated(validity(der[:n], e.Now))
	}
	return Finding{}
}

// dated says which certificate of a bundle it is. Bundles often keep an old one, so that only a key's own chain is
// told.
func (e Expect) dated(f Finding) Finding {
	if e.bundle < 2 || f.ID == "" || f.ID == notParsed.ID {
		return f
	}
	if e.Kind != PrivateKey {
		return Finding{}
	}
	f.Text = fmt.Sprintf("Certificate %d of %d: %s", e.position, e.bundle, f.Text)
	return f
}

// hasEmptyLine says whether there is an empty line before the last line's end. Spaces alone are an empty line too.
func hasEmptyLine(body []byte) bool {
	_, rest, _ := bytes.Cut(body, []byte{'\n'}) // that of the BEGIN line
	for len(rest) > 0 {
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte{'\n'})
		if len(trim(line)) == 0 {
			return true
		}
	}
	return false
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
func parse(label, der []byte) (whole bool, key keyLook) {
	if string(label) == "OPENSSH PRIVATE KEY" {
		whole, locked := parseOpenSSH(der)
		return whole, keyLook{form: openSSH, locked: locked}
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
		return sequence(cryptoasn1.INTEGER, cryptoasn1.SEQUENCE, cryptoasn1.OCTET_STRING), lookPKCS8(der)
	case "ENCRYPTED PRIVATE KEY":
		return sequence(cryptoasn1.SEQUENCE, cryptoasn1.OCTET_STRING), keyLook{form: pkcs8, locked: true}
	case "RSA PRIVATE KEY": // PKCS #1, RFC 8017: version and eight numbers
		return sequence(slices.Repeat([]cryptoasn1.Tag{cryptoasn1.INTEGER}, 9)...), lookPKCS1(der)
	case "EC PRIVATE KEY": // RFC 5915
		return sequence(cryptoasn1.INTEGER, cryptoasn1.OCTET_STRING), keyLook{form: sec1}
	case "PUBLIC KEY":
		return sequence(cryptoasn1.SEQUENCE, cryptoasn1.BIT_STRING), keyLook{}
	case "CERTIFICATE": // RFC 5280
		return sequence(cryptoasn1.SEQUENCE, cryptoasn1.SEQUENCE, cryptoasn1.BIT_STRING), keyLook{}
	}
	return true, keyLook{}
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
func validity(der []byte, now time.Time) Finding {
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
	return Finding{}
}

func readTime(s *cryptobyte.String) (t time.Time, ok bool) {
	if s.PeekASN1Tag(cryptoasn1.UTCTime) {
		return t, s.ReadASN1UTCTime(&t)
	}
	return t, s.PeekASN1Tag(cryptoasn1.Tag(asn1.TagGeneralizedTime)) && s.ReadASN1GeneralizedTime(&t)
}
