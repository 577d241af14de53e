package store

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"maiaportal/internal/audit"
	"maiaportal/internal/record"
	"maiaportal/internal/store/oldtest"
)

// An update of a database that is older than steps and events: records stay readable, what is under way is
// settled, sessions and pending logins stay as they are, and the trail begins with the update.
func testUpdate(t *testing.T, address string) {
	c, ctx := newClock(), t.Context()
	old := oldtest.Fill(t, address, c.now())
	sessions := fmt.Sprint(oldtest.Read(t, address, "sessions", "handle"))
	before := oldtest.Read(t, address, "submissions", "id")
	s := migrated(t, address, c)
	want(t, "sessions", fmt.Sprint(oldtest.Read(t, address, "sessions", "handle")), sessions)
	hashOf := func(raw string) []byte { sum := sha256.Sum256([]byte(raw)); return sum[:] }
	login := must[PendingLogin](t)(s.UsePendingLogin(ctx, hashOf(old.State), hashOf(old.Browser)))
	want(t, "a pending login is used for the first time", login.First, true)
	if _, err := s.Session(ctx, hashOf(old.Session), c.ago(time.Hour), c.ago(time.Hour)); err != nil {
		t.Errorf("the session: %v", err)
	}

	must0(t, s.Join(ctx, "alive"))
	settled := int64(0)
	for range 2 {
		settled += must[int64](t)(s.SettleOrphans(ctx, "alive"))
		c.add(settleGrace)
	}
	want(t, "settled", settled, 2)
	for _, b := range before {
		r := must[record.Submission](t)(s.SubmissionByID(ctx, b["id"].(string)))
		outcome, sent := fmt.Sprint(b["outcome"]), fmt.Sprint(b["sent"]) == "1"
		switch {
		case outcome == "pending" && sent:
			outcome = "unknown"
		case outcome == "pending":
			outcome = "failed"
		}
		want(t, r.Name, fmt.Sprint(r.Outcome, r.Status, r.Sent, r.ProjectID, r.AgentID, r.Actor.Name, r.VaultSecretName, r.ResolverRef, r.Action),
			fmt.Sprint(outcome, b["status"], sent, b["project_id"], b["agent_id"], b["actor_name"], b["vault_secret_name"], b["resolver_ref"], b["action"]))
		want(t, r.Name+" has an end", r.FinishedAt.IsZero(), false)
		if !sent {
			want(t, r.Name+" has steps", len(r.Steps), 0)
			continue
		}
		if len(r.Steps) != 1 {
			t.Errorf("%s has %d steps", r.Name, len(r.Steps))
			continue
		}
		call := record.CreateReference
		if r.Action == record.Value {
			call = record.StoreValue
		}
		want(t, r.Name+" has the step", fmt.Sprintf("%+v", r.Steps[0]), fmt.Sprintf("%+v", record.Step{
			Number:  1,
			Call:    call,
			Sent:    true,
			Status:  r.Status,
			Outcome: r.Outcome,
			Answer:  r.Answer,
		}))
	}
	want(t, "events of older records", len(entries(t, s, audit.NewChain(nil))), 0)
	list := must[[]record.Submission](t)(s.Submissions(ctx, record.Query{Of: record.Everyone, Limit: 100}))
	want(t, "records", len(list), len(before))

	begin(t, s, intent(c, "token", 1))
	want(t, "the trail's begin", kinds(entries(t, s, audit.NewChain(nil))), "submission_started")
}
