package pages

import (
	"maiaportal/web/templates/layout"
	"maiaportal/web/templates/parts"
)

// Message is a page that says one thing: an error, a refusal, a login that ran out, a farewell.
type Message struct {
	Page      layout.Page
	Heading   string
	Text      []string
	Facts     []parts.Fact // e.g. what is kept of a form
	FactsName string       // stands above them
	Links     []parts.Link
	Help      *parts.HelpDesk // explains Maia's answer; nil: there is none
	RequestID string          // what to give to the operators; may be empty
}
