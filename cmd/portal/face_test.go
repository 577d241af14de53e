package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"maiaportal/internal/config"
)

const companyLogo = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 1"><rect width="4" height="1" fill="#a52a20"/></svg>`

// A company's logo and colour are on each page, from the portal's own host and under the hash of their content.
func TestCompanysFace(t *testing.T) {
	logo := filepath.Join(t.TempDir(), "logo.svg")
	if err := os.WriteFile(logo, []byte(companyLogo), 0o600); err != nil {
		t.Fatal(err)
	}
	b := newRig(t, "LOGO", logo, "ACCENT", "#a52a20").browser()
	for _, path := range []string{"/about", "/nowhere"} {
		p := b.get(path)
		picture := ""
		stylesheet := ""
		for n := range p.doc().Descendants() {
			switch {
			case n.Data == "img":
				picture = attr(n, "src")
			case n.Data == "link" && attr(n, "rel") == "stylesheet":
				stylesheet = attr(n, "href")
			}
		}
		served := b.get(picture)
		if served.status != http.StatusOK || served.body != companyLogo || served.header.Get("Content-Type") != "image/svg+xml" {
			t.Errorf("%s: the logo at %q: %d %q %v", path, picture, served.status, served.body, served.header)
		}
		for header, want := range map[string]string{
			"Cache-Control":           "public, max-age=31536000, immutable",
			"X-Content-Type-Options":  "nosniff",
			"Content-Security-Policy": "default-src 'none'",
		} {
			if got := served.header.Get(header); !strings.Contains(got, want) {
				t.Errorf("%s: the logo has %s: %q", path, header, got)
			}
		}
		if sheet := b.get(stylesheet); !strings.Contains(sheet.body, "--accent:light-dark(#a52a20,") {
			t.Errorf("%s: the stylesheet lacks the colour", path)
		}
	}
}

// What could run or cannot be read stops the start, with a word on what to do.
func TestFaceThatIsRefused(t *testing.T) {
	logo := filepath.Join(t.TempDir(), "logo.svg")
	if err := os.WriteFile(logo, []byte(strings.Replace(companyLogo, "<rect", "<script/>\n<rect", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	for given, want := range map[string]string{
		"PORTAL_LOGO=" + logo:                           "PORTAL_LOGO: line 1: the element script is not allowed",
		"PORTAL_LOGO=" + filepath.Join(logo, "missing"): "PORTAL_LOGO: the file cannot be read",
		"PORTAL_LOGO=" + filepath.Dir(logo):             "PORTAL_LOGO: the file cannot be read",
		"PORTAL_ACCENT=#ffcc00":                         "PORTAL_ACCENT: has a contrast of 1.3 : 1 with the light page",
		"PORTAL_ACCENT=red":                             "PORTAL_ACCENT: want a colour as #rrggbb",
	} {
		if _, err := config.Load(nil, []string{given}, checks); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", given, err)
		}
	}
}
