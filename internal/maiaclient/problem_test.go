package maiaclient

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// S-30
func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for why, tc := range map[string]struct {
		header string
		want   time.Duration
	}{
		"seconds":                     {"7", 7 * time.Second},
		"seconds with blanks":         {" 7 ", 7 * time.Second},
		"no wait":                     {"0", 0},
		"a date":                      {now.Add(90 * time.Second).Format(http.TimeFormat), 90 * time.Second},
		"a date in the old form":      {now.Add(time.Minute).Format(time.RFC850), time.Minute},
		"a date that is past":         {now.Add(-time.Hour).Format(http.TimeFormat), 0},
		"ten years in seconds":        {"315360000", longestWait},
		"ten years as a date":         {now.AddDate(10, 0, 0).Format(http.TimeFormat), longestWait},
		"more than a number can hold": {strings.Repeat("9", 40), longestWait},
		"more than a duration holds":  {"9223372036854775807", longestWait},
		"nothing":                     {"", 0},
		"blanks":                      {"  ", 0},
		"negative":                    {"-5", 0},
		"a fraction":                  {"1.5", 0},
		"hexadecimal":                 {"0x10", 0},
		"digits of another script":    {"٣", 0},
		"nonsense":                    {"soon", 0},
		"a header in a header":        {"1\r\nX: y", 0},
	} {
		h := http.Header{"Retry-After": {tc.header}}
		if got := readProblem(429, h, nil, now).RetryAfter; got != tc.want {
			t.Errorf("%s: %q gives %v, want %v", why, tc.header, got, tc.want)
		}
	}
}

// S-30, over the wire.
func TestRetryAfterArrives(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "17")
		w.WriteHeader(429)
	})
	for call, do := range calls() {
		err := do(t.Context(), newClient(t, s.URL, patient))
		var p *Problem
		if !errors.As(err, &p) || p.RetryAfter != 17*time.Second {
			t.Errorf("%s: %#v", call, err)
		}
	}
}

// S-31
func TestReadProblem(t *testing.T) {
	for why, tc := range map[string]struct {
		body string
		want Problem
	}{
		"as the vendor documents it": {`{"type":"https://api.matillion.com/problems/bad-request","title":"Bad Request","status":400,"detail":"D","instance":"/v1/{x}","violations":["a","b"]}`,
			Problem{Detail: []byte("D"), Violations: [][]byte{[]byte("a"), []byte("b")}}},
		"the response's status wins": {`{"status":201,"detail":"D"}`, Problem{Detail: []byte("D")}},
		"members of the wrong type":  {`{"type":1,"title":["x"],"detail":{"a":"b"},"violations":7,"status":"x"}`, Problem{}},
		"one wrong member costs itself alone": {`{"title":1,"detail":"D","violations":["V"]}`, Problem{
			Detail:     []byte("D"),
			Violations: [][]byte{[]byte("V")},
		}},
		"null members":                            {`{"title":null,"detail":null,"violations":null}`, Problem{}},
		"unknown members":                         {`{"detail":"D","trace":{"a":[1]},"errors":["E"]}`, Problem{Detail: []byte("D")}},
		"violations of mixed types":               {`{"violations":["a",1,null,["b"],{"x":"y"},"c",true]}`, Problem{Violations: [][]byte{[]byte("a"), []byte("c")}}},
		"violations as objects":                   {`{"violations":[{"field":"secretName","message":"must not be blank"},{"path":"p"},{"reason":"r"}]}`, Problem{Violations: [][]byte{[]byte("secretName: must not be blank"), []byte("p"), []byte("r")}}},
		"violations as one string":                {`{"violations":"v"}`, Problem{Violations: [][]byte{[]byte("v")}}},
		"violations as one object":                {`{"violations":{"field":"f","message":"m"}}`, Problem{Violations: [][]byte{[]byte("f: m")}}},
		"empty violations are none":               {`{"violations":["","  "]}`, Problem{}},
		"blanks around words":                     {`{"detail":"  D \n"}`, Problem{Detail: []byte("D")}},
		"a string in place of an object":          {`"x"`, Problem{}},
		"HTML":                                    {"<html>", Problem{}},
		"nothing":                                 {"", Problem{}},
		"two objects":                             {`{"detail":"D"}{"detail":"E"}`, Problem{}},
		"invalid UTF-8 is replaced":               {"{\"detail\":\"a\xffb\"}", Problem{Detail: []byte("a\ufffdb")}},
		"half a character is replaced":            {`{"detail":"a\ud800b"}`, Problem{Detail: []byte("a\ufffdb")}},
		"nested so deep that encoding/json stops": {`{"detail":"D","x":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`, Problem{}},
	} {
		tc.want.Status = 400
		got := readProblem(400, http.Header{}, []byte(tc.body), time.Now())
		if !reflect.DeepEqual(*got, tc.want) {
			t.Errorf("%s:\n got %+v\nwant %+v", why, *got, tc.want)
		}
	}
}

// S-34: what was read of an answer can be wiped, whichever way it was put together.
func TestProblemWipe(t *testing.T) {
	body := []byte(`{"type":"t","title":"T","detail":"say \"D\"","violations":["v",{"field":"f","message":"m"}]}`)
	p := readProblem(400, http.Header{}, body, time.Now())
	clear(body)
	said := append([][]byte{p.Detail}, p.Violations...)
	if got := string(bytes.Join(said, []byte("|"))); got != `say "D"|v|f: m` {
		t.Fatalf("%q", got)
	}
	p.Wipe()
	for _, w := range said {
		if strings.Trim(string(w), "\x00") != "" {
			t.Errorf("%q is left", w)
		}
	}
	if p.Status != 400 || p.Detail != nil || p.Violations != nil {
		t.Errorf("left %+v", p)
	}
	p.Wipe()
}

