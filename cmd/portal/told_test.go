package main

import (
	"slices"
	"strings"
	"testing"
)

// told is what the summary on top of a form says: what is seen at once, and what is folded.
func told(p page) (onTop, folded []string) {
	for n := range p.doc.Descendants() {
		if !strings.Contains(" "+attr(n, "class")+" ", " summary ") {
			continue
		}
		for item := range n.Descendants() {
			if item.Data != "li" {
				continue
			}
			list := &onTop
			for up := item.Parent; up != nil; up = up.Parent {
				if up.Data == "details" {
					list = &folded
				}
			}
			*list = append(*list, strings.TrimSpace((page{doc: item}).text()))
		}
	}
	return onTop, folded
}

// begin says whether each text begins with its words.
func begin(texts []string, words ...string) bool {
	return slices.EqualFunc(texts, words, strings.HasPrefix)
}

// The worst finding stands on top, wherever in the form it is; three are shown, the others are folded.
func TestWorstFindingStandsOnTop(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	b.login("ada", "/")
	send := func(fields ...string) (onTop, folded []string) {
		t.Helper()
		p := b.send("/secret-values", b.value("worst", fields...))
		if p.status != 422 {
			t.Errorf("%d: %s", p.status, p.text())
		}
		return told(p)
	}
	onTop, folded := send("valueFormat", "pairs",
		"pairKey", "a", "pairValue", `{"x":1}`, // a blemish
		"pairKey", "b", "pairValue", "hunter\u200b2 ",
		"pairKey", "c", "pairValue", "********",
		"pairKey", "d", "pairValue", "[REDACTED] ")
	if !begin(onTop, "Row 3: It is masked", "Row 4: A program put these words", "Row 2: It ends with a space") ||
		!begin(folded, "Row 2: It contains an invisible", "Row 4: It ends with a space", "Row 1: It is a whole JSON object") {
		t.Errorf("pairs: %q, folded %q", onTop, folded)
	}

	// Of many findings the worst is told, however far behind.
	onTop, folded = send("valueFormat", "json", "valueJSON", `{"list":[`+strings.Repeat(`" x",`, 30)+`"y"],"token":"op://vault/item"}`)
	if len(onTop) != 3 || !strings.HasPrefix(onTop[0], "In line 1, property token: It points to a secret") || len(folded) != 7 {
		t.Errorf("JSON: %q, folded %q", onTop, folded)
	}

	// Something to put right comes before what is odd, and is never folded.
	form := b.value("worst", "valueFormat", "text", "valueText", "********")
	form.Set("agentId", "?")
	for _, field := range []string{"type", "ticket", "key"} {
		form.Set(field, "\u200bx")
	}
	p := b.send("/secret-values", form)
	onTop, folded = told(p)
	if len(onTop) != 4 || slices.ContainsFunc(onTop, func(s string) bool { return strings.Contains(s, "masked") }) || !begin(folded, "It is masked") {
		t.Errorf("faults: %q, folded %q: %d %s", onTop, folded, p.status, p.text())
	}
}
