package server

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"
	"golang.org/x/net/idna"
)

// origins tells the portal's own pages from everybody else's. http.CrossOriginProtection does not do:
// it takes any scheme where the host of Origin is that of the request.
type origins struct {
	own string // as browsers write it
}

// originOf is the origin of a base URL as browsers write it: in lower case, with the default port left
// out, and with the host in ASCII.
func originOf(base string) (string, error) {
	u, err := url.Parse(base)
	if err != nil {
		return "", fmt.Errorf("server: base URL: %w", err)
	}
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Hostname())
	if scheme != "http" && scheme != "https" || host == "" {
		return "", errors.New("server: base URL: want http or https and a host")
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		if host = ip.String(); ip.Is6() {
			host = "[" + host + "]"
		}
	} else if ascii, err := idna.Lookup.ToASCII(host); err == nil {
		host = ascii
	}
	port := u.Port()
	if port == map[string]string{"http": "80", "https": "443"}[scheme] {
		port = ""
	}
	if port != "" {
		port = ":" + port
	}
	return scheme + "://" + host + port, nil
}

// foreign says whether a request comes from another site's page. Sec-Fetch-Site decides where it is
// sent, else Origin. What has neither is no browser's: the form token decides. A header that comes
// twice is refused: which one counts would be a guess.
func (o origins) foreign(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions: // these change nothing
		return false
	}
	if site, sent := theOne(r.Header.Values("Sec-Fetch-Site")); sent {
		// none: the user's own doing, such as a bookmark.
		return site != "same-origin" && site != "none"
	}
	origin, sent := theOne(r.Header.Values("Origin"))
	return sent && origin != o.own
}

// theOne is the value of a header that may come once. One that comes twice has none that is any good.
func theOne(values []string) (value string, sent bool) {
	switch len(values) {
	case 0:
		return "", false
	case 1:
		return values[0], values[0] != ""
	}
	return "", true
}

// sameOrigin refuses what another site's page sends. It does not wait for the body, which has no say in
// it; so the connection ends with the answer.
func (m *middleware) sameOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if m.origins.foreign(c.Request()) {
			if c.Request().ContentLength != 0 {
				c.Response().Header().Set("Connection", "close")
			}
			if m.o.Foreign == nil {
				return echo.ErrForbidden
			}
			return m.o.Foreign()
		}
		return next(c)
	}
}
