package submission

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"maiaportal/internal/record"
)

// Told is what was found odd in a form and shown to its user: how often each kind of finding at each field. Its text
// goes along with the form, so that a second try is held against it. It has nothing of the value.
type Told map[string]int

// maxTold bounds the text that is read.
const maxTold = 4096

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

// doubt is one thing that is odd at a field.
type doubt struct{ field, id, text string }

// doubtList gathers what is odd.
type doubtList struct {
	all    []doubt
	counts Told
}

// maxKept bounds the sentences that are kept of one kind at one field; they are all counted.
const maxKept = 20

func (l *doubtList) add(field, id, text string) {
	if l.counts == nil {
		l.counts = Told{}
	}
	key := field + "." + id
	l.counts[key]++
	if l.counts[key] <= maxKept {
		l.all = append(l.all, doubt{field, id, text})
	}
}

// untold gives what v's user has not been told yet, by field, and notes it in found.
func (l *doubtList) untold(v ValueInput, found Told) FieldErrors {
	doubts := FieldErrors{}
	for _, d := range l.all {
		key := d.field + "." + d.id
		if !v.Check && l.counts[key] <= v.Told[key] {
			continue
		}
		if found != nil {
			found[key] = l.counts[key]
		}
		if len(doubts[d.field]) < maxDoubts {
			doubts.add(d.field, d.text)
		}
	}
	return doubts
}

// looksClosely says whether anybody asks what is odd.
func (v ValueInput) looksClosely() bool { return v.Check || v.Told != nil }

// doubt adds one thing that is odd about something else than the value's shape, unless it was told before.
func (v ValueInput) doubt(c checks, into FieldErrors, field, id, text string) {
	key := field + "." + id
	if !v.looksClosely() || !v.Check && v.Told[key] > 0 {
		return
	}
	if c.found != nil {
		c.found[key] = 1
	}
	into.add(field, text)
}

// The largest secrets that vaults take, in bytes.
const (
	maxAWS   = 65_536 // Secrets Manager, quota SecretString
	maxAzure = 25_600 // Key Vault, 25 KiB
)

// doubtSize tells a value that is larger than its vault takes. size is that of the JSON object, as it is sent.
func (v ValueInput) doubtSize(c checks, into FieldErrors, cloud string, size int64) {
	field := map[record.Format]string{
		record.FormatText:  "valueText",
		record.FormatFile:  "valueFile",
		record.FormatJSON:  "valueJSON",
		record.FormatPairs: "pairValue-1",
	}[v.Format]
	switch {
	case cloud == CloudAWS && size > maxAWS:
		v.doubt(c, into, field, "too-large", "It is larger than AWS Secrets Manager takes: 65,536 bytes, with the names of its properties. Store less in one secret.")
	case cloud == CloudAzure && size > maxAzure:
		v.doubt(c, into, field, "too-large", "It is larger than Azure Key Vault takes: 25,600 bytes, with the names of its properties. Store less in one secret.")
	}
}
