package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	stdpem "encoding/pem"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"maiaportal/internal/record"
	"maiaportal/internal/sandbox/fault"
	"maiaportal/internal/sandbox/maia"
	"maiaportal/internal/submission"
)

// realKey is a private key that parses, without the line break after its END line.
func realKey(t *testing.T) string {
	t.Helper()
	key := must(rsa.GenerateKey(rand.Reader, 2048)) // Snowflake takes no others
	return strings.TrimSpace(string(stdpem.EncodeToMemory(&stdpem.Block{
		Type:  "PRIVATE KEY",
		Bytes: must(x509.MarshalPKCS8PrivateKey(key)),
	})))
}

// checked says whether the box check is ticked in the form of a page.
func checked(p page) bool { return inputs(p.doc()).Get("check") != "" }

// S-36: a value that looks odd is told once, with the box no longer ticked and the field empty; the
// second try sends it as it is.
func TestOddValueIsToldOnce(t *testing.T) {
	for way, send := range map[string]func(*browser, url.Values) page{
		"multipart":  func(b *browser, f url.Values) page { return b.send("/secret-values", f) },
		"urlencoded": func(b *browser, f url.Values) page { return b.sendPlain("/secret-values", f) },
	} {
		t.Run(way, func(t *testing.T) {
			r := newRig(t)
			b := r.browser()
			b.login("ada", "/")
			form := b.value("odd", "valueFormat", "text", "valueText", "hunter2 ", "projectId", maia.ProjectFinance)
			if form.Get("check") == "" {
				t.Error("the box is not ticked in a fresh form")
			}
			p := send(b, form)
			if p.status != http.StatusUnprocessableEntity || checked(p) {
				t.Fatalf("%d, ticked %v: %s", p.status, checked(p), p.text())
			}
			for _, sentence := range []string{"Error: Store a value", "The value looks wrong and was not sent", "It ends with a space", "what is listed here will not be reported again", "The secret was not kept. Enter it again."} {
				if !strings.Contains(p.text(), sentence) {
					t.Errorf("the page does not say %q: %s", sentence, p.text())
				}
			}
			if got := inputs(p.doc()); strings.Contains(p.body, "hunter2") || got.Get("name") != "odd" || got.Get("projectId") != maia.ProjectFinance {
				t.Error("the value is on the page, or what is not secret is missing")
			}
			// It was no attempt: no call and no record.
			list, err := r.p.store.Submissions(t.Context(), record.Query{Of: record.Everyone, Limit: 10})
			if n := len(r.sb.Maia.WriteCalls()); n+len(list) != 0 || err != nil {
				t.Errorf("%d calls, %d records, %v", n, len(list), err)
			}
			again := send(b, filled(p, "valueText", "hunter2 "))
			if again.status != http.StatusSeeOther {
				t.Fatalf("again: %d %s", again.status, again.text())
			}
			if got, _ := r.sb.Maia.VaultProperty(maia.AgentAWS, "odd", "password"); got != "hunter2 " {
				t.Errorf("the vault has %q", got)
			}
		})
	}
}

// The box is the user's: where nothing was odd it stays as it was sent, and without it nothing is told.
func TestCheckStaysAsItWas(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	b.login("ada", "/")
	wrong := func(value, check string) url.Values {
		form := b.value("m", "valueFormat", "text", "valueText", value, "check", check)
		form.Set("agentId", "?")
		return form
	}
	if p := b.send("/secret-values", wrong("hunter2", "yes")); p.status != 422 || !checked(p) {
		t.Errorf("ticked: %d, %v", p.status, checked(p))
	}
	if p := b.send("/secret-values", wrong("hunter2", "")); p.status != 422 || checked(p) {
		t.Errorf("unticked: %d, %v", p.status, checked(p))
	}
	form := b.value("n", "valueFormat", "text", "valueText", " hunter2")
	form.Del("check")
	if p := b.send("/secret-values", form); p.status != http.StatusSeeOther {
		t.Errorf("without the field: %d", p.status)
	}
	// With something else to put right, all of it is told at once.
	p := b.send("/secret-values", wrong(" hunter2", "yes"))
	if p.status != 422 || checked(p) || !strings.Contains(p.text(), "Fix 2 problems") || !strings.Contains(p.text(), "It begins with a space") {
		t.Errorf("odd and wrong: %d, %v %s", p.status, checked(p), p.text())
	}
	if got := r.sb.Maia.WriteCalls(); len(got) != 1 {
		t.Errorf("%d calls", len(got))
	}
}

