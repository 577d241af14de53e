package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// headings are a page's headings of one level, in their order.
func (p page) headings(level string) []string {
	var list []string
	for n := range p.doc().Descendants() {
		if n.Type == html.ElementNode && n.Data == level {
			list = append(list, page{doc: func() *html.Node { return n }}.text())
		}
	}
	return list
}

// The start page explains what there is at the first use. Later it puts close together what people come back for.
func TestStartPage(t *testing.T) {
	r := presetRig(t)
	b := r.browser()
	first := b.login("ada", "/")
	want := []string{
		"I have it, for our own vault", "It is already in AWS or Azure", "Matillion should keep it",
		"Prepared by your company", "Your latest activity", "Other ways",
	}
	if got := first.headings("h2"); !slices.Equal(got, want) {
		t.Errorf("at the first use: %q", got)
	}
	for _, name := range []string{"LATER", "FIRST", "SECOND", "THIRD", "FOURTH"} {
		days := map[string]int{"FIRST": 1, "SECOND": 2, "THIRD": 3, "FOURTH": 28, "LATER": 32}[name]
		day := time.Now().UTC().AddDate(0, 0, days).Format(time.DateOnly)
		b.send("/secret-references", b.reference(name, "agentType", "AWS", "secretName", "prod/x", "renewBy", day))
	}
	p := b.get("/")
	want = []string{"Prepared by your company", "Due soon", "Your latest activity", "Other ways"}
	if got := p.headings("h2"); !slices.Equal(got, want) {
		t.Errorf("later: %q", got)
	}
	text := p.text()
	_, due, _ := strings.Cut(text, "Due soon")
	due, latest, _ := strings.Cut(due, "Your latest activity")
	for name, shown := range map[string]bool{"FIRST": true, "SECOND": true, "THIRD": true, "FOURTH": false, "LATER": false} {
		if strings.Contains(due, name) != shown {
			t.Errorf("%s is due soon: %v in %q", name, !shown, due)
		}
		if !strings.Contains(latest, name) {
			t.Errorf("%s is not among the latest: %q", name, latest)
		}
	}
	if p.href("See all 4 that are due") != "/activity/due" {
		t.Errorf("the way to all that is due: %q", due)
	}
	for action, path := range map[string]string{
		"Set up a secret":       "/setup",
		"Create a reference":    "/secret-references/new",
		"Store a value":         "/secret-values/new",
		"Let Matillion host it": "/setup?agentType=Matillion+hosted",
	} {
		for when, p := range map[string]page{"first": first, "later": p} {
			if got := p.href(action); got != path {
				t.Errorf("%s, %s leads to %q", when, action, got)
			}
		}
	}
	// Who only looks is offered no form, nor a list of own activity that cannot grow.
	reader := r.browser().login("audrey", "/")
	if got := reader.headings("h2"); !slices.Equal(got, []string{"Activity", "Renewal dates"}) {
		t.Errorf("for an auditor: %q", got)
	}
}
