package main

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// Keys are changed in three steps while two instances differ for a while: the new key behind the old one, then before it,
// then alone. Nobody is signed out by it, no login that is under way is lost, and no form, on either instance.
func TestKeysAreRotatedInThreeSteps(t *testing.T) {
	t.Parallel()
	oldKey := "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	newKey := "Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA="
	settings := func(keys string) []string {
		return []string{"SESSION_KEYS", keys, "AUDIT_KEYS", keys, "SUBMISSIONS_PER_MINUTE", "0"}
	}
	r := newReplicas(t, settings(oldKey)...)
	before := r.browser()
	before.login("ada", "/")
	var after *browser // signed in since the new key seals
	for _, step := range []string{oldKey + "," + newKey, newKey + "," + oldKey, newKey} {
		for i, leaving := range r.processes {
			stage := "keys " + strings.NewReplacer(oldKey, "old", newKey, "new").Replace(step) + ", on the second one, too"
			if i == 0 {
				stage = strings.Replace(stage, "second one, too", "first one", 1)
			}
			r.processes[i] = r.start(settings(step)...)
			r.balancer.use(r.processes[0].address, r.processes[1].address)
			leaving.kill()
			if step != newKey {
				signedIn(t, before, stage+": the login of before")
			}
			if after != nil {
				signedIn(t, after, stage+": the login of the step before")
			}
			// Each request goes to the next instance: what the one seals the other opens.
			for range 2 {
				b := r.browser()
				b.login("grace", "/")
				signedIn(t, b, stage+": a fresh login")
			}
		}
		if strings.HasPrefix(step, newKey) && after == nil {
			after = r.browser()
			after.login("ada", "/")
		}
	}
	var out, logs bytes.Buffer
	environ := []string{"PORTAL_DATABASE_URL=" + r.databaseURL, "PORTAL_AUDIT_KEYS=" + newKey + "," + oldKey}
	if code := run(t.Context(), []string{"audit", "verify"}, environ, &out, &logs); code != 0 {
		t.Errorf("the trail over both keys: exit code %d: %s%s", code, &out, &logs)
	}
}

// signedIn asks both instances who it is, and has each of them take a form that the other one drew.
func signedIn(t *testing.T, b *browser, who string) {
	t.Helper()
	for range 2 {
		if p := b.get("/activity"); p.status != http.StatusOK {
			t.Errorf("%s is lost: %d", who, p.status)
			return
		}
	}
	for range 2 {
		name := "R" + strings.ReplaceAll(uuid.NewString(), "-", "_")
		form := b.reference(name, "agentType", "AWS", "secretName", "s")
		if p := b.send("/secret-references", form); p.status != http.StatusSeeOther {
			t.Errorf("%s: the form of the other instance: %d, %s", who, p.status, p.text())
		}
		b.get("/activity") // so that the next form is drawn by the other one
	}
}
