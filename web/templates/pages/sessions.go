package pages

import "maiaportal/web/templates/layout"

// Sessions is the page at /sessions.
type Sessions struct {
	Page layout.Page
	Rows []SessionRow
}

// SessionRow is one of the user's own sessions.
type SessionRow struct {
	Handle  string // what the form sends to end it
	Browser string
	Begun   string // for people, UTC
	Used    string
	This    bool // the one that the page is shown in
}
