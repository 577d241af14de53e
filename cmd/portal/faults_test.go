package main

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"maiaportal/internal/record"
	"maiaportal/internal/sandbox"
	"maiaportal/internal/sandbox/fault"
	"maiaportal/internal/sandbox/line"
	"maiaportal/internal/sandbox/maia"
	"maiaportal/internal/store"
	"maiaportal/internal/store/pgtest"
)

// S-46: the network between the portal and each of those that it talks to goes wrong in each way in which networks do.
// What people see is true, what was lost is said, the next one is served without a restart, nothing is sent twice, and
// no connection is held on to that leads nowhere.

// badLines are the ways of a line. Those that end connections come first: behind the others it is looked for what is
// left.
var badLines = []line.State{line.Slow, line.Cut, line.Reset, line.Mute, line.BlackHole, line.Drip, line.HalfOpen}

func newLine(t *testing.T) *line.Line {
	t.Helper()
	l := must(line.Listen())
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// givenUp waits until nothing is left of the connections that led nowhere, while some pages are asked for at a time. A
// leak ends the test by its deadline.
func givenUp(l *line.Line, b *browser) {
	for l.Lost() > 0 {
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() { b.get("/activity") })
		}
		all.Wait()
		time.Sleep(50 * time.Millisecond)
	}
}

// overLine puts a line in front of an address of the sandbox's, and gives what the portal is told in its place.
func overLine(t *testing.T, address string) (*line.Line, string) {
	t.Helper()
	l, u := newLine(t), must(url.Parse(address))
	l.To(u.Host)
	u.Host = l.Addr()
	return l, u.String()
}

// outcome sends a form, and says of it what its receipt says; of one without a receipt, what its page says.
func (b *browser) outcome(path string, form url.Values) (status int, says string) {
	b.r.t.Helper()
	p := b.send(path, form)
	if p.status == http.StatusSeeOther {
		return p.status, b.get(p.location()).text()
	}
	return p.status, p.text()
}

// sentTo counts the calls to Maia that write a reference.
func sentTo(r *rig, name string) int {
	n := 0
	for _, c := range r.sb.Maia.WriteCalls() {
		if written(c) == name {
			n++
		}
	}
	return n
}

func TestBadLineToMaia(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.stop()
	l, address := overLine(t, r.sb.Maia.URL())
	r.serve(must((&net.ListenConfig{}).Listen(t.Context(), "tcp", must(url.Parse(r.base)).Host)),
		"MAIA_URL", address, "MAIA_TIMEOUT", "5s")
	b := r.browser()
	b.login("ada", "/")
	for i, state := range badLines {
		name := "LINE_" + string(rune('A'+i))
		form := b.reference(name, "agentType", "AWS", "secretName", "s")
		next := b.reference(name+"_NEXT", "agentType", "AWS", "secretName", "s")
		l.Set(state)
		var both sync.WaitGroup
		both.Go(func() {
			if p := b.get("/setup"); p.status != http.StatusOK {
				t.Errorf("%s: the form: %d", state, p.status)
			}
		})
		status, says := b.outcome("/secret-references", form)
		both.Wait()
		l.Set(line.Whole)
		_, there := r.sb.Maia.Reference(maia.ProjectFinance, name)
		created := strings.Contains(says, name+" was created")
		unknown := strings.Contains(says, name+" may or may not have been created")
		// Of a line that ends connections, nobody can say how far they got.
		unsent := status == http.StatusServiceUnavailable && strings.Contains(says, "Nothing was sent to Maia") && !there
		switch state {
		case line.Slow:
			unknown, unsent = false, false
		case line.Cut, line.Reset:
			created = false
		case line.Drip, line.HalfOpen: // whether it comes in time, or on a connection that is whole, is up to the machine
			created, unsent = created && there, false
		case line.Whole, line.Mute, line.BlackHole:
			created, unsent = false, false
		}
		if !created && !unknown && !unsent {
			t.Errorf("%s: %d, and it is there: %v; %s", state, status, there, says)
		}
		if n := sentTo(r, name); n > 1 || there != (n == 1) {
			t.Errorf("%s: %d calls", state, n)
		}
		if status, says := b.outcome("/secret-references", next); !strings.Contains(says, "_NEXT was created") {
			t.Errorf("after %s: %d %s", state, status, says)
		}
		// The form that is sent again shows what became of it; only where nothing was sent before, it is sent now.
		_, again := b.outcome("/secret-references", form)
		if n := sentTo(r, name); unsent && n != 1 || !unsent && (again != says || there != (n == 1)) {
			t.Errorf("%s, sent again: %d calls; %s", state, n, again)
		}
	}
	givenUp(l, b)
}

