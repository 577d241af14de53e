package pages

import (
	"maiaportal/web/templates/layout"
	"maiaportal/web/templates/parts"
)

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
	When    parts.Moment
	Browser string
	Address string // the network address that it came from
}

// SessionRow is one of the user's own sessions.
type SessionRow struct {
	Handle  string // what the form sends to end it
	Browser string
	Begun   parts.Moment
	Used    parts.Moment
	This    bool // the one that the page is shown in
}
