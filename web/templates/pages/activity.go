package pages

import (
	"maiaportal/web/templates/layout"
	"maiaportal/web/templates/parts"
)

// ActivityRow is one submission in a list.
type ActivityRow struct {
	Href    string
	When    parts.Moment
	Who     string // empty where all rows are the reader's own
	Action  string // "Reference", "Value"
	Name    string
	Where   string // project or agent
	Outcome parts.Badge
}

// Activity is the page at /activity.
type Activity struct {
	Page    layout.Page
	Heading string // "Your activity", "Everybody's activity"
	ShowWho bool
	Rows    []ActivityRow
	Filter  ActivityFilter
	Counts  []parts.Count // by outcome, all of them first; none where there are no entries
	Older   string        // address of the next page; may be empty
	// Searched says that the page ended because enough entries had been looked at; Older goes on behind them.
	Searched  bool
	Newest    string // address of the first page, on all others
	CSV, JSON string // addresses of the exports
}

// ActivityFilter is the form above the list.
type ActivityFilter struct {
	Fields []parts.Filter
	Set    string // what is narrowed, in words; empty: nothing
}
