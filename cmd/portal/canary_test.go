package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"maiaportal/internal/sandbox/fault"
	"maiaportal/internal/sandbox/maia"
	"maiaportal/internal/store/pgtest"
)

// spellings are the ways in which a canary could leak.
func spellings(canary string) map[string][]byte {
	quoted, _ := json.Marshal(canary)
	inner := strings.Trim(string(quoted), `"`)
	// In base64 the canary may begin at any of three places.
	b64 := func(shift int) []byte {
		enc := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + canary + "xx"))
		return []byte(enc[4 : len(enc)-4])
	}
	return map[string][]byte{
		"plain": []byte(canary), "JSON": []byte(inner), "URL": []byte(url.QueryEscape(canary)), "URL path": []byte(url.PathEscape(canary)),
		"HTML": []byte(html.EscapeString(canary)), "hex": []byte(hex.EncodeToString([]byte(canary))), "base64": b64(0), "base64, shifted by 1": b64(1), "base64, shifted by 2": b64(2),
		"its end": []byte(canary[len(canary)-12:]),
	}
}

// S-32, S-33: a secret that goes through every form and format, with every kind of end, is found in no
// answer, header, log line, metric, database file or temporary file.
func TestCanaryIsFoundNowhere(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		findCanaries(t, func(r *rig) map[string][]byte { return r.files() })
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		server := pgtest.New(t)
		findCanaries(t, func(r *rig) map[string][]byte {
			r.stop()
			server.Stop(t) // so that everything is on the disk: tables, write-ahead log, the server's own log
			files := server.Files(t)
			for path, content := range r.files() {
				files[path] = content
			}
			return files
		}, "DATABASE_URL", server.URL())
	})
}

