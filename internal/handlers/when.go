package handlers

import (
	"strconv"
	"time"

	"maiaportal/web/templates/parts"
)

// How far away something is, in words. A page has no script, so the words are as old as the page: the exact time
// always goes with them.

const aDay = 24 * time.Hour

// past is when something happened. A clock that is ahead of another one makes it no later than now.
func (d dates) past(t time.Time, exact string) parts.Moment {
	return parts.Moment{
		ISO:   t.UTC().Format(time.RFC3339),
		Exact: exact,
		Words: agoWords(d.now().Sub(t)),
	}
}

// future is when something will happen.
func (d dates) future(t time.Time, exact string) parts.Moment {
	return parts.Moment{
		ISO:   t.UTC().Format(time.RFC3339),
		Exact: exact,
		Words: inWords(t.Sub(d.now())),
	}
}

// day is a day of the record, seen from today.
func (d dates) day(day string) parts.Moment {
	m := parts.Moment{ISO: day, Exact: dateWords(day)}
	then, err1 := time.Parse(time.DateOnly, day)
	today, err2 := time.Parse(time.DateOnly, d.today())
	if err1 == nil && err2 == nil {
		m.Words = dayWords(int(then.Sub(today) / aDay))
	}
	return m
}

// agoWords are for what lies back.
func agoWords(ago time.Duration) string {
	switch {
	case ago < time.Minute:
		return "just now"
	case ago < time.Hour:
		return count(int(ago/time.Minute), "minute") + " ago"
	case ago < aDay:
		return count(int(ago/time.Hour), "hour") + " ago"
	}
	return longCount(int(ago/aDay)) + " ago"
}

// inWords are for what is to come. Minutes count: a login that ends in an hour and a half is not one that ends in two.
func inWords(left time.Duration) string {
	minutes := int(left / time.Minute)
	switch {
	case minutes < 1:
		return "in less than a minute"
	case minutes < 60:
		return "in " + strconv.Itoa(minutes) + " min"
	case left < aDay && minutes%60 == 0:
		return "in " + strconv.Itoa(minutes/60) + " h"
	case left < aDay:
		return "in " + strconv.Itoa(minutes/60) + " h " + strconv.Itoa(minutes%60) + " min"
	}
	return "in " + longCount(int(left/aDay))
}

// dayWords say how many days a day is away.
func dayWords(days int) string {
	switch {
	case days == 0:
		return "today"
	case days == 1:
		return "tomorrow"
	case days == -1:
		return "yesterday"
	case days < 0:
		return longCount(-days) + " ago"
	}
	return "in " + longCount(days)
}

// longCount counts days up to two months, then months up to two years, then years.
func longCount(days int) string {
	switch {
	case days < 60:
		return count(days, "day")
	case days < 730:
		return count(days/30, "month")
	}
	return count(days/365, "year")
}

func count(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return strconv.Itoa(n) + " " + unit + "s"
}
