package submission

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"maiaportal/internal/record"
	"maiaportal/internal/shape"
)

// Limits of what can be entered.
const (
	MaxValue       = 256 << 10 // bytes of a value, before it is escaped for JSON
	MaxPairs       = 50
	maxDescription = 256  // characters, a rule of Maia's own pages
	maxTicket      = 100  // characters
	maxLine        = 1024 // bytes of any other line; a name that is longer is a slip
	maxFields      = 6000 // bytes of all fields that are not secret, percent-encoded
)

// FieldErrors are messages for people, by the name of the field that they are about. A row of pairs is
// "pairKey-N" or "pairValue-N", counted from 1. It is an error; no messages are no error.
type FieldErrors map[string][]string

// Error names the fields and nothing that was entered.
func (e FieldErrors) Error() string {
	return "submission: fields to put right: " + strings.Join(slices.Sorted(maps.Keys(e)), ", ")
}

func (e FieldErrors) add(field, message string) { e[field] = append(e[field], message) }

var (
	uuidRule  = pattern(`\A[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}\z`)
	agentRule = pattern(`\A[A-Za-z0-9][A-Za-z0-9._-]{0,127}\z`)
)

// checkProject holds the rule of projectId: a UUID.
func (e FieldErrors) checkProject(id string, required bool) {
	switch {
	case id == "" && required:
		e.add("projectId", "Choose the project, or enter its id. The id is in the address of the project in Maia.")
	case id != "" && !uuidRule().MatchString(id):
		e.add("projectId", "Enter the project’s id, not its name: 32 letters and digits in five groups, such as 3fa85f64-5717-4562-b3fc-2c963f66afa6.")
	}
}

// checkAgent holds the rule of agentId.
func (e FieldErrors) checkAgent(id string) {
	switch {
	case id == "":
		e.add("agentId", "Choose the agent that stores the value, or enter its id. Maia’s own pages call it a runner.")
	case !agentRule().MatchString(id):
		e.add("agentId", "An agent’s id has letters, digits, dots, hyphens and underscores only, up to 128 of them.")
	}
}

// checkLine is for every other field of one line: no control characters, and no book.
func (e FieldErrors) checkLine(field, s string) {
	switch {
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl):
		e.add(field, "Remove line breaks and invisible characters.")
	case len(s) > maxLine:
		e.add(field, "Shorten this: it may have up to 1,024 characters.")
	}
}

// checkName is checkLine for what names something: nobody could see a character in it that takes no room, or a space at
// its end. It says whether all is well.
func (e FieldErrors) checkName(field, name string) bool {
	if message := unseen(name, true); message != "" {
		e.add(field, message)
		return false
	}
	e.checkLine(field, name)
	return len(e[field]) == 0
}

// unseen says which character of a name nobody sees, and what the name is without it; or nothing. Where quoted is
// false the name is not repeated.
func unseen(name string, quoted bool) string {
	m, found := shape.Unseen(name)
	if !found || !utf8.ValidString(name) {
		return ""
	}
	rest := shape.Seen(name)
	if rest == "" || !quoted || len(rest) > maxLine {
		return m.String() + " Remove it."
	}
	return m.String() + " Without it: " + rest
}

// checkDescription holds the rule of a description.
func (e FieldErrors) checkDescription(s string) {
	const field = "description"
	e.checkLine(field, s)
	if utf8.RuneCountInString(s) > maxDescription {
		e.add(field, "Shorten the description: it may have up to 256 characters.")
	}
}

// checkTicket holds the rule of a ticket.
func (e FieldErrors) checkTicket(s string) {
	const field = "ticket"
	e.checkName(field, s)
	if utf8.RuneCountInString(s) > maxTicket {
		e.add(field, "Shorten this: it may have up to 100 characters.")
	}
}

// checkOwn holds the rules of what stays in the portal's own record.
func (e FieldErrors) checkOwn(f record.Fields, now time.Time) {
	e.checkTicket(f.Ticket)
	if message := CheckRenewBy(f.RenewBy, now); message != "" {
		e.add("renewBy", message)
	}
}

// CheckRenewBy says what is wrong with a date by which a secret is to be renewed, or nothing. Today is allowed, and no
// date at all.
func CheckRenewBy(date string, now time.Time) string {
	if date == "" {
		return ""
	}
	day, err := time.Parse(time.DateOnly, date)
	switch {
	case err != nil:
		return "Enter a date as year, month and day, for example " + now.AddDate(1, 0, 0).Format(time.DateOnly) + "."
	case date < now.Format(time.DateOnly):
		return "This day is in the past. Enter today or a later day."
	case day.Year() > now.Year()+maxRenewYears:
		return "This is too far away: enter a day within the next 100 years."
	}
	return ""
}

const maxRenewYears = 100

// plainOwn adds what stays in the portal's own record. What is empty says nothing, as in forms that did not have it.
func plainOwn(p map[string][]string, f record.Fields) {
	if f.Ticket != "" {
		p["ticket"] = []string{f.Ticket}
	}
	if f.RenewBy != "" {
		p["renewBy"] = []string{f.RenewBy}
	}
}

// checkRequired is checkName for a field that has to be filled in. It says whether all is well so far.
func (e FieldErrors) checkRequired(field, s, message string) bool {
	if s == "" {
		e.add(field, message)
	} else {
		e.checkName(field, s)
	}
	return len(e[field]) == 0
}

// checkTogether bounds all fields that are not secret, so that they always fit into the address that
// brings a form back after a login. The message goes to the longest.
func (e FieldErrors) checkTogether(fields map[string][]string) {
	total, longest, field := 0, 0, ""
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		for i, v := range fields[name] {
			n := len(url.QueryEscape(v))
			total += len(name) + 2 + n
			if n > longest {
				longest, field = n, name
				if name == "pairKey" {
					field = row("pairKey", i)
				}
			}
		}
	}
	if total > maxFields {
		e.add(field, "Shorten this: all non-secret fields together may have up to 6,000 characters.")
	}
}
