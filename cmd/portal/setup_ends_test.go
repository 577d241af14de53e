package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"maiaportal/internal/sandbox/fault"
	"maiaportal/internal/sandbox/maia"
)

// Whatever becomes of a step's call, and whether Maia did it or not before its answer failed, what the receipt or the
// page offers leads to one value and one reference, wherever the secret is kept.
func TestSetupEndsWellFromEveryAccident(t *testing.T) {
	t.Parallel()
	for kind, place := range map[string]setupPlace{
		"AWS":              {agent: maia.AgentAWS, fields: []string{"name", "prod/ends-well"}, target: "prod/ends-well"},
		"Azure":            {agent: maia.AgentAzure, fields: []string{"name", "ends-well", "vaultName", "contoso-kv"}, target: "ends-well"},
		"Matillion hosted": {agent: maia.AgentHosted, fields: []string{"agentType", "Matillion hosted"}},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, "MAIA_TIMEOUT", "5s")
			b := r.browser()
			b.login("ada", "/")
			for how, accident := range accidents {
				for step, name := range place.steps() {
					t.Run(name+" "+how, func(t *testing.T) {
						r.t = t
						endsWell(t, r, b, place, step, accident)
					})
				}
			}
		})
	}
}

var accidents = map[string]fault.Fault{
	"400":                {Status: 400},
	"403":                {Status: 403},
	"404":                {Status: 404},
	"409":                {Status: 409},
	"429":                {Status: 429},
	"500":                {Status: 500},
	"504":                {Status: 504},
	"hang":               {Hang: true},
	"reset":              {Reset: true},
	"500, though done":   {Status: 500, After: true},
	"504, though done":   {Status: 504, After: true},
	"hang, though done":  {Hang: true, After: true},
	"reset, though done": {Reset: true, After: true},
}

// setupPlace is where a setup puts a secret.
type setupPlace struct {
	agent  string
	fields []string
	target string // its name in the vault; empty: Matillion keeps it with the reference
}

func (p setupPlace) steps() []string {
	if p.target == "" {
		return []string{"reference"}
	}
	return []string{"value", "reference"}
}

// endsWell makes one call of a setup fail, follows what the pages offer, and looks at what there is in the end.
func endsWell(t *testing.T, r *rig, b *browser, place setupPlace, step int, accident fault.Fault) {
	t.Helper()
	r.sb.Maia.Reset()
	accident.Times = 1
	accident.Skip = step
	send := func() page {
		form := b.setup("ENDS_WELL", append([]string{"valueFormat", "text", "valueText", "kept by the vault"}, place.fields...)...)
		form.Set("agentId", place.agent)
		return b.send("/setup", form)
	}
	r.sb.Maia.SetFault(&accident)
	p := send()
	for tries := 0; ; tries++ {
		var stored bool
		if place.target == "" {
			_, stored = r.sb.Maia.HostedSecret(maia.ProjectFinance, "ENDS_WELL")
		} else {
			_, stored = r.sb.Maia.VaultSecret(place.agent, place.target)
		}
		reference, referenced := r.sb.Maia.Reference(maia.ProjectFinance, "ENDS_WELL")
		if stored && referenced {
			if reference.SecretName != place.target {
				t.Errorf("the reference points to %q", reference.SecretName)
			}
			break
		}
		if tries == 2 {
			t.Fatalf("stored %v, referenced %v; the page says: %s", stored, referenced, p.text())
		}
		if p.status == http.StatusSeeOther {
			p = b.get(p.location())
		}
		finish := p.href("Finish the reference")
		if finish == "" && stored {
			finish = p.href("It is there: create the reference")
		}
		if finish == "" && stored {
			finish = p.href("Create a reference to the one that is there")
		}
		if finish != "" {
			p = b.send("/secret-references", filled(b.get(finish)))
			continue
		}
		p = send()
	}
	if place.target != "" {
		if names := r.sb.Maia.SecretNames(place.agent); len(names) != 1 {
			t.Errorf("the vault has %v", names)
		}
	}
	if n := r.sb.Maia.ReferenceCount(); n != 1 {
		t.Errorf("%d references", n)
	}
}

