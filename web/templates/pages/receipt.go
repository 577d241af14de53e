package pages

import (
	"maiaportal/web/templates/layout"
	"maiaportal/web/templates/parts"
)

// Receipt is the page at /activity/{id}.
type Receipt struct {
	Page    layout.Page
	Heading string // e.g. "The reference SNOWFLAKE_PASSWORD was created"
	Outcome parts.Badge
	Text    []string // paragraphs: what is known, what to do
	Snippet string   // line to paste into a pipeline; may be empty
	Tell    string   // text for whoever asked for the secret; may be empty
	Facts   []parts.Fact
	Next    []parts.Link
	Help    *parts.HelpDesk // explains Maia's answer; nil: there is nothing to explain
	Waiting bool            // under way: the page reloads itself
	// Progress is how far the secret has come on its way into a pipeline.
	Progress []Progress
	// What its user can say or ask now; nil: nothing.
	Prove   *Prove
	Renew   *Renew
	FindOut *FindOut
	History History // of the name; empty where there is no more to tell than the receipt does
}

// History is what happened to a name, newest first.
type History struct {
	Rows []HistoryRow
	All  string // address of all entries of the name
}

// HistoryRow is one thing that happened.
type HistoryRow struct {
	When parts.Moment
	What string
	Who  string
	Href string // receipt of another submission; empty: it is about this one
}

// Progress is a step of a secret's way.
type Progress struct {
	Label string
	Done  bool
}

// Prove lets its user say that a pipeline has used the secret.
type Prove struct {
	Path   string
	Proven bool
	Since  string
}

// Renew lets its user say that the secret was renewed.
type Renew struct{ Path, Day string }

// FindOut lets its user ask Maia what became of a reference. From is when asking can settle it either way; empty: now.
type FindOut struct{ Path, From string }
