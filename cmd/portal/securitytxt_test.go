package main

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// Whoever finds a weakness finds whom to tell (RFC 9116), or nothing where nobody is named.
func TestSecurityTxt(t *testing.T) {
	const path = "/.well-known/security.txt"
	if p := newRig(t).browser().get(path); p.status != http.StatusNotFound {
		t.Errorf("without a contact: %d", p.status)
	}
	for _, contact := range []string{"mailto:security@example.com", "https://example.com/report?x=1"} {
		r := newRig(t, "SECURITY_CONTACT", contact)
		p := r.browser().get(path)
		if p.status != http.StatusOK || p.header.Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Fatalf("%d %s", p.status, p.header.Get("Content-Type"))
		}
		fields := map[string]string{}
		for line := range strings.Lines(p.body) {
			name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
			if !ok || fields[name] != "" {
				t.Errorf("a line that is no field, or a field twice: %q", line)
			}
			fields[name] = value
		}
		if fields["Contact"] != contact || fields["Canonical"] != r.base+path {
			t.Errorf("%v", fields)
		}
		expires, err := time.Parse(time.RFC3339, fields["Expires"])
		if left := time.Until(expires); err != nil || left < 30*24*time.Hour || left > 365*24*time.Hour {
			t.Errorf("it expires at %q", fields["Expires"])
		}
		if head := r.browser().do(r.browser().request(http.MethodHead, path, nil)); head.status != http.StatusOK || head.body != "" {
			t.Errorf("HEAD: %d %q", head.status, head.body)
		}
	}
}
