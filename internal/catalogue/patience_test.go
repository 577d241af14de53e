package catalogue_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"maiaportal/internal/catalogue"
	"maiaportal/internal/maiaclient"
)

// hanging is a Maia that never answers when it is asked for projects.
type hanging struct{}

func (hanging) Projects(ctx context.Context, _ string) ([]maiaclient.Project, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (hanging) Agents(context.Context, string) ([]maiaclient.Agent, error) {
	return []maiaclient.Agent{{ID: "a1"}}, nil
}

// A page waits for less than two seconds, and only once: the next page of the same user does not wait for the same
// fetch again. A list that never comes does not take the other one along. The clock of this test is made up.
func TestNobodyWaitsLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &catalogue.Directory{Source: hanging{}, Log: slog.New(slog.DiscardHandler), Now: time.Now}
		waited := func() time.Duration {
			began := time.Now()
			if l := d.For(t.Context(), "ann", token); l.ProjectsWhy != catalogue.Slow {
				t.Errorf("projects: %q", l.ProjectsWhy)
			}
			return time.Since(began)
		}
		if first := waited(); first == 0 || first >= 2*time.Second {
			t.Errorf("the first page waited %s", first)
		}
		if second := waited(); second != 0 {
			t.Errorf("the second page waited %s", second)
		}
		time.Sleep(25 * time.Second)
		synctest.Wait()
		l := d.For(t.Context(), "ann", token)
		if l.ProjectsKnown || l.ProjectsWhy != catalogue.Failed || !l.AgentsKnown {
			t.Errorf("after the projects were given up: %+v", l)
		}
	})
}

// plenty is a Maia with very many projects.
type plenty struct{ asked int }

func (p *plenty) Projects(context.Context, string) ([]maiaclient.Project, error) {
	p.asked++
	return make([]maiaclient.Project, 10_000), nil
}

func (p *plenty) Agents(context.Context, string) ([]maiaclient.Agent, error) { return nil, nil }

// What is remembered for all users together has a bound: those who were not seen for longest are forgotten.
func TestEntriesAreForgotten(t *testing.T) {
	s := &plenty{}
	d, c := directory(&source{})
	d.Source = s
	for i := range 12 {
		if l := d.For(t.Context(), fmt.Sprint("user ", i), token); len(l.Projects) != 10_000 {
			t.Errorf("user %d got %d", i, len(l.Projects))
		}
		c.add(time.Millisecond)
	}
	for name, want := range map[string]int{"user 11": 12, "user 2": 12} {
		d.For(t.Context(), name, token)
		if s.asked != want {
			t.Errorf("%s was forgotten", name)
		}
	}
	if d.For(t.Context(), "user 1", token); s.asked != 13 {
		t.Error("the lists of more users are kept than may be")
	}
}
