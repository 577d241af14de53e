package handlers

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"maiaportal/internal/record"
	"maiaportal/internal/secret/form"
	"maiaportal/internal/submission"
)

// The numbers of rows of key and value that a page draws.
const (
	standardRows = 8
	moreRows     = 8
)

// input is what was entered into a form, but the secrets: from a body, or from a deep link.
type input struct {
	values map[string][]string
	rows   int  // of key and value
	check  bool // whether the value's shape is to be checked
	// told is what was found odd in an earlier try.
	told submission.Told
	// typed are the fields whose id was typed beside a select.
	typed map[string]bool
}

func (in input) get(name string) string {
	if v := in.values[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// filled are the fields that have something.
func (in input) filled() map[string]bool {
	names := map[string]bool{}
	for name := range in.values {
		names[name] = in.get(name) != ""
	}
	return names
}

// plain is what a body has of a form, but the secrets.
func (f formSpec) plain(b *form.Body) input {
	in := input{values: map[string][]string{}, rows: standardRows}
	for _, name := range f.fields {
		if v := b.All(name); len(v) > 0 {
			in.values[name] = v
		}
	}
	in.rows = max(in.rows, min(len(b.AllSecrets("pairValue")), submission.MaxPairs))
	in.check = b.Get("check") != ""
	in.told = submission.ParseTold(b.Get("told"))
	return in.trimmed()
}

// trimmed drops the empty rows at the end.
func (in input) trimmed() input {
	keys := in.values["pairKey"]
	for len(keys) > 0 && keys[len(keys)-1] == "" {
		keys = keys[:len(keys)-1]
	}
	if len(keys) == 0 {
		delete(in.values, "pairKey")
	} else {
		in.values["pairKey"] = keys
		in.rows = max(in.rows, min(len(keys), submission.MaxPairs))
	}
	return in
}

// maxLink bounds a form's link. It stands in a return_to itself, where each percent sign becomes three
// characters; the limit there counts the decoded address.
const maxLink = 7000

// link is the form's own deep link with all that is not secret and fits.
func (f formSpec) link(in input) string {
	pairs := f.pairs(f.fitting(in))
	if len(pairs) == 0 {
		return f.page
	}
	return f.page + "?" + strings.Join(pairs, "&")
}

// fitting leaves out what does not fit into the way back from a login, the longest first.
func (f formSpec) fitting(in input) input {
	type value struct{ name, text string }
	var all []value
	for _, name := range f.fields {
		for _, v := range in.values[name] {
			all = append(all, value{name, v})
		}
	}
	const rows = "rows=50&"
	all = form.Fitting(all, maxLink-len(f.page)-len(rows), func(v value) int { return form.PairLen(v.name, v.text) })
	out := in
	out.values = map[string][]string{}
	for _, v := range all {
		out.values[v.name] = append(out.values[v.name], v.text)
	}
	return out
}

func (f formSpec) pairs(in input) []string {
	var pairs []string
	for _, name := range f.fields {
		for _, v := range in.values[name] {
			if v != "" || name == "pairKey" {
				pairs = append(pairs, name+"="+url.QueryEscape(v))
			}
		}
	}
	if in.rows > standardRows {
		pairs = append(pairs, "rows="+strconv.Itoa(in.rows))
	}
	return pairs
}

// The query parameter that tells the page what was taken out of its address, and its values.
const (
	removedParam  = "removed"
	removedSecret = "secret"
	removedOther  = "other"
)

// passive are parameters of a deep link that are no fields.
var passive = map[string]bool{"rows": true, removedParam: true}

// fromQuery reads a deep link. A parameter that does not belong there is never read: then clean is the
// same address without it, to go to first. twice names a single-valued field that stands there twice.
func (f formSpec) fromQuery(rawQuery string) (in input, removed, clean, twice string) {
	in = input{values: map[string][]string{}, rows: standardRows, check: true}
	var kept []string
	dropped := ""
	for pair := range strings.SplitSeq(rawQuery, "&") {
		if pair == "" {
			continue
		}
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, err1 := url.QueryUnescape(rawName)
		known := slices.Contains(f.fields, name) || passive[name]
		if err1 != nil || !known {
			dropped = worse(dropped, name)
			continue
		}
		value, err2 := url.QueryUnescape(rawValue)
		if err2 != nil || !utf8.ValidString(value) {
			dropped = worse(dropped, "")
			continue
		}
		if name == removedParam {
			removed = value
			continue
		}
		kept = append(kept, pair)
		if passive[name] {
			if n, err := strconv.Atoi(value); name == "rows" && err == nil {
				in.rows = min(max(n, standardRows), submission.MaxPairs)
			}
			continue
		}
		if len(in.values[name]) > 0 && !repeated[name] {
			twice = name
		}
		if !exactFields[name] {
			value = form.Line(value)
		}
		in.values[name] = append(in.values[name], value)
	}
	if dropped == removedOther && removed == removedSecret {
		dropped = removedSecret // said before, and still the graver one
	}
	if dropped != "" {
		if dropped != "utm" {
			kept = append(kept, removedParam+"="+dropped)
		} else if removed != "" {
			kept = append(kept, removedParam+"="+url.QueryEscape(removed))
		}
		clean = f.page
		if len(kept) > 0 {
			clean += "?" + strings.Join(kept, "&")
		}
		return in, removed, clean, twice
	}
	return in.trimmed(), removed, "", twice
}

// worse tells what to say of the parameters that were dropped: a secret counts more than any other,
// and those of campaigns go without a word.
func worse(so, name string) string {
	switch {
	case secretFields[name] || so == removedSecret:
		return removedSecret
	case strings.HasPrefix(name, "utm_"):
		if so == "" {
			return "utm"
		}
		return so
	}
	return removedOther
}

// entered makes the domain's order of a body. known adds the names of project and agent, as far as they are known, and
// says whose vault the agent writes to.
func (f formSpec) entered(b *form.Body, known func(*record.Fields) string) submission.Order {
	var recorded record.Fields
	for _, d := range f.table {
		if d.recorded != nil {
			*d.recorded(&recorded) = b.Get(d.name)
		}
	}
	return f.order(recorded, b, known(&recorded))
}

// again is the form with what a record knows.
func (f formSpec) again(r record.Submission) string { return f.link(f.known(r)) }

// known is what a record knows of what was entered.
func (f formSpec) known(r record.Submission) input {
	in := input{values: map[string][]string{}}
	for _, d := range f.table {
		if d.recorded == nil || d.quiet {
			continue
		}
		if v := *d.recorded(&r.Fields); v != "" {
			in.values[d.name] = []string{v}
		}
	}
	return in
}

// valueFieldOf names the secret field of a format.
var valueFieldOf = map[record.Format]string{
	record.FormatText: "valueText", record.FormatPairs: "pairValue", record.FormatJSON: "valueJSON", record.FormatFile: "valueFile",
}

// value collects what was entered as a value; key and value of a pair belong together by position.
func value(b *form.Body) submission.ValueInput {
	format := record.Format(b.Get("valueFormat"))
	v := submission.ValueInput{
		Format:   format,
		Key:      b.Get("key"),
		Text:     b.Secret("valueText"),
		JSON:     b.Secret("valueJSON"),
		File:     b.Secret("valueFile"),
		Recipe:   b.Get("recipe"),
		Check:    b.Get("check") != "",
		Told:     submission.ParseTold(b.Get("told")),
		LineEnds: b.LineEnds(valueFieldOf[format]),
	}
	keys, values := b.All("pairKey"), b.AllSecrets("pairValue")
	for i := range max(len(keys), len(values)) {
		var p submission.Pair
		if i < len(keys) {
			p.Key = keys[i]
		}
		if i < len(values) {
			p.Value = values[i]
		}
		v.Pairs = append(v.Pairs, p)
	}
	for len(v.Pairs) > 0 && v.Pairs[len(v.Pairs)-1].Key == "" && v.Pairs[len(v.Pairs)-1].Value.Empty() {
		v.Pairs = v.Pairs[:len(v.Pairs)-1]
	}
	return v
}
