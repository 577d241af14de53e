package handlers

import (
	"testing"
	"time"
)

// Words for times are cut, never rounded up: nobody is promised a minute more than there is.
func TestTimesInWords(t *testing.T) {
	now := time.Date(2026, 11, 30, 23, 30, 0, 0, time.UTC)
	d := (&Handlers{Now: func() time.Time { return now }}).dates()
	for ago, want := range map[time.Duration]string{
		-5 * time.Second:               "just now", // another machine's clock is ahead
		59 * time.Second:               "just now",
		time.Minute:                    "1 minute ago",
		3*time.Minute + 59*time.Second: "3 minutes ago",
		time.Hour:                      "1 hour ago",
		23*time.Hour + 59*time.Minute:  "23 hours ago",
		24 * time.Hour:                 "1 day ago",
		59 * aDay:                      "59 days ago",
		60 * aDay:                      "2 months ago",
		729 * aDay:                     "24 months ago",
		730 * aDay:                     "2 years ago",
	} {
		if got := d.past(now.Add(-ago), "x"); got.Words != want || got.Exact != "x" {
			t.Errorf("%v ago: %+v", ago, got)
		}
	}
	for left, want := range map[time.Duration]string{
		-time.Hour:                      "in less than a minute",
		59 * time.Second:                "in less than a minute",
		time.Minute:                     "in 1 min",
		59*time.Minute + 59*time.Second: "in 59 min",
		time.Hour:                       "in 1 h",
		8*time.Hour - time.Second:       "in 7 h 59 min",
		8*time.Hour + 5*time.Minute:     "in 8 h 5 min",
		24 * time.Hour:                  "in 1 day",
		14*aDay + time.Hour:             "in 14 days",
	} {
		if got := d.future(now.Add(left), "x"); got.Words != want || got.ISO != now.Add(left).Format(time.RFC3339) {
			t.Errorf("in %v: %+v", left, got)
		}
	}
	for day, want := range map[string]string{
		"2026-11-30": "today",
		"2026-12-01": "tomorrow", // although it begins within the hour
		"2026-11-29": "yesterday",
		"2026-12-10": "in 10 days",
		"2026-11-01": "29 days ago",
		"2030-01-31": "in 3 years",
	} {
		if got := d.day(day); got.Words != want || got.ISO != day {
			t.Errorf("%s: %+v", day, got)
		}
	}
	if got := d.day("2026-12-01").Exact; got != "1 December 2026" {
		t.Errorf("the day itself: %q", got)
	}
}
