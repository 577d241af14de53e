// Package layout is the frame around every page: head, header, navigation, account and footer.
package layout

import "maiaportal/web/templates/parts"

// Page is what the layout around every page needs.
type Page struct {
	Title   string // of the page itself; the product's name is put behind it
	Error   bool   // the title begins with "Error: "
	Product string // PORTAL_TITLE
	Region  string // short name of Maia's region, e.g. "EU1"; empty where another address is configured
	Notice  string // PORTAL_NOTICE, one line; may be empty
	Support string // PORTAL_SUPPORT_URL; may be empty
	Nav     []NavItem
	User    *User // nil where nobody is signed in
	Assets  Assets
}

// Assets are the addresses of the static files, with the hash of their content in the name.
type Assets struct {
	Stylesheet     string // of pages that are no forms
	FormStylesheet string
	Icon           string
	Logo           string // the company's; may be empty
}

// NavItem is one entry of the main navigation.
type NavItem struct {
	Label, Href string
	Current     bool
}

// User is who is signed in, for the menu in the header.
type User struct {
	Name     string       // as the provider gave it
	Initials string       // one or two letters
	Detail   string       // e-mail or subject, to tell two accounts of one person apart
	Until    parts.Moment // when the login ends at the latest, as a time of day
}

// documentTitle is what the browser shows.
func (p Page) documentTitle() string {
	title := p.Product
	if p.Title != "" {
		title = p.Title + " · " + p.Product
	}
	if p.Error {
		title = "Error: " + title
	}
	return title
}
