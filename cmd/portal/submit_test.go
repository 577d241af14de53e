package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"maiaportal/internal/sandbox/fault"
	"maiaportal/internal/sandbox/maia"
)

// reference fills in the reference form.
func (b *browser) reference(name string, fields ...string) url.Values {
	b.r.t.Helper()
	p := b.get("/secret-references/new")
	return filled(p, append([]string{"projectId", maia.ProjectFinance, "secretReferenceName", name}, fields...)...)
}

// value fills in the value form.
func (b *browser) value(name string, fields ...string) url.Values {
	b.r.t.Helper()
	p := b.get("/secret-values/new")
	return filled(p, append([]string{"agentId", maia.AgentAWS, "name", name}, fields...)...)
}

// setup fills in the form that does both.
func (b *browser) setup(name string, fields ...string) url.Values {
	b.r.t.Helper()
	p := b.get("/setup")
	return filled(p, append([]string{"projectId", maia.ProjectFinance, "agentId", maia.AgentAWS, "secretReferenceName", name}, fields...)...)
}

// What a secret is for says nothing of where it goes, but on the form where one place alone takes a value.
func TestRecipeLinksOfEachForm(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	b.login("ada", "/")
	for path, hosted := range map[string]bool{"/setup": false, "/secret-values/new": false, "/secret-references/new": true} {
		link := ""
		opened, _ := b.follow(r.base + path + "?agentType=AWS&projectId=" + maia.ProjectFinance)
		for n := range opened.doc().Descendants() {
			if strings.Contains(attr(n, "href"), "recipe=password") && !strings.HasPrefix(attr(n, "href"), "/choose") {
				link = attr(n, "href")
			}
		}
		form := b.get(link)
		if chosen := inputs(form.doc()).Get("agentType"); hosted != (chosen == "Matillion hosted") {
			t.Errorf("%s: %s leads to a form for %q", path, link, chosen)
		}
	}
}

func TestReferenceOfEachTypeArrives(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	b.login("ada", "/")
	for name, fields := range map[string][]string{
		"TO_AWS":      {"agentType", "AWS", "secretName", "prod/db", "secretKey", "password", "description", `He said "hi" & <left>`},
		"TO_AZURE(1)": {"agentType", "Azure", "vaultName", "contoso-kv", "secretName", "db-password"},
		"HOSTED":      {"agentType", "Matillion hosted", "agentId", maia.AgentHosted, "valueFormat", "text", "valueText", "hunter2"},
	} {
		p := b.send("/secret-references", b.reference(name, fields...))
		if p.status != http.StatusSeeOther || !strings.HasPrefix(p.location(), "/activity/") {
			t.Fatalf("%s: %d, to %q: %s", name, p.status, p.location(), p.text())
		}
		receipt := b.get(p.location())
		if receipt.status != 200 || !strings.Contains(receipt.text(), "The reference "+name+" was created") {
			t.Errorf("%s: receipt says %s", name, receipt.text())
		}
		got, ok := r.sb.Maia.Reference(maia.ProjectFinance, name)
		if !ok || got.AgentType != fields[1] || got.CreatedBy != "ada" {
			t.Errorf("%s: Maia has %+v, %v", name, got, ok)
		}
	}
	if got, _ := r.sb.Maia.Reference(maia.ProjectFinance, "TO_AWS"); got.SecretName != "prod/db" || got.SecretKey != "password" || got.Description != `He said "hi" & <left>` {
		t.Errorf("AWS reference: %+v", got)
	}
	if got, _ := r.sb.Maia.Reference(maia.ProjectFinance, "TO_AZURE(1)"); got.VaultName != "contoso-kv" || got.SecretName != "db-password" || got.SecretKey != "" {
		t.Errorf("Azure reference: %+v", got)
	}
	if got, _ := r.sb.Maia.HostedProperty(maia.ProjectFinance, "HOSTED", "password"); got != "hunter2" {
		t.Errorf("hosted value: %q", got)
	}
	if list := b.get("/activity").text(); strings.Count(list, "Created") < 3 {
		t.Errorf("activity: %s", list)
	}
}

