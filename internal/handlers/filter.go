package handlers

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"maiaportal/internal/record"
	"maiaportal/web/templates/pages"
	"maiaportal/web/templates/parts"
)

// filterField is one filter of the list: its parameter, what the page calls it, and where it goes.
type filterField struct {
	name    string
	label   string
	options []parts.Option // where there are only certain values
	audits  bool           // it is for auditors; from others it is ignored
	day     bool           // it takes a day, beside other spellings
	read    func(f *record.Filter, value string, zone *time.Location) (wrong string)
}

// filterFields stand in the order of the page.
var filterFields = []filterField{
	{
		name:  "name",
		label: "Name begins with",
		read: func(f *record.Filter, value string, _ *time.Location) string {
			f.Name = value
			return ""
		},
	},
	{
		name:    "action",
		label:   "What",
		options: actionOptions(),
		read: func(f *record.Filter, value string, _ *time.Location) string {
			f.Action = record.Action(value)
			return oneOfWords(record.Actions, f.Action)
		},
	},
	{
		name:    "outcome",
		label:   "Outcome",
		options: outcomeOptions(),
		read: func(f *record.Filter, value string, _ *time.Location) string {
			f.Outcome = record.Outcome(value)
			return oneOfWords(record.Outcomes, f.Outcome)
		},
	},
	{
		name:  "project_id",
		label: "Project id",
		read: func(f *record.Filter, value string, _ *time.Location) string {
			f.ProjectID = value
			return ""
		},
	},
	{
		name:  "agent_id",
		label: "Agent id",
		read: func(f *record.Filter, value string, _ *time.Location) string {
			f.AgentID = value
			return ""
		},
	},
	{
		name:   "actor",
		label:  "Who: name begins with, or whole subject",
		audits: true,
		read: func(f *record.Filter, value string, _ *time.Location) string {
			f.Actor = value
			return ""
		},
	},
	{
		name:  "from",
		label: "From",
		day:   true,
		read: func(f *record.Filter, value string, zone *time.Location) (wrong string) {
			f.From, _, wrong = readInstant(value, zone)
			return wrong
		},
	},
	{
		name:  "to",
		label: "To",
		day:   true,
		read: func(f *record.Filter, value string, zone *time.Location) string {
			t, day, wrong := readInstant(value, zone)
			if day {
				t = t.AddDate(0, 0, 1) // the day counts
			}
			f.To = t
			return wrong
		},
	},
}

func actionOptions() []parts.Option {
	list := make([]parts.Option, 0, len(record.Actions))
	for _, a := range record.Actions {
		list = append(list, parts.Option{Value: string(a), Label: actionLabels[a]})
	}
	return list
}

// actionLabels are the words for a choice. The forms' own words are not made yet when this list is.
var actionLabels = map[record.Action]string{
	record.Setup:     "Setup",
	record.Reference: "Reference",
	record.Value:     "Value",
}

func outcomeOptions() []parts.Option {
	list := make([]parts.Option, 0, len(record.Outcomes))
	for _, o := range record.Outcomes {
		list = append(list, parts.Option{Value: string(o), Label: outcomes[o].Label})
	}
	return list
}

// oneOfWords says what is wrong with a word of a closed list.
func oneOfWords[T ~string](all []T, given T) string {
	if slices.Contains(all, given) {
		return ""
	}
	words := make([]string, len(all))
	for i, w := range all {
		words[i] = string(w)
	}
	return "It can be " + strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1] + "."
}

// isDay says whether a browser's calendar can show what was given.
func isDay(value string) bool {
	_, err := time.Parse(time.DateOnly, value)
	return value == "" || err == nil
}

// readInstant reads a day, which begins in the portal's zone, or a time (RFC 3339).
func readInstant(value string, zone *time.Location) (t time.Time, day bool, wrong string) {
	if t, err := time.ParseInLocation(time.DateOnly, value, zone); err == nil {
		return t, true, ""
	}
	// A plus sign that nobody escaped arrives as a space.
	if t, err := time.Parse(time.RFC3339, strings.Replace(value, " ", "+", 1)); err == nil {
		return t, false, ""
	}
	return time.Time{}, false, "It needs a day, such as 2026-11-30, or a time, such as 2026-11-30T09:00:00Z."
}

// listFilter is what narrows a list, as it was given and as it is asked for.
type listFilter struct {
	given  map[string]string // by parameter; nothing empty
	filter record.Filter
	audits bool
}

// readFilter reads the filters of an address. Parameters that are none are ignored.
func readFilter(c echo.Context, audits bool, zone *time.Location) (listFilter, error) {
	f := listFilter{
		given:  map[string]string{},
		audits: audits,
	}
	q := c.QueryParams()
	for _, field := range filterFields {
		if field.audits && !audits {
			continue
		}
		value, err := onlyOne(q, field.name)
		if err != nil {
			return listFilter{}, err
		}
		if value == "" {
			continue
		}
		if wrong := field.read(&f.filter, value, zone); wrong != "" {
			return listFilter{}, badFilter(field.name, wrong)
		}
		f.given[field.name] = value
	}
	return f, nil
}

// query is the filter as a part of an address, with the cursor of a page where there is one.
func (f listFilter) query(before string) string {
	q := url.Values{}
	for name, value := range f.given {
		q.Set(name, value)
	}
	if before != "" {
		q.Set("before", before)
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

// details are the filter in an event.
func (f listFilter) details() []record.Detail {
	var list []record.Detail
	for _, field := range filterFields {
		if value, ok := f.given[field.name]; ok {
			list = append(list, record.Narrowed(field.name, value))
		}
	}
	return list
}

// words say what is narrowed.
func (f listFilter) words() string {
	var list []string
	for _, field := range filterFields {
		value, ok := f.given[field.name]
		if !ok {
			continue
		}
		for _, o := range field.options {
			if o.Value == value {
				value = o.Label
			}
		}
		list = append(list, field.label+" “"+value+"”")
	}
	return strings.Join(list, ", ")
}

// view is the form with what was given.
func (f listFilter) view() pages.ActivityFilter {
	m := pages.ActivityFilter{Set: f.words()}
	for _, field := range filterFields {
		if field.audits && !f.audits {
			continue
		}
		value := f.given[field.name]
		m.Fields = append(m.Fields, parts.Filter{
			Name:    field.name,
			Label:   field.label,
			Value:   value,
			Options: field.options,
			Day:     field.day && isDay(value),
		})
	}
	return m
}
