package pages

import (
	"maiaportal/web/templates/layout"
	"maiaportal/web/templates/parts"
)

// Due is the page at /activity/due.
type Due struct {
	Page    layout.Page
	ShowWho bool
	Rows    []DueRow
	More    bool // whether there are more than the page lists
}

// DueRow is a secret with a day by which it is to be renewed.
type DueRow struct {
	ActivityRow
	Day     parts.Moment
	Overdue bool
}
