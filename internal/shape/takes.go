package shape

import (
	"golang.org/x/crypto/cryptobyte"
	cryptoasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Takes is which private keys the program takes that a value is for. The zero Takes takes every key.
type Takes struct {
	// Who is what people call the program.
	Who string
	// RSABits is the length that an RSA key has at least; other kinds of keys are not taken. 0: any key.
	RSABits int
	// PKCS8 says that the key has to be in PKCS #8 form, plain or encrypted.
	PKCS8 bool
	// Source is where its maker says so.
	Source string
}

// keyForm is how a private key is written.
type keyForm int

const (
	unknownForm keyForm = iota
	pkcs8
	pkcs1
	sec1
	openSSH
	oldEncrypted
)

// keyLook is what is known of a private key: no number of it, only how long one is.
type keyLook struct {
	form   keyForm
	locked bool
	isRSA  bool
	other  bool // certainly another kind than RSA
	bits   int  // of an RSA key
}

// refuses says why a key is not taken, or nothing. What is not known of an encrypted key is not guessed.
func (t Takes) refuses(k keyLook) Finding {
	switch {
	case t.RSABits == 0 || k.form == unknownForm:
		return Finding{}
	case k.form == openSSH:
		return Finding{ID: "not-taken", Text: t.Who + " does not take keys in OpenSSH’s own form. It takes RSA keys of at least 2048 bits in PKCS #8 form, which begin with -----BEGIN PRIVATE KEY-----."}
	case k.form == sec1 || k.other:
		return Finding{ID: "not-rsa", Text: t.Who + " takes RSA keys only, of at least 2048 bits. This is a key of another kind."}
	case k.isRSA && k.bits < t.RSABits:
		return Finding{ID: "too-short", Text: t.Who + " takes RSA keys of at least 2048 bits. This one is shorter: make a new key."}
	case t.PKCS8 && (k.form == pkcs1 || k.form == oldEncrypted):
		return Finding{ID: "pkcs1", Text: t.Who + " asks for the PKCS #8 form, and this key is in an older one. Convert it: openssl pkcs8 -topk8 -nocrypt -in old.pem -out rsa_key.p8"}
	}
	return Finding{}
}

// rsaOID is rsaEncryption, 1.2.840.113549.1.1.1, as it is encoded.
const rsaOID = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"

// lookPKCS8 reads the kind of a key that is whole, and how long its modulus is. What it reads stays where it is.
func lookPKCS8(der []byte) keyLook {
	key := keyLook{form: pkcs8}
	outer := cryptobyte.String(der)
	var in, algorithm, oid, private cryptobyte.String
	if !outer.ReadASN1(&in, cryptoasn1.SEQUENCE) || !in.SkipASN1(cryptoasn1.INTEGER) ||
		!in.ReadASN1(&algorithm, cryptoasn1.SEQUENCE) || !algorithm.ReadASN1(&oid, cryptoasn1.OBJECT_IDENTIFIER) ||
		!in.ReadASN1(&private, cryptoasn1.OCTET_STRING) {
		return key
	}
	if string(oid) != rsaOID {
		key.other = true
		return key
	}
	inner := lookPKCS1(private)
	key.isRSA = inner.isRSA
	key.bits = inner.bits
	return key
}

// lookPKCS1 reads how long the modulus of an RSA key is.
func lookPKCS1(der []byte) keyLook {
	outer := cryptobyte.String(der)
	var in, modulus cryptobyte.String
	if !outer.ReadASN1(&in, cryptoasn1.SEQUENCE) || !in.SkipASN1(cryptoasn1.INTEGER) ||
		!in.ReadASN1(&modulus, cryptoasn1.INTEGER) {
		return keyLook{form: pkcs1}
	}
	for len(modulus) > 0 && modulus[0] == 0 {
		modulus = modulus[1:]
	}
	bits := 8 * len(modulus)
	if len(modulus) > 0 {
		for top := modulus[0]; top < 0x80; top <<= 1 {
			bits--
		}
	}
	return keyLook{form: pkcs1, isRSA: true, bits: bits}
}