// A recipe fills in the contract's fields; what is entered arrives in the shape that its use needs, and
// the receipt says what was changed.
func TestRecipesArrive(t *testing.T) {
	key := realKey(t)
	file := "{\n  \"type\": \"service_account\",\r\n  \"private_key\": \"" + strings.ReplaceAll(key, "\n", `\n`) + "\\n\"\n}\n"
	quote := func(s string) string { return strings.ReplaceAll(s, "\n", `\n`) }
	typed := strings.ReplaceAll(key, "\n", "\r\n")
	for id, tc := range map[string]struct {
		enter    []string
		file     bool
		object   string
		fields   map[string]string // what the form has when it opens
		added    bool              // whether a newline is put after END
		lineEnds bool
	}{
		"password": {
			enter:  []string{"valueText", "correct horse"},
			object: `{"password":"correct horse"}`,
			fields: map[string]string{"type": "PASSWORD", "valueFormat": "text"},
		},
		"oauth-client": {
			enter:  []string{"pairValue", "id-1", "pairValue", "s3cret"},
			object: `{"clientId":"id-1","clientSecret":"s3cret"}`,
			fields: map[string]string{"type": "OAUTH_CLIENT_CREDENTIALS", "valueFormat": "pairs", "pairKey": "clientId,clientSecret"},
		},
		"snowflake-key": {
			enter:    []string{"valueText", typed},
			object:   `{"privateKey":"` + quote(key) + `\n"}`,
			fields:   map[string]string{"key": "privateKey", "valueFormat": "text"},
			added:    true,
			lineEnds: true,
		},
		"snowflake-component-key": {
			enter:    []string{"pairValue", typed, "pairValue", ""},
			object:   `{"privateKey":"` + quote(key) + `\n"}`,
			fields:   map[string]string{"valueFormat": "pairs", "pairKey": "privateKey,passphrase"},
			added:    true,
			lineEnds: true,
		},
		"cloud-key": {
			enter:  []string{"pairValue", "AKIA1", "pairValue", "abc/def+"},
			object: `{"accessKeyId":"AKIA1","secretAccessKey":"abc/def+"}`,
			fields: map[string]string{"valueFormat": "pairs"},
		},
		"private-key": {
			enter:  []string{"valueFormat", "file", "valueFile", key},
			file:   true,
			object: `{"privateKey":"` + quote(key) + `\n"}`,
			fields: map[string]string{"key": "privateKey", "valueFormat": "text"},
			added:  true,
		},
		"service-account": {
			enter:  []string{"valueFile", file},
			file:   true,
			object: `{"serviceAccount":` + jsonText(file) + `}`,
			fields: map[string]string{"key": "serviceAccount", "valueFormat": "file"},
		},
		"anything": {
			enter:  []string{"valueFormat", "json", "valueJSON", `{"a": 1}`},
			object: `{"a": 1}`,
			fields: map[string]string{"valueFormat": "text", "key": ""},
		},
	} {
		t.Run(id, func(t *testing.T) {
			r := newRig(t)
			b := r.browser()
			b.login("ada", "/")
			p := b.get("/secret-values/new?recipe=" + id + "&agentId=" + maia.AgentAWS + "&name=use-" + id)
			offered := inputs(p.doc())
			for field, want := range tc.fields {
				if got := strings.Join(offered[field], ","); got != want {
					t.Errorf("the form opens with %s %q, want %q", field, got, want)
				}
			}
			form := filled(p, tc.enter...)
			if form.Get("recipe") != id || form.Get("check") == "" {
				t.Errorf("recipe %q, check %q", form.Get("recipe"), form.Get("check"))
			}
			var files []string
			if tc.file {
				files = []string{"valueFile"}
			}
			sent := b.send("/secret-values", form, files...)
			if sent.status != http.StatusSeeOther {
				t.Fatalf("%d %s", sent.status, sent.text())
			}
			if got, _ := r.sb.Maia.VaultSecret(maia.AgentAWS, "use-"+id); string(got) != tc.object {
				t.Errorf("the vault has %s, want %s", got, tc.object)
			}
			receipt := b.get(sent.location()).text()
			if got := strings.Contains(receipt, "after the key’s END line was added"); got != tc.added {
				t.Errorf("the receipt tells of a newline: %v", got)
			}
			if got := strings.Contains(receipt, "plain line feeds"); got != tc.lineEnds {
				t.Errorf("the receipt tells of line ends: %v", got)
			}
		})
	}
	if len(submission.Recipes) != 8 {
		t.Error("a recipe is not tried here")
	}
}

// jsonText writes a text as the portal does for Maia.
func jsonText(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`).Replace(s) + `"`
}

