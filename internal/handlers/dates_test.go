package handlers

import (
	"testing"
	"time"

	"maiaportal/internal/record"
)

// A day begins and ends where the people are, and each time on a page names its zone.
func TestDatesAreOfThePortalsZone(t *testing.T) {
	kiritimati, err := time.LoadLocation("Pacific/Kiritimati") // 14 hours ahead of UTC
	if err != nil {
		t.Fatal(err)
	}
	late := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	h := &Handlers{Now: func() time.Time { return late }}
	for _, tc := range []struct {
		zone                 *time.Location
		today, clock, moment string
	}{
		{nil, "2026-11-30", "12:00 UTC", "30 November 2026, 12:00:00 UTC"},
		{kiritimati, "2026-12-01", "02:00 +14", "1 December 2026, 02:00:00 +14"},
	} {
		h.Site.Zone = tc.zone
		d := h.dates()
		if d.today() != tc.today || d.clock(late) != tc.clock || d.moment(late) != tc.moment {
			t.Errorf("%v: %s, %s, %s", tc.zone, d.today(), d.clock(late), d.moment(late))
		}
		when := ""
		for _, fact := range receiptView(d, record.Submission{Action: record.Value, Outcome: record.Created, CreatedAt: late}, true, "").Facts {
			if fact.Label == "When" {
				when = fact.When.Exact
			}
		}
		if when != tc.moment {
			t.Errorf("%v: the receipt says %q", tc.zone, when)
		}
	}
}