// A reference that Maia created although it said that it failed is no trap between 'exists already' and 'is missing':
// the second try says that it was most likely one's own, and the setup is done.
func TestSetupIsDoneWhereMaiaHasTheReferenceAfterAll(t *testing.T) {
	t.Parallel()
	r := newRig(t, "MAIA_TIMEOUT", "5s")
	b := r.browser()
	b.login("ada", "/")
	r.sb.Maia.SetFault(&fault.Fault{Status: 500, After: true, Times: 1, Skip: 1})
	setup := b.send("/setup", b.setup("AFTER_ALL", "name", "prod/after-all", "valueFormat", "text", "valueText", "kept by the vault")).location()
	finish := b.get(setup).href("Finish the reference")
	p := b.send("/secret-references", filled(b.get(finish)))
	if p.status != http.StatusConflict || !strings.Contains(p.text(), "your earlier attempt, whose result was unknown, probably created it") {
		t.Fatalf("the reference once more: %d, %s", p.status, p.text())
	}
	if got := p.href("See the result for AFTER_ALL"); got != setup {
		t.Errorf("leads to %q", got)
	}
	if text := b.get(setup).text(); !strings.Contains(text, "AFTER_ALL was set up") {
		t.Errorf("its value and its reference are there: %s", text)
	}
}

// A name that is taken says nothing of an attempt that was refused for sure, and a receipt of a stored value asks nobody.
func TestSetupStaysHalfWayWhereTheNameIsAnothers(t *testing.T) {
	t.Parallel()
	r := newRig(t, "MAIA_TIMEOUT", "5s")
	b := r.browser()
	b.login("ada", "/")
	for name, accident := range map[string]fault.Fault{
		"REFUSED": {Status: http.StatusForbidden},
		"BUSY":    {Status: http.StatusTooManyRequests},
	} {
		accident.Times = 1
		accident.Skip = 1
		r.sb.Maia.SetFault(&accident)
		form := b.setup(name, "name", "prod/"+name, "valueFormat", "text", "valueText", "kept by the vault")
		setup := b.send("/setup", form).location()
		finish := filled(b.get(b.get(setup).href("Finish the reference")))
		r.sb.Maia.SetFault(&fault.Fault{Status: http.StatusConflict, Times: 1})
		if p := b.send("/secret-references", finish); p.status != http.StatusConflict {
			t.Fatalf("%s: the reference once more: %d, %s", name, p.status, p.text())
		}
		r.sb.Maia.SetFault(&fault.Fault{Status: http.StatusTeapot})
		if p := b.sendPlain(setup+"/check", url.Values{}); p.location() != setup {
			t.Errorf("%s: asking Maia: %d, %s", name, p.status, p.text())
		}
		r.sb.Maia.SetFault(nil)
		if text := b.get(setup).text(); !strings.Contains(text, "The value of "+name+" is stored, the reference is missing") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// A reference that was created by hand while nobody knew of the value counts when the value is known: the setup is done,
// and not half-way.
func TestSetupIsDoneWhereItsReferenceCameFirst(t *testing.T) {
	t.Parallel()
	r := newRig(t, "MAIA_TIMEOUT", "5s")
	b := r.browser()
	b.login("ada", "/")
	send := func() page {
		return b.send("/setup", b.setup("BY_HAND", "name", "prod/by-hand", "valueFormat", "text", "valueText", "kept by the vault"))
	}
	r.sb.Maia.SetFault(&fault.Fault{Reset: true, After: true, Times: 1})
	setup := send().location()
	hand := b.get(setup).href("It is there: create the reference")
	if p := b.send("/secret-references", filled(b.get(hand))); p.status != http.StatusSeeOther {
		t.Fatalf("the reference by hand: %d, %s", p.status, p.text())
	}
	if text := b.get(setup).text(); strings.Contains(text, "BY_HAND was set up") {
		t.Errorf("a reference says nothing of the value: %s", text)
	}
	if p := send(); p.status != http.StatusConflict {
		t.Fatalf("the same name again: %d", p.status)
	}
	if text := b.get(setup).text(); !strings.Contains(text, "BY_HAND was set up") {
		t.Errorf("its value and its reference are there: %s", text)
	}
}
