// Package pages has the portal's pages: each a function of one view model, which stands beside it.
package pages

import (
	"maiaportal/web/templates/layout"
	"maiaportal/web/templates/parts"
)

// Home is the start page.
type Home struct {
	Page    layout.Page
	Heading string
	Tasks   []Task
	Presets []Task        // what the company has prepared
	Single  []parts.Link  // forms for one step alone
	Due     string        // how many secrets are to be renewed; empty: none
	Latest  []ActivityRow // the newest few; empty for somebody who has done nothing yet
	Guide   *Guide        // what the demo shows; nil elsewhere
}

// Task is one thing that can be set up here.
type Task struct{ Title, Text, Href, Action string }

// Guide is the demo's list of things to try.
type Guide struct {
	Text    []string
	Links   []parts.Link
	Entries []GuideEntry
}

// GuideEntry is a reserved name and what it causes.
type GuideEntry struct{ Name, Href, What string }
