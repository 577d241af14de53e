package handlers

import (
	"bytes"
	"maps"
	"net/http"
	"strings"
	"testing"

	"maiaportal/internal/catalogue"
	"maiaportal/internal/maiaclient"
	"maiaportal/internal/submission"
	"maiaportal/web/templates/layout"
	"maiaportal/web/templates/parts"
)

// bareState is a form's state for a link that has a recipe or nothing.
func bareState(f formSpec, recipe, token string) formState {
	in, _, _, _ := f.fromQuery("recipe=" + recipe)
	linked := in.filled()
	in, _ = f.withRecipe(in)
	return formState{
		in:     in,
		status: http.StatusOK,
		token:  token,
		fresh:  true,
		linked: linked,
	}
}

// A form that is kept is the same, byte for byte, as one that is drawn for whoever asks, and nobody gets anything of the
// one who asked before.
func TestKeptFormsAreAsIfDrawn(t *testing.T) {
	until := parts.Moment{ISO: "2026-12-01T10:00:00Z", Exact: "10:00 UTC", Words: "in 59 min"}
	users := []layout.User{
		{Name: "Ada Admin", Initials: "AA", Detail: "ada@example.com", Until: until},
		{Name: "<b>Grace & \"Co\"</b>\n'", Initials: "<", Detail: "O'Hara <o@example.com>", Until: parts.Moment{ISO: "i", Exact: "e\u202e", Words: "&amp;"}},
		{Name: "No Detail", Initials: "ND", Until: until},
		{Name: "No Words", Initials: "NW", Detail: "d", Until: parts.Moment{ISO: "2026-12-01T11:00:00Z", Exact: "11:00 UTC"}},
		{Initials: "", Detail: "has no name"},
	}
	lists := []catalogue.Lists{
		{ProjectsWhy: catalogue.Refused, AgentsWhy: catalogue.Slow},
		{
			Projects:      []maiaclient.Project{{ID: "5d1c6f0e-3b0a-4a58-9a1e-000000000000", Name: "<Finance> & \"ledger\""}},
			Agents:        []maiaclient.Agent{{ID: "a", Name: "agent", CloudProvider: "aws"}},
			ProjectsKnown: true,
			AgentsKnown:   true,
		},
	}
	var h Handlers
	for _, recipe := range append(recipeIDs(), "") {
		for _, list := range lists {
			for _, f := range forms {
				for i, u := range users {
					p := layout.Page{Title: f.title, Product: "Maia secrets", User: &u}
					st := bareState(f, recipe, strings.Repeat("token-", i+1))
					var want, got bytes.Buffer
					if err := h.view(f, st, list).page(p).Render(t.Context(), &want); err != nil {
						t.Fatal(err)
					}
					for range 2 { // the second one is kept
						got.Reset()
						if err := h.drawBare(&got, f, st, list, u, func() layout.Page { return p }); err != nil {
							t.Fatal(err)
						}
						if got.String() != want.String() {
							t.Fatalf("%s, %q, user %d:\n%s\nwant\n%s", f.page, recipe, i, got.String(), want.String())
						}
					}
				}
			}
		}
	}
}

// Users who see the same lists share what is kept.
func TestKeptFormsAreShared(t *testing.T) {
	var h Handlers
	for _, name := range []string{"Ada", "Grace"} {
		var out bytes.Buffer
		user := layout.User{Name: name, Initials: name[:1], Detail: name}
		page := func() layout.Page { return layout.Page{User: &user} }
		st := bareState(setupForm, "password", name)
		if err := h.drawBare(&out, setupForm, st, catalogue.Lists{}, user, page); err != nil {
			t.Fatal(err)
		}
	}
	if len(h.drawn.kept) != 1 {
		t.Errorf("%d forms are kept", len(h.drawn.kept))
	}
}

func recipeIDs() []string {
	var ids []string
	for _, r := range submission.Recipes {
		ids = append(ids, r.ID)
	}
	return ids
}

// What fills something in is drawn for itself, and so is what needs more rows.
func TestBareForms(t *testing.T) {
	for query, want := range map[string]bool{
		"":                                 true,
		"recipe=password":                  true,
		"recipe=password&rows=8":           true,
		"recipe=password&name=n":           false,
		"name=":                            false,
		"rows=16":                          false,
		"pairKey=a":                        false,
		"recipe=password&preset=p":         false,
		"recipe=password&projectId=p&name": false,
	} {
		in, _, _, _ := valueForm.fromQuery(query)
		if in.bare() != want {
			t.Errorf("%q: %v, want %v", query, !want, want)
		}
	}
}

// Whatever lists there are, what is kept has a bound, and stays right.
func TestKeptFormsHaveABound(t *testing.T) {
	var kept drawnForms
	for i := range 3 * drawnMost {
		key := drawnKey{recipe: strings.Repeat("x", i)}
		want := drawnForm{pieces: [][]byte{[]byte(key.recipe)}}
		for range 2 {
			got, err := kept.get(key, func() (drawnForm, error) { return want, nil })
			if err != nil || !bytes.Equal(got.pieces[0], want.pieces[0]) {
				t.Fatalf("%d: %v, %q", i, err, got.pieces)
			}
		}
		if len(kept.kept) > drawnMost {
			t.Fatalf("%d are kept", len(kept.kept))
		}
	}
	before := maps.Clone(kept.kept)
	if _, err := kept.get(drawnKey{recipe: "fails"}, func() (drawnForm, error) { return drawnForm{}, http.ErrAbortHandler }); err == nil || len(kept.kept) != len(before) {
		t.Errorf("a page that cannot be drawn: %v, %d are kept", err, len(kept.kept))
	}
}
