package scrub

import (
	"bytes"
	"unicode/utf8"
)

const (
	// Removed stands where a piece of the value stood.
	Removed = "[removed]"
	// Dropped stands for a text that could not be cleaned in part.
	Dropped = "(Maia’s message is not shown, because it repeats a part of the secret.)"

	// lookedAt is how much of one text is looked at, in bytes: far more than is shown.
	lookedAt = 4096
	// gap is how far two pieces may be apart, in bytes, for what is between them to go with them.
	gap = 12
)

// Value gives each part of a value, one after the other, as it is meant: without the escapes of the
// form that it was sent in. A part may be changed by the one who gets it, and is theirs until they
// return.
type Value func(part func(text []byte))

// Words gives texts that are fit to be shown and recorded: one line each, of up to limit characters,
// without the value, and without any piece of it that says much (see piece).
//
// The words that are open may stay: they were entered where nothing is secret, and may happen to be
// pieces of the value. Where there is no text, the value is not looked at. The texts are copied.
func Words[T string | []byte](value Value, open []string, limit int, texts ...T) []string {
	out := make([]string, len(texts))
	first := newSearch(len(texts))
	defer first.wipe()
	for _, t := range texts {
		first.add(append([]byte(nil), t[:min(len(t), lookedAt)]...)) // it is wiped, and the texts are the caller's
	}
	first.run(value)

	second := newSearch(len(texts)) // what was cleaned, to be looked at once more
	defer second.wipe()
	var places []int
	for i := range first.texts {
		t := &first.texts[i]
		switch found := t.keepOpen(open); {
		case t.unread || t.short:
			out[i] = Dropped
		case found:
			second.add(t.cut())
			places = append(places, i)
		default:
			out[i] = t.printable(limit)
		}
	}
	second.run(value)
	for k, i := range places {
		// Nothing should be found any more. Where something is, all of it goes.
		if t := &second.texts[k]; t.keepOpen(open) || t.unread || t.short {
			out[i] = Dropped
		} else {
			out[i] = t.printable(limit)
		}
	}
	return out
}

// text is one text while it is looked at.
type text struct {
	b []byte
	// marks has, for each byte and one more, how many marks begin there less how many end there.
	marks []int32
	// shorts are the marks of parts that are too short to be cut out.
	shorts []int32
	// unread says that the text can be read in more ways than there is room for.
	unread bool
	// short says that a part is in it that is too short to be cut out.
	short bool
	// away has, once the marks are counted, what is to be cut out.
	away []bool
}

// newText takes over b.
func newText(b []byte) text {
	return text{b: b, marks: make([]int32, len(b)+1), shorts: make([]int32, len(b)+1), away: make([]bool, len(b))}
}

// keepOpen counts the marks, but for those that lie in a word that is open, and says whether any is left.
func (t *text) keepOpen(open []string) (found bool) {
	each(t.marks, func(from, to int) {
		if t.isOpen(open, from, to) {
			return
		}
		found = true
		for i := from; i < to; i++ {
			t.away[i] = true
		}
	})
	each(t.shorts, func(from, to int) { t.short = t.short || !t.isOpen(open, from, to) })
	return found
}

// each gives every run of marked bytes.
func each(marks []int32, run func(from, to int)) {
	depth, from := int32(0), 0
	for i, change := range marks {
		was := depth
		depth += change
		switch {
		case was == 0 && depth > 0:
			from = i
		case was > 0 && depth == 0:
			run(from, i)
		}
	}
}

// isOpen says whether the bytes stand within a word that is open.
func (t *text) isOpen(open []string, from, to int) bool {
	for _, w := range open {
		if len(w) < to-from {
			continue
		}
		// Just as much as makes any w in it reach over both ends.
		around := t.b[max(0, to-len(w)):min(len(t.b), from+len(w))]
		if bytes.Contains(around, []byte(w)) {
			return true
		}
	}
	return false
}

// cut replaces what is marked. A few bytes between two marks are an escape that was spelled another
// way: they go too.
func (t *text) cut() []byte {
	last := -1
	for i, away := range t.away {
		if !away {
			continue
		}
		if last >= 0 && i-last <= gap {
			for k := last; k < i; k++ {
				t.away[k] = true
			}
		}
		last = i
	}
	out := make([]byte, 0, len(t.b)*len(Removed)) // enough, even if every byte were cut out
	for i := range t.b {
		switch {
		case !t.away[i]:
			out = append(out, t.b[i])
		case i == 0 || !t.away[i-1]:
			out = append(out, Removed...)
		}
	}
	return out
}

func (t *text) wipe() { clear(t.b) }

// printable is the text of something that is free of the value.
func (t *text) printable(limit int) string {
	return Printable(string(bytes.ToValidUTF8(t.b, []byte("?"))), limit)
}

// Printable shortens what somebody else sent for showing and recording: one line, no control characters.
func Printable(s string, limit int) string {
	s = tidy(s)
	if utf8.RuneCountInString(s) > limit {
		return string([]rune(s)[:limit-1]) + "…"
	}
	return s
}

// tidy makes one line without control characters.
func tidy(s string) string {
	out := make([]byte, 0, len(s))
	blank := false
	for _, r := range s {
		if isBlank(r) {
			blank = len(out) > 0
			continue
		}
		if blank {
			out = append(out, ' ')
			blank = false
		}
		out = utf8.AppendRune(out, r)
	}
	return string(out)
}
