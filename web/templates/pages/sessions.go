package pages

import "maiaportal/web/templates/layout"

// Sessions is the page at /sessions.
type Sessions struct {
	Page layout.Page
	Rows []SessionRow
	// SignIns are the last ones, the newest first, Shown at most.
	SignIns []SignIn
	Shown   int
}

// SignIn is one of the user's own sign-ins, whether or not its session lives.
type SignIn struct {
	At      string // for people, UTC
	ISO     string
	Browser string
	Address string // the network address that it came from
}

// SessionRow is one of the user's own sessions.
type SessionRow struct {
	Handle  string // what the form sends to end it
	Browser string
	Begun   string // for people, UTC
	Used    string
	This    bool // the one that the page is shown in
}
