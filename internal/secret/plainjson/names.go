package plainjson

import (
	"bytes"
	"hash/maphash"
)

// fewNames is how many names are compared with each other; where there are more, they are looked up.
const fewNames = 16

// names are those of one object, as they are written: no copy of a name is kept.
type names struct {
	count int
	few   [fewNames][]byte // all of them, as long as they are few
	seed  maphash.Seed
	raw   map[uint64][][]byte // nil as long as they are few
}

// add is false where the name is there already, written the same way or otherwise.
func (n *names) add(raw, name []byte) bool {
	if n.raw == nil && n.count == fewNames {
		n.lookUp()
	}
	if n.raw == nil {
		if among(n.few[:n.count], name) {
			return false
		}
		n.few[n.count] = raw
	} else {
		sum := maphash.Bytes(n.seed, name)
		if among(n.raw[sum], name) {
			return false
		}
		n.raw[sum] = append(n.raw[sum], raw)
	}
	n.count++
	return true
}

// lookUp makes ready for many names: comparing each with each would take too long.
func (n *names) lookUp() {
	n.seed = maphash.MakeSeed()
	n.raw = map[uint64][][]byte{}
	for _, raw := range n.few {
		name, copied := plain(raw)
		sum := maphash.Bytes(n.seed, name)
		n.raw[sum] = append(n.raw[sum], raw)
		if copied {
			clear(name)
		}
	}
}

// among says whether a name is one of those.
func among(list [][]byte, name []byte) bool {
	for _, raw := range list {
		other, copied := plain(raw)
		same := bytes.Equal(other, name)
		if copied {
			clear(other)
		}
		if same {
			return true
		}
	}
	return false
}

// plain is what a name stands for. Most have no escape, and are that already. Of the others it is a copy, to be
// cleared.
func plain(raw []byte) (name []byte, copied bool) {
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw, false
	}
	return Unescape(nil, raw), true
}
