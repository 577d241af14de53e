package submission

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"maiaportal/internal/record"
	"maiaportal/internal/shape"
)

// Told is what was found odd in a form and shown to its user: how often each kind of finding at each field. Its text
// goes along with the form, so that a second try is held against it. It has nothing of the value.
type Told map[string]int

// maxTold bounds the text that is read. A form of fifty rows fits in with everything that can be odd about them: else
// its user would be told the same for ever.
const maxTold = 64 << 10

// ParseTold reads the text of a Told. What is not understood is left out: then it is told again.
func ParseTold(text string) Told {
	if text == "" {
		return nil
	}
	t := Told{}
	if len(text) > maxTold {
		return t
	}
	for word := range strings.FieldsSeq(text) {
		key, count, _ := strings.Cut(word, "*")
		n, err := strconv.Atoi(count)
		if err == nil && n > 0 && toldRule().MatchString(key) {
			t[key] = n
		}
	}
	return t
}

var toldRule = pattern(`\A[A-Za-z]+(-[0-9]+)?\.[a-z0-9-]+\z`)

// String is the text for the form.
func (t Told) String() string {
	words := make([]string, 0, len(t))
	for _, key := range slices.Sorted(maps.Keys(t)) {
		words = append(words, key+"*"+strconv.Itoa(t[key]))
	}
	return strings.Join(words, " ")
}

// Doubt is one thing that is odd at a field of a form.
type Doubt struct {
	// Field is the name of the field.
	Field string
	// Text says what is odd and what to do.
	Text string
	// Weight is how bad it is.
	Weight shape.Weight

	id string // the kind of finding
}

// key is what a Told calls it.
func (d Doubt) key() string { return d.Field + "." + d.id }

// Doubts are what is odd about a form.
type Doubts []Doubt

// sorted has the worst first. Equal ones stay in their order.
func (d Doubts) sorted() Doubts {
	return slices.SortedStableFunc(slices.Values(d), func(x, y Doubt) int { return cmp.Compare(y.Weight, x.Weight) })
}

// byField gives the sentences by field.
func (d Doubts) byField() FieldErrors {
	e := FieldErrors{}
	for _, one := range d {
		e.add(one.Field, one.Text)
	}
	return e
}

// doubtList gathers what is odd about a value.
type doubtList struct {
	all    Doubts
	counts Told
}

// maxKept bounds the sentences that are kept of one kind at one field; they are all counted.
const maxKept = 20

func (l *doubtList) add(d Doubt) {
	if l.counts == nil {
		l.counts = Told{}
	}
	l.counts[d.key()]++
	if l.counts[d.key()] <= maxKept {
		l.all = append(l.all, d)
	}
}

// find adds a finding of a field.
func (l *doubtList) find(field string, f shape.Finding, where string) {
	l.add(Doubt{
		Field:  field,
		Text:   where + f.Text,
		Weight: f.Weight(),
		id:     f.ID,
	})
}

// untold gives what v's user has not been told yet, the worst of each field, and notes it in found. Of a kind that has
// no room nothing is noted: it is told at the next try.
func (l *doubtList) untold(v ValueInput, found Told) Doubts {
	var doubts Doubts
	said := map[string]int{}
	for _, d := range l.all.sorted() {
		if !v.Check && l.counts[d.key()] <= v.Told[d.key()] || said[d.Field] >= maxDoubts {
			continue
		}
		said[d.Field]++
		doubts = append(doubts, d)
		if found != nil {
			found[d.key()] = l.counts[d.key()]
		}
	}
	return doubts
}

// looksClosely says whether anybody asks what is odd.
func (v ValueInput) looksClosely() bool { return v.Check || v.Told != nil }

// doubt tells one thing that is odd about something else than the value's shape, unless it was told before. It is
// nothing that would work.
func (v ValueInput) doubt(c checks, tell func(Doubt), field, id, text string) {
	d := Doubt{
		Field:  field,
		Text:   text,
		Weight: shape.Useless,
		id:     id,
	}
	if !v.looksClosely() || !v.Check && v.Told[d.key()] > 0 {
		return
	}
	if c.found != nil {
		c.found[d.key()] = 1
	}
	tell(d)
}

// tellAsFault tells a doubt with the faults of a form.
func (e FieldErrors) tellAsFault(d Doubt) { e.add(d.Field, d.Text) }

// tell adds a doubt.
func (d *Doubts) tell(one Doubt) { *d = append(*d, one) }

// The largest secrets that vaults take, in bytes.
const (
	maxAWS   = 65_536 // Secrets Manager, quota SecretString
	maxAzure = 25_600 // Key Vault, 25 KiB
)

// doubtSize tells a value that is larger than its vault takes. size is that of the JSON object, as it is sent.
func (v ValueInput) doubtSize(c checks, tell func(Doubt), cloud string, size int64) {
	field := map[record.Format]string{
		record.FormatText:  "valueText",
		record.FormatFile:  "valueFile",
		record.FormatJSON:  "valueJSON",
		record.FormatPairs: "pairValue-1",
	}[v.Format]
	switch {
	case cloud == CloudAWS && size > maxAWS:
		v.doubt(c, tell, field, "too-large", "It is larger than AWS Secrets Manager takes: 65,536 bytes, with the names of its properties. Store less in one secret.")
	case cloud == CloudAzure && size > maxAzure:
		v.doubt(c, tell, field, "too-large", "It is larger than Azure Key Vault takes: 25,600 bytes, with the names of its properties. Store less in one secret.")
	}
}
