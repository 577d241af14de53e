package plainjson

import (
	"bytes"
	"hash/maphash"
)

// names are those of one object, as they are written: no copy of a name is kept.
type names struct {
	seed  maphash.Seed
	count int
	raw   map[uint64][][]byte
}

// add is false where the name is there already, written the same way or otherwise.
func (n *names) add(raw, name []byte) bool {
	if n.count == 0 {
		n.seed, n.raw = maphash.MakeSeed(), map[uint64][][]byte{}
	}
	sum := maphash.Bytes(n.seed, name)
	for _, other := range n.raw[sum] {
		plain := Unescape(nil, other)
		same := bytes.Equal(plain, name)
		clear(plain)
		if same {
			return false
		}
	}
	n.count++
	n.raw[sum] = append(n.raw[sum], raw)
	return true
}