func TestBadLineToTheProvider(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	listener := must((&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0"))
	base := "http://" + listener.Addr().String()
	sb := must(sandbox.Start(context.Background(), sandbox.Options{
		RedirectURI:           base + "/auth/callback",
		PostLogoutRedirectURI: base + "/signed-out",
		PortalURL:             base,
		ProviderFront:         l.Addr(),
	}))
	t.Cleanup(func() { _ = sb.Close() })
	l.To(sb.Provider.Addr())
	r := &rig{t: t, base: base, sb: sb, dir: t.TempDir(), logs: &syncBuffer{}}
	r.wire()
	r.p.provider.HTTP.Timeout = 5 * time.Second
	t.Cleanup(r.run(listener, func(err error) {
		if err != nil {
			t.Errorf("the portal ended with %v", err)
		}
	}))
	// Browsers have another way to the provider.
	other := http.DefaultTransport.(*http.Transport).Clone()
	other.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if address == l.Addr() {
			address = sb.Provider.Addr()
		}
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	t.Cleanup(other.CloseIdleConnections)
	someone := func() *browser {
		b := r.browser()
		b.client.Transport = other
		return b
	}
	for i, state := range badLines {
		name := "LINE_" + string(rune('A'+i))
		ada, grace := someone(), someone()
		ada.login("ada", "/")
		callback := grace.toCallback("grace", "/")
		form := ada.reference(name, "agentType", "AWS", "secretName", "s")
		sb.Provider.ExpireAccessTokens("ada")
		l.Set(state)
		var both sync.WaitGroup
		both.Go(func() {
			p, _ := grace.follow(callback)
			away := p.status == http.StatusServiceUnavailable && strings.Contains(p.text(), "sign-in does not answer")
			if !away && (p.status != http.StatusOK || state != line.Slow && state != line.HalfOpen) {
				t.Errorf("%s: a login: %d %s", state, p.status, p.text())
			}
		})
		both.Go(func() {
			if p := ada.get("/activity"); p.status != http.StatusOK {
				t.Errorf("%s: a page of somebody who is signed in: %d", state, p.status)
			}
		})
		status, says := ada.outcome("/secret-references", form)
		both.Wait()
		l.Set(line.Whole)
		stays := status == http.StatusServiceUnavailable && strings.Contains(says, "Create a reference")
		if !stays && (status != http.StatusSeeOther || state != line.Slow && state != line.HalfOpen) {
			t.Errorf("%s: a token that has to be renewed: %d %s", state, status, says)
		}
		if p := someone().login("grace", "/activity"); p.status != http.StatusOK {
			t.Errorf("after %s: a login: %d %s", state, p.status, p.text())
		}
		// Where the answer got lost, the refresh token is used up: that costs a login, and nothing else.
		status, says = ada.outcome("/secret-references", form)
		lostAnswer := state == line.Drip || state == line.Mute || state == line.Slow
		if status == http.StatusUnauthorized && lostAnswer {
			ada = someone()
			ada.login("ada", "/")
			form.Set("formToken", inputs(ada.get("/secret-references/new").doc()).Get("formToken"))
			status, says = ada.outcome("/secret-references", form)
		}
		if status != http.StatusSeeOther || !strings.Contains(says, name+" was created") {
			t.Errorf("after %s: %d %s", state, status, says)
		}
	}
	last := someone()
	last.login("ada", "/")
	givenUp(l, last)
}

func TestBadLineToTheDatabase(t *testing.T) {
	t.Parallel()
	database := pgtest.Start(t)
	l, address := overLine(t, database)
	r := newRig(t, "DATABASE_URL", address)
	b := r.browser()
	kept := http.DefaultTransport.(*http.Transport).Clone()
	kept.MaxIdleConnsPerHost = 16 // else each page that is asked for beside others is a connection of its own
	b.client.Transport = kept
	t.Cleanup(kept.CloseIdleConnections)
	b.login("ada", "/")
	for i, state := range badLines {
		name := "LINE_" + string(rune('A'+i))
		form := b.reference(name, "agentType", "AWS", "secretName", "s")
		arrive := func() page { return page{status: http.StatusSeeOther} }
		if state == line.Reset || state == line.Mute { // an end waits for the database for long
			arrive = b.underWay(name)
		}
		l.Set(state)
		var all sync.WaitGroup
		all.Go(func() {
			p := b.get("/activity")
			away := p.status == http.StatusServiceUnavailable && strings.Contains(p.text(), "database is unavailable")
			if !away && (p.status != http.StatusOK || state != line.Slow && state != line.HalfOpen) {
				t.Errorf("%s: a page: %d %s", state, p.status, p.text())
			}
		})
		all.Go(func() {
			p := b.send("/secret-references", form)
			refused := p.status == http.StatusServiceUnavailable && sentTo(r, name) == 0
			if !refused && (p.status != http.StatusSeeOther || state != line.Slow && state != line.HalfOpen) {
				t.Errorf("%s: a form: %d, sent %d times; %s", state, p.status, sentTo(r, name), p.text())
			}
		})
		p := arrive()
		all.Wait()
		if p.status != http.StatusSeeOther && !strings.Contains(p.text(), "Maia said that it was created") {
			t.Errorf("%s: what was under way: %d %s", state, p.status, p.text())
		}
		if state == line.HalfOpen {
			// The server is there: that nobody says which connections are dead costs a page or two, and not one each.
			if p := b.get("/activity"); p.status != http.StatusOK {
				t.Errorf("%s: the next page: %d %s", state, p.status, p.text())
			}
		}
		l.Set(line.Whole)
		if status, says := b.outcome("/secret-references", form); !strings.Contains(says, name+" was created") {
			t.Errorf("after %s: %d %s", state, status, says)
		}
		if n := sentTo(r, name); n != 1 {
			t.Errorf("%s: %s was sent %d times", state, name, n)
		}
	}
	givenUp(l, b)
	r.stop() // what was still to be recorded is
	begun := 0
	for _, e := range auditLines(t, r.logs.String()) {
		if e.Event == "call_started" {
			begun++
		}
	}
	if calls := len(r.sb.Maia.WriteCalls()); calls != begun {
		t.Errorf("%d calls to Maia, and %d in the trail", calls, begun)
	}
	var out bytes.Buffer
	code := run(t.Context(), []string{"audit", "verify"}, []string{"PORTAL_DATABASE_URL=" + database}, &out, &out)
	if code != 0 {
		t.Errorf("the trail does not hold: %d %s", code, &out)
	}
	if outcomes := r.recorded(database); outcomes["created"] != begun || len(outcomes) != 1 {
		t.Errorf("%d calls, recorded: %v", begun, outcomes)
	}
}

// underWay sends a form of which Maia holds the call, and gives what lets it end and waits for its answer.
func (b *browser) underWay(name string) (arrive func() page) {
	b.r.t.Helper()
	form := b.reference(name+"_UNDER_WAY", "agentType", "AWS", "secretName", "s")
	hold := make(chan struct{})
	api := b.r.sb.Maia
	api.SetFault(&fault.Fault{
		Hold:  hold,
		Times: 1,
	})
	calls := len(api.WriteCalls())
	ended := make(chan page, 1)
	go func() { ended <- b.send("/secret-references", form) }()
	if err := api.WaitForCall(b.r.t.Context(), calls+1); err != nil {
		b.r.t.Fatal(err)
	}
	return func() page {
		close(hold)
		return <-ended
	}
}

// recorded counts the records of a database by their outcomes.
func (r *rig) recorded(address string) map[string]int {
	r.t.Helper()
	st := must(store.Open(address, time.Now))
	defer func() { _ = st.Close() }()
	outcomes := map[string]int{}
	for _, s := range must(st.Submissions(r.t.Context(), record.Query{Of: record.Everyone, Limit: 1000})) {
		outcomes[string(s.Outcome)]++
	}
	return outcomes
}
