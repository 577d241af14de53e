package pages

import (
	"maiaportal/web/templates/layout"
	"maiaportal/web/templates/parts"
)

// Wiki is the page that makes a link to a form.
type Wiki struct {
	Page     layout.Page
	Notices  []parts.Notice
	Title    string // of the form
	For      string // its address
	Preset   string // that the link asks for; may be empty
	URL      string
	Markdown string
	Open     string // the link within the portal
	Fields   []WikiField
}

// WikiField is a control of that page.
type WikiField struct {
	ID, Label string
	Field     parts.Field
}
