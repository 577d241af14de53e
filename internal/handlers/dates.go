package handlers

import "time"

// dates writes times for people, in the portal's zone. The server cannot know theirs, so each time names its zone.
type dates struct {
	zone *time.Location
	now  func() time.Time
}

func (h *Handlers) dates() dates {
	d := dates{
		zone: h.Site.Zone,
		now:  h.Now,
	}
	if d.zone == nil {
		d.zone = time.UTC
	}
	if d.now == nil {
		d.now = time.Now
	}
	return d
}

// clock is a time of day.
func (d dates) clock(t time.Time) string { return t.In(d.zone).Format("15:04 MST") }

// moment is a date and time.
func (d dates) moment(t time.Time) string { return t.In(d.zone).Format("2 January 2006, 15:04:05 MST") }

// minute is a date and time of which no more is known.
func (d dates) minute(t time.Time) string { return t.In(d.zone).Format("2 January 2006, 15:04 MST") }

// short is a date and time for tables.
func (d dates) short(t time.Time) string { return t.In(d.zone).Format("2 Jan 2006, 15:04 MST") }

// here is the present time in the portal's zone, in which days begin and end.
func (d dates) here() time.Time { return d.now().In(d.zone) }

// today is the day in the portal's zone, as records have it.
func (d dates) today() string { return d.here().Format(time.DateOnly) }

// dateWords is a day of the record.
func dateWords(day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return t.Format("2 January 2006")
}