// pem has 28 lines and ends with a line break.
func pem() string {
	return "-----BEGIN PRIVATE KEY-----\n" + strings.Repeat(strings.Repeat("aB3+/9Zk", 8)+"\n", 26) + "-----END PRIVATE KEY-----\n"
}

// S-37: the value arrives exactly as it was entered.
func TestValueArrivesByteForByte(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	b.login("ada", "/")
	hard := "  \t\"quotes\" 'single' \\back <&> äöü 日本語 🔑\u200d👩 \u2028 end \t "
	big := strings.Repeat("0123456789abcdef", 6400) // 100 KB, more than a vault of AWS takes
	for name, tc := range map[string]struct {
		fields []string
		file   bool
		want   string // the JSON, or
		prop   string // the text of its property
	}{
		"text-key": {
			fields: []string{"valueFormat", "text", "valueText", strings.ReplaceAll(pem(), "\n", "\r\n")},
			prop:   pem(),
		},
		"text-hard":  {fields: []string{"valueFormat", "text", "valueText", hard}, prop: hard},
		"text-big":   {fields: []string{"valueFormat", "text", "valueText", big}, prop: big},
		"text-named": {fields: []string{"valueFormat", "text", "valueText", "x", "key", "token"}, want: `{"token":"x"}`},
		"file": {
			fields: []string{"valueFormat", "file", "valueFile", "\r\n one\r\ntwo\r \n"},
			file:   true,
			prop:   "\r\n one\r\ntwo\r \n",
		},
		"pairs-in-order": {
			fields: []string{"valueFormat", "pairs", "pairKey", "z", "pairValue", "1\r\n2", "pairKey", "", "pairValue", "", "pairKey", "a", "pairValue", " two "},
			want:   `{"z":"1\n2","a":" two "}`,
		},
		"json-as-written": {
			fields: []string{"valueFormat", "json", "valueJSON", "{ \"n\": 12345678901234567890.10,\r\n \"b\":[1, {\"c\":null}], \"u\":\"\\u00e9\" }"},
			want:   "{ \"n\": 12345678901234567890.10,\n \"b\":[1, {\"c\":null}], \"u\":\"\\u00e9\" }",
		},
		"only-the-format": {
			fields: []string{"valueFormat", "text", "valueText", "counts", "valueJSON", "not json", "pairKey", "x", "pairValue", "y"},
			want:   `{"password":"counts"}`,
		},
	} {
		for _, way := range []string{"multipart", "urlencoded"} {
			if tc.file && way == "urlencoded" {
				continue
			}
			t.Run(name+"/"+way, func(t *testing.T) {
				secret := name + "-" + way
				form := b.value(secret, append(tc.fields, "check", "")...) // odd as it is, it is meant so
				form.Set("agentId", maia.AgentHosted)
				var p page
				switch {
				case tc.file:
					p = b.send("/secret-values", form, "valueFile")
				case way == "multipart":
					p = b.send("/secret-values", form)
				default:
					p = b.sendPlain("/secret-values", form)
				}
				if p.status != http.StatusSeeOther {
					t.Fatalf("%d: %s", p.status, p.text())
				}
				raw, ok := r.sb.Maia.VaultSecret(maia.AgentHosted, secret)
				if tc.want != "" && string(raw) != tc.want {
					t.Errorf("the vault has %s (%v), want %s", raw, ok, tc.want)
				}
				if got, _ := r.sb.Maia.VaultProperty(maia.AgentHosted, secret, "password"); tc.prop != "" && got != tc.prop {
					t.Errorf("the vault has %.80q (%d bytes), want %.80q (%d bytes)", got, len(got), tc.prop, len(tc.prop))
				}
			})
		}
	}
}

