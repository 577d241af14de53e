package main

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"maiaportal/internal/sandbox/maia"
)

// told is what the summary on top of a form says: what is seen at once, and what is folded.
func told(p page) (onTop, folded []string) {
	for n := range p.doc().Descendants() {
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
			*list = append(*list, strings.TrimSpace((page{doc: func() *html.Node { return item }}).text()))
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

// carried is the hidden field that names what was told.
func carried(p page) string { return inputs(p.doc()).Get("told") }

// S-36: the form carries what was told, on every page that takes a value, and at the next try that alone passes.
func TestOnlyWhatWasToldPasses(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	b.login("ada", "/")
	for path, tc := range map[string]struct {
		form   url.Values
		stored func() (string, bool)
	}{
		"/secret-values": {
			b.value("told", "valueFormat", "text"),
			func() (string, bool) { return r.sb.Maia.VaultProperty(maia.AgentAWS, "told", "password") },
		},
		"/secret-references": {
			b.reference("TOLD", "agentType", "Matillion hosted", "agentId", maia.AgentHosted, "valueFormat", "text"),
			func() (string, bool) { return r.sb.Maia.HostedProperty(maia.ProjectFinance, "TOLD", "password") },
		},
		"/setup": {
			b.setup("TOLD_TOO", "name", "told-too", "agentType", "AWS", "valueFormat", "text"),
			func() (string, bool) { return r.sb.Maia.VaultProperty(maia.AgentAWS, "told-too", "password") },
		},
	} {
		t.Run(path, func(t *testing.T) {
			form := tc.form
			for i, try := range []struct {
				value string
				says  []string // what is told
				told  string   // what the form carries then
			}{
				{" hunter2", []string{"It begins with a space"}, "valueText.begins-space*1"},
				{" hunter\u200b2", []string{"It contains an invisible"}, "valueText.begins-space*1 valueText.invisible*1"},
				{"hunter\u200b2 ", []string{"It ends with a space"}, "valueText.begins-space*1 valueText.ends-space*1 valueText.invisible*1"},
				{"\u200bhunter\u202f2 ", []string{"It contains an unusual space"}, "valueText.begins-space*1 valueText.ends-space*1 valueText.invisible*1 valueText.odd-space*1"},
			} {
				form.Set("valueText", try.value)
				p := b.send(path, form)
				onTop, _ := told(p)
				if p.status != 422 || !begin(onTop, try.says...) || carried(p) != try.told || checked(p) || strings.Contains(p.body, "hunter") {
					t.Fatalf("try %d: %d, ticked %v, %q, carried %q", i+1, p.status, checked(p), onTop, carried(p))
				}
				form = filled(p)
			}
			if _, ok := tc.stored(); ok {
				t.Fatal("it is stored already")
			}
			form.Set("valueText", "hunter\u202f2 ")
			if p := b.send(path, form); p.status != 303 {
				t.Fatalf("what was told: %d %s", p.status, p.text())
			}
			if got, _ := tc.stored(); got != "hunter\u202f2 " {
				t.Errorf("stored is %q", got)
			}
		})
	}
}

// What was told of one field says nothing of another, nor one text of JSON anything of a second one.
func TestToldIsOfItsField(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	b.login("ada", "/")
	for why, tc := range map[string]struct{ before, after []string }{
		"another row":    {[]string{"valueFormat", "pairs", "pairKey", "a", "pairValue", " x", "pairKey", "b", "pairValue", "y"}, []string{"pairValue", " x", "pairValue", " y"}},
		"another format": {[]string{"valueFormat", "text", "valueText", " x"}, []string{"valueFormat", "json", "valueJSON", `{"a":" x"}`}},
		"another text":   {[]string{"valueFormat", "json", "valueJSON", `{"a":" x"}`}, []string{"valueJSON", `{"a":" x","b":" y"}`}},
		"the name":       {[]string{"valueFormat", "text", "valueText", " x"}, []string{"valueText", " x", "name", "a b"}},
	} {
		p := b.send("/secret-values", b.value(strings.ReplaceAll(why, " ", "-"), tc.before...))
		if p.status != 422 || carried(p) == "" {
			t.Fatalf("%s: %d, %q", why, p.status, carried(p))
		}
		if p = b.send("/secret-values", filled(p, tc.after...)); p.status != 422 {
			t.Errorf("%s: %d", why, p.status)
		}
		if p = b.send("/secret-values", filled(p, tc.after...)); why != "the name" && p.status != 303 {
			t.Errorf("%s, told: %d %s", why, p.status, p.text())
		}
	}
}

// What nobody was told does not pass by its being claimed: names that mean nothing, counts that are none, a field in a
// link. A fault never passes.
func TestToldThatIsForged(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	b.login("ada", "/")
	nonsense := "valueText.nonsense*9 x.y*1 <script>*1 valueText.begins-space valueText.begins-space*0 valueText.begins-space*-1 valueText*1 .begins-space*1"
	for _, claim := range []string{nonsense, strings.Repeat("valueText.begins-space*1 ", 5000)} {
		for _, check := range []string{"yes", ""} {
			form := b.value("forged", "valueFormat", "text", "valueText", " hunter2", "check", check)
			form.Set("told", claim)
			p := b.send("/secret-values", form)
			onTop, _ := told(p)
			if p.status != 422 || !begin(onTop, "It begins with a space") || strings.Contains(p.body, "<script") {
				t.Errorf("%.50s, check %q: %d, %q", claim, check, p.status, onTop)
			}
		}
	}
	for why, fields := range map[string][]string{
		"no key at all":           {"recipe", "private-key", "valueText", "hunter2"},
		"a NUL":                   {"valueText", "a\x00b"},
		"the dots of a field":     {"valueText", "••••••"},
		"no JSON":                 {"valueFormat", "json", "valueJSON", "{"},
		"a NUL in JSON":           {"valueFormat", "json", "valueJSON", `{"a":"\u0000"}`},
		"an unseen name in JSON":  {"valueFormat", "json", "valueJSON", `{"a\u200b":"x"}`},
		"an unseen name of a row": {"valueFormat", "pairs", "pairKey", "a\u200b", "pairValue", "x"},
	} {
		form := b.value("fault", append([]string{"check", ""}, fields...)...)
		ids := []string{"no-key", "invisible", "unseen", "nul", "placeholder", "masked", "json"}
		claims := make([]string, 0, 5*len(ids))
		for _, field := range []string{"valueText", "valueJSON", "pairKey-1", "pairValue-1", "key"} {
			for _, id := range ids {
				claims = append(claims, field+"."+id+"*99")
			}
		}
		form.Set("told", strings.Join(claims, " "))
		for range 2 {
			p := b.send("/secret-values", form)
			if p.status != 422 {
				t.Errorf("%s: %d", why, p.status)
				break
			}
			form = filled(p, fields...)
		}
	}
	if p := b.get("/secret-values/new?told=valueText.begins-space*1"); p.status != 303 || strings.Contains(p.location(), "begins-space") {
		t.Errorf("a link: %d to %s", p.status, p.location())
	}
	if n := len(r.sb.Maia.WriteCalls()); n != 0 {
		t.Errorf("%d calls", n)
	}
}

// However much was told, it passes at the next try, and what Maia refuses then does not make it new again.
func TestToldOfManyRows(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	b.login("ada", "/")
	rows := []string{"valueFormat", "pairs"}
	for i := range 50 {
		rows = append(rows, "pairKey", fmt.Sprintf("property-%d", i), "pairValue", " \ufeffa\u200b\u202f\u2011\ue000… ********")
	}
	p := b.send("/secret-values", b.value("demo-conflict", rows...))
	if p.status != 422 {
		t.Fatalf("%d", p.status)
	}
	p = b.send("/secret-values", filled(p, rows...))
	if p.status != 409 || carried(p) == "" {
		t.Fatalf("%d, carried %q: %s", p.status, carried(p), p.text())
	}
	if p = b.send("/secret-values", filled(p, append(rows, "name", "another")...)); p.status != 303 {
		t.Errorf("%d: %s", p.status, p.text())
	}
}

// A name that its vault does not take is told, also where another fault has hidden it at the first try.
func TestNameBehindAFaultIsTold(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	b.login("ada", "/")
	form := b.setup("my secret", "agentType", "Azure", "vaultName", "contoso-kv", "valueFormat", "text", "valueText", " x")
	form.Set("agentId", maia.AgentAzure)
	p := b.send("/setup", form)
	if p.status != 422 {
		t.Fatalf("%d", p.status)
	}
	p = b.send("/setup", filled(p, "secretReferenceName", "MY_SECRET", "valueText", " x"))
	if p.status != 422 || !strings.Contains(p.text(), "MY-SECRET would do") {
		t.Errorf("%d: %s", p.status, p.text())
	}
}
