package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"maiaportal/internal/audit"
	"maiaportal/internal/record"
)

// What begins and ends sessions leaves events, in the same step; what has run out leaves none.
func testSessionTrail(t *testing.T, address string) {
	c, ctx := newClock(), t.Context()
	s := migrated(t, address, c)
	over := record.Request{ClientAddress: "::1", RequestID: "request"}
	signIn := func(handle, subject string, replaces *Replaced) {
		r := session(handle, subject)
		r.Over = over
		must0(t, s.CreateSession(ctx, []byte(handle), r, replaces))
	}
	by := func(e record.Ender) Ending {
		return Ending{By: e, Over: over, Begun: c.ago(time.Hour), Seen: c.ago(time.Minute)}
	}
	signIn("a1", "ann", nil)
	c.add(2 * time.Hour)
	signIn("a2", "ann", &Replaced{IDHash: []byte("a1"), Begun: c.ago(time.Hour), Seen: c.ago(time.Minute)}) // a1 has run out
	signIn("a3", "ann", &Replaced{IDHash: []byte("a2"), Begun: c.ago(time.Hour), Seen: c.ago(time.Minute)})
	must[bool](t)(s.DeleteSession(ctx, []byte("a3"), Ending{Over: over}))
	must[bool](t)(s.DeleteSession(ctx, []byte("a3"), Ending{Over: over}))
	signIn("a4", "ann", nil)
	signIn("a5", "ann", nil)
	must[int64](t)(s.EndSessions(ctx, issuer, "ann", "a4", by(record.ByUser)))
	c.add(2 * time.Minute) // a5 has run out
	signIn("a6", "ann", nil)
	must[int64](t)(s.EndSessions(ctx, issuer, "ann", "", by(record.ByUser)))
	signIn("b7", "bob", nil)
	ended, _, err := s.EndByLogoutToken(ctx, LogoutToken{
		JTIHash: []byte("jti"),
		Issuer:  issuer,
		Subject: "bob",
		Ending:  by(record.ByProvider),
	})
	must0(t, err)
	want(t, "ended by the token", ended, 1)
	want(t, "swept", must[int64](t)(s.SweepSessions(ctx, c.now(), c.now())), 0)

	var told []string
	for _, e := range entries(t, s, audit.NewChain(nil)) {
		told = append(told, fmt.Sprint(e.Kind, " ", e.Actor.Subject, " ", e.ClientAddress, " ", e.RequestID, " ", e.details))
	}
	want(t, "events", strings.Join(told, "\n"), strings.Join([]string{
		`login ann ::1 request {"browser":"Firefox","session":"a1"}`,
		`login ann ::1 request {"browser":"Firefox","session":"a2"}`,
		`session_ended ann ::1 request {"by":"login","session":"a2"}`,
		`login ann ::1 request {"browser":"Firefox","session":"a3"}`,
		`logout ann ::1 request {"session":"a3"}`,
		`login ann ::1 request {"browser":"Firefox","session":"a4"}`,
		`login ann ::1 request {"browser":"Firefox","session":"a5"}`,
		`session_ended ann ::1 request {"by":"user","session":"a4"}`,
		`login ann ::1 request {"browser":"Firefox","session":"a6"}`,
		`session_ended ann ::1 request {"by":"user","session":"a6"}`,
		`login bob ::1 request {"browser":"Firefox","session":"b7"}`,
		`session_ended bob ::1 request {"by":"provider","session":"b7"}`,
	}, "\n"))

	list := must[[]record.SignIn](t)(s.SignIns(ctx, record.Actor{Issuer: issuer, Subject: "ann"}, 3))
	want(t, "logins shown", len(list), 3)
	want(t, "the last one", fmt.Sprint(list[0]), fmt.Sprint(record.SignIn{At: c.now(), Browser: "Firefox", Address: "::1"}))
	want(t, "in order", list[1].At.Before(list[0].At), true)
	want(t, "at another provider", len(must[[]record.SignIn](t)(s.SignIns(ctx, record.Actor{Issuer: "https://other.example", Subject: "ann"}, 3))), 0)
}

// Without its event no session begins and none ends; many at once are one step.
func testSessionWithoutItsEvent(t *testing.T, address string) {
	c, ctx := newClock(), t.Context()
	s := migrated(t, address, c)
	for i := range 3 * eventsAtOnce {
		must0(t, s.CreateSession(ctx, fmt.Append(nil, i), session(fmt.Sprint(i), "ann"), nil))
	}
	must0(t, s.write(ctx, func(q queries) error {
		_, err := q.ExecContext(ctx, `ALTER TABLE events RENAME TO gone`)
		return err
	}))
	if err := s.CreateSession(ctx, []byte("id"), session("h", "bob"), nil); err == nil {
		t.Error("a session began without its event")
	}
	if _, err := s.EndAllSessions(ctx, "", "", Ending{By: record.ByOperator}); err == nil {
		t.Error("sessions ended without their events")
	}
	want(t, "sessions", len(must[[]Session](t)(s.AllSessions(ctx, "", ""))), 3*eventsAtOnce)
	must0(t, s.write(ctx, func(q queries) error {
		_, err := q.ExecContext(ctx, `ALTER TABLE gone RENAME TO events`)
		return err
	}))
	want(t, "ended", must[int64](t)(s.EndAllSessions(ctx, "", "", Ending{By: record.ByOperator})), 3*eventsAtOnce)
	want(t, "events", len(entries(t, s, audit.NewChain(nil))), 6*eventsAtOnce)
}
