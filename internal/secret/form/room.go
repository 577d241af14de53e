package form

import "sync/atomic"

// MaxRoom is what the bodies that share a Room may take up together, however many there are.
const MaxRoom = 32 << 20

// Room counts the bytes that the bodies of people without a session take up. Those who are signed in do not count, and
// are not counted. The zero Room is empty; a nil one counts nothing.
type Room struct{ used atomic.Int64 }

// Take says whether there is room for so many bytes more, and counts them.
func (r *Room) Take(n int) bool {
	if r == nil {
		return true
	}
	if r.used.Add(int64(n)) > MaxRoom {
		r.used.Add(-int64(n))
		return false
	}
	return true
}

// Release gives bytes back.
func (r *Room) Release(n int) {
	if r != nil {
		r.used.Add(-int64(n))
	}
}

// Used is how many bytes are counted.
func (r *Room) Used() int64 { return r.used.Load() }
