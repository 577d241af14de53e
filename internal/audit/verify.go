package audit

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"maiaportal/internal/record"
)

// Kind is what is wrong with an event.
type Kind string

// The kinds of what is found.
const (
	Changed  Kind = "changed"
	Missing  Kind = "missing"
	Inserted Kind = "inserted"
	CutOff   Kind = "cut off"
	OtherKey Kind = "other key"
)

// Finding is the first event that does not fit, and why.
type Finding struct {
	Seq  int64 // of the event that does not fit; of the one that is expected, where the chain ends before
	Kind Kind
	Says string
}

func (f *Finding) Error() string {
	return fmt.Sprintf("the audit trail does not hold: event %d: %s: %s", f.Seq, f.Kind, f.Says)
}

// Head is an event's number and hash, as they were logged once.
type Head struct {
	Seq  int64  `json:"seq"`
	Hash string `json:"hash"`
}

// Summary is what a chain is that holds.
type Summary struct {
	Events      int64
	First, Last int64
	Hash        string // of the last one
}

// Verifier goes along a chain, an event at a time, and keeps two of them.
type Verifier struct {
	chain    *Chain
	expected map[int64][]string
	highest  int64 // of what is expected

	begun    bool
	before   Head           // of the event before the held one
	held     *record.Stored // the last one that came: what is wrong with it is seen from the next
	whole    Summary
	cut      Head // the last event that must have been removed by retention; zero: none
	explains bool // an event of retention has said so
	met      map[int64]bool
}

// Verify begins to go along a chain. Each of the expected heads has to be part of it. Up to the highest of them events
// without a key are taken too: that head proves them, and a trail may have got its keys later.
func (c *Chain) Verify(expected []Head) *Verifier {
	v := &Verifier{chain: c, expected: map[int64][]string{}, met: map[int64]bool{}}
	for _, h := range expected {
		v.expected[h.Seq] = append(v.expected[h.Seq], h.Hash)
		v.highest = max(v.highest, h.Seq)
	}
	return v
}

// Next takes the next event in the order of their numbers. Its error is a *Finding.
func (v *Verifier) Next(e record.Stored) error {
	if v.held != nil {
		if err := v.judge(*v.held, &e); err != nil {
			return err
		}
	}
	v.held = &e
	return nil
}

// End says what the chain is, after its last event. Its error is a *Finding.
func (v *Verifier) End() (Summary, error) {
	if v.held != nil {
		if err := v.judge(*v.held, nil); err != nil {
			return v.whole, err
		}
	}
	if v.cut.Seq > 0 && !v.explains {
		return v.whole, &Finding{v.cut.Seq + 1, Missing, fmt.Sprintf("%s missing, and no retention has removed %s",
			span(1, v.cut.Seq), them(v.cut.Seq))}
	}
	for _, seq := range slices.Sorted(maps.Keys(v.expected)) {
		hashes := v.expected[seq]
		switch {
		case v.met[seq]:
		case seq > v.whole.Last:
			return v.whole, &Finding{seq, CutOff, fmt.Sprintf("the trail ends at %d, and this head was logged", v.whole.Last)}
		case v.cut.Seq == seq && hashes[0] == v.cut.Hash && len(hashes) == 1:
		case v.cut.Seq >= seq:
			return v.whole, &Finding{seq, Missing, "retention has removed it, so that this head cannot be compared any more"}
		}
	}
	return v.whole, nil
}

// judge says whether an event fits; next is the one behind it, or nil.
func (v *Verifier) judge(e record.Stored, next *record.Stored) error {
	fits := v.fits(e)
	switch {
	case !v.begun:
		v.begun = true
		v.whole.First = e.Seq
		switch {
		case e.Seq < 1:
			return &Finding{e.Seq, Inserted, "events begin with 1"}
		case e.Seq > 1:
			v.cut = Head{e.Seq - 1, e.Prev}
			v.before = v.cut
		case e.Prev != "" && fits:
			return &Finding{e.Seq, Changed, "the first event has one before it"}
		}
	case e.Seq != v.before.Seq+1:
		return &Finding{e.Seq, Missing, span(v.before.Seq+1, e.Seq-1) + " missing before it"}
	}
	if fits && e.Prev != v.before.Hash {
		return &Finding{e.Seq, Missing, "it is sealed as it stands and follows another event than the one before it: that one was removed, replaced or moved"}
	}
	if !fits {
		return v.broken(e, next)
	}
	for _, hash := range v.expected[e.Seq] {
		if hash != e.Hash {
			return &Finding{e.Seq, Changed, "its hash is not the one that was logged: the chain up to it is another one"}
		}
		v.met[e.Seq] = true
	}
	v.retention(e)
	v.before = Head{e.Seq, e.Hash}
	v.whole.Events++
	v.whole.Last = e.Seq
	v.whole.Hash = e.Hash
	return nil
}

func (v *Verifier) fits(e record.Stored) bool {
	return v.chain.Sealed(e) || e.Seq <= v.highest && Plain(e)
}

// broken says what is wrong with an event whose hash does not fit.
func (v *Verifier) broken(e record.Stored, next *record.Stored) error {
	linked := e.Prev == v.before.Hash
	up := e
	up.Seq++
	follows := next != nil && next.Prev == e.Hash
	skips := next != nil && next.Prev == v.before.Hash
	switch {
	case follows && v.fits(*next):
		return &Finding{e.Seq, Changed, "its hash is not that of what stands there, and the next event follows it as it was"}
	case skips && v.fits(up):
		return &Finding{e.Seq, Changed, "it has changed places with the next one"}
	case v.fits(up):
		return &Finding{e.Seq, Missing, "the event of this number was removed, and those behind it have moved up"}
	case skips && v.fits(down(*next)):
		return &Finding{e.Seq, Inserted, "the event behind it follows the one before it, and was moved down"}
	case linked && v.before.Seq == v.cut.Seq && (next == nil || follows):
		return &Finding{e.Seq, OtherKey, "it is sealed with another key than those of PORTAL_AUDIT_KEYS, or all of the trail was changed"}
	case linked && follows:
		return &Finding{e.Seq, OtherKey, "from here on events are sealed with another key than those of PORTAL_AUDIT_KEYS, or were changed"}
	case next == nil && !linked:
		return &Finding{e.Seq, Inserted, "it is the last one, does not follow the one before it, and its hash is not that of what stands there"}
	case next == nil:
		return &Finding{e.Seq, Changed, "its hash is not that of what stands there: it was changed, or put in without the keys"}
	default:
		return &Finding{e.Seq, Changed, "its hash is not that of what stands there"}
	}
}

// down is an event with the number before its own.
func down(e record.Stored) record.Stored {
	e.Seq--
	return e
}

// retention notes which event says that the chain's beginning was removed.
func (v *Verifier) retention(e record.Stored) {
	if e.Kind != record.RetentionApplied || v.explains || v.cut.Seq == 0 {
		return
	}
	var last Head
	if err := json.Unmarshal([]byte(e.DetailsText), &last); err == nil {
		v.explains = last == v.cut
	}
}

func span(first, last int64) string {
	if first >= last {
		return fmt.Sprintf("event %d is", first)
	}
	return fmt.Sprintf("events %d to %d are", first, last)
}

func them(n int64) string {
	if n == 1 {
		return "it"
	}
	return "them"
}
