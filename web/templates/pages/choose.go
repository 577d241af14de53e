package pages

import (
	"strconv"

	"maiaportal/web/templates/layout"
	"maiaportal/web/templates/parts"
)

// Choose is the page to choose a project or an agent on.
type Choose struct {
	Page    layout.Page
	Heading string
	Notices []parts.Notice
	What    string // "project", "agent"
	Form    string // title of the form that it is for
	Path    string // of this page
	Hidden  []parts.Hidden
	Q       string // what is looked for
	Back    string // address of the form with nothing chosen
	// Why says why there is no list; Again is the address of this page without a page's number.
	Why   string
	Again string
	// Total is how many entries there are, Found how many fit, Number and Last which page this is.
	Total, Found, Number, Last int
	Rows                       []ChooseRow
	Newer, Older               string // addresses of the pages beside this one; may be empty
}

// ChooseRow is an entry. One without an address cannot be chosen.
type ChooseRow struct {
	Href, Name, ID string
	Group, Brief   string // the cloud, and what stands against it; may be empty
	Current        bool
}

// about says what is known of an entry beside its name.
func (r ChooseRow) about() string {
	switch {
	case r.Group == "":
		return r.Brief
	case r.Brief == "":
		return r.Group
	}
	return r.Group + " · " + r.Brief
}

// found says how many entries there are.
func (m Choose) found() string {
	all := strconv.Itoa(m.Total) + " " + m.What + "s"
	if m.Total == 1 {
		all = "1 " + m.What
	}
	if m.Q == "" {
		return all
	}
	return strconv.Itoa(m.Found) + " of " + all
}
