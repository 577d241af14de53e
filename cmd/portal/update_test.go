package main

import (
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"maiaportal/internal/store/oldtest"
)

// An update signs nobody out, a login that is pending goes on, and every record of before has its receipt.
func TestUpdateOfAnOlderDatabase(t *testing.T) {
	database := filepath.Join(t.TempDir(), "portal.db")
	old := oldtest.Fill(t, "sqlite:"+database, time.Now())
	r := newRig(t, "DATABASE_URL", "sqlite:"+database)
	b := r.browser()
	u, err := url.Parse(r.base)
	if err != nil {
		t.Fatal(err)
	}
	b.client.Jar.SetCookies(u, []*http.Cookie{{Name: "portal", Value: old.Session}})
	p := b.get("/activity")
	if p.status != http.StatusOK {
		t.Fatalf("signed out: %d to %s", p.status, p.location())
	}
	rows := strings.Count(p.body, `href="/activity/`)
	if rows != 17 {
		t.Errorf("%d records are listed, want 17", rows)
	}
	for _, link := range strings.Split(p.body, `href="/activity/`)[1:] {
		id, _, _ := strings.Cut(link, `"`)
		receipt := b.get("/activity/" + id)
		if receipt.status != http.StatusOK || strings.Contains(receipt.text(), "is under way") {
			t.Errorf("%s: %d %s", id, receipt.status, receipt.text())
		}
	}
	for name, words := range map[string]string{
		"PENDING_SENT":   "may or may not have been created",
		"PENDING_UNSENT": "was not created",
	} {
		if receipt := b.get(linkTo(p, name)); !strings.Contains(receipt.text(), "The reference "+name+" "+words) {
			t.Errorf("%s: %s", name, receipt.text())
		}
	}

	// The provider of that time is gone: what the portal says shows that it knows the login.
	stranger := r.browser()
	stranger.client.Jar.SetCookies(u, []*http.Cookie{{Name: "portal-login", Value: old.Browser}})
	known := stranger.get("/auth/callback?error=access_denied&state=" + url.QueryEscape(old.State))
	unknown := stranger.get("/auth/callback?error=access_denied&state=" + url.QueryEscape(old.State[1:]+"A"))
	if known.text() == unknown.text() {
		t.Errorf("a pending login is not known: %s", known.text())
	}
}

// linkTo is where a list leads for a name.
func linkTo(p page, name string) string {
	before, _, _ := strings.Cut(p.body, ">"+name+"<")
	_, link, _ := strings.Cut(before[strings.LastIndex(before, "<a "):], `href="`)
	link, _, _ = strings.Cut(link, `"`)
	return link
}