// A link chooses a recipe and may say otherwise; a form that comes back keeps it; a login in between
// loses nothing of it.
func TestRecipeOfALink(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	b.login("ada", "/")
	offered := inputs(b.get("/secret-values/new?recipe=oauth-client&type=MINE&pairKey=a&pairKey=b").doc())
	if offered.Get("type") != "MINE" || strings.Join(offered["pairKey"][:2], ",") != "a,b" || len(offered["pairKey"]) != 8 {
		t.Errorf("the link’s own words are overruled: %v", offered)
	}
	p := b.get("/secret-values/new?recipe=nonsense&name=n")
	if p.status != 200 || inputs(p.doc()).Get("name") != "n" || inputs(p.doc()).Has("recipe") || !strings.Contains(p.text(), "an unknown use") {
		t.Errorf("an unknown recipe: %d %s", p.status, p.text())
	}
	back := b.send("/secret-values", filled(b.get("/secret-values/new?recipe=oauth-client&agentId="+maia.AgentAWS), "name", "", "pairValue", "id", "pairValue", ""))
	got := inputs(back.doc())
	if back.status != 422 || got.Get("recipe") != "oauth-client" || strings.Join(got["pairKey"], ",") != "clientId,clientSecret" || !strings.Contains(back.text(), "Enter the client secret.") {
		t.Errorf("it came back with %v: %d %s", got, back.status, back.text())
	}
	stranger := r.browser()
	lost := stranger.send("/secret-values", filled(b.get("/secret-values/new?recipe=oauth-client&name=n"), "pairValue", "id", "pairValue", "hunter2"))
	if lost.status != http.StatusUnauthorized || !strings.Contains(lost.body, "recipe%3Doauth-client") || !strings.Contains(lost.text(), "What it is for An OAuth client") {
		t.Errorf("after a lost login: %d %s", lost.status, lost.text())
	}
	// The reference form knows recipes too, where it takes a value.
	hosted := b.get("/secret-references/new?recipe=oauth-client&agentType=Matillion+hosted&projectId=" + maia.ProjectFinance + "&secretReferenceName=OAUTH&agentId=" + maia.AgentHosted)
	if sent := b.send("/secret-references", filled(hosted, "pairValue", "id-1", "pairValue", "s3cret")); sent.status != http.StatusSeeOther {
		t.Fatalf("%d %s", sent.status, sent.text())
	}
	if got, _ := r.sb.Maia.HostedSecret(maia.ProjectFinance, "OAUTH"); string(got) != `{"clientId":"id-1","clientSecret":"s3cret"}` {
		t.Errorf("hosted: %s", got)
	}
}

// What the summary says leads to a control that is on the page, whatever the use and the fault.
func TestSummaryLeadsToControls(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	b.login("ada", "/")
	at := "&agentId=" + maia.AgentAWS + "&name=n"
	half := strings.Repeat("x", 200<<10)
	for why, tc := range map[string]struct {
		link  string
		enter []string
		fault *fault.Fault
	}{
		"properties that are too large together": {"?recipe=oauth-client" + at, []string{"pairValue", half, "pairValue", half}, nil},
		"Maia complains about the value": {"?recipe=oauth-client" + at, []string{"pairValue", "hunter2-id", "pairValue", "hunter2-secret"}, &fault.Fault{
			Status:      400,
			ContentType: "application/problem+json",
			Body:        `{"status":400,"violations":["value is too large"]}`,
		}},
		"properties without a value": {"?recipe=cloud-key" + at, []string{"pairValue", "", "pairValue", ""}, nil},
		"a use that is not known":    {"?x" + at, []string{"recipe", "nonsense", "valueText", "hunter2"}, nil},
		"a name that is odd":         {"?recipe=password&name=a+b&agentId=" + maia.AgentAWS, []string{"valueText", "hunter2"}, nil},
		"a format beyond the use":    {"?recipe=password&valueFormat=json" + at, []string{"valueJSON", "{"}, nil},
	} {
		r.sb.Maia.SetFault(tc.fault)
		p := b.send("/secret-values", filled(b.get("/secret-values/new"+strings.Replace(tc.link, "?x&", "?", 1)), tc.enter...))
		r.sb.Maia.SetFault(nil)
		if p.status != 422 {
			t.Errorf("%s: %d %s", why, p.status, p.text())
			continue
		}
		ids, links := map[string]bool{}, 0
		for n := range p.doc().Descendants() {
			if id := attr(n, "id"); id != "" {
				ids[id] = true
			}
		}
		for n := range p.doc().Descendants() {
			if target, ok := strings.CutPrefix(attr(n, "href"), "#"); ok && target != "main" {
				if links++; !ids[target] {
					t.Errorf("%s: a link to #%s, which is not on the page", why, target)
				}
			}
			for _, id := range strings.Fields(attr(n, "aria-describedby")) {
				if !ids[id] {
					t.Errorf("%s: described by #%s, which is not on the page", why, id)
				}
			}
		}
		if links == 0 && why != "a use that is not known" {
			t.Errorf("%s: no link in the summary: %s", why, p.text())
		}
	}
}

