package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The threat model, the reviewer's page and the operator's name tests. One that was renamed or never written is a promise that nothing
// keeps.
func TestDocumentsNameTestsThatExist(t *testing.T) {
	const root = "../.."
	var tests strings.Builder
	for _, folder := range []string{"cmd", "internal", "web", "e2e/tests"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, "_test.go") && !strings.HasSuffix(path, ".spec.ts") || strings.HasSuffix(path, "docs_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			tests.WriteString(filepath.Base(path) + "\n" + string(text))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var doc []byte
	for _, name := range []string{"docs/threat-model.md", "docs/reviewer.md", "docs/operate.md"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		doc = append(doc, text...)
	}
	// A name of a test may end in an id, so ids are looked for once more on their own.
	id := regexp.MustCompile(`S-?\d+a?\b`)
	name := regexp.MustCompile(`S-?\d+a?\b|\bTest[A-Z]\w+|[\w-]+\.spec\.ts`)
	told := map[string]bool{}
	for _, n := range append(name.FindAllString(tests.String(), -1), id.FindAllString(tests.String(), -1)...) {
		told[strings.Replace(n, "S-", "S", 1)] = true
	}
	claimed := name.FindAllString(string(doc), -1)
	if len(claimed) < 100 {
		t.Fatalf("%d names are found, which cannot be all", len(claimed))
	}
	for _, n := range claimed {
		if !told[strings.Replace(n, "S-", "S", 1)] {
			t.Errorf("no test says %s", n)
		}
	}
	for _, link := range regexp.MustCompile(`\]\((adr/[^)]+)\)`).FindAllStringSubmatch(string(doc), -1) {
		if _, err := os.Stat(filepath.Join(root, "docs", link[1])); err != nil {
			t.Errorf("a link leads nowhere: %s", link[1])
		}
	}
}
