package styleguide

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"maiaportal/web/templates/layout"
)

// declared are the exported components of the parts: functions of templ, and what is drawn once.
func declared(t *testing.T) []string {
	t.Helper()
	var names []string
	for pattern, declaration := range map[string]string{
		"../parts/*.templ": `(?m)^templ ([A-Z]\w*)\(`,
		"../parts/*.go":    `(?m)^(?:\t|var )([A-Z]\w*) += Once\(`,
	} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range regexp.MustCompile(declaration).FindAllStringSubmatch(string(text), -1) {
				names = append(names, found[1])
			}
		}
	}
	if len(names) < 20 {
		t.Fatalf("only these are found: %q", names)
	}
	slices.Sort(names)
	return names
}

// A part that nobody can look at changes unseen.
func TestEachPartIsShown(t *testing.T) {
	shown := Names()
	slices.Sort(shown)
	if want := declared(t); !slices.Equal(shown, want) {
		t.Errorf("shown:    %q\ndeclared: %q", shown, want)
	}
	source, err := os.ReadFile("parts.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range shown {
		if !regexp.MustCompile(`[^"\w]` + name + `\b`).Match(source) {
			t.Errorf("%s is named, but not drawn", name)
		}
	}
}

// Each page draws, and no id stands on it twice: where that cannot be helped, each state has a page of its own.
func TestPagesAreSound(t *testing.T) {
	sound := func(only, number string) string {
		page, ok := Page(layout.Page{}, only, number)
		if !ok {
			t.Fatalf("no page for %q %q", only, number)
		}
		var b strings.Builder
		if err := page.Render(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		doc, err := html.Parse(strings.NewReader(b.String()))
		if err != nil {
			t.Fatal(err)
		}
		ids := map[string]bool{}
		for n := range doc.Descendants() {
			for _, a := range n.Attr {
				if a.Key == "id" && ids[a.Val] {
					t.Errorf("%s %s: the id %s stands there twice", only, number, a.Val)
				}
				if a.Key == "id" {
					ids[a.Val] = true
				}
			}
		}
		return b.String()
	}
	whole := sound("", "")
	links := regexp.MustCompile(`only=(\w+)&amp;state=(\d+)`).FindAllStringSubmatch(whole, -1)
	if len(links) < 10 {
		t.Errorf("%d states have a page of their own", len(links))
	}
	for _, link := range links {
		sound(link[1], link[2])
	}
	for _, none := range [][2]string{{"Nothing", "0"}, {"TakeValue", "99"}, {"TakeValue", "-1"}, {"TakeValue", "x"}} {
		if _, ok := Page(layout.Page{}, none[0], none[1]); ok {
			t.Errorf("there is a page for %q", none)
		}
	}
}
