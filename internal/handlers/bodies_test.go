package handlers

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"maiaportal/internal/record"
	"maiaportal/internal/secret/form"
	"maiaportal/internal/submission"
)

const urlencoded = "application/x-www-form-urlencoded"

// post is a request as the server hands it over; size -1 is one without a Content-Length.
func post(media, body string, size int64) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/secret-values", strings.NewReader(body))
	r.Header.Set("Content-Type", media)
	r.ContentLength = size
	return r
}

type fields = map[string][]string

// The order that a form becomes, with every field in its place.
func TestOrdersOfABody(t *testing.T) {
	b, err := bodies.Read(post(urlencoded, "projectId=P&secretReferenceName=N&agentType=Azure&secretReferenceType=T&description=D&vaultName=V&secretName=S&secretKey=K&agentId=A&valueFormat=text&key=k&valueText=t&valueJSON=j&name=n&type=y&"+
		"pairKey=a&pairValue=1&pairKey=&pairValue=&pairKey=c&pairValue=3&pairKey=&pairValue=", -1))
	if err != nil {
		t.Fatal(err)
	}
	none := func(*record.Fields) string { return "" }
	r, _ := referenceForm.entered(b, none).(submission.Reference)
	if got := fmt.Sprint(r.ProjectID, r.Name, r.AgentType, r.Type, r.Description, r.VaultName, r.SecretName, r.SecretKey, r.AgentID, r.Value.Format, r.Value.Key); got != fmt.Sprint("P", "N", "Azure", "T", "D", "V", "S", "K", "A", "text", "k") {
		t.Errorf("reference: %s", got)
	}
	v, _ := valueForm.entered(b, none).(submission.Value)
	if got := fmt.Sprint(v.AgentID, v.ProjectID, v.Name, v.Type); got != fmt.Sprint("A", "P", "n", "y") {
		t.Errorf("value: %s", got)
	}
	if string(v.Value.Text.Bytes()) != "t" || string(v.Value.JSON.Bytes()) != "j" || !v.Value.File.Empty() {
		t.Error("the values are mixed up")
	}
	var rows []string
	for _, p := range v.Value.Pairs {
		rows = append(rows, p.Key+"="+string(p.Value.Bytes()))
	}
	if got := strings.Join(rows, " "); got != "a=1 = c=3" {
		t.Errorf("pairs %q: they belong together by position, and empty rows at the end do not count", got)
	}
	if !b.HasSecret() {
		t.Error("no secret was seen")
	}
	// Keys and values in different numbers: nothing is lost, and the rules say what is missing.
	b, _ = bodies.Read(post(urlencoded, "pairKey=a&pairKey=b&pairValue=1", -1))
	if p := value(b).Pairs; len(p) != 2 || p[1].Key != "b" || !p[1].Value.Empty() {
		t.Errorf("%d pairs", len(p))
	}
	b, _ = bodies.Read(post(urlencoded, "pairValue=1&pairValue=2&pairKey=a", -1))
	if p := value(b).Pairs; len(p) != 2 || p[1].Key != "" || p[1].Value.Empty() {
		t.Errorf("%d pairs", len(p))
	}
	b, _ = bodies.Read(post(urlencoded, "valueText=&pairValue=&name=n", -1))
	if b.HasSecret() {
		t.Error("empty fields count as a secret")
	}
}

// S-25, S-34: the reader is told of each field what its form says of it: a secret one never becomes a string, a file's
// name is no file, only some come more than once, and only what a link may have comes back after a login.
func TestBodiesKnowEveryField(t *testing.T) {
	for _, f := range forms {
		for _, d := range f.table {
			media := "multipart/form-data; boundary=" + bound
			b, err := bodies.Read(post(media, multi(file(d.name, "x"), "canary"), -1))
			if err != nil {
				t.Fatalf("%s: %v", d.name, err)
			}
			if got := string(b.Secret(d.name).Bytes()); (got == "canary") != d.secret {
				t.Errorf("%s: the secret is %q", d.name, got)
			}
			if got := b.Get(d.name); (got == "canary") == d.secret {
				t.Errorf("%s: the text is %q", d.name, got)
			}
			b.Wipe()
			_, err = bodies.Read(post(media, multi(file(d.name, "x"), "1", file(d.name, "y"), "2"), -1))
			if (err == nil) != d.repeated {
				t.Errorf("%s, twice: %v", d.name, err)
			}
			b, err = bodies.ReadStrangers(post(urlencoded, d.name+"=canary", -1), &form.Room{})
			if err != nil || (b.Get(d.name) == "canary") == d.secret {
				t.Errorf("%s, a stranger's: %q, %v", d.name, b.Get(d.name), err)
			}
			if b.HasSecret() != (d.secret && d.name != "valueFile") {
				t.Errorf("%s: it has a secret: %v", d.name, b.HasSecret())
			}
			b.Wipe()
		}
	}
	for _, name := range []string{"formToken", "session", "check"} {
		b, err := bodies.Read(post(urlencoded, name+"=word", -1))
		if err != nil || b.Get(name) != "word" {
			t.Errorf("%s is not read: %v", name, err)
		}
		b, err = bodies.ReadStrangers(post(urlencoded, name+"=word", -1), nil)
		if err != nil || b.Get(name) != "" {
			t.Errorf("a stranger's %s comes back: %v", name, err)
		}
	}
}
