package session

// newHandle makes the name of a session for people. On a command line one that begins with a hyphen would
// look like a flag.
func newHandle() string {
	for {
		if h := NewID()[:16]; h[0] != '-' {
			return h
		}
	}
}
