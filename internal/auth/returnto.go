package auth

import (
	"net/url"
	"strings"
)

// maxReturnTo is how long a way back may be, in characters. Forms fit into it by the domain's rule for
// all fields together.
const maxReturnTo = 8000

// ReturnPath is a path of this portal, query included, to go to after a login. Only ReturnTo makes one, so whoever has
// one need not look at it again. The zero ReturnPath is the start page.
type ReturnPath struct{ path string }

// String is what a browser can be sent to.
func (p ReturnPath) String() string {
	if p.path == "" {
		return "/"
	}
	return p.path
}

// ReturnTo gives the start page for anything that is not plainly a path of this portal: other hosts in any disguise,
// control characters, and the addresses of the login itself, which would go in circles.
func ReturnTo(raw string) ReturnPath {
	var home ReturnPath
	if len(raw) > maxReturnTo || !strings.HasPrefix(raw, "/") || strings.HasPrefix(raw, "//") {
		return home
	}
	for _, r := range raw {
		if r <= ' ' || r == '\\' || r == 0x7f || r > 0x7e && r < 0xa0 {
			return home
		}
	}
	u, err := url.Parse(raw)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || u.Opaque != "" || u.Fragment != "" {
		return home
	}
	path := strings.ToLower(u.EscapedPath())
	for _, bad := range []string{"//", "/.", "%2f", "%5c", "%2e", "%00"} {
		if strings.Contains(path, bad) {
			return home
		}
	}
	for _, r := range u.Path {
		if r < ' ' || r == '\\' || r == 0x7f {
			return home
		}
	}
	for _, loop := range []string{"/login", "/logout", "/auth/", "/signed-out", "/static/"} {
		if u.Path == strings.TrimSuffix(loop, "/") || strings.HasPrefix(u.Path, loop) && strings.HasSuffix(loop, "/") {
			return home
		}
	}
	return ReturnPath{raw}
}
