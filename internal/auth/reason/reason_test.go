package reason

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of reasons into docs/login.md")

const (
	tableBegin = "<!-- reasons: made by go test ./internal/auth/reason -run TestReasonsAreDocumented -update -->\n"
	tableEnd   = "<!-- /reasons -->\n"
)

// S-61: docs/login.md explains each reason that the code can log, and the code no other.
func TestReasonsAreDocumented(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "reason.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var declared []string
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 {
			if name, ok := spec.Type.(*ast.Ident); ok && name.Name == "Reason" {
				word, _ := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
				declared = append(declared, word)
			}
		}
		return true
	})
	var table strings.Builder
	table.WriteString("| reason | what it means | what to do |\n| --- | --- | --- |\n")
	for _, word := range declared {
		e, ok := Explanations[Reason(word)]
		if !ok {
			t.Errorf("%s has no explanation", word)
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s |\n", word, e.Means, e.Do)
	}
	for r := range Explanations {
		if !slices.Contains(declared, string(r)) {
			t.Errorf("%s is explained and not declared", r)
		}
	}
	const path = "../../../docs/login.md"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok1 := strings.Cut(string(text), tableBegin)
	now, after, ok2 := strings.Cut(rest, tableEnd)
	if !ok1 || !ok2 {
		t.Fatal("docs/login.md has no place for the table")
	}
	if *update {
		if err := os.WriteFile(path, []byte(before+tableBegin+table.String()+tableEnd+after), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if now != table.String() {
		t.Error("docs/login.md has another table of reasons; run this test with -update")
	}
}
