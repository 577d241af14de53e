package submission

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"maiaportal/internal/record"
)

// listOf answers the list of references, after the call that creates one got none.
func listOf(answer http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			answer(w, r)
			return
		}
		w.WriteHeader(http.StatusGatewayTimeout)
	}
}

// What became of a reference is found out where Maia's list can be understood, and is left open where it cannot.
func TestFindOut(t *testing.T) {
	later := findOutAfter + time.Second
	var many []string
	for i := range 100 {
		many = append(many, fmt.Sprintf(`{"name":"R%d"}`, i))
	}
	paged := func(w http.ResponseWriter, r *http.Request) {
		body := `{"results":[` + strings.Join(many, ",") + `],"total":101}`
		if r.URL.Query().Get("page") == "1" {
			body = `{"results":[{"name":"N"}],"total":101}`
		}
		status(200, body)(w, r)
	}
	for why, tc := range map[string]struct {
		list http.HandlerFunc
		wait time.Duration
		want record.Outcome
	}{
		"it is there":                     {status(200, `{"results":[{"name":"M"},{"name":"N"}],"total":2}`), 0, record.Created},
		"on the second page":              {paged, 0, record.Created},
		"it is not there":                 {status(200, `{"results":[{"name":"n"}],"total":1}`), later, record.Failed},
		"the list is empty":               {status(200, `{"results":[],"total":0}`), later, record.Failed},
		"not there yet":                   {status(200, `{"results":[],"total":0}`), 0, record.Unknown},
		"a list that ends early":          {status(200, `{"results":[],"total":7}`), later, record.Unknown},
		"a total that is none":            {status(200, `{"results":[]}`), later, record.Unknown},
		"a total that is too small":       {status(200, `{"results":[{"name":"M"},{"name":"O"}],"total":1}`), later, record.Unknown},
		"entries without a name":          {status(200, `{"results":[{"id":"M"}],"total":1}`), later, record.Unknown},
		"another shape":                   {status(200, `["N"]`), later, record.Unknown},
		"no JSON":                         {status(200, `<html>`), later, record.Unknown},
		"the list is refused":             {status(403, ""), later, record.Unknown},
		"there is no such list":           {status(404, ""), later, record.Unknown},
		"Maia fails":                      {status(500, ""), later, record.Unknown},
		"a token that is taken only anew": {byTurns(status(401, ""), status(200, `{"results":[{"name":"N"}],"total":1}`)), 0, record.Created},
	} {
		t.Run(why, func(t *testing.T) {
			r := newRig(t, listOf(tc.list))
			r.tokens.renewed = "fresh"
			got, err := r.Submit(t.Context(), r.fresh(), aws())
			if err != nil || got.Outcome != record.Unknown {
				t.Fatalf("%+v, %v", got, err)
			}
			r.later(tc.wait)
			if err := r.FindOut(t.Context(), record.By{Actor: alice}, r.tokens, r.only()); err != nil {
				t.Fatal(err)
			}
			if r.only().Outcome != tc.want {
				t.Errorf("%s, want %s", r.only().Outcome, tc.want)
			}
		})
	}
}

// A login that is not accepted asks for a new one, and says nothing of the reference.
func TestFindOutNeedsALogin(t *testing.T) {
	r := newRig(t, listOf(status(401, "")))
	r.tokens.renewed = "fresh"
	_, _ = r.Submit(t.Context(), r.fresh(), aws())
	if err := r.FindOut(t.Context(), record.By{Actor: alice}, r.tokens, r.only()); !errors.Is(err, ErrLogin) {
		t.Errorf("%v", err)
	}
	if r.only().Outcome != record.Unknown {
		t.Errorf("%s", r.only().Outcome)
	}
}

// Of anything else nobody is asked.
func TestFindOutOnlyOfReferences(t *testing.T) {
	r := newRig(t, status(504, ""))
	got, _ := r.Submit(t.Context(), r.fresh(), value(canary))
	calls := r.maia.calls()
	if err := r.FindOut(t.Context(), record.By{Actor: alice}, r.tokens, got); err != nil || r.maia.calls() != calls {
		t.Errorf("%v, %d calls", err, r.maia.calls())
	}
}
