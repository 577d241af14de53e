package audit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"testing"
	"time"

	"maiaportal/internal/record"
	"maiaportal/internal/secret"
)

var event = record.Event{
	Seq:           7,
	Time:          time.Date(2026, 3, 4, 5, 6, 7, 80e6, time.FixedZone("", 3600)),
	Kind:          record.CallEnded,
	Actor:         record.Actor{Issuer: "https://id.example", Subject: "ann", Name: "Zoë \"Z\" \\ </b>\u2028\U0001F600"},
	ClientAddress: "2001:db8::1",
	RequestID:     "request-1",
	SubmissionID:  "0190",
	Details: []record.Detail{
		{Name: "status", Number: 409, Is: record.IsNumber},
		{Name: "call", Text: "a\b\t\n\f\r\x01\x1f\x7f"},
	},
	Prev: "abc",
}

// canonical is the event as RFC 8785 has it, written by hand.
const canonical = `{"actor_issuer":"https://id.example","actor_name":"Zoë \"Z\" \\ </b>` + "\u2028\U0001F600" + `","actor_subject":"ann",` +
	`"client_address":"2001:db8::1","details":{"call":"a\b\t\n\f\r\u0001\u001f` + "\x7f" + `","status":409},"event":"call_ended","prev":"abc",` +
	`"request_id":"request-1","seq":7,"submission_id":"0190","time":"2026-03-04T04:06:07.080Z"}`

func TestCanonicalForm(t *testing.T) {
	got := string(appendCanonical(nil, event, Details(event.Details)))
	if got != canonical {
		t.Errorf("\n%s, want\n%s", got, canonical)
	}
	var read map[string]any
	if err := json.Unmarshal([]byte(got), &read); err != nil || read["actor_name"] != event.Actor.Name || len(read) != 11 {
		t.Errorf("read as JSON: %v, %v", read, err)
	}
}

// The hash is HMAC-SHA-256 under the first key, or SHA-256 where there is none.
func TestSeal(t *testing.T) {
	key := []byte("0123456789abcdef0123456789abcdef")
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(canonical))
	plain := sha256.Sum256([]byte(canonical))
	for why, tc := range map[string]struct {
		keys []secret.Value
		want string
	}{
		"keyed":    {[]secret.Value{secret.New(key), secret.New([]byte("another"))}, hex.EncodeToString(mac.Sum(nil))},
		"no key":   {nil, hex.EncodeToString(plain[:])},
		"one more": {[]secret.Value{secret.New(key)}, hex.EncodeToString(mac.Sum(nil))},
	} {
		details, hash := NewChain(tc.keys).Seal(event)
		if hash != tc.want || details != Details(event.Details) {
			t.Errorf("%s: %s, want %s", why, hash, tc.want)
		}
	}
}

// Every member counts: a change anywhere is another hash.
func TestEveryMemberCounts(t *testing.T) {
	seen := map[string]string{}
	for what, change := range map[string]func(*record.Event){
		"nothing":        func(*record.Event) {},
		"seq":            func(e *record.Event) { e.Seq++ },
		"time":           func(e *record.Event) { e.Time = e.Time.Add(time.Millisecond) },
		"event":          func(e *record.Event) { e.Kind = record.CallStarted },
		"actor_issuer":   func(e *record.Event) { e.Actor.Issuer += "x" },
		"actor_subject":  func(e *record.Event) { e.Actor.Subject += "x" },
		"actor_name":     func(e *record.Event) { e.Actor.Name += "x" },
		"client_address": func(e *record.Event) { e.ClientAddress += "x" },
		"request_id":     func(e *record.Event) { e.RequestID += "x" },
		"submission_id":  func(e *record.Event) { e.SubmissionID += "x" },
		"details":        func(e *record.Event) { e.Details = e.Details[:1] },
		"prev":           func(e *record.Event) { e.Prev += "x" },
	} {
		changed := event
		change(&changed)
		_, hash := NewChain(nil).Seal(changed)
		if other, ok := seen[hash]; ok {
			t.Errorf("a change of %s is none, as one of %s", what, other)
		}
		seen[hash] = what
	}
}