// S-19: the token that reaches Maia is the logged-in user's own.
func TestEachUserSubmitsWithTheirOwnToken(t *testing.T) {
	r := newRig(t)
	ada, grace := r.browser(), r.browser()
	ada.login("ada", "/")
	grace.login("grace", "/")
	forms := map[*browser]url.Values{
		ada:   ada.reference("ADAS", "agentType", "AWS", "secretName", "a"),
		grace: grace.reference("GRACES", "agentType", "AWS", "secretName", "g"),
	}
	var both sync.WaitGroup
	for b, form := range forms {
		both.Go(func() { b.send("/secret-references", form) })
	}
	both.Wait()
	for name, user := range map[string]string{"ADAS": "ada", "GRACES": "grace"} {
		if got, _ := r.sb.Maia.Reference(maia.ProjectFinance, name); got.CreatedBy != user {
			t.Errorf("%s was created by %q, want %q", name, got.CreatedBy, user)
		}
	}
	// Neither sees what the other did, nor can use the other's form.
	if strings.Contains(grace.get("/activity").text(), "ADAS") {
		t.Error("grace sees ada's activity")
	}
	p := grace.send("/secret-references", ada.reference("STOLEN", "agentType", "AWS", "secretName", "a"))
	if p.status != http.StatusForbidden || !strings.Contains(p.text(), "not made for you") {
		t.Errorf("a form of somebody else: %d %s", p.status, p.text())
	}
}

// S-29: two POSTs of one form at the same moment make one call, and both get its receipt.
func TestTwoPostsOfOneFormMakeOneCall(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	b.login("ada", "/")
	form := b.value("once", "valueFormat", "text", "valueText", "x")
	hold := make(chan struct{})
	r.sb.Maia.SetFault(&fault.Fault{Hold: hold})
	var mu sync.Mutex
	var answers []page
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			p := b.send("/secret-values", form)
			mu.Lock()
			defer mu.Unlock()
			answers = append(answers, p)
		})
	}
	if err := r.sb.Maia.WaitForCall(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	close(hold)
	both.Wait()
	if n := len(r.sb.Maia.WriteCalls()); n != 1 {
		t.Errorf("%d calls to Maia, want 1", n)
	}
	if answers[0].status != http.StatusSeeOther || answers[0].location() != answers[1].location() {
		t.Errorf("answers: %d to %q and %d to %q", answers[0].status, answers[0].location(), answers[1].status, answers[1].location())
	}
	// And a third one, after the end, goes to the same receipt. The secret field is empty by then.
	form.Del("valueText")
	if p := b.send("/secret-values", form); p.location() != answers[0].location() || len(r.sb.Maia.WriteCalls()) != 1 {
		t.Errorf("after the end: %d to %q, %d calls", p.status, p.location(), len(r.sb.Maia.WriteCalls()))
	}
	// With another name it is another intent on a used form.
	form.Set("name", "twice")
	form.Set("valueText", "x")
	p := b.send("/secret-values", form)
	if p.status != http.StatusUnprocessableEntity || !strings.Contains(p.text(), "already used for the value once") || len(r.sb.Maia.WriteCalls()) != 1 {
		t.Errorf("other contents: %d %s", p.status, p.text())
	}
	again := filled(p, "valueText", "x")
	if again.Get("formToken") == form.Get("formToken") || again.Get("name") != "twice" {
		t.Error("the form does not come back with a new token and what was entered")
	}
	if p := b.send("/secret-values", again); p.status != http.StatusSeeOther {
		t.Errorf("the new form: %d %s", p.status, p.text())
	}
}