// A name that is odd is told as a name, and a key that was cleared is still to be seen.
func TestWordsOfDoubts(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	b.login("ada", "/")
	form := func(fields ...string) url.Values {
		return filled(b.get("/secret-values/new?recipe=snowflake-key&agentId="+maia.AgentAzure+"&name=DB_KEY"), fields...)
	}
	p := b.send("/secret-values", form("valueText", realKey(t)))
	if text := p.text(); p.status != 422 || checked(p) || !strings.Contains(text, "The name looks wrong, and nothing was sent") || strings.Contains(text, "value looks odd") {
		t.Errorf("%d %s", p.status, text)
	}
	p = b.send("/secret-values", form("valueText", realKey(t), "key", "", "projectId", "x"))
	if p.status != 422 || !inputs(p.doc()).Has("key") {
		t.Errorf("a key that was cleared is not on the page: %d", p.status)
	}
	// A value that could not be looked at leaves the check for the next try.
	p = b.send("/secret-values", form("valueText", ""))
	if p.status != 422 || !checked(p) || !strings.Contains(p.text(), "DB-KEY would do") {
		t.Errorf("%d, ticked %v: %s", p.status, checked(p), p.text())
	}
}

// The rules of the vaults and the company's own are told before anything is sent, with a name that
// would do.
func TestNamesAreToldBeforeSending(t *testing.T) {
	r := newRig(t, "NAME_RULE", "^[A-Z]+[-_] Begin with the name of your team and a line.")
	b := r.browser()
	b.login("ada", "/")
	value := func(name, agent string) url.Values {
		form := b.value(name, "valueFormat", "text", "valueText", "hunter2")
		form.Set("agentId", agent)
		return form
	}
	for why, tc := range map[string]struct {
		path string
		form url.Values
		want string
	}{
		"a reference into Azure":       {"/secret-references", b.reference("DB_X", "agentType", "Azure", "vaultName", "contoso-kv", "secretName", "DB_PASSWORD"), "DB-PASSWORD would do"},
		"a vault's address":            {"/secret-references", b.reference("DB_X", "agentType", "Azure", "vaultName", "https://contoso-kv.vault.azure.net/", "secretName", "x"), "contoso-kv would do"},
		"a reference into AWS":         {"/secret-references", b.reference("DB_X", "agentType", "AWS", "secretName", "db password"), "db-password would do"},
		"a value through Azure":        {"/secret-values", value("DB_PASSWORD", maia.AgentAzure), "DB-PASSWORD would do"},
		"a value through AWS":          {"/secret-values", value("DB-(1)", maia.AgentAWS), "DB--1 would do"},
		"the company's, a reference":   {"/secret-references", b.reference("lower", "agentType", "AWS", "secretName", "x"), "Begin with the name of your team"},
		"the company's, a value":       {"/secret-values", value("lower", maia.AgentAWS), "Begin with the name of your team"},
		"the company's, without check": {"/secret-values", func() url.Values { f := value("lower", maia.AgentAWS); f.Del("check"); return f }(), "Begin with the name of your team"},
	} {
		p := b.send(tc.path, tc.form)
		if p.status != 422 || !strings.Contains(p.text(), tc.want) {
			t.Errorf("%s: %d, without %q: %s", why, p.status, tc.want, p.text())
		}
	}
	if got := r.sb.Maia.WriteCalls(); len(got) != 0 {
		t.Errorf("%d calls", len(got))
	}
	for _, path := range []string{"/secret-values/new", "/secret-references/new"} {
		if !strings.Contains(b.get(path).text(), "Begin with the name of your team and a line.") {
			t.Errorf("%s does not say the rule", path)
		}
	}
	if p := b.get("/secret-values/new?name=DB-a1b2c3&agentId=" + maia.AgentAWS); !strings.Contains(p.text(), "avoid ending a name with a hyphen and six characters") {
		t.Error("no advice for AWS")
	}
	if p := b.get("/secret-values/new?name=DB-a1b2c3&agentId=" + maia.AgentAzure); strings.Contains(p.text(), "avoid ending a name") {
		t.Error("advice for AWS at an agent of Azure")
	}
}
