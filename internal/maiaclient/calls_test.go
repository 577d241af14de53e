package maiaclient

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// S-26: what goes over the wire is what the closed list says, each entry of it, and a body carries a
// value only where the list says so. People are shown this list.
func TestClosedList(t *testing.T) {
	matching := func(r *http.Request) []Call {
		return slices.DeleteFunc(Calls(), func(c Call) bool {
			path := regexp.MustCompile(`\\\{\w+\\\}`).ReplaceAllString(regexp.QuoteMeta("/dpc"+c.Path), "[^/]+")
			return c.Method != r.Method || !regexp.MustCompile("^"+path+"$").MatchString(r.URL.EscapedPath())
		})
	}
	made := map[string]bool{}
	all := maps.Clone(kinds())
	maps.Copy(all, lists)
	maps.Copy(all, questions)
	for kind, do := range all {
		var s seen
		server := newServer(t, func(w http.ResponseWriter, r *http.Request) {
			s.add(r)
			if r.Method == http.MethodPost {
				w.WriteHeader(http.StatusCreated)
			}
			_, _ = w.Write([]byte(`{"results":[],"total":0}`))
		})
		if err := do(t.Context(), newClient(t, server.URL+"/dpc", patient)); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		found := matching(s.all()[0])
		if len(found) != 1 {
			t.Errorf("%s: %s %s is %d entries of the list", kind, s.all()[0].Method, s.all()[0].URL, len(found))
			continue
		}
		made[found[0].Path] = true
		if strings.Contains(s.lastBody(), `"n":1e400`) && found[0].Secret == "" {
			t.Errorf("%s: carries a value, and the list does not say so", kind)
		}
	}
	for _, c := range Calls() {
		if !made[c.Path] {
			t.Errorf("%s %s is in the list, and nothing makes it", c.Method, c.Path)
		}
		if c.What == "" {
			t.Errorf("%s %s: no words", c.Method, c.Path)
		}
	}
}
