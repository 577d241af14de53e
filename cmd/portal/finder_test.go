package main

import (
	"bytes"
	little "encoding/binary"
	"math/bits"
	"testing"
)

// finder looks for many needles in one reading of a text: thousands of searches one after another would take
// minutes.
type finder struct {
	needles map[uint64][]needle // by their first bytes
	hints   []uint64            // a bit for each beginning
}

// needle is what is looked for, and what it is.
type needle struct {
	text []byte
	is   string
}

const (
	beginning = 8 // bytes of a needle that are compared first; none is shorter
	hintSize  = 20
)

func hint(key uint64) uint64 { return key * 0x9e3779b97f4a7c15 >> (bits.UintSize - hintSize) }

func (f *finder) add(text []byte, is string) {
	if f.needles == nil {
		f.needles = map[uint64][]needle{}
		f.hints = make([]uint64, 1<<hintSize/64)
	}
	key := little.LittleEndian.Uint64(text)
	f.needles[key] = append(f.needles[key], needle{text, is})
	f.hints[hint(key)/64] |= 1 << (hint(key) % 64)
}

// find gives what is in the text, each once. The race detector would look at each of millions of bytes that nobody else
// has.
//
//go:norace
func (f *finder) find(text []byte) []needle {
	var found []needle
	seen := map[string]bool{}
	for i := 0; i+beginning <= len(text); i++ {
		key := little.LittleEndian.Uint64(text[i:])
		if h := hint(key); f.hints[h/64]>>(h%64)&1 == 0 {
			continue
		}
		for _, n := range f.needles[key] {
			if bytes.HasPrefix(text[i:], n.text) && !seen[string(n.text)] {
				seen[string(n.text)] = true
				found = append(found, n)
			}
		}
	}
	return found
}

// Whoever finds nothing has to be able to find something.
func TestFinder(t *testing.T) {
	var f finder
	for _, text := range []string{"Canary 1", "Canary 12", "another one", "Canary 1 at the end", "not there at all"} {
		f.add([]byte(text), "needle "+text)
	}
	got := map[string]bool{}
	for _, n := range f.find([]byte("Canary 12 and aanother one, another one. Canary 1 at the end")) {
		if got[n.is] {
			t.Errorf("%s twice", n.is)
		}
		got[n.is] = true
	}
	for _, want := range []string{"Canary 1", "Canary 12", "another one", "Canary 1 at the end"} {
		if !got["needle "+want] {
			t.Errorf("%q is not found", want)
		}
	}
	if len(got) != 4 || len(f.find(nil)) != 0 || len(f.find([]byte("Canary"))) != 0 {
		t.Errorf("found %v", got)
	}
}
