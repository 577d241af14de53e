// Package wipe clears the buffers of net/http through which a secret passes.
//
// net/http reads and writes through buffers that it neither clears nor hands out. But it hands slices of
// them to the net.Conn, and a net.Conn can be ours. The package owns when such a slice may be cleared:
// never while it holds something that is still to be read, or to be written.
//
// It leaves to others what they read a body into and what they make of it. It does not reach the
// kernel's socket buffers, registers and stacks, and it knows nothing of what is a secret: it clears
// everything that passed.
package wipe

// buffer is a slice that was seen, up to the end of its array.
type buffer []byte

// holds says whether p lies in the array of b.
func (b buffer) holds(p []byte) bool {
	return len(b) > 0 && cap(p) > 0 && last(b) == last(p)
}

// last is the address of the last byte of a slice's array. All slices of one array that were not cut in
// their capacity share it.
func last(p []byte) *byte {
	return &p[:cap(p)][cap(p)-1]
}

// whole is a slice up to the end of its array.
func whole(p []byte) buffer { return p[:cap(p)] }
