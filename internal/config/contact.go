package config

import (
	"net/mail"
	"net/url"
	"strings"
)

// contact checks the address of security.txt, which is written into it as it is.
func (r *reader) contact(given string) string {
	if given == "" {
		return ""
	}
	u, err := url.Parse(given)
	fits := err == nil && !strings.ContainsFunc(given, func(c rune) bool { return c <= ' ' || c > '~' })
	switch {
	case fits && u.Scheme == "https":
		fits = u.Host != "" && u.User == nil
	case fits && u.Scheme == "mailto":
		_, err := mail.ParseAddress(u.Opaque)
		fits = err == nil
	default:
		fits = false
	}
	if !fits {
		r.fault(prefix+"SECURITY_CONTACT", "want mailto: and an address, or an address that begins with https://")
	}
	return given
}