// findCanaries submits canaries in every way, and then looks for them in what the portal answered,
// logged and left behind. kept gives the files, once nothing writes to them.
func findCanaries(t *testing.T, kept func(*rig) map[string][]byte, settings ...string) {
	problem := func(status int) *fault.Fault {
		return &fault.Fault{Status: status, Echo: true, ContentType: "application/problem+json"}
	}
	ends := map[string]struct {
		fault  *fault.Fault
		change []string // of the form
		status int
	}{
		"created":               {nil, nil, 303},
		"created, echoed":       {&fault.Fault{Status: 201, Echo: true}, nil, 303},
		"rejected":              {problem(400), nil, 422},
		"refused token":         {problem(401), nil, 401},
		"forbidden":             {problem(403), nil, 403},
		"not found":             {problem(404), nil, 422},
		"conflict":              {problem(409), nil, 409},
		"rate limited":          {problem(429), nil, 503},
		"failed":                {problem(500), nil, 503},
		"unavailable":           {problem(503), nil, 503},
		"media type":            {problem(415), nil, 422},
		"accepted":              {problem(202), nil, 303},
		"HTML":                  {&fault.Fault{Status: 400, Echo: true, ContentType: "text/html"}, nil, 422},
		"gateway":               {problem(502), nil, 303},
		"unknown":               {problem(504), nil, 303},
		"redirect":              {problem(307), nil, 303},
		"hang":                  {&fault.Fault{Hang: true}, nil, 303},
		"lost":                  {&fault.Fault{Reset: true}, nil, 303},
		"half an answer":        {&fault.Fault{Status: 400, Echo: true, HalfAnswer: true}, nil, 422},
		"field error":           {nil, []string{"projectId", "no uuid", "agentId", "?"}, 422},
		"key that is not there": {nil, []string{"key", "nowhere"}, 0},
		"foreign form token":    {nil, []string{"formToken", "x.y"}, 403},
		"a preset that is gone": {nil, []string{"preset", "gone"}, 422},
		"field twice":           {nil, []string{"agentId", "a", "agentId", "b"}, 400},
	}
	formats := map[string]func(canary string) []string{
		"text":  func(c string) []string { return []string{"valueFormat", "text", "valueText", c} },
		"pairs": func(c string) []string { return []string{"valueFormat", "pairs", "pairKey", "k", "pairValue", c} },
		"json": func(c string) []string {
			q, _ := json.Marshal(c)
			return []string{"valueFormat", "json", "valueJSON", `{"k":{"deep":[` + string(q) + `]}}`}
		},
		"a name in JSON": func(c string) []string {
			q, _ := json.Marshal(c)
			return []string{"valueFormat", "json", "valueJSON", `{"deep":{` + string(q) + `:"what is kept under it"}}`}
		},
		"file": func(c string) []string { return []string{"valueFormat", "file", "valueFile", c} },
		"lines": func(c string) []string {
			return []string{"valueFormat", "text", "valueText", "\"first\"\n\t" + c + "\n\\last\n"}
		},
		"hidden fields too": func(c string) []string {
			return []string{"valueFormat", "text", "valueText", c, "valueJSON", c, "pairKey", "k", "pairValue", c}
		},
		"odd text": func(c string) []string { return []string{"valueFormat", "text", "valueText", " " + c, "check", "yes"} },
		"odd pairs": func(c string) []string {
			return []string{"valueFormat", "pairs", "pairKey", "k", "pairValue", c + "\u200b", "check", "yes"}
		},
		"odd JSON": func(c string) []string {
			q, _ := json.Marshal(c + " ")
			return []string{"valueFormat", "json", "valueJSON", `{"k":` + string(q) + `}`, "check", "yes"}
		},
		"odd key": func(c string) []string {
			return []string{"valueFormat", "text", "valueText", "-----BEGIN " + c + "-----\n" + c + "\n-----END " + c + "-----\n" + c, "check", "yes"}
		},
		"wrong for its use": func(c string) []string {
			return []string{"recipe", "snowflake-key", "valueFormat", "text", "valueText", c}
		},
		"wrong JSON for it": func(c string) []string {
			return []string{"recipe", "service-account", "valueFormat", "text", "valueText", `{"` + c}
		},
		"broken JSON": func(c string) []string { return []string{"valueFormat", "json", "valueJSON", `{"k": ` + c + `}`} },
	}
	refused := map[string]bool{"broken JSON": true, "odd text": true, "odd pairs": true, "odd JSON": true, "odd key": true, "wrong for its use": true, "wrong JSON for it": true}
	r := newRig(t, append([]string{"MAIA_TIMEOUT", "5s", "LOG_LEVEL", "debug", "ADMIN_LISTEN", "127.0.0.1:0"}, settings...)...)
	b := r.browser()
	b.login("ada", "/")
	var canaries []string
	n := 0
	for end, tc := range ends {
		var sends []func() page
		for format, fields := range formats {
			for _, path := range []string{"/secret-references", "/secret-values", "/setup"} {
				for _, way := range []string{"multipart", "urlencoded"} {
					if format == "file" && way == "urlencoded" {
						continue
					}
					if tc.fault != nil && tc.fault.Hang && format != "text" && format != "json" {
						continue // each of these costs the whole time-out
					}
					n++
					if refused[format] && tc.fault != nil && tc.fault.Status != 201 {
						continue // nothing gets as far as Maia
					}
					canary := fmt.Sprintf("Canary \"%d\" <&> ü+/= %x", n, 7919*n*n+104729)
					canaries = append(canaries, canary)
					var form url.Values
					switch path {
					case "/setup":
						form = b.setup(fmt.Sprintf("S%d", n), fields(canary)...)
					case "/secret-references":
						form = b.reference(fmt.Sprintf("R%d", n), append([]string{"agentType", "Matillion hosted", "agentId", maia.AgentHosted}, fields(canary)...)...)
					default:
						form = b.value(fmt.Sprintf("v%d", n), fields(canary)...)
					}
					for i := 0; i+1 < len(tc.change); i += 2 {
						form.Del(tc.change[i])
					}
					for i := 0; i+1 < len(tc.change); i += 2 {
						form.Add(tc.change[i], tc.change[i+1])
					}
					sends = append(sends, func() page {
						var p page
						switch {
						case format == "file":
							p = b.send(path, form, "valueFile")
						case way == "multipart":
							p = b.send(path, form)
						default:
							p = b.sendPlain(path, form)
						}
						if want := tc.status; want != 0 && !refused[format] && p.status != want {
							t.Errorf("%s, %s, %s, %s: %d, want %d: %s", path, format, way, end, p.status, want, p.text())
						}
						if refused[format] && p.status < 400 {
							t.Errorf("%s, %s, %s: %d, though it is odd", path, format, end, p.status)
						}
						return p
					})
				}
			}
		}
		r.sb.Maia.SetFault(tc.fault)
		answers := make([]page, len(sends))
		var all sync.WaitGroup
		for i, send := range sends {
			if tc.fault != nil && tc.fault.Hang {
				all.Go(func() { answers[i] = send() }) // they wait for the time-out together
				continue
			}
			answers[i] = send()
		}
		all.Wait()
		r.sb.Maia.SetFault(nil)
		for _, p := range answers {
			if p.location() != "" && strings.HasPrefix(p.location(), "/activity/") {
				b.get(p.location())
			}
		}
		if t.Failed() {
			t.FailNow()
		}
	}
	// Nor on the ways on which nothing is submitted: without a login, from elsewhere, too large, no form.
	stranger := r.browser()
	foreign := r.browser()
	foreign.bare = true
	auditor := r.browser()
	auditor.login("audrey", "/")
	// Somebody whose portal does not reach Maia.
	cutOff := newRig(t, append([]string{"MAIA_URL", "http://127.0.0.1:1"}, settings...)...)
	away := cutOff.browser()
	away.login("ada", "/")
	receipt := b.send("/secret-references", b.reference("LATER", "agentType", "AWS", "secretName", "s")).location()
	for i, send := range []func(form url.Values) page{
		func(f url.Values) page { return b.sendPlain(receipt+"/proven", f) },
		func(f url.Values) page { return b.send(receipt+"/renewed", f) },
		func(f url.Values) page { return stranger.sendPlain(receipt+"/check", f) },
		func(f url.Values) page {
			return b.get("/choose/agent?for=/setup&valueText=" + url.QueryEscape(f.Get("valueText")))
		},
		func(f url.Values) page {
			return b.get("/link?for=/setup&pairValue=" + url.QueryEscape(f.Get("valueText")))
		},
		func(f url.Values) page { return stranger.send("/setup", f) },
		func(f url.Values) page { return stranger.send("/secret-values", f) },
		func(f url.Values) page { return foreign.sendPlain("/secret-values", f) },
		func(f url.Values) page { return auditor.send("/secret-values", f) },
		func(f url.Values) page { return b.send("/sessions", f) },
		func(f url.Values) page { return b.send("/nowhere", f) },
		func(f url.Values) page { return b.send("/secret-values/new", f) },
		func(f url.Values) page { return b.sendPlain("/auth/backchannel-logout", f) },
		func(f url.Values) page {
			p := away.send("/secret-values", away.value("away", "valueFormat", "text", "valueText", f.Get("valueText")))
			if p.status != http.StatusServiceUnavailable {
				t.Errorf("Maia is not to be reached: %d", p.status)
			}
			return p
		},
		func(f url.Values) page {
			f.Set("valueJSON", strings.Repeat("x", 2<<20))
			return b.send("/secret-values", f)
		},
		func(f url.Values) page {
			req := b.request(http.MethodPost, "/secret-values", strings.NewReader(f.Encode()))
			req.Header.Set("Content-Type", "text/plain")
			return b.do(req)
		},
		func(f url.Values) page {
			return b.get("/secret-values/new?valueText=" + url.QueryEscape(f.Get("valueText")))
		},
		// In the wrong place of a form, and around it.
		func(f url.Values) page { return stranger.sendPlain("/secret-references", f) },
		func(f url.Values) page {
			f.Set("password", f.Get("valueText"))
			f.Set(f.Get("valueText"), "x")
			return b.sendPlain("/secret-values", f)
		},
		func(f url.Values) page { return b.sendAround("/secret-values", f, "") },
		func(f url.Values) page { return b.sendAround("/secret-values", f, f.Get("valueText")) },
		func(f url.Values) page { return stranger.sendAround("/secret-values", f, "") },
		func(f url.Values) page { return stranger.sendAround("/secret-references", f, f.Get("valueText")) },
		func(f url.Values) page {
			req := b.request(http.MethodPost, "/secret-values", strings.NewReader(f.Encode()))
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.Header.Del("Sec-Fetch-Site")
			req.Header.Set("Origin", strings.Replace(r.base, "http:", "https:", 1))
			return b.do(req)
		},
	} {
		canary := fmt.Sprintf("Canary elsewhere %d %x", i, 15485863*(i+1))
		canaries = append(canaries, canary)
		p := send(b.value("elsewhere", "valueFormat", "text", "valueText", canary))
		if p.status == http.StatusOK {
			t.Errorf("way %d was not refused", i)
		}
	}
	// Every page that shows something afterwards, and those that show nothing of it.
	for _, path := range []string{"/", "/activity", "/sessions", "/secret-references", "/secret-values", "/secret-references/new", "/secret-values/new", "/setup", "/activity/due", "/activity.csv", "/activity.jsonl", "/audit.jsonl", "/about", "/help", "/signed-out", "/login", "/healthz", "/readyz", "/nowhere", "/activity/00000000-0000-7000-8000-000000000000"} {
		b.get(path)
		auditor.get(path)
	}
	b.sendPlain("/logout", url.Values{})

	// What commands print of the trail, and a copy of the file, which is searched with the others.
	database := "sqlite:" + r.dir + "/portal.db"
	if i := slices.Index(settings, "DATABASE_URL"); i >= 0 {
		database = settings[i+1]
	}
	printed := map[string]string{}
	commands := [][]string{{"audit", "verify"}, {"audit", "export"}, {"sessions", "list"}}
	if strings.HasPrefix(database, "sqlite:") {
		commands = append(commands, []string{"backup", r.dir + "/copy.db"})
	}
	for _, args := range commands {
		var out bytes.Buffer
		if code := run(t.Context(), args, []string{"PORTAL_DATABASE_URL=" + database}, &out, &out); code != 0 {
			t.Errorf("%q: %d %s", args, code, out.String())
		}
		printed[strings.Join(args[:min(2, len(args))], " ")] = out.String()
	}
	if trail := printed["audit export"]; strings.Count(trail, `"event":"call_ended"`) < 100 || !strings.HasPrefix(printed["audit verify"], "events") {
		t.Errorf("there is nothing to search in: %d bytes of the trail, %s", len(trail), printed["audit verify"])
	}

	// The metrics, while they are still to be had.
	resp := must(http.Get(r.admin + "/metrics"))
	metrics := must(io.ReadAll(resp.Body))
	_ = resp.Body.Close()
	cutOff.stop()
	places := map[string][]byte{"log": []byte(r.logs.String() + cutOff.logs.String())}
	places["metrics"] = metrics
	for command, text := range printed {
		places["output of "+command] = []byte(text)
	}
	for path, content := range cutOff.files() {
		places[path] = content
	}
	for _, who := range []*browser{b, stranger, foreign, auditor, away} {
		places["answers"] = append(places["answers"], who.seen.String()...)
	}
	for path, content := range kept(r) {
		places[path] = content
	}
	for path, content := range filesBelow(t, os.TempDir()) {
		places[path] = content
	}
	// What is not secret is found, so the search would find more.
	recorded := false
	for where, content := range places {
		recorded = recorded || where != "answers" && where != "log" && !strings.HasPrefix(where, "output of ") && bytes.Contains(content, []byte("Ada Winter"))
	}
	if !recorded || !bytes.Contains(places["log"], []byte("submission ended")) || !bytes.Contains(places["log"], []byte(`"msg":"audit"`)) ||
		!bytes.Contains(metrics, []byte("portal_submissions_total")) {
		t.Fatal("there is nothing to search in")
	}
	var f finder
	for _, canary := range canaries {
		for how, spelled := range spellings(canary) {
			f.add(spelled, how)
		}
	}
	for where, content := range places {
		for _, n := range f.find(content) {
			t.Errorf("found in %s, spelled as %s: %s", where, n.is, n.text)
		}
	}
	t.Logf("%d canaries in %d places", len(canaries), len(places))
}

// sendAround posts a form as multipart with the secret also in the headers of parts, in the name of a
// file and of a field, and with some text after the end.
func (b *browser) sendAround(path string, form url.Values, after string) page {
	b.r.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	s := form.Get("valueText")
	for _, head := range []textproto.MIMEHeader{
		{"Content-Disposition": {`form-data; name="x"; filename="` + s + `"`}, "Content-Type": {s}},
		{"Content-Disposition": {`form-data; name="` + s + `"`}},
		{"Content-Disposition": {`form-data; name="x"; password="` + s + `"`}, s: {s}},
	} {
		part, _ := w.CreatePart(head)
		_, _ = io.WriteString(part, s)
	}
	for name, values := range form {
		for _, v := range values {
			_ = w.WriteField(name, v)
		}
	}
	_ = w.Close()
	body.WriteString(after)
	req := b.request(http.MethodPost, path, &body)
	req.Header.Set("Content-Type", w.FormDataContentType())
	return b.do(req)
}
