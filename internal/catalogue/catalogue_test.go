package catalogue_test

import (
	"testing"

	"maiaportal/internal/catalogue"
	"maiaportal/internal/maiaclient"
)

// The catalogue's entries stand in for a list that was refused, or is empty, and for nothing else.
func TestOffer(t *testing.T) {
	c := read(t, good)
	projects := []maiaclient.Project{{ID: "1", Name: "Maia's name"}}
	agents := []maiaclient.Agent{{ID: "8", Name: "Maia's agent", CloudProvider: "aws"}}
	for name, tc := range map[string]struct {
		maia             catalogue.Lists
		projects, agents string // names
	}{
		"both refused": {catalogue.Lists{}, "Finance – nightly, Sales, ", "azure-eu azure, any , "},
		"both empty": {catalogue.Lists{
			ProjectsKnown: true,
			AgentsKnown:   true,
		}, "Finance – nightly, Sales, ", "azure-eu azure, any , "},
		"agents refused": {catalogue.Lists{
			Projects:      projects,
			ProjectsKnown: true,
		}, "Maia's name, ", "azure-eu azure, any , "},
		"both there": {catalogue.Lists{
			Projects:      projects,
			Agents:        agents,
			ProjectsKnown: true,
			AgentsKnown:   true,
		}, "Maia's name, ", "Maia's agent aws, "},
	} {
		got := c.Offer(tc.maia)
		var p, a string
		for _, it := range got.Projects {
			p += it.Name + ", "
		}
		for _, it := range got.Agents {
			a += it.Name + " " + it.CloudProvider + ", "
		}
		if p != tc.projects || a != tc.agents {
			t.Errorf("%s: %s; %s", name, p, a)
		}
		if got.ProjectsKnown != tc.maia.ProjectsKnown || got.AgentsKnown != tc.maia.AgentsKnown {
			t.Errorf("%s: what Maia answered is lost", name)
		}
	}
	if len(projects) != 1 || len(agents) != 1 {
		t.Error("Maia's lists were changed")
	}
	var none *catalogue.Catalogue
	if l := none.Offer(catalogue.Lists{Projects: projects}); len(l.Projects) != 1 || len(l.Agents) != 0 {
		t.Errorf("%+v", l)
	}
}

// Where both know an id, Maia's name counts.
func TestNames(t *testing.T) {
	c := read(t, good)
	maia := catalogue.Lists{
		Projects: []maiaclient.Project{{ID: "1", Name: "Maia's name"}, {ID: "2"}, {ID: "A5", Name: "Other"}},
		Agents:   []maiaclient.Agent{{ID: "8", Name: "Maia's agent"}},
	}
	for id, want := range map[string]string{"1": "Maia's name", "2": "Sales", "a5": "Other", "4": ""} {
		if got := c.ProjectName(maia, id); got != want {
			t.Errorf("project %s: %q, want %q", id, got, want)
		}
	}
	for id, want := range map[string]string{"8": "Maia's agent", "9": "any", "4": ""} {
		if got := c.AgentName(maia, id); got != want {
			t.Errorf("agent %s: %q, want %q", id, got, want)
		}
	}
}
