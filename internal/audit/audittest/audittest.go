// Package audittest makes records from the events of an audit trail, for tests: the trail promises that they are those
// that the portal keeps.
package audittest

import (
	"encoding/json"
	"testing"
	"time"

	"maiaportal/internal/record"
)

// Records makes the records again from their events alone, which are in their order. What only the portal itself needs
// of a record, to know a form and a process again, is in no event.
func Records(t testing.TB, events []record.Stored) map[string]*record.Submission {
	t.Helper()
	records := map[string]*record.Submission{}
	for _, e := range events {
		if e.SubmissionID == "" {
			continue // a login, an export: of no record
		}
		d := map[string]any{}
		if err := json.Unmarshal([]byte(e.DetailsText), &d); err != nil {
			t.Fatalf("event %d: %v", e.Seq, err)
		}
		text := func(name string) string { s, _ := d[name].(string); return s }
		number := func(name string) int { n, _ := d[name].(float64); return int(n) }
		if e.Kind == record.SubmissionStarted {
			r := &record.Submission{
				ID:            e.SubmissionID,
				Attempt:       number("attempt"),
				CreatedAt:     e.Time,
				Actor:         e.Actor,
				RequestID:     e.RequestID,
				ClientAddress: e.ClientAddress,
				Action:        record.Action(text("action")),
				Changes:       text("changes"),
				Outcome:       record.Pending,
			}
			for _, f := range record.FieldList {
				*f.In(&r.Fields) = text(f.Column)
			}
			records[r.ID] = r
			continue
		}
		r := records[e.SubmissionID]
		if r == nil {
			t.Fatalf("event %d, %s, is before its submission’s begin", e.Seq, e.Kind)
		}
		switch e.Kind {
		case record.CallStarted:
			r.Sent = true
			step := record.Step{
				Number:  number("step"),
				Call:    record.Call(text("call")),
				Sent:    true,
				Outcome: record.Pending,
			}
			if i := len(r.Steps) - 1; i >= 0 && r.Steps[i].Number == step.Number {
				r.Steps[i].Sent, r.Steps[i].Outcome = true, record.Pending
			} else {
				r.Steps = append(r.Steps, step)
			}
		case record.CallEnded:
			step := &r.Steps[number("step")-1]
			step.Sent, step.Status, step.Outcome = number("sent") == 1, number("status"), record.Outcome(text("outcome"))
			step.Answer = record.Answer{
				VaultSecretName: text("vault_secret_name"),
				ResolverRef:     text("resolver_ref"),
				AnswerPartial:   number("answer_partial") == 1,
			}
			if step.Answer != (record.Answer{}) {
				r.Answer = step.Answer
			}
		case record.SubmissionEnded, record.SubmissionSettled, record.SubmissionChecked:
			r.Outcome = record.Outcome(text("outcome"))
			if e.Kind == record.SubmissionChecked || text("by") != "" {
				continue
			}
			r.Status, r.Sent, r.FinishedAt = number("status"), number("sent") == 1, e.Time
			for i := range r.Steps {
				if r.Steps[i].Outcome == record.Pending {
					r.Steps[i].Outcome = record.Unknown
				}
			}
		case record.SubmissionProven:
			r.ProvenAt = time.Time{}
			if number("proven") == 1 {
				r.ProvenAt = e.Time
			}
		case record.SubmissionRenewed:
			r.RenewBy = text("renew_by")
		case record.CatalogueLoaded, record.SubmissionStarted, record.ExportedKind, record.Login, record.LoginRefused,
			record.Logout, record.SessionEnded, record.RetentionApplied:
			t.Errorf("event %d, %s, names a submission", e.Seq, e.Kind)
		}
	}
	return records
}
