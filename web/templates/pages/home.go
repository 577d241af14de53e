// Package pages has the portal's pages: each a function of one view model, which stands beside it.
package pages

import (
	"maiaportal/web/templates/layout"
	"maiaportal/web/templates/parts"
)

// Home is the start page. It has either cards, which explain what there is, or one main task for somebody who knows.
type Home struct {
	Page    layout.Page
	Heading string
	Cards   []Task
	Main    *Task
	Presets []Task        // what the company has prepared
	Due     []DueRow      // the first few to be renewed; empty: none
	AllDue  string        // leads to all of them
	Latest  []ActivityRow // the newest few; empty for somebody who has done nothing yet
	Single  []Task        // forms for one step alone
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
