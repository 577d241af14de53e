package handlers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"maiaportal/internal/secret/form"
	"maiaportal/internal/submission"
	"maiaportal/web/templates/pages"
	"maiaportal/web/templates/parts"
)

const bound = "----WebKitFormBoundaryAbC123"

// multi is a body of parts, each a header and a content.
func multi(parts ...string) string {
	var b strings.Builder
	for i := 0; i < len(parts); i += 2 {
		b.WriteString("--" + bound + "\r\n" + parts[i] + "\r\n\r\n" + parts[i+1] + "\r\n")
	}
	return b.String() + "--" + bound + "--\r\n"
}

func named(name string) string { return `Content-Disposition: form-data; name="` + name + `"` }

func file(name, filename string) string { return named(name) + `; filename="` + filename + `"` }

// fill repeats a piece up to a size.
func fill(piece string, size int) string { return strings.Repeat(piece, size/len(piece)+1)[:size] }

// shapes are bodies of 1 MiB, each of a kind that a parser could make much of.
func shapes() map[string]struct{ media, body string } {
	const mib, multipart = form.MaxBody, "multipart/form-data; boundary=" + bound
	part := func(head string) string { return "--" + bound + "\r\n" + head + "\r\n\r\n\r\n" }
	disposed := "Content-Disposition: form-data"
	many := func(format string, size int) string {
		var b strings.Builder
		for i := 0; b.Len() < size; i++ {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	list := map[string]struct{ media, body string }{
		"separators":                  {urlencoded, fill("&", mib)},
		"equals signs":                {urlencoded, fill("=", mib)},
		"both":                        {urlencoded, fill("=&", mib)},
		"short names":                 {urlencoded, fill("a&", mib)},
		"short fields":                {urlencoded, fill("a=b&", mib)},
		"different names":             {urlencoded, many("n%d&", mib)[:mib]},
		"one long name":               {urlencoded, fill("n", mib)},
		"one long name, escaped":      {urlencoded, fill("%41", mib-1)},
		"percent signs":               {urlencoded, fill("%", mib)},
		"line ends":                   {urlencoded, "valueText=" + fill("%0D%0A", mib-16)},
		"one field":                   {urlencoded, "name=" + fill("x", mib-5)},
		"one field, escaped":          {urlencoded, "name=" + fill("%C3%A9", mib-10)},
		"one field of blanks":         {urlencoded, "name=" + fill("+", mib-5)},
		"one field of markup":         {urlencoded, "description=" + fill("\"'<>&", mib-12)},
		"a form token":                {urlencoded, "formToken=" + fill("x", mib-10)},
		"one secret":                  {urlencoded, "valueText=" + fill("x", mib-10)},
		"every field":                 {urlencoded, everyField(mib)},
		"keys":                        {urlencoded, fill("pairKey&", mib)},
		"as many keys as may be":      {urlencoded, fill("pairKey=a&", 10*form.MaxFields)},
		"as many long keys as may be": {urlencoded, strings.Repeat("pairKey="+fill("\"", 1000)+"&", form.MaxFields)},
		"values of pairs":             {urlencoded, fill("pairValue=a&", 12*form.MaxFields)},

		"parts":                         {multipart, fill(part(named("x")), mib)},
		"parts without a name":          {multipart, fill(part("X"), mib)},
		"parts of keys":                 {multipart, strings.Repeat(part(named("pairKey")), form.MaxFields) + "--" + bound + "--"},
		"parts of long keys":            {multipart, strings.Repeat("--"+bound+"\r\n"+named("pairKey")+"\r\n\r\n"+fill("<", 900)+"\r\n", form.MaxFields) + "--" + bound + "--"},
		"one part without an end":       {multipart, "--" + bound + "\r\n" + named("name") + "\r\n\r\n" + fill("x", mib-200)},
		"one part":                      {multipart, multi(named("name"), fill("x", mib-200))},
		"one file":                      {multipart, multi(file("valueFile", "x"), fill("\r\n--", mib-200))},
		"heads as long as may be":       {multipart, fill(part(named("x")+"\r\nX: "+fill("x", form.MaxPartHead-100)), mib)},
		"one huge head":                 {multipart, "--" + bound + "\r\n" + fill("X: y\r\n", mib-200)},
		"head lines":                    {multipart, fill(part(fill("X:\r\n", form.MaxPartHead-100)+"X"), mib)},
		"different head lines":          {multipart, fill(part(strings.TrimSuffix(many("X%d: y\r\n", form.MaxPartHead-200), "\r\n")), mib)},
		"parameters":                    {multipart, fill(part(disposed+fill("; a=b", form.MaxPartHead-100)), mib)},
		"different parameters":          {multipart, fill(part(disposed+many("; a%d=b", form.MaxPartHead-200)), mib)},
		"semicolons":                    {multipart, fill(part(disposed+fill(";", form.MaxPartHead-100)), mib)},
		"quotes":                        {multipart, fill(part(disposed+`; name="`+fill(`\"`, form.MaxPartHead-100)), mib)},
		"long names of parts":           {multipart, fill(part(named(fill("n", form.MaxPartHead-100))), mib)},
		"boundaries":                    {multipart, fill("\r\n--"+bound, mib)},
		"boundaries of one letter":      {"multipart/form-data; boundary=x", fill("\r\n--x", mib)},
		"last boundaries":               {multipart, fill("--"+bound+"--\r\n", mib)},
		"line ends of a multipart body": {multipart, "--" + bound + fill("\r\n", mib-100)},
		"no boundary anywhere":          {multipart, fill("\r\n--", mib)},

		"JSON":                        {"application/json", fill(`{"a":`, mib)},
		"text":                        {"text/plain", fill("a=b&", mib)},
		"no type":                     {"", fill("a=b&", mib)},
		"a type of parameters":        {urlencoded + many("; a%d=b", 30_000), fill("a=b&", mib)},
		"a type that is no end of it": {fill(";", 30_000), fill("a=b&", mib)},
		"too large":                   {urlencoded, fill("a=b&", mib+1)},
		"much too large":              {urlencoded, fill("&", 4*mib)},
	}
	return list
}

// everyField has all fields of all forms, and their names again in other cases.
func everyField(size int) string {
	var b strings.Builder
	for name := range knownFields {
		b.WriteString(name + "=" + fill("%22", size/len(knownFields)/3*3-60) + "&")
	}
	return fill(b.String()+"&", size)
}

// stranger sends a body without a session, and draws the page that comes of it.
func stranger(h *Handlers, media string, body io.Reader, size int64) error {
	r := httptest.NewRequest(http.MethodPost, "/secret-values", body)
	r.Header.Set("Content-Type", media)
	r.ContentLength = size
	err := h.withoutSession(echo.New().NewContext(r, httptest.NewRecorder()), valueForm)
	if e := asPageError(err); e != nil {
		_ = pages.MessagePage(pages.Message{
			Heading: e.heading,
			Text:    e.text,
			Facts:   e.facts,
			Links:   []parts.Link{e.link},
		}).Render(context.Background(), io.Discard)
	}
	return err
}

// S-58: whatever a stranger sends, reading it and drawing the answer allocates less than 5 MiB all in
// all, so that twenty at once stay below 100 MiB though nothing of it were ever collected.
func TestStrangersBodyIsNoAmplifier_S58(t *testing.T) {
	h := &Handlers{}
	_ = stranger(h, urlencoded, strings.NewReader("name=a"), 6) // what is made once
	for why, shape := range shapes() {
		for _, size := range []int64{int64(len(shape.body)), -1} {
			var before, after runtime.MemStats
			body := strings.NewReader(shape.body)
			runtime.ReadMemStats(&before)
			err := stranger(h, shape.media, body, size)
			runtime.ReadMemStats(&after)
			if err == nil {
				t.Errorf("%s: no error", why)
			}
			if took := after.TotalAlloc - before.TotalAlloc; took > 5<<20 {
				t.Errorf("%s (length %d): %d KiB allocated", why, size, took>>10)
			}
			if n := h.strangers.Used(); n != 0 {
				t.Errorf("%s: %d bytes are still counted", why, n)
			}
		}
	}
}

// S-58: the same for the provider's call, which anybody can make.
func TestLogoutTokenIsNoAmplifier_S58(t *testing.T) {
	h := &Handlers{}
	for why, body := range map[string]string{
		"separators":      fill("&", maxLogoutToken),
		"short fields":    fill("a=b&", maxLogoutToken),
		"tokens":          fill("logout_token=&", maxLogoutToken),
		"one long token":  "logout_token=" + fill("x", maxLogoutToken-13),
		"more than fits":  "logout_token=" + fill("x", maxLogoutToken),
		"far beyond that": "logout_token=" + fill("x", 2<<20),
	} {
		for _, size := range []int64{int64(len(body)), -1} {
			var before, after runtime.MemStats
			r := post(urlencoded, body, size)
			runtime.ReadMemStats(&before)
			token, err := h.logoutToken(r)
			runtime.ReadMemStats(&after)
			if took := after.TotalAlloc - before.TotalAlloc; took > 300<<10 {
				t.Errorf("%s (length %d): %d KiB allocated", why, size, took>>10)
			}
			if good := why == "one long token"; good != (err == nil) || good && len(token) != maxLogoutToken-13 || !good && !errors.Is(err, form.ErrMalformed) {
				t.Errorf("%s: %d bytes, %v", why, len(token), err)
			}
		}
	}
	for body, want := range map[string]string{"logout_token=a.b.c": "a.b.c", "x=y&logout%5Ftoken=a%2Eb&z": "a.b", "logout_token=a&logout_token=a": "", "x=y": "", "logout_token=%zz": ""} {
		if got, err := h.logoutToken(post(urlencoded, body, -1)); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v", body, got, err)
		}
	}
}

// S-58: what fits into the way back comes back, and nothing is told of what does not.
func TestStrangersGetTheirFieldsBack(t *testing.T) {
	ask := func(body string) *pageError {
		e := asPageError(stranger(&Handlers{}, urlencoded, strings.NewReader(body), -1))
		if e.status != http.StatusUnauthorized {
			t.Fatalf("%.100s: %+v", body, e)
		}
		return e
	}
	back := func(e *pageError) (input, string) {
		login, err := url.Parse(e.link.Href)
		if err != nil {
			t.Fatal(err)
		}
		to := login.Query().Get("return_to")
		path, query, _ := strings.Cut(to, "?")
		in, removed, clean, twice := valueForm.fromQuery(query)
		if path != valueForm.page || removed+clean+twice != "" || len(to) > 8000 {
			t.Errorf("%d bytes, removed %q, clean %q, twice %q: %.200s", len(to), removed, clean, twice, to)
		}
		return in, to
	}
	in, _ := back(ask("agentId=a1&name=+prod%2Fdb&type=T&key=k&pairKey=one&pairKey=&pairKey=two&valueText=s&formToken=t&check=yes&description=of+another+form"))
	if want := (fields{"agentId": {"a1"}, "name": {" prod/db"}, "type": {"T"}, "key": {"k"}, "pairKey": {"one", "", "two"}}); !reflect.DeepEqual(in.values, want) {
		t.Errorf("%q came back, want %q", in.values, want)
	}
	e := ask("agentId=a1&name=" + fill("x", 8000) + "&type=" + fill("%22", 3000) + "&key=k")
	in, to := back(e)
	if want := (fields{"agentId": {"a1"}, "type": {fill(`"`, 1000)}, "key": {"k"}}); !reflect.DeepEqual(in.values, want) {
		t.Errorf("too long: %.200s", to)
	}
	for _, f := range e.facts {
		if name, _ := valueForm.field("name"); f.Label == name.label {
			t.Error("the page says that a field comes back which does not")
		}
	}
	keys := strings.Repeat("pairKey="+fill("k", 300)+"&", submission.MaxPairs)
	in, to = back(ask(keys + "name=n&" + strings.Repeat("pairValue=s&", submission.MaxPairs)))
	if len(in.values["pairKey"]) < 15 || in.get("name") != "n" || in.rows != submission.MaxPairs {
		t.Errorf("%d keys, %d rows: %.200s", len(in.values["pairKey"]), in.rows, to)
	}
}

// S-58: all strangers share a room, however many they are. Who finds it full is told to come again, and
// those who are signed in do not notice.
func TestStrangersShareARoom_S58(t *testing.T) {
	h := &Handlers{}
	if !h.strangers.Take(form.MaxRoom - 100<<10) {
		t.Fatal("the room is full from the start")
	}
	if err := stranger(h, urlencoded, strings.NewReader("name=a"), 6); asPageError(err).status != http.StatusUnauthorized {
		t.Errorf("there is room for this one: %v", err)
	}
	body := "name=a&valueText=" + fill("x", 500_000)
	e := asPageError(stranger(h, urlencoded, strings.NewReader(body), -1))
	if e.status != http.StatusServiceUnavailable || e.retryAfter == 0 {
		t.Errorf("%+v", e)
	}
	if b, err := bodies.Read(post(urlencoded, body, -1)); err != nil || b.Get("name") != "a" {
		t.Errorf("somebody with a session: %v", err)
	}
	h.strangers.Release(form.MaxRoom - 100<<10)
	if e := asPageError(stranger(h, urlencoded, strings.NewReader(body), -1)); e.status != http.StatusUnauthorized {
		t.Errorf("when there is room again: %+v", e)
	}
	if n := h.strangers.Used(); n != 0 {
		t.Errorf("%d bytes are still counted", n)
	}
}
