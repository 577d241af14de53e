package audit

import (
	"bytes"
	"log/slog"
	"testing"

	"maiaportal/internal/record"
	"maiaportal/internal/telemetry"
)

// A line has the event's members in the trail's order, at any level of the log.
func TestLines(t *testing.T) {
	e := event
	e.Actor.Name = "Zoë"
	e.Details = []record.Detail{{Name: "status", Number: 409, Is: record.IsNumber}, {Name: "call", Text: `a"b`}}
	e.Hash = "def"
	var log bytes.Buffer
	Lines(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelError}))([]record.Event{e})
	want := `{"level":"INFO","msg":"audit","seq":7,"time":"2026-03-04T04:06:07.080Z","event":"call_ended",` +
		`"actor_issuer":"https://id.example","actor_subject":"ann","actor_name":"Zoë","client_address":"2001:db8::1",` +
		`"request_id":"request-1","submission_id":"0190","details":{"call":"a\"b","status":409},"prev":"abc","hash":"def"}` + "\n"
	if log.String() != want {
		t.Errorf("\n%s, want\n%s", log.String(), want)
	}
	log.Reset()
	Lines(telemetry.NewLogger(&log, slog.LevelError, "json").Handler())([]record.Event{e})
	if log.String() != want {
		t.Errorf("by the portal's own logger\n%s, want\n%s", log.String(), want)
	}
	log.Reset()
	Lines(telemetry.NewLogger(&log, slog.LevelError, "text").Handler())([]record.Event{e})
	for _, want := range []string{`time=2026-03-04T04:06:07.080Z `, `details="{\"call\":\"a\\\"b\",\"status\":409}" prev=abc`} {
		if !bytes.Contains(log.Bytes(), []byte(want)) {
			t.Errorf("as text: %s", log.String())
		}
	}
}
