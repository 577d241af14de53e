package maia

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"maiaportal/internal/sandbox/fault"
	"maiaportal/internal/sandbox/web"
)

// ListSwitch is a way in which Maia can be made to answer the lists of projects, agents and references. The start
// page has them all.
type ListSwitch struct {
	// Name is what to switch to.
	Name string
	// What says what Maia does then.
	What string

	fault    *fault.Fault
	many     bool
	allKinds bool
}

// Switches of the lists.
const (
	ListsAsTheyAre  = "as-they-are"
	ListsEveryState = "every-state"
	ListsMany       = "many"
	ListsForbidden  = "403"
	ListsNotFound   = "404"
	ListsFailing    = "500"
	ListsLate       = "late"
	ListsHang       = "hang"
	ListsLost       = "lost"
)

// manyEntries is how many projects and agents ListsMany has, the sample ones included.
const manyEntries = 5000

var listSwitches = []ListSwitch{
	{
		Name: ListsAsTheyAre,
		What: "The sample projects and agents below",
	},
	{
		Name:     ListsEveryState,
		What:     "More agents: one in each state, restricted ones, one without a connection, an old one, and other clouds",
		allKinds: true,
	},
	{
		Name: ListsMany,
		What: "5,000 projects and 5,000 agents, in pages of up to 100",
		many: true,
	},
	{
		Name:  ListsForbidden,
		What:  "403: your account may not see them",
		fault: &fault.Fault{Status: http.StatusForbidden},
	},
	{
		Name:  ListsNotFound,
		What:  "404: Maia knows no such list",
		fault: &fault.Fault{Status: http.StatusNotFound},
	},
	{
		Name:  ListsFailing,
		What:  "500: Maia says that it failed",
		fault: &fault.Fault{Status: http.StatusInternalServerError},
	},
	{
		Name:  ListsLate,
		What:  "Each answer comes after 10 seconds",
		fault: &fault.Fault{Delay: 10 * time.Second},
	},
	{
		Name:  ListsHang,
		What:  "Maia never answers",
		fault: &fault.Fault{Hang: true},
	},
	{
		Name:  ListsLost,
		What:  "The connection is lost",
		fault: &fault.Fault{Reset: true},
	},
}

// ListSwitches gives the ways in which the lists can answer, the ordinary one first.
func ListSwitches() []ListSwitch { return slices.Clone(listSwitches) }

// SwitchLists makes Maia answer lists in one of the ways of ListSwitches from now on. It fails for a name that is none.
func (m *Maia) SwitchLists(name string) error {
	i := slices.IndexFunc(listSwitches, func(s ListSwitch) bool { return s.Name == name })
	if i < 0 {
		return fmt.Errorf("sandbox: there is no switch %q of the lists", name)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lists = listSwitches[i]
	return nil
}

// listsNow is how the lists answer; the zero switch is the ordinary one.
func (m *Maia) listsNow() ListSwitch {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.lists
	s.Name = cmp.Or(s.Name, ListsAsTheyAre)
	return s
}

// listedProjects are the projects that Maia lists now.
func (m *Maia) listedProjects() []Project {
	if m.listsNow().many {
		return manyProjects()
	}
	return projects
}

// listedAgents are the agents that Maia lists now.
func (m *Maia) listedAgents() []Agent {
	switch s := m.listsNow(); {
	case s.many:
		return manyAgents()
	case s.allKinds:
		return allAgents
	}
	return agents
}

// The many are made up once. Nothing is behind their ids: Maia knows no such project and no such agent.
var (
	manyProjects = sync.OnceValue(func() []Project {
		list := slices.Clone(projects)
		for n := len(list) + 1; n <= manyEntries; n++ {
			list = append(list, Project{
				ID:          fmt.Sprintf("5d1c6f0e-3b0a-4a58-9a1e-%012d", n),
				Name:        fmt.Sprintf("Project %04d", n),
				Description: "One of many",
			})
		}
		return list
	})
	manyAgents = sync.OnceValue(func() []Agent {
		list := slices.Clone(allAgents)
		for n := len(list) + 1; n <= manyEntries; n++ {
			a := agents[n%2] // AWS and Azure by turns
			a.ID = fmt.Sprintf("8e2b9d44-70c3-4d7e-8c55-%012d", n)
			a.Name = fmt.Sprintf("agent-%04d", n)
			a.Description = "One of many"
			list = append(list, a)
		}
		return list
	})
)

// serveSwitch carries out what the start page's form asks for.
func (m *Maia) serveSwitch(w http.ResponseWriter, r *http.Request) {
	// Another site's page must not work the switches.
	if from := r.Header.Get("Sec-Fetch-Site"); from != "" && from != "same-origin" {
		http.Error(w, "The switches are on the sandbox's own page.", http.StatusForbidden)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 4096)
	if err := m.SwitchLists(r.PostFormValue("lists")); err != nil {
		web.Message(w, http.StatusBadRequest, "No such switch", "The start page has those that there are.")
		return
	}
	http.Redirect(w, r, "/#lists", http.StatusSeeOther)
}
