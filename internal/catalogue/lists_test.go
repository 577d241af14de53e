package catalogue_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"maiaportal/internal/catalogue"
	"maiaportal/internal/maiaclient"
)

// source is a Maia that can be made to wait, and to fail.
type source struct {
	projects, agents         atomic.Int64
	projectsFail, agentsFail atomic.Bool
	arrived                  chan struct{} // gets a value for each call for projects
	gate                     chan struct{} // a call for projects waits for it; nil: none does
}

func (s *source) Projects(ctx context.Context, token string) ([]maiaclient.Project, error) {
	s.projects.Add(1)
	if token != "token" {
		return nil, errors.New("another token")
	}
	if s.gate != nil {
		s.arrived <- struct{}{}
		select {
		case <-s.gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if s.projectsFail.Load() {
		return nil, errors.New("no projects now")
	}
	return []maiaclient.Project{{ID: "p1", Name: "Finance"}}, nil
}

func (s *source) Agents(context.Context, string) ([]maiaclient.Agent, error) {
	s.agents.Add(1)
	if s.agentsFail.Load() {
		return nil, errors.New("no agents now")
	}
	return []maiaclient.Agent{{ID: "a1", CloudProvider: "aws"}}, nil
}

type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time      { return time.UnixMilli(c.at.Load()) }
func (c *clock) add(d time.Duration) { c.at.Add(d.Milliseconds()) }

func directory(s *source) (*catalogue.Directory, *clock) {
	c := &clock{}
	c.at.Store(1_000_000_000_000)
	return &catalogue.Directory{Source: s, Log: slog.New(slog.DiscardHandler), Now: c.now}, c
}

func token(context.Context) (string, error) { return "token", nil }

func whole(l catalogue.Lists) bool {
	return l.ProjectsKnown && l.AgentsKnown && len(l.Projects) == 1 && len(l.Agents) == 1
}

// S-62: sixty pages of one user at once cause one fetch, and another user has one of their own.
func TestOneFetchInFlight(t *testing.T) {
	s := &source{arrived: make(chan struct{}, 100), gate: make(chan struct{})}
	d, _ := directory(s)
	var pages sync.WaitGroup
	var got [60]catalogue.Lists
	for i := range got {
		pages.Go(func() { got[i] = d.For(t.Context(), "ann", token) })
	}
	<-s.arrived
	pages.Go(func() { d.For(t.Context(), "bob", token) })
	<-s.arrived
	close(s.gate)
	pages.Wait()
	if p, a := s.projects.Load(), s.agents.Load(); p != 2 || a != 2 {
		t.Errorf("%d calls for projects, %d for agents, want 2 each", p, a)
	}
	for i, l := range got {
		if !whole(l) {
			t.Errorf("%d got %+v", i, l)
		}
	}
}

// S-62: a browser that leaves takes nothing away from the user's other pages.
func TestFetchOutlivesItsPage(t *testing.T) {
	s := &source{arrived: make(chan struct{}, 100), gate: make(chan struct{})}
	d, _ := directory(s)
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan catalogue.Lists, 1)
	go func() { left <- d.For(ctx, "ann", token) }()
	<-s.arrived
	leave()
	if l := <-left; l.ProjectsKnown || l.AgentsKnown {
		t.Errorf("the page that left got %+v", l)
	}
	next := make(chan catalogue.Lists, 1)
	go func() { next <- d.For(t.Context(), "ann", token) }()
	close(s.gate)
	if l := <-next; !whole(l) {
		t.Errorf("the next page got %+v", l)
	}
	if p, a := s.projects.Load(), s.agents.Load(); p != 1 || a != 1 {
		t.Errorf("%d calls for projects, %d for agents", p, a)
	}
}

// A list that could not be had is not one without entries: it is asked for again soon, alone, and what was
// known before is shown meanwhile.
func TestFailureIsNotEmptiness(t *testing.T) {
	s := &source{}
	s.agentsFail.Store(true)
	d, c := directory(s)
	l := d.For(t.Context(), "ann", token)
	if !l.ProjectsKnown || l.AgentsKnown || len(l.Agents) != 0 {
		t.Errorf("agents fail: %+v", l)
	}
	d.For(t.Context(), "ann", token)
	if a := s.agents.Load(); a != 1 {
		t.Errorf("asked again at once: %d", a)
	}
	s.agentsFail.Store(false)
	c.add(11 * time.Second)
	if l := d.For(t.Context(), "ann", token); !whole(l) {
		t.Errorf("soon after: %+v", l)
	}
	if p, a := s.projects.Load(), s.agents.Load(); p != 1 || a != 2 {
		t.Errorf("%d calls for projects, %d for agents", p, a)
	}
	s.projectsFail.Store(true)
	c.add(time.Minute)
	if l := d.For(t.Context(), "ann", token); !whole(l) {
		t.Errorf("what was known before: %+v", l)
	}
	for range 12 {
		c.add(time.Minute)
		l = d.For(t.Context(), "ann", token)
	}
	if l.ProjectsKnown || len(l.Projects) != 0 || !l.AgentsKnown {
		t.Errorf("what was known long ago: %+v", l)
	}
}

func TestNoTokenForTheLists(t *testing.T) {
	s := &source{}
	d, _ := directory(s)
	l := d.For(t.Context(), "ann", func(context.Context) (string, error) { return "", errors.New("away") })
	if l.ProjectsKnown || l.AgentsKnown || s.projects.Load()+s.agents.Load() != 0 {
		t.Errorf("%+v after %d calls", l, s.projects.Load()+s.agents.Load())
	}
}

// S-43: a panic in a fetch, which no request waits for, ends no process and leaves nobody waiting.
func TestPanicInAFetch(t *testing.T) {
	s := &source{}
	d, c := directory(s)
	l := d.For(t.Context(), "ann", func(context.Context) (string, error) { panic("in hand") })
	if l.ProjectsKnown || l.AgentsKnown {
		t.Errorf("%+v", l)
	}
	c.add(time.Minute)
	if l := d.For(t.Context(), "ann", token); !whole(l) {
		t.Errorf("afterwards: %+v", l)
	}
}

// A check needs the agent's cloud however long the form was open.
func TestAgent(t *testing.T) {
	s := &source{}
	d, c := directory(s)
	if _, ok := d.Agent("ann", "a1"); ok {
		t.Error("an agent that nobody was shown")
	}
	d.For(t.Context(), "ann", token)
	c.add(time.Hour)
	if a, ok := d.Agent("ann", "a1"); !ok || a.CloudProvider != "aws" {
		t.Errorf("%+v, %v", a, ok)
	}
	if _, ok := d.Agent("bob", "a1"); ok {
		t.Error("somebody else's agent")
	}
}

// Where the present counts, a list is asked for again however young it is, and one that is away says nothing.
func TestAgentNow(t *testing.T) {
	s := &source{}
	d, c := directory(s)
	d.For(t.Context(), "ann", token)
	if _, ok := d.AgentNow(t.Context(), "ann", "a1", token); !ok || s.agents.Load() != 1 {
		t.Errorf("a list of this moment: %v, asked %d times", ok, s.agents.Load())
	}
	c.add(10 * time.Second)
	if _, ok := d.AgentNow(t.Context(), "ann", "a1", token); !ok || s.agents.Load() != 2 {
		t.Errorf("a list of ten seconds: %v, asked %d times", ok, s.agents.Load())
	}
	c.add(10 * time.Second)
	s.agentsFail.Store(true)
	if a, ok := d.AgentNow(t.Context(), "ann", "a1", token); ok {
		t.Errorf("a list that is away: %+v", a)
	}
	if _, ok := d.Agent("ann", "a1"); !ok {
		t.Error("what was shown is forgotten")
	}
}

// What is remembered has a bound: the user who was not seen for longest is forgotten.
func TestUsersAreForgotten(t *testing.T) {
	s := &source{}
	d, c := directory(s)
	for i := range 1100 {
		d.For(t.Context(), string(rune('a'+i%26))+time.Duration(i).String(), token)
		d.For(t.Context(), "ann", token)
		c.add(time.Millisecond)
	}
	if p := s.projects.Load(); p != 1101 {
		t.Errorf("%d calls: ann was forgotten", p)
	}
	d.For(t.Context(), "a"+time.Duration(0).String(), token)
	if p := s.projects.Load(); p != 1102 {
		t.Errorf("%d calls: the oldest is remembered", p)
	}
}

// A form says why it has no list: Maia does not give it, failed, or has not answered yet.
func TestWhyThereIsNoList(t *testing.T) {
	s := &failing{}
	d, c := directory(&source{})
	d.Source = s
	for _, tc := range []struct {
		err  error
		want catalogue.Why
	}{
		{maiaclient.ErrForbidden, catalogue.Refused},
		{&maiaclient.Problem{Status: 404}, catalogue.Refused},
		{&maiaclient.Problem{Status: 401}, catalogue.Refused},
		{&maiaclient.Problem{Status: 500}, catalogue.Failed},
		{maiaclient.ErrNotSent, catalogue.Failed},
		{nil, catalogue.Had},
		{errors.New("known before"), catalogue.Had},
	} {
		s.err = tc.err
		l := d.For(t.Context(), "ann", token)
		if l.ProjectsWhy != tc.want || l.AgentsWhy != tc.want {
			t.Errorf("%v: projects %q, agents %q, want %q", tc.err, l.ProjectsWhy, l.AgentsWhy, tc.want)
		}
		c.add(time.Minute)
	}

	slow := &source{arrived: make(chan struct{}, 1), gate: make(chan struct{})}
	defer close(slow.gate)
	d, _ = directory(slow)
	ctx, leave := context.WithCancel(t.Context())
	go func() {
		<-slow.arrived
		leave()
	}()
	if l := d.For(ctx, "ann", token); l.ProjectsWhy != catalogue.Slow || l.AgentsWhy != catalogue.Slow {
		t.Errorf("under way: %q, %q", l.ProjectsWhy, l.AgentsWhy)
	}
}

// failing is a Maia that answers with an error.
type failing struct{ err error }

func (f *failing) Projects(context.Context, string) ([]maiaclient.Project, error) { return nil, f.err }

func (f *failing) Agents(context.Context, string) ([]maiaclient.Agent, error) { return nil, f.err }

// given lists what it was made with.
type given struct {
	projects []maiaclient.Project
	agents   []maiaclient.Agent
	fail     error
}

func (g given) Projects(context.Context, string) ([]maiaclient.Project, error) {
	return g.projects, g.fail
}
func (g given) Agents(context.Context, string) ([]maiaclient.Agent, error) { return g.agents, g.fail }

// Whoever sees the same lists has the same version of them, and nobody else has it, whatever differs.
func TestVersionOfLists(t *testing.T) {
	connected := true
	version := func(g given) catalogue.Version {
		d := catalogue.Directory{Source: g, Log: slog.New(slog.DiscardHandler), Now: time.Now}
		first := d.For(t.Context(), "ann", token).Version()
		if other := d.For(t.Context(), "bob", token).Version(); other != first {
			t.Errorf("%+v: two users have different versions of it", g)
		}
		return first
	}
	project := []maiaclient.Project{{ID: "p", Name: "n"}}
	agent := func(change func(*maiaclient.Agent)) given {
		a := maiaclient.Agent{ID: "a"}
		change(&a)
		return given{projects: project, agents: []maiaclient.Agent{a}}
	}
	seen := map[catalogue.Version]int{}
	for i, g := range []given{
		{},
		{fail: maiaclient.ErrForbidden},
		{fail: errors.New("away")},
		{projects: project},
		{projects: []maiaclient.Project{{ID: "p", Name: "other"}}},
		{projects: []maiaclient.Project{{ID: "pn"}}},
		{projects: append(project, project...)},
		agent(func(*maiaclient.Agent) {}),
		agent(func(a *maiaclient.Agent) { a.Name = "n" }),
		agent(func(a *maiaclient.Agent) { a.Type = "n" }),
		agent(func(a *maiaclient.Agent) { a.CloudProvider = "n" }),
		agent(func(a *maiaclient.Agent) { a.Status = "n" }),
		agent(func(a *maiaclient.Agent) { a.Connected = &connected }),
		agent(func(a *maiaclient.Agent) { a.Connected = new(bool) }),
		agent(func(a *maiaclient.Agent) { a.Restricted = true }),
		agent(func(a *maiaclient.Agent) { a.PausedUntil = "n" }),
		agent(func(a *maiaclient.Agent) { a.Version.Support = "n" }),
	} {
		v := version(g)
		if before, ok := seen[v]; ok {
			t.Errorf("lists %d and %d have the same version", before, i)
		}
		seen[v] = i
	}
}
