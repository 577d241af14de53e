package scrub

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"slices"
)

const (
	shortest = 4 // a part that is shorter would shred any text: the text is dropped instead
	longest  = 8 // a piece of this length counts, however long the part
)

// piece is how many bytes of a part in a row count as the part. They are two fifths of it: of fewer,
// nobody guesses the rest, and with fewer, words that have nothing to do with it would be cut out.
func piece(part int) int {
	if part < shortest {
		return part
	}
	return min(max((2*part+4)/5, shortest), longest)
}

// search looks for a value in texts.
type search struct {
	texts  []text
	views  []*view
	room   int
	tables [longest + 1]*table // by the length of their pieces, made when they are needed
}

func newSearch(n int) *search { return &search{texts: make([]text, 0, n), room: room} }

// add takes over b.
func (s *search) add(b []byte) {
	t := newText(b)
	r := readings{room: &s.room}
	if len(b) > 0 && !r.read(len(s.texts), b) {
		t.unread = true
	}
	for _, v := range r.views {
		if !t.unread {
			s.views = append(s.views, v.flat())
		}
		clear(v.b)
	}
	s.texts = append(s.texts, t)
}

func (s *search) wipe() {
	for _, t := range s.texts {
		t.wipe()
	}
	for _, v := range s.views {
		clear(v.b)
	}
	for _, t := range s.tables {
		if t != nil {
			clear(t.slots)
			clear(t.hints[:])
		}
	}
}

// run marks every piece of the value.
func (s *search) run(value Value) {
	if len(s.views) == 0 {
		return
	}
	value(func(part []byte) {
		part = flat(part)
		s.find(part)
		if !hasSign(part) {
			return
		}
		// What is left of a part that was all escapes may be next to nothing, which is in any text.
		if before := len(part); before >= shortest {
			if part = flat(canonical(part)); len(part) >= shortest {
				s.find(part)
			}
		}
	})
}

// hasSign says whether an escape may begin anywhere. It is far quicker than bytes.ContainsAny.
func hasSign(part []byte) bool {
	return slices.ContainsFunc([]byte(signs), func(sign byte) bool { return bytes.IndexByte(part, sign) >= 0 })
}

// find marks the pieces of one part.
func (s *search) find(part []byte) {
	n := piece(len(part))
	if n == 0 {
		return
	}
	if s.tables[n] == nil {
		s.tables[n] = newTable(s.views, n)
	}
	t := s.tables[n]
	// Each piece has exactly one block in it that begins at a multiple of apart. Most blocks of a long value stand
	// nowhere, and then none of the pieces around them does.
	m := min(n, block)
	apart := n - m + 1
	for at := 0; at+m <= len(part); at += apart {
		if !t.hasBlock(number(part[at : at+m])) {
			continue
		}
		for i := max(0, at-apart+1); i <= min(at, len(part)-n); i++ {
			if slot := t.slot(number(part[i : i+n])); slot.head > 0 {
				s.mark(t.nodes, slot.head, n)
				// What is marked stays marked. Without this a long value of one letter, repeated, would be
				// looked at for minutes.
				slot.head = used
			}
		}
	}
}

// number makes one number of up to eight bytes.
func number(b []byte) uint64 {
	if len(b) == block { // what most are
		return uint64(binary.BigEndian.Uint32(b))
	}
	key := uint64(0)
	for _, c := range b {
		key = key<<8 | uint64(c)
	}
	return key
}

// mark marks the places where a piece stands.
func (s *search) mark(nodes []node, head int32, n int) {
	for ; head > 0; head = nodes[head-1].next {
		at := nodes[head-1]
		v := s.views[at.view]
		marks := s.texts[v.text].marks
		if n < shortest {
			marks = s.texts[v.text].shorts
		}
		marks[v.from[at.place]]++
		marks[v.to[int(at.place)+n-1]]--
	}
}

// table finds the places of each piece of some length in all views.
type table struct {
	slots []slot
	nodes []node
	shift int
	odd   uint64
	// hints has a bit for each block that is there, and is small enough to stay at hand.
	hints [1 << hintBits / 64]uint64
}

const (
	hintBits = 15
	// block is how many bytes of a piece are looked up at first.
	block = 4
)

// slot has the first of the places of a piece, counted from 1; 0 where the slot is free.
type slot struct {
	key  uint64
	head int32
}

const used = -1

type node struct{ view, place, next int32 }

func newTable(views []*view, n int) *table {
	count := 0
	for _, v := range views {
		if n >= v.least {
			count += max(0, len(v.b)-n+1)
		}
	}
	size := bits.Len(uint(2*count + 1)) // #nosec G115 -- twice as many slots as pieces, or more
	t := &table{
		slots: make([]slot, 1<<size),
		nodes: make([]node, 0, count),
		shift: 64 - size,
		odd:   rand.Uint64() | 1, //nolint:gosec // nobody is to know how it falls, and nothing is secret about it
	}
	for k, v := range views {
		if n < v.least {
			continue
		}
		m := min(n, block)
		for i := 0; i+m <= len(v.b); i++ {
			hint := t.hint(number(v.b[i : i+m]))
			t.hints[hint/64] |= 1 << (hint % 64)
		}
		for i := 0; i+n <= len(v.b); i++ {
			key := number(v.b[i : i+n])
			at := t.slot(key)
			t.nodes = append(t.nodes, node{int32(k), int32(i), at.head}) // #nosec G115 -- both are bounded by room
			at.key, at.head = key, int32(len(t.nodes))                   // #nosec G115
		}
	}
	return t
}

// hint is the place of a block's bit.
func (t *table) hint(block uint64) uint64 { return block * t.odd >> (64 - hintBits) }

// hasBlock is false where a block is nowhere.
func (t *table) hasBlock(block uint64) bool {
	hint := t.hint(block)
	return t.hints[hint/64]>>(hint%64)&1 != 0
}

// slot gives the slot of a piece, or the free one where it would be.
func (t *table) slot(key uint64) *slot {
	mask := len(t.slots) - 1
	for i := int(key * t.odd >> t.shift); ; i = (i + 1) & mask { // #nosec G115 -- as many bits as the slots have
		if s := &t.slots[i]; s.head == 0 || s.key == key {
			return s
		}
	}
}
