package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	module    = "maiaportal/"
	everyRoom = "every room"
)

// rooms is the table in CONTRIBUTING.md: what each room may import.
func rooms(t *testing.T, root string) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "CONTRIBUTING.md"))
	if err != nil {
		t.Fatal(err)
	}
	table := map[string][]string{}
	line := regexp.MustCompile("(?m)^\\| `([^`]+)` \\| [^|]+ \\| ([^|]+) \\|$")
	for _, row := range line.FindAllStringSubmatch(string(text), -1) {
		room, words := row[1], row[2]
		if _, twice := table[room]; twice {
			t.Errorf("%s has two lines in the table of rooms in CONTRIBUTING.md", room)
		}
		var may []string
		switch words {
		case everyRoom:
			may = []string{everyRoom}
		case "nothing":
		default:
			for _, word := range strings.Split(words, ", ") {
				may = append(may, fullName(strings.Trim(word, "`")))
			}
		}
		table[room] = may
	}
	if len(table) < 20 {
		t.Fatalf("%d rooms are found in CONTRIBUTING.md, which cannot be all", len(table))
	}
	return table
}

// fullName is the folder of a room that the table calls by its short name.
func fullName(room string) string {
	if room == "migrations" || strings.HasPrefix(room, "web/") {
		return room
	}
	return "internal/" + room
}

// imported is what each room imports of the others.
func imported(t *testing.T, root string) map[string][]string {
	t.Helper()
	found := everyImport(t, root)
	for room, names := range found {
		var ours []string
		for _, name := range names {
			if other, ok := strings.CutPrefix(name, module); ok {
				ours = append(ours, other)
			}
		}
		found[room] = ours
	}
	return found
}

// everyImport is what each room imports, in files that are no tests, for whichever system they are.
func everyImport(t *testing.T, root string) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for _, top := range []string{"bench", "cmd", "internal", "migrations", "web"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
				return err
			}
			inside, err := filepath.Rel(root, filepath.Dir(file))
			if err != nil {
				return err
			}
			room := filepath.ToSlash(inside)
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
			if err != nil {
				return err
			}
			found[room] = append(found[room], []string{}...)
			for _, spec := range parsed.Imports {
				name, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					return err
				}
				if !slices.Contains(found[room], name) {
					found[room] = append(found[room], name)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// rowOf is the line of a room: its own, or that of the room it lies in.
func rowOf(table map[string][]string, room string) (row string, ok bool) {
	for row = room; row != "."; row = path.Dir(row) {
		if _, ok := table[row]; ok {
			return row, true
		}
	}
	return "", false
}

// lets says whether a row names a room: by its name, or by that of one that it lies in, with "/..." behind it.
func lets(may []string, room string) bool {
	return slices.ContainsFunc(may, func(word string) bool {
		if all, ok := strings.CutSuffix(word, "/..."); ok {
			return inside(room, all)
		}
		return word == everyRoom || word == room
	})
}

// inside says whether a room is another one, or lies in it.
func inside(room, other string) bool { return room == other || strings.HasPrefix(room, other+"/") }

// Imports run one way. A circle of reasons begins with one arrow that was handy.
func TestArrows(t *testing.T) {
	const root = "../.."
	table, found := rooms(t, root), imported(t, root)
	for room, imports := range found {
		row, ok := rowOf(table, room)
		if !ok {
			t.Errorf("the room %s is not in the table of rooms in CONTRIBUTING.md: "+
				"add a line that says what it is for and what it may import", room)
			continue
		}
		may := table[row]
		for _, other := range imports {
			if lets(may, other) || row != room && inside(other, row) {
				continue
			}
			t.Errorf("%s imports %s, which the table of rooms in CONTRIBUTING.md does not let it. "+
				"Ask for what it needs as a small interface or a function, and hand that in from cmd/portal; "+
				"if the arrow is right, add it to the table and say why in the commit", room, other)
		}
	}
	for room, may := range table {
		if _, ok := found[room]; !ok {
			t.Errorf("there is no room %s: take its line out of the table in CONTRIBUTING.md", room)
			continue
		}
		for _, other := range may {
			used := slices.ContainsFunc(found[room], func(name string) bool { return lets([]string{other}, name) })
			if !used {
				t.Errorf("%s does not import %s: take that arrow out of the table in CONTRIBUTING.md", room, other)
			}
		}
	}
}

// Some libraries are known to one room alone, so that they can be looked after, or replaced, there.
func TestLibrariesHaveOneRoom(t *testing.T) {
	found := everyImport(t, "../..")
	for library, only := range map[string]string{
		"github.com/coreos/go-oidc":   "internal/auth/oidc",
		"golang.org/x/oauth2":         "internal/auth/oidc",
		"github.com/gorilla/sessions": "internal/auth/session",
	} {
		met := false
		for room, names := range found {
			uses := slices.ContainsFunc(names, func(name string) bool { return inside(name, library) })
			if uses && room != only {
				t.Errorf("%s imports %s, which only %s is to know", room, library, only)
			}
			met = met || uses
		}
		if !met {
			t.Errorf("nobody imports %s any more: take it out of this test", library)
		}
	}
}
