package scrub

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"slices"
)

const (
	// layers is how many escapings are undone in any order. What was escaped more often is found where
	// the one order does.
	layers = 3
	// layersInside is the same for what was in hex or base64.
	layersInside = 2
	// room is how many bytes all texts of one search may become, in all ways in which they can be read.
	room = 512 << 10
	// shortestRun is how many signs in a row may be hex or base64.
	shortestRun = 4
	// between parts what does not belong together. It stands in no value, for it is no UTF-8.
	between = 0xff
)

// view is one way to read a text, with the place in the text that each byte of it comes from.
type view struct {
	b        []byte
	from, to []int32 // of each byte of b: the bytes of the text that it was made of
	text     int
	// least is how long a part must be to be looked for here: shorter ones are in hex and base64 of
	// anything by chance.
	least int
}

func newView(n int, of *view) *view {
	return &view{
		b:     make([]byte, 0, n),
		from:  make([]int32, 0, n),
		to:    make([]int32, 0, n),
		text:  of.text,
		least: of.least,
	}
}

// add appends a byte that is made of the bytes of v from i up to j.
func (w *view) add(c byte, v *view, i, j int) {
	w.b = append(w.b, c)
	w.from = append(w.from, v.from[i])
	w.to = append(w.to, v.to[j-1])
}

// plain reads a text as it stands.
func plain(number int, b []byte) *view {
	v := newView(len(b), &view{text: number})
	for i, c := range b {
		v.b = append(v.b, c)
		v.from = append(v.from, int32(i)) // #nosec G115 -- of lookedAt bytes
		v.to = append(v.to, int32(i)+1)   // #nosec G115
	}
	return v
}

// undone reads v with one layer of escapes undone. It is nil where there is none.
func (v *view) undone(u undo) *view {
	if !bytes.ContainsAny(v.b, u.signs) {
		return nil
	}
	w := newView(len(v.b), v)
	found := false
	var c4 [4]byte
	defer clear(c4[:])
	for i := 0; i < len(v.b); {
		k, c, raw := 0, rune(0), false
		if bytes.IndexByte([]byte(u.signs), v.b[i]) >= 0 {
			k, c, raw = u.at(v.b[i:])
		}
		if k == 0 {
			w.add(v.b[i], v, i, i+1)
			i++
			continue
		}
		found = true
		for _, b := range c4[:put(c4[:], c, raw)] {
			w.add(b, v, i, i+k)
		}
		i += k
	}
	if !found {
		clear(w.b)
		return nil
	}
	return w
}

// canonical reads v as canonical does. It is nil where that makes no difference.
func (v *view) canonical() *view {
	w := v
	for range rounds {
		before := w
		for _, u := range inOneOrder {
			if x := w.undone(u); x != nil {
				w.wipeUnless(v)
				w = x
			}
		}
		if w == before {
			break
		}
	}
	if x := w.undone(ofPlus); x != nil {
		w.wipeUnless(v)
		w = x
	}
	if w == v {
		return nil
	}
	return w
}

func (v *view) wipeUnless(kept *view) {
	if v != kept {
		clear(v.b)
	}
}

// flat makes one blank of each run of blanks.
func (v *view) flat() *view {
	w := newView(len(v.b), v)
	for i := 0; i < len(v.b); {
		k, blank := step(v.b[i:])
		switch n := len(w.b); {
		case !blank:
			for j := i; j < i+k; j++ {
				w.add(v.b[j], v, j, j+1)
			}
		case n > 0 && w.b[n-1] == ' ':
			w.to[n-1] = v.to[i+k-1]
		default:
			w.add(' ', v, i, i+k)
		}
		i += k
	}
	return w
}

// coding is hex or base64.
type coding struct {
	is     func(byte) bool // whether a sign is one of its own
	signs  int             // this many of them
	bytes  int             // are this many bytes
	least  int
	decode func(to, from []byte) (int, error)
}

var codings = []coding{
	{
		is:     func(c byte) bool { _, ok := digit(c); return ok },
		signs:  2,
		bytes:  1,
		least:  2,
		decode: hex.Decode,
	},
	{
		is:     func(c byte) bool { return isAlphanumeric(c) || c == '+' || c == '/' || c == '-' || c == '_' },
		signs:  4,
		bytes:  3,
		least:  3,
		decode: decodeBase64,
	},
}

// decodeBase64 takes the signs of both alphabets.
func decodeBase64(to, from []byte) (int, error) {
	for i, c := range from {
		switch c {
		case '-':
			from[i] = '+'
		case '_':
			from[i] = '/'
		}
	}
	return base64.RawStdEncoding.Decode(to, from)
}

// decoded reads each run of signs that may be hex or base64 as what it may stand for, where its first
// whole group begins shift signs behind its beginning: what it was encoded or cut off together with is
// not known. A run belongs together: what is found in a part of it, is found in all of it.
func (v *view) decoded(c coding, shift int) *view {
	var w *view
	for i := 0; i < len(v.b); {
		if !c.is(v.b[i]) {
			i++
			continue
		}
		begin := i
		for i < len(v.b) && c.is(v.b[i]) {
			i++
		}
		if i-begin < shortestRun+shift {
			continue
		}
		if w == nil {
			w = newView(len(v.b), v)
			w.least = c.least
		}
		run := slices.Clone(v.b[begin+shift : i])
		if c.signs == 2 {
			run = run[:len(run)/2*2]
		} else if len(run)%4 == 1 {
			run = run[:len(run)-1] // no byte ends there
		}
		out := make([]byte, len(run))
		n, _ := c.decode(out, run) // these signs are always right
		for _, b := range out[:n] {
			w.add(b, v, begin, i)
		}
		w.add(between, v, begin, i)
		clear(run[:cap(run)])
		clear(out)
	}
	return w
}

// readings are all the ways to read one text.
type readings struct {
	views []*view
	room  *int
}

// add takes a view, unless it is nil or one like it is there. It is false where there is no room.
func (r *readings) add(v *view) bool {
	if v == nil {
		return true
	}
	// The work is what counts: one that is like another has been made, too.
	if *r.room -= len(v.b); *r.room < 0 {
		clear(v.b)
		return false
	}
	for _, other := range r.views {
		if other.least == v.least && bytes.Equal(other.b, v.b) {
			clear(v.b)
			return true
		}
	}
	r.views = append(r.views, v)
	return true
}

// deepen undoes up to n layers of escapes of the views from begin on, in every order. It is false where
// there is no room.
func (r *readings) deepen(begin, n int) bool {
	for range n {
		end := len(r.views)
		for _, v := range r.views[begin:end] {
			for _, u := range everyKind {
				if !r.add(v.undone(u)) {
					return false
				}
			}
		}
		begin = end
	}
	return true
}

// read finds the ways to read a text. It is false where there are more than there is room for.
func (r *readings) read(number int, b []byte) bool {
	root := plain(number, b)
	if !r.add(root) || !r.deepen(0, layers) || !r.add(root.canonical()) {
		return false
	}
	escaped := len(r.views)
	for _, v := range r.views[:escaped] {
		for _, c := range codings {
			for shift := range c.signs {
				if !r.add(v.decoded(c, shift)) {
					return false
				}
			}
		}
	}
	return r.deepen(escaped, layersInside)
}
