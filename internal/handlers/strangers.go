package handlers

import (
	"net/http"
	"sync/atomic"
	"time"
)

// maxStrangerRoom is what the bodies of all who have no session may take up together, however many
// there are. Those who are signed in do not count, and are not counted.
const maxStrangerRoom = 32 << 20

// strangerRoom counts the bytes that strangers' bodies take up. A nil one counts nothing.
type strangerRoom struct{ used atomic.Int64 }

// take says whether there is room for so many bytes more, and counts them.
func (s *strangerRoom) take(n int) bool {
	if s == nil {
		return true
	}
	if s.used.Add(int64(n)) > maxStrangerRoom {
		s.used.Add(-int64(n))
		return false
	}
	return true
}

// release gives bytes back.
func (s *strangerRoom) release(n int) {
	if s != nil {
		s.used.Add(-int64(n))
	}
}

// noRoom is for strangers who come when too many others send something. What was typed is still in the
// browser: loading the page again sends it again.
func noRoom() error {
	return &pageError{
		status:     http.StatusServiceUnavailable,
		heading:    "Too much is being sent at the moment",
		retryAfter: 5 * time.Second,
		text: []string{
			"You are not signed in, and many others who are not signed in are sending something right now. Nothing was sent to Maia.",
			"Wait a few seconds, then load this page again: your browser asks whether to send the form once more.",
		},
	}
}
