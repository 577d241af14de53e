package pages

import (
	"maiaportal/web/templates/layout"
	"maiaportal/web/templates/parts"
)

// Help is the page at /help.
type Help struct {
	Page     layout.Page
	Outcomes []HelpOutcome // every outcome that a receipt can show, in the order in which people meet them
}

// HelpOutcome explains an outcome: what it means, and what to do.
type HelpOutcome struct {
	Badge   parts.Badge
	Meaning string
	Next    string
}
