package session

import "testing"

// One of 64 would look like a flag on the operator's command line.
func TestHandlesAreNoFlags(t *testing.T) {
	for range 2000 {
		if h := newHandle(); h[0] == '-' || len(h) != 16 {
			t.Fatalf("%q", h)
		}
	}
}