// S-29: the user's going away cuts nothing.
func TestSubmissionOutlivesItsConnection(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	b.login("ada", "/")
	form := b.reference("STAYS", "agentType", "AWS", "secretName", "a")
	hold := make(chan struct{})
	r.sb.Maia.SetFault(&fault.Fault{Hold: hold})
	req := b.request(http.MethodPost, "/secret-references", strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	ctx, hangUp := context.WithCancel(context.Background())
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		if resp, err := b.client.Do(req.WithContext(ctx)); err == nil {
			_ = resp.Body.Close()
		}
	}()
	if err := r.sb.Maia.WaitForCall(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	hangUp()
	<-gone
	<-r.gone
	b.get("/healthz") // by its answer the portal has acted on what it noticed
	close(hold)
	// The second POST waits for the first one.
	p := b.sendPlain("/secret-references", form)
	if p.status != http.StatusSeeOther || len(r.sb.Maia.WriteCalls()) != 1 {
		t.Fatalf("%d, %d calls", p.status, len(r.sb.Maia.WriteCalls()))
	}
	if text := b.get(p.location()).text(); !strings.Contains(text, "STAYS was created") {
		t.Errorf("the receipt says: %s", text)
	}
}

// Every row of the contract's table of Maia's answers.
func TestWhatMaiaAnswersAndWhatTheUserSees(t *testing.T) {
	t.Parallel()
	r := newRig(t, "MAIA_TIMEOUT", "5s")
	b := r.browser()
	b.login("ada", "/")
	problem := func(status int) *fault.Fault {
		return &fault.Fault{
			Status:      status,
			Body:        fmt.Sprintf(`{"status":%d,"detail":"Words of Maia","violations":["secretName: is odd","nothing in particular"]}`, status),
			ContentType: "application/problem+json",
		}
	}
	retry := problem(429)
	retry.Header = http.Header{"Retry-After": {"7"}}
	for name, tc := range map[string]struct {
		fault   *fault.Fault
		status  int
		says    string
		badge   string // on the receipt
		receipt bool
	}{
		"created":                      {nil, 303, "NAME was created", "Created", true},
		"400 has violations at fields": {problem(400), 422, "Maia says: secretName: is odd", "Refused by Maia", false},
		"415 is refused too":           {problem(415), 422, "Words of Maia", "Refused by Maia", false},
		"403 is the user's own right":  {problem(403), 403, "Your Maia account is not allowed to do this", "Not allowed", false},
		"404 is the project":           {problem(404), 422, "knows no such project", "Not found", false},
		"409 is at the name":           {problem(409), 409, "exists in the project already", "Name taken", false},
		"429 says how long":            {retry, 503, "wait 7 seconds", "Maia was busy", false},
		"500 failed":                   {problem(500), 503, "Most likely nothing was created", "Failed", false},
		"503 failed":                   {problem(503), 503, "Most likely nothing was created", "Failed", false},
		"502 is a gateway": {&fault.Fault{
			Status:      502,
			Body:        "<h1>Bad gateway",
			ContentType: "text/html",
		}, 303, "may or may not have been created", "Result unknown", true},
		"504 is unknown":                {problem(504), 303, "may or may not have been created", "Result unknown", true},
		"no answer in time":             {&fault.Fault{Hang: true}, 303, "may or may not have been created", "Result unknown", true},
		"connection lost after sending": {&fault.Fault{Reset: true}, 303, "may or may not have been created", "Result unknown", true},
		"202 is no 201":                 {&fault.Fault{Status: 202}, 303, "may or may not have been created", "Result unknown", true},
		"a redirect is not followed": {&fault.Fault{
			Status: 307,
			Header: http.Header{"Location": {"/elsewhere"}},
		}, 303, "may or may not have been created", "Result unknown", true},
		"201 with a body of no use": {&fault.Fault{
			Status:      201,
			Body:        "<html>",
			ContentType: "text/html",
		}, 303, "NAME was created", "Created", true},
		"400 that is HTML": {&fault.Fault{
			Status:      400,
			Body:        "<h1>no",
			ContentType: "text/html",
		}, 422, "refused this without saying why", "Refused by Maia", false},
	} {
		t.Run(name, func(t *testing.T) {
			r.sb.Maia.SetFault(tc.fault)
			defer r.sb.Maia.SetFault(nil)
			reference := "R" + strings.Map(func(c rune) rune {
				if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
					return c
				}
				return -1
			}, name)
			before := len(r.sb.Maia.WriteCalls())
			p := b.send("/secret-references", b.reference(reference, "agentType", "AWS", "secretName", "prod/db", "description", "kept"))
			if p.status != tc.status {
				t.Fatalf("status %d, want %d: %s", p.status, tc.status, p.text())
			}
			if n := len(r.sb.Maia.WriteCalls()) - before; n != 1 {
				t.Errorf("%d calls, want 1", n)
			}
			shown := p
			if tc.receipt {
				shown = b.get(p.location())
			} else {
				form := inputs(p.doc())
				if form.Get("secretReferenceName") != reference || form.Get("secretName") != "prod/db" || form.Get("description") != "kept" || form.Get("agentType") != "AWS" {
					t.Errorf("what was entered is lost: %v", form)
				}
				if !strings.Contains(p.body, "<title>Error: ") {
					t.Error("the title does not begin with Error:")
				}
			}
			if says := strings.ReplaceAll(tc.says, "NAME", reference); !strings.Contains(shown.text(), says) {
				t.Errorf("it does not say %q: %s", says, shown.text())
			}
			if (p.header.Get("Retry-After") != "") != (name == "429 says how long") {
				t.Errorf("Retry-After: %q", p.header.Get("Retry-After"))
			}
			if list := b.get("/activity").text(); !strings.Contains(list, tc.badge) {
				t.Errorf("the activity has no %q: %s", tc.badge, list)
			}
		})
	}
}

