package session

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"maiaportal/internal/secret"
)

// S-17, S-18: a payload opens with a listed key, the raw id and the same purpose, and with nothing less.
func TestSealer(t *testing.T) {
	t.Parallel()
	one, two := secret.New(bytes.Repeat([]byte{1}, 32)), secret.New(bytes.Repeat([]byte{2}, 32))
	id, plain := NewID(), []byte("the login")
	sealed, err := sealer{[]secret.Value{one}}.seal(id, forSession, plain)
	if err != nil || bytes.Contains(sealed, plain) {
		t.Fatalf("%q, %v", sealed, err)
	}
	again, _ := sealer{[]secret.Value{one}}.seal(id, forSession, plain)
	if bytes.Equal(sealed, again) {
		t.Error("sealed twice alike")
	}
	flipped := bytes.Clone(sealed)
	flipped[len(flipped)-1] ^= 1
	for name, tc := range map[string]struct {
		keys   []secret.Value
		id     string
		p      purpose
		sealed []byte
		ok     bool
	}{
		"as sealed":                   {[]secret.Value{one}, id, forSession, sealed, true},
		"the key is the second now":   {[]secret.Value{two, one}, id, forSession, sealed, true},
		"the key is gone":             {[]secret.Value{two}, id, forSession, sealed, false},
		"no keys":                     {nil, id, forSession, sealed, false},
		"without the raw id":          {[]secret.Value{one}, "", forSession, sealed, false},
		"with the id's hash":          {[]secret.Value{one}, string(hash(id)), forSession, sealed, false},
		"another id":                  {[]secret.Value{one}, NewID(), forSession, sealed, false},
		"another purpose":             {[]secret.Value{one}, id, forLogin, sealed, false},
		"changed":                     {[]secret.Value{one}, id, forSession, flipped, false},
		"cut short":                   {[]secret.Value{one}, id, forSession, sealed[:20], false},
		"shorter than a nonce":        {[]secret.Value{one}, id, forSession, sealed[:3], false},
		"empty":                       {[]secret.Value{one}, id, forSession, nil, false},
		"sealed with the second key?": {[]secret.Value{two, one}, id, forLogin, nil, false},
	} {
		got, err := sealer{tc.keys}.open(tc.id, tc.p, tc.sealed)
		if tc.ok != (err == nil) || tc.ok && !bytes.Equal(got, plain) || !tc.ok && !errors.Is(err, ErrUnsealed) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	// The first key seals.
	sealed, _ = sealer{[]secret.Value{two, one}}.seal(id, forSession, plain)
	if _, err := (sealer{[]secret.Value{two}}).open(id, forSession, sealed); err != nil {
		t.Error("not sealed with the first key")
	}
}

// S-18: keys that bind forms are the session keys' children, one for each, and none of them.
func TestFormTokenKeys(t *testing.T) {
	t.Parallel()
	session := []secret.Value{secret.New(bytes.Repeat([]byte{1}, 32)), secret.New(bytes.Repeat([]byte{2}, 32))}
	got, err := FormTokenKeys(session)
	again, _ := FormTokenKeys(session)
	if err != nil || len(got) != 2 || bytes.Equal(got[0], got[1]) || bytes.Equal(got[0], session[0].Bytes()) || !bytes.Equal(got[0], again[0]) {
		t.Errorf("%x, %v", got, err)
	}
}

// S-11: ids are 256 bits and never the same; only what looks like one is looked up.
func TestID(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		id := NewID()
		if seen[id] || !ValidID(id) || len(id) != 43 {
			t.Fatalf("%q", id)
		}
		seen[id] = true
	}
	for _, bad := range []string{"", "x", strings.Repeat("x", 42), strings.Repeat("x", 44), strings.Repeat("/", 43), NewID() + "=", NewID()[:40] + "%00"} {
		if ValidID(bad) {
			t.Errorf("%q", bad)
		}
	}
}

// S-11: cookies of the right names and attributes, short, at most one of each in an answer.
func TestCookies(t *testing.T) {
	t.Parallel()
	for secure, names := range map[bool][2]string{true: {"__Host-portal", "__Host-portal-login"}, false: {"portal", "portal-login"}} {
		c := Cookies{Secure: secure}
		if c.SessionName() != names[0] || c.BrowserName() != names[1] {
			t.Errorf("%s, %s", c.SessionName(), c.BrowserName())
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
		w := httptest.NewRecorder()
		c.Browser(w, r)
		c.Browser(w, r)
		if got := w.Result().Cookies(); len(got) != 1 || got[0].Name != c.BrowserName() || got[0].MaxAge != browserAge || !ValidID(got[0].Value) {
			t.Errorf("without a session: %v", w.Header())
		}
		c.Set(w, c.BrowserName(), "other", 0)
		c.Set(w, c.SessionName(), NewID(), 0)
		c.Expire(w, c.SessionName())
		if lines := w.Header().Values("Set-Cookie"); len(lines) != 2 || !strings.HasPrefix(lines[1], c.SessionName()+"=; ") || !strings.Contains(lines[1], "Max-Age=0") {
			t.Errorf("expired: %q", lines)
		}
	}
	// What is no id of ours is not sent back.
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
	r.AddCookie(&http.Cookie{Name: "portal", Value: "planted"})
	r.AddCookie(&http.Cookie{Name: "portal-login", Value: "planted"})
	w := httptest.NewRecorder()
	Cookies{}.Browser(w, r)
	if line := w.Header().Get("Set-Cookie"); strings.Contains(line, "planted") {
		t.Errorf("%q", line)
	}
}

// People tell their own sessions apart by what their browser is called.
func TestBrowserName(t *testing.T) {
	t.Parallel()
	for agent, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0":                                                        "Firefox on Windows",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0":           "Edge on Windows",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15":                   "Safari on macOS",
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36":                                   "Chrome on Linux",
		"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36":                          "Chrome on ChromeOS",
		"Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36":                   "Chrome on Android",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1": "Safari on iPhone",
		"Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Safari/537.36 OPR/111.0.0.0":                       "Opera on Windows",
		"Firefox/1": "Firefox", "curl/8.0": "Another program", "": "Another program", "<script>alert(1)</script>": "Another program", strings.Repeat("x", 1<<20): "Another program",
	} {
		if got := browserName(agent); got != want {
			t.Errorf("%.60s: %q, want %q", agent, got, want)
		}
	}
}
