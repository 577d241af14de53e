package record

import "time"

// Stored is an event as the database has it. Its Details are empty: DetailsText has them.
type Stored struct {
	Event
	DetailsText string // a JSON object, as it was sealed
	// Unreadable says that a column holds what the portal never writes there.
	Unreadable bool
}

// SignIn is a login as its person is shown it.
type SignIn struct {
	At      time.Time
	Browser string // "Firefox on Windows"
	Address string // the client's
}
