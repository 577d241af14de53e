package weburl_test

import (
	"net/url"
	"testing"

	"maiaportal/internal/weburl"
)

func TestSecure(t *testing.T) {
	for address, want := range map[string]bool{
		"https://id.example":           true,
		"https://id.example:8443/a?b":  true,
		"http://127.0.0.1:8080":        true,
		"http://127.9.9.9":             true,
		"http://[::1]:8080":            true,
		"http://localhost/x":           true,
		"http://id.example":            false,
		"http://localhost.id.example":  false,
		"http://127.0.0.1.nip.example": false,
		"http://0.0.0.0":               false,
		"http://10.0.0.1":              false,
		"ftp://127.0.0.1":              false,
		"javascript:alert(1)":          false,
		"https:opaque":                 false,
		"https:///path":                false,
		"//id.example":                 false,
		"/path":                        false,
		"":                             false,
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := weburl.Secure(u); got != want {
			t.Errorf("%q: %v", address, got)
		}
	}
}
