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
	Facts   []parts.Fact
	Next    []parts.Link
	Waiting bool // under way: the page reloads itself
}