func TestMaiaNotReachedSendsNothing(t *testing.T) {
	closed := must((&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0"))
	address := closed.Addr().String()
	_ = closed.Close()
	r := newRig(t, "MAIA_URL", "http://"+address+"/dpc")
	b := r.browser()
	b.login("ada", "/")
	p := b.send("/secret-values", b.value("n", "valueFormat", "text", "valueText", "gone"))
	if p.status != http.StatusServiceUnavailable || !strings.Contains(p.text(), "Nothing was sent to Maia") || !strings.Contains(p.text(), "The secret was not kept") {
		t.Errorf("%d %s", p.status, p.text())
	}
}

// A refused token is renewed once; where that does not help, the login is asked for, and after a fresh
// login that is refused too, the page says why another one will not help.
func TestTokenThatMaiaRefuses(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	b.login("ada", "/")
	r.sb.Provider.ExpireAccessTokens("ada")
	p := b.send("/secret-references", b.reference("RENEWED", "agentType", "AWS", "secretName", "a"))
	if p.status != http.StatusSeeOther || r.sb.Provider.RefreshCount() != 1 || len(r.sb.Maia.WriteCalls()) != 2 {
		t.Fatalf("%d, %d refreshes, %d calls: %s", p.status, r.sb.Provider.RefreshCount(), len(r.sb.Maia.WriteCalls()), p.text())
	}
	r.sb.Maia.SetFault(&fault.Fault{Status: 401})
	p = b.send("/secret-references", b.reference("REFUSED", "agentType", "AWS", "secretName", "a"))
	if p.status != http.StatusUnauthorized {
		t.Fatalf("%d %s", p.status, p.text())
	}
	link := firstLink(p, "/login?")
	if !strings.Contains(link, "prompt=login") || !strings.Contains(link, url.QueryEscape("secretReferenceName=REFUSED")) {
		t.Errorf("the link is %q", link)
	}
	form := b.login("ada", link)
	if got := inputs(form.doc()).Get("secretReferenceName"); got != "REFUSED" {
		t.Fatalf("after the login the form has the name %q", got)
	}
	p = b.send("/secret-references", filled(form))
	if p.status != http.StatusUnauthorized || !strings.Contains(p.text(), "Signing in again will not help") || firstLink(p, "/login?") != "" {
		t.Errorf("a fresh login that is refused: %d %s", p.status, p.text())
	}
}

func firstLink(p page, prefix string) string {
	for n := range p.doc().Descendants() {
		if n.Data == "a" && strings.HasPrefix(attr(n, "href"), prefix) {
			return attr(n, "href")
		}
	}
	return ""
}

// S-36: a login that ran out costs the secret and nothing else.
func TestLoginThatRanOutKeepsTheForm(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	b.login("ada", "/")
	for path, tc := range map[string]struct{ form url.Values }{
		"/secret-references": {b.reference("KEPT", "agentType", "Matillion hosted", "agentId", maia.AgentHosted, "description", "a & b?", "valueFormat", "pairs", "pairKey", "one", "pairValue", "canary-1")},
		"/secret-values":     {b.value("kept name", "type", "PASSWORD", "valueFormat", "text", "valueText", "canary-2", "key", "token")},
	} {
		stranger := r.browser()
		p := stranger.send(path, tc.form)
		if p.status != http.StatusUnauthorized || strings.Contains(p.body, "canary") {
			t.Fatalf("%s: %d %s", path, p.status, p.body)
		}
		form := inputs(stranger.login("ada", firstLink(p, "/login?")).doc())
		for name := range tc.form {
			if name == "formToken" || name == "pairValue" || strings.HasPrefix(name, "value") && name != "valueFormat" {
				continue
			}
			if form.Get(name) != tc.form.Get(name) {
				t.Errorf("%s: %s came back as %q, want %q", path, name, form.Get(name), tc.form.Get(name))
			}
		}
	}
}

func TestTooManySubmissionsOfOneUser(t *testing.T) {
	r := newRig(t, "SUBMISSIONS_PER_MINUTE", "2")
	b := r.browser()
	b.login("ada", "/")
	for i := range 3 {
		p := b.send("/secret-references", b.reference(fmt.Sprintf("R%d", i), "agentType", "AWS", "secretName", "a"))
		if want := map[bool]int{true: 303, false: 429}[i < 2]; p.status != want {
			t.Errorf("submission %d: %d, want %d", i, p.status, want)
		}
		if i == 2 && (p.header.Get("Retry-After") == "" || inputs(p.doc()).Get("secretReferenceName") != "R2") {
			t.Errorf("no Retry-After, or the form is lost: %s", p.text())
		}
	}
	if n := len(r.sb.Maia.WriteCalls()); n != 2 {
		t.Errorf("%d calls", n)
	}
}

func TestFieldErrorsStandOnTopAndAtTheField(t *testing.T) {
	r := newRig(t)
	b := r.browser()
	b.login("ada", "/")
	form := b.reference("SNOWFLAKE PASSWORD", "agentType", "Azure", "secretName", "db")
	form.Set("projectId", "Finance")
	p := b.send("/secret-references", form)
	if p.status != http.StatusUnprocessableEntity || len(r.sb.Maia.WriteCalls()) != 0 {
		t.Fatalf("%d", p.status)
	}
	for _, field := range []string{"projectId", "secretReferenceName", "vaultName"} {
		if firstLink(p, "#"+field) == "" || !strings.Contains(p.body, `id="`+field+`-error"`) {
			t.Errorf("%s has no link in the summary, or no message of its own", field)
		}
	}
	if !strings.Contains(p.text(), "SNOWFLAKE_PASSWORD would do") {
		t.Error("no proposal")
	}
	p = b.send("/secret-values", b.value("v", "valueFormat", "json", "valueJSON", "{\n \"a\": canary}"))
	if p.status != 422 || !strings.Contains(p.text(), "Line 2, column 7") || strings.Contains(p.body, "canary") {
		t.Errorf("%d %s", p.status, p.text())
	}
}
