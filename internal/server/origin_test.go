package server

import (
	"net/http"
	"testing"
)

// S-22: without Sec-Fetch-Site a request comes from the portal where its Origin is the base URL's, to
// the letter.
func TestOriginOfAnotherSchemeIsForeign_S22(t *testing.T) {
	type headers = http.Header
	for why, tc := range map[string]struct {
		base    string
		h       headers
		foreign bool
	}{
		"its own":                            {"https://portal.test", headers{"Origin": {"https://portal.test"}}, false},
		"http against https":                 {"https://portal.test", headers{"Origin": {"http://portal.test"}}, true},
		"https against http":                 {"http://127.0.0.1:8080", headers{"Origin": {"https://127.0.0.1:8080"}}, true},
		"ftp":                                {"https://portal.test", headers{"Origin": {"ftp://portal.test"}}, true},
		"no scheme":                          {"https://portal.test", headers{"Origin": {"//portal.test"}}, true},
		"a host alone":                       {"https://portal.test", headers{"Origin": {"portal.test"}}, true},
		"another port":                       {"https://portal.test", headers{"Origin": {"https://portal.test:8443"}}, true},
		"the port that browsers leave out":   {"https://portal.test:443", headers{"Origin": {"https://portal.test"}}, false},
		"the same for http":                  {"http://localhost:80", headers{"Origin": {"http://localhost"}}, false},
		"a port of the other scheme":         {"https://portal.test:80", headers{"Origin": {"https://portal.test:80"}}, false},
		"capitals in the base URL":           {"HTTPS://Portal.Test", headers{"Origin": {"https://portal.test"}}, false},
		"capitals in Origin":                 {"https://portal.test", headers{"Origin": {"https://PORTAL.test"}}, true},
		"a slash at its end":                 {"https://portal.test/", headers{"Origin": {"https://portal.test"}}, false},
		"a path":                             {"https://portal.test", headers{"Origin": {"https://portal.test/"}}, true},
		"IPv6":                               {"http://[0:0::1]:8080", headers{"Origin": {"http://[::1]:8080"}}, false},
		"letters beyond ASCII":               {"https://bücher.test", headers{"Origin": {"https://xn--bcher-kva.test"}}, false},
		"null":                               {"https://portal.test", headers{"Origin": {"null"}}, true},
		"nonsense":                           {"https://portal.test", headers{"Origin": {"%zz://\x7f"}}, true},
		"user info":                          {"https://portal.test", headers{"Origin": {"https://x@portal.test"}}, true},
		"two of its own":                     {"https://portal.test", headers{"Origin": {"https://portal.test", "https://portal.test"}}, true},
		"its own and another":                {"https://portal.test", headers{"Origin": {"https://portal.test", "https://evil.test"}}, true},
		"an empty one and another":           {"https://portal.test", headers{"Origin": {"", "https://evil.test"}}, true},
		"a list":                             {"https://portal.test", headers{"Origin": {"https://portal.test https://evil.test"}}, true},
		"neither header":                     {"https://portal.test", headers{}, false},
		"both are empty":                     {"https://portal.test", headers{"Origin": {""}, "Sec-Fetch-Site": {""}}, false},
		"Sec-Fetch-Site decides":             {"https://portal.test", headers{"Origin": {"https://evil.test"}, "Sec-Fetch-Site": {"same-origin"}}, false},
		"Sec-Fetch-Site decides otherwise":   {"https://portal.test", headers{"Origin": {"https://portal.test"}, "Sec-Fetch-Site": {"cross-site"}}, true},
		"the user's own doing":               {"https://portal.test", headers{"Sec-Fetch-Site": {"none"}}, false},
		"another host of the site":           {"https://portal.test", headers{"Sec-Fetch-Site": {"same-site"}}, true},
		"a value that nobody knows":          {"https://portal.test", headers{"Origin": {"https://portal.test"}, "Sec-Fetch-Site": {"Same-Origin"}}, true},
		"several values":                     {"https://portal.test", headers{"Sec-Fetch-Site": {"same-origin", "cross-site"}}, true},
		"several values, the first is empty": {"https://portal.test", headers{"Sec-Fetch-Site": {"", "same-origin"}}, true},
		"several values in one":              {"https://portal.test", headers{"Sec-Fetch-Site": {"same-origin, cross-site"}}, true},
		"an empty one, and Origin decides":   {"https://portal.test", headers{"Origin": {"https://evil.test"}, "Sec-Fetch-Site": {""}}, true},
	} {
		own, err := originOf(tc.base)
		if err != nil {
			t.Fatal(err)
		}
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, "BREW"} {
			// Whom the request was sent to does not matter: a proxy may have changed it.
			r := &http.Request{Method: method, Host: "portal.test", Header: tc.h}
			if got := (origins{own}).foreign(r); got != tc.foreign {
				t.Errorf("%s: %s is foreign: %v, want %v (own %s)", why, method, got, tc.foreign, own)
			}
		}
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions} {
			if (origins{own}).foreign(&http.Request{Method: method, Header: tc.h}) {
				t.Errorf("%s: %s, which changes nothing, is refused", why, method)
			}
		}
	}
	for _, base := range []string{"", "portal.test", "ftp://portal.test", "https://", "http://%zz"} {
		if own, err := originOf(base); err == nil {
			t.Errorf("%q has the origin %q", base, own)
		}
	}
}
