package scrub

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// shortWord is how long a single word may be, in characters, to be a name and no secret.
const shortWord = 8

// wordsOfNames are what the names of credentials and of where they belong are made of.
const wordsOfNames = `access account active admin agent algorithm alg alias api app application arn assertion attribute aud
audience auth authentication authorization aws azure base basic bearer bucket ca cache cert certificate certs chain
channel cipher class client cloud cluster code collection config connection connector consumer content cookie credential
credentials curve database date db default description dialect dir directory dns domain driver email enabled encrypted
encryption endpoint engine env environment exp expires expiry external file filename fingerprint folder format ftp full
gcp google grant group groups hash header headers hmac home host hostname hosts http https iam id identifier identity ids
image in info instance integration internal ip iss issuer iv jdbc json jwt key keyid keys keystore kid kind kty label ldap
level local location login mail master max message metadata method min mode mongo mysql name namespace network nonce
number oauth oidc oracle org organization origin owner p12 params pass passcode passphrase passwd password passwords path
pem pfx phone pin pkcs pool port postgres postgresql prefix principal private profile project properties protocol
provider proxy pub public pwd quality query read realm redirect redshift ref reference refresh region resource response
role root rsa s3 salt sample sas schema scheme scope scopes secret secrets seed sensitive server service session sftp sha
sid sign signature signing size smtp snowflake source sql sqlserver ssh ssl standard state storage store string sub subject
subscription suffix tenant test text thumbprint time timeout timestamp tls token tokens trust truststore type universe uri
uris url urls use user userid username users value values vault verify version warehouse webhook write x509 zone`

var knownWords = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(wordsOfNames) {
		m[w] = true
	}
	return m
}()

// OrdinaryName says whether the name of a property says nothing of a secret, even where the property
// was typed as one: it is made of words that such names are made of (client_x509_cert_url, apiKey2), or
// is one short word of letters. Any other name may be what somebody keeps there: a user's name, a key's
// id, or a password in the wrong place. Messages that name a property need the ordinary ones.
func OrdinaryName(name []byte) bool {
	other := bytes.IndexFunc(name, func(r rune) bool { return !unicode.IsLetter(r) })
	if utf8.RuneCount(name) <= shortWord && other < 0 && !changesCase(name) {
		return true
	}
	rest := name
	for len(rest) > 0 {
		word := leadingWord(rest)
		if len(word) == 0 {
			return false
		}
		rest = rest[len(word):]
		if len(rest) > 1 && bytes.IndexByte([]byte("_-. "), rest[0]) >= 0 {
			rest = rest[1:]
		}
	}
	return true
}

// changesCase says whether a small letter is followed by a capital one.
func changesCase(name []byte) bool {
	small := false
	for len(name) > 0 {
		r, n := utf8.DecodeRune(name)
		if small && unicode.IsUpper(r) {
			return true
		}
		small = unicode.IsLower(r)
		name = name[n:]
	}
	return false
}

// leadingWord gives the word that a name begins with, and a digit behind it, where it is a known one:
// up to the next sign or capital letter, or all capitals. It is empty where it is not known.
func leadingWord(name []byte) []byte {
	end := 0
	for end < len(name) && isAlphanumeric(name[end]) {
		end++
	}
	// The longest known word that ends where one may end.
	for n := end; n > 0; n-- {
		word := bytes.TrimRight(name[:n], "0123456789")
		if n-len(word) > 1 {
			word = name[:n]
		}
		if n < end && !mayEnd(name[n-1], name[n]) {
			continue
		}
		if isKnown(name[:n]) || isKnown(word) {
			return name[:n]
		}
	}
	return nil
}

// mayEnd says whether one word may end and another begin between two signs.
func mayEnd(last, next byte) bool {
	isCapital := func(c byte) bool { return c >= 'A' && c <= 'Z' }
	return isCapital(next) && !isCapital(last) || isCapital(last) && isCapital(next)
}

// isKnown says whether a word is known, in small letters, in capitals or with a capital one first.
func isKnown(word []byte) bool {
	const most = 16 // letters of the longest known word, at least
	if len(word) == 0 || len(word) > most {
		return false
	}
	var lower [most]byte
	defer clear(lower[:])
	capitals := 0
	for i, c := range word {
		lower[i] = c
		if c >= 'A' && c <= 'Z' {
			lower[i] = c + 'a' - 'A'
			capitals++
			if i != capitals-1 {
				return false
			}
		}
	}
	letters := len(bytes.TrimRight(word, "0123456789"))
	return (capitals <= 1 || capitals == letters) && knownWords[string(lower[:len(word)])]
}