// S-31, S-32: what is logged of an answer is its status. Its words may repeat the value.
func TestProblemErrorQuotesNothing(t *testing.T) {
	p := &Problem{Status: 400, Detail: []byte(canary), Violations: [][]byte{[]byte(canary)}}
	wrapped := fmt.Errorf("submission: %w", p)
	for _, text := range []string{p.Error(), wrapped.Error(), fmt.Sprint(p), fmt.Sprintf("%v %s %+v", p, p, p)} {
		if strings.Contains(text, canary) || !strings.Contains(text, "400") {
			t.Errorf("the error prints as %q", text)
		}
	}
	if errors.Is(p, nil) || errors.Is(p, errors.New("x")) {
		t.Error("a problem is of a class that is none")
	}
}

// S-31: whatever comes, the status is kept, no violation that is a string is lost, and nothing panics.
func FuzzProblem(f *testing.F) {
	for _, s := range []string{"", "{", "null", `{"violations":["a","b"]}`, `{"violations":[1,{"field":"f"},[]]}`, `{"violations":{"message":"m"}}`, `{"detail":"\ud800","title":7}`, `{"status":201}`, "<html>", `{"violations":[["a"]],"violations":["x"]}`} {
		f.Add(400, []byte(s), "5")
		f.Add(504, []byte(s), "Sun, 01 Mar 2026 12:00:00 GMT")
	}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, status int, body []byte, retry string) {
		p := readProblem(status, http.Header{"Retry-After": {retry}}, body, now)
		if p.Status != status {
			t.Fatalf("status %d became %d", status, p.Status)
		}
		if p.RetryAfter < 0 || p.RetryAfter > longestWait {
			t.Fatalf("Retry-After %q gives %v", retry, p.RetryAfter)
		}
		mustBe(t, p, class(status))
		for _, s := range append([][]byte{p.Detail}, p.Violations...) {
			if !utf8.Valid(s) {
				t.Fatalf("%q is not UTF-8", s)
			}
		}
		var want struct{ Violations []string }
		var members map[string]json.RawMessage
		if json.Unmarshal(body, &members) != nil {
			return
		}
		var word string
		if json.Unmarshal(members["detail"], &word) == nil && strings.TrimSpace(word) != string(p.Detail) {
			t.Fatalf("%q became %q", word, p.Detail)
		}
		if json.Unmarshal(members["violations"], &want.Violations) != nil {
			return
		}
		var all []string
		for _, v := range want.Violations {
			if v = strings.TrimSpace(v); v != "" {
				all = append(all, v)
			}
		}
		if strings.Join(all, "\x00") != string(bytes.Join(p.Violations, []byte("\x00"))) {
			t.Fatalf("violations %q became %q", all, p.Violations)
		}
	})
}

// A message stands where the user can act on it; one that names no field of the page goes to the summary.
func TestByField(t *testing.T) {
	fields := map[string]string{"secretName": "secretName", "secretKey": "secretKey", "name": "name", "type": "type", "key": "key", "agentId": "agentId", "projectId": "projectId", "description": "description", "secretValue": "value"}
	for why, tc := range map[string]struct{ violation, field string }{
		"named first":                              {"secretName must not be blank", "secretName"},
		"named first, with a colon":                {"secretName: must not be blank", "secretName"},
		"the end of a path":                        {"createSecretReference.body.secretName: must not be blank", "secretName"},
		"in a list":                                {"secretName[0] must not be blank", "secretName"},
		"in quotes":                                {"'secretName' must not be blank", "secretName"},
		"in double quotes":                         {`"name" is required`, "name"},
		"alone":                                    {"secretKey", "secretKey"},
		"in the middle":                            {"The property secretKey has to be a string", "secretKey"},
		"the first of two":                         {"Both secretKey and secretName are wrong", "secretKey"},
		"another name for the page's field":        {"secretValue must be an object", "value"},
		"an ordinary word first is a name":         {"name must not be blank", "name"},
		"an ordinary word in a sentence is a word": {"must be a valid name of this type", ""},
		"an ordinary word in quotes is a name":     {"The 'type' is not supported", "type"},
		"an ordinary word in unequal quotes":       {"The 'type\" is not supported", ""},
		"a part of a longer word":                  {"The mysecretNames are wrong", ""},
		"a longer property that ends in a name":    {"secretReferenceName must match", ""},
		"a path that ends in another property":     {"secret.unknown: must not be blank", ""},
		"a second occurrence that is a whole word": {"xsecretKey but secretKey", "secretKey"},
		"nothing is named":                         {"The request is invalid", ""},
		"other case":                               {"SECRETNAME must not be blank", ""},
		"empty":                                    {"", ""},
		"punctuation around it":                    {"wrong: (agentId)", "agentId"},
		"a field that this page does not show":     {"vaultName must not be blank", ""},
		"letters of other alphabets around a word": {"für projectId: ungültig", "projectId"},
	} {
		want := map[string][]string{tc.field: {tc.violation}}
		for range 5 { // the fields are a map
			if got := ByField([]string{tc.violation}, fields); !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %q goes to %v, want %q", why, tc.violation, got, tc.field)
				break
			}
		}
	}
	got := ByField([]string{"secretName a", "x", "secretName b", "y"}, fields)
	if want := (map[string][]string{"secretName": {"secretName a", "secretName b"}, "": {"x", "y"}}); !reflect.DeepEqual(got, want) {
		t.Errorf("several: %v", got)
	}
	if got := ByField(nil, fields); len(got) != 0 {
		t.Errorf("none: %v", got)
	}
	if got := ByField([]string{"secretName a"}, nil); !reflect.DeepEqual(got, map[string][]string{"": {"secretName a"}}) {
		t.Errorf("without fields: %v", got)
	}
}
