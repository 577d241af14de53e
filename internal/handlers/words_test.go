package handlers

import (
	"strings"
	"testing"
	"time"

	"maiaportal/internal/catalogue"
	"maiaportal/internal/maiaclient"
	"maiaportal/internal/record"
	"maiaportal/internal/submission"
)

// People see what an agent does beside its name, in Maia's seven words; one that Maia may learn later is shown as it
// comes.
func TestAgentStates(t *testing.T) {
	for status, want := range map[string]string{
		"running": "a · AWS", "": "a · AWS",
		"stopped": "a · AWS · stopped", "stopping": "a · AWS · stopping", "pending": "a · AWS · pending: not started yet",
		"pausing": "a · AWS · pausing: queues what it is sent", "paused": "a · AWS · paused: queues what it is sent",
		"unknown": "a · AWS · state unknown", "Hibernating_2": "a · AWS · Hibernating_2",
	} {
		agent := maiaclient.Agent{ID: "1", Name: "a", CloudProvider: "aws", Status: status}
		got, _ := agentEntries(catalogue.Lists{Agents: []maiaclient.Agent{agent}})
		if len(got) != 1 || got[0].label() != want {
			t.Errorf("%q: %+v, want %q", status, got, want)
		}
	}
}

// What a paused agent has queued may happen after Maia's 503 and after an unknown end: nobody is told that it did not.
func TestWhatMayStillHappen(t *testing.T) {
	value := record.Submission{Action: record.Value, Fields: record.Fields{AgentID: "agent", Name: "n"}, Sent: true}
	hosted := record.Submission{
		Action: record.Reference,
		Fields: record.Fields{
			AgentType: maiaclient.MatillionHosted,
			AgentID:   "agent",
			Name:      "n",
		},
		Sent: true,
	}
	reference := record.Submission{
		Action: record.Reference,
		Fields: record.Fields{
			AgentType: maiaclient.AWS,
			Name:      "n",
		},
		Sent: true,
	}
	for name, tc := range map[string]struct {
		record record.Submission
		agent  bool
	}{"a value": {value, true}, "a hosted reference": {hosted, true}, "a reference": {reference, false}} {
		form := referenceForm
		if tc.record.Action == record.Value {
			form = valueForm
		}
		for _, status := range []int{500, 501, 503} {
			r := tc.record
			r.Status, r.Outcome = status, record.Failed
			notice := strings.Join(failedNotice(form, &submission.RefusedError{Record: r}).Text, " ")
			receipt := strings.Join(receiptView(dates{zone: time.UTC, now: time.Now}, r, true, "").Text, " ")
			for where, text := range map[string]string{"form": notice, "receipt": receipt} {
				if may := strings.Contains(text, "may still happen"); may != (status == 503) || strings.Contains(text, "paused") != (may && tc.agent) {
					t.Errorf("%s, %d, %s: %s", name, status, where, text)
				}
			}
		}
		r := tc.record
		r.Status, r.Outcome = 504, record.Unknown
		if text := strings.Join(receiptView(dates{zone: time.UTC, now: time.Now}, r, true, "").Text, " "); !strings.Contains(text, "may still happen") || strings.Contains(text, "paused") != tc.agent {
			t.Errorf("%s, 504: %s", name, text)
		}
	}
	r := value
	r.Outcome, r.Sent = record.Failed, false
	if text := strings.Join(receiptView(dates{zone: time.UTC, now: time.Now}, r, true, "").Text, " "); strings.Contains(text, "may still") {
		t.Errorf("what was never sent: %s", text)
	}
}
