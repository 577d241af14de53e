package main

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// Where it is tomorrow already, yesterday is over there, and today is not.
func TestRenewalByTheDayOfTheZone(t *testing.T) {
	zone, err := time.LoadLocation("Pacific/Kiritimati")
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, "TIME_ZONE", zone.String())
	b := r.browser()
	b.login("ada", "/")
	now := time.Now().In(zone)
	for day, status := range map[string]int{
		now.Format(time.DateOnly):                   http.StatusSeeOther,
		now.AddDate(0, 0, -1).Format(time.DateOnly): http.StatusUnprocessableEntity,
	} {
		if time.Now().In(zone).Day() != now.Day() {
			t.Skip("the day in the zone ended during the test")
		}
		p := b.send("/secret-references", b.reference("BY_"+strings.ReplaceAll(day, "-", "_"), "agentType", "AWS", "secretName", "s", "renewBy", day))
		if p.status != status {
			t.Errorf("renew by %s: %d, want %d", day, p.status, status)
		}
	}
	if text := b.get("/activity").text(); !strings.Contains(text, " +14") {
		t.Errorf("the activity names no zone: %s", text)
	}
}
