package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
)

const (
	keyBits    = 2048       // as PEM about 1.7 KB
	longValue  = 245 * 1000 // with its line ends 250 KB, of the 256 KiB that a value may have
	lineLength = 76
)

// randomText is text of a length, as in passwords and in base64.
func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return base64.StdEncoding.EncodeToString(b)[:n]
}

// lines breaks a text into lines as browsers send them.
func lines(text string) string {
	var b strings.Builder
	for len(text) > lineLength {
		b.WriteString(text[:lineLength])
		b.WriteString("\r\n")
		text = text[lineLength:]
	}
	b.WriteString(text)
	return b.String()
}

// privateKey is a real key as PEM, with line ends as browsers send them.
func privateKey() (string, error) {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return "", err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	return strings.ReplaceAll(string(text), "\n", "\r\n"), nil
}
