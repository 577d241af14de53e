package handlers

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"maiaportal/internal/auth"
	"maiaportal/internal/catalogue"
	"maiaportal/internal/maiaclient"
	"maiaportal/internal/secret/form"
	"maiaportal/web/templates/parts"
)

// A name stands for its id where it is the only one of its spelling, and an id for itself, whatever is called like it.
func TestNamesBecomeIDs(t *testing.T) {
	const upper = "5D1C6F0E-3B0A-4A58-9A1E-1F5F0C2B7A01"
	list := []entry{
		{id: strings.ToLower(upper), name: "Finance"},
		{id: "a1", name: "twice"},
		{id: "a2", name: "twice"},
		{id: "a3", name: "a1"},
		{id: "a4", name: ""},
		{id: "a5", name: "again"},
		{id: "a5", name: "again"},
	}
	for entered, want := range map[string]string{
		"Finance": list[0].id, list[0].id: list[0].id, upper: list[0].id,
		"finance": "", "Finance ": "", "Fin": "", "": "", "nobody": "",
		"twice": "", "a1": "a1", "A1": "", "a4": "a4", "again": "a5",
	} {
		if e, ok := find(list, entered); e.id != want || ok != (want != "") {
			t.Errorf("%q is %q, %v; want %q", entered, e.id, ok, want)
		}
	}
}

// What a list says against an agent is told in a few words and in sentences, and some of it is certain.
func TestWhatStandsAgainstAnAgent(t *testing.T) {
	yes, no := true, false
	for why, tc := range map[string]struct {
		agent    maiaclient.Agent
		brief    string
		says     string
		hopeless bool
	}{
		"nothing":         {maiaclient.Agent{CloudProvider: "aws", Status: "running", Connected: &yes}, "", "", false},
		"nothing is said": {maiaclient.Agent{}, "", "", false},
		"not connected":   {maiaclient.Agent{CloudProvider: "aws", Status: "running", Connected: &no}, "not connected", "not connected to Maia", false},
		"stopped, so not connected": {
			maiaclient.Agent{CloudProvider: "aws", Status: "stopped", Connected: &no}, "stopped", "This agent is stopped", false,
		},
		"paused": {
			maiaclient.Agent{CloudProvider: "azure", Status: "paused", PausedUntil: "2027-01-31T10:00:00+02:00"},
			"paused until 31 January 2027, 08:00 UTC: queues what it is sent", "until 31 January 2027, 08:00 UTC", false,
		},
		"paused, nobody knows until when": {
			maiaclient.Agent{CloudProvider: "azure", Status: "paused"}, "paused: queues what it is sent", "until it is resumed", false,
		},
		"paused until something": {
			maiaclient.Agent{Status: "paused", PausedUntil: "soon"}, "paused until soon: queues what it is sent", "paused until soon", false,
		},
		"an old version": {
			maiaclient.Agent{CloudProvider: "aws", Version: maiaclient.AgentVersion{Support: "UNSUPPORTED"}}, "unsupported version", "no longer supports", false,
		},
		"a good version": {
			maiaclient.Agent{CloudProvider: "aws", Version: maiaclient.AgentVersion{Support: "supported"}}, "", "", false,
		},
		"restricted":         {maiaclient.Agent{CloudProvider: "aws", Restricted: true}, "restricted", "may not hold", false},
		"streaming":          {maiaclient.Agent{CloudProvider: "aws", Type: "streaming"}, "streaming: takes no secrets", "Streaming agents cannot", true},
		"a cloud of no type": {maiaclient.Agent{CloudProvider: "gcp"}, "gcp: takes no secrets", "runs on gcp", true},
		"several": {
			maiaclient.Agent{CloudProvider: "aws", Status: "pending", Restricted: true}, "pending: not started yet, restricted", "not started", false,
		},
	} {
		e := agentEntry(tc.agent)
		if e.brief != tc.brief || e.hopeless != tc.hopeless || !strings.Contains(strings.Join(e.against, " "), tc.says) {
			t.Errorf("%s: %q, %q, hopeless %v", why, e.brief, e.against, e.hopeless)
		}
		if (tc.brief == "") != (len(e.against) == 0) {
			t.Errorf("%s: %q, but %q", why, e.brief, e.against)
		}
	}
}

// Agents that are ready come first in their cloud, those that cannot be used last.
func TestAgentsInOrder(t *testing.T) {
	list, _ := agentEntries(catalogue.Lists{Agents: []maiaclient.Agent{
		{ID: "gcp", CloudProvider: "gcp"},
		{ID: "unknown"},
		{ID: "azure", CloudProvider: "azure"},
		{ID: "streaming", CloudProvider: "aws", Type: "streaming"},
		{ID: "stopped", CloudProvider: "aws", Status: "stopped"},
		{ID: "ready", CloudProvider: "aws"},
		{ID: "ready too", CloudProvider: "aws"},
	}})
	var ids []string
	for _, e := range list {
		ids = append(ids, e.id)
	}
	want := []string{"ready", "ready too", "stopped", "streaming", "azure", "unknown", "gcp"}
	if !slices.Equal(ids, want) {
		t.Errorf("%q, want %q", ids, want)
	}
}

func viewOf(f formSpec, in input, lists catalogue.Lists) formView {
	return formView{st: formState{in: in}, form: f, lists: lists, picked: map[*picks]picked{}}
}

func pickerOf(v formView, name string) parts.Field {
	v.withIDs()
	return v.named(name)
}

func someProjects(n int) []maiaclient.Project {
	list := make([]maiaclient.Project, n)
	for i := range list {
		list[i] = maiaclient.Project{ID: fmt.Sprintf("p%04d", i), Name: fmt.Sprintf("Project %04d", i)}
	}
	return list
}

// A select has up to 300 entries. With more, or none, the id is typed, and the page says why.
func TestPickerFollowsItsList(t *testing.T) {
	for why, tc := range map[string]struct {
		lists  catalogue.Lists
		value  string
		groups int
		says   string
		name   string
		alone  bool // the id is in no list
	}{
		"a few":          {catalogue.Lists{Projects: someProjects(2)}, "p0001", 1, "", "Project 0001", false},
		"300":            {catalogue.Lists{Projects: someProjects(300)}, "", 1, "", "", false},
		"301":            {catalogue.Lists{Projects: someProjects(301)}, "Project 0300", 0, "", "Project 0300", false},
		"no list has it": {catalogue.Lists{Projects: someProjects(2)}, "other", 2, "", "", true},
		"nor a long one": {catalogue.Lists{Projects: someProjects(5000)}, "other", 0, "", "", true},
		"empty":          {catalogue.Lists{}, "other", 0, "list is empty for your account", "", false},
		"refused":        {catalogue.Lists{ProjectsWhy: catalogue.Refused}, "other", 0, "did not give the list of projects: your account", "", false},
		"failed":         {catalogue.Lists{ProjectsWhy: catalogue.Failed}, "other", 0, "could not give the list of projects", "", false},
		"slow":           {catalogue.Lists{ProjectsWhy: catalogue.Slow}, "other", 0, "in time", "", false},
		"refused, but the company’s own list": {
			catalogue.Lists{Projects: someProjects(2), ProjectsWhy: catalogue.Refused}, "other", 2, "did not give", "", false,
		},
	} {
		in := input{values: fields{"projectId": {tc.value}}}
		f := pickerOf(viewOf(referenceForm, in, tc.lists), "projectId")
		p := f.Picker
		if len(p.Groups) != tc.groups || (p.Other != nil) != (tc.groups > 0) || p.Name != tc.name || p.Nowhere != tc.alone {
			t.Errorf("%s: %+v", why, p)
		}
		if (tc.says == "") != (p.Why == "") || !strings.Contains(p.Why, tc.says) {
			t.Errorf("%s: %q", why, p.Why)
		}
		links := viewOf(referenceForm, in, tc.lists).listLinks()
		if len(links) != 2 || !strings.HasPrefix(links[0].Href, "/choose/project?for=%2Fsecret-references%2Fnew") {
			t.Errorf("%s: choose at %v", why, links)
		}
		if tc.name != "" && !strings.HasPrefix(f.Value, "p0") {
			t.Errorf("%s: %q is no id", why, f.Value)
		}
	}
}

// A message is at the control that was used, and only a select has another one beside it.
func TestErrorsAtTheControlThatWasUsed(t *testing.T) {
	for why, tc := range map[string]struct {
		projects int
		typed    bool
		control  string
		value    string
	}{
		"chosen":                  {2, false, "#projectId", "x"},
		"typed beside":            {2, true, "#otherProjectId", ""},
		"typed, the list is gone": {0, true, "#projectId", "x"},
	} {
		in := input{values: fields{"projectId": {"x"}}}
		if tc.typed {
			in.typed = map[string]bool{"projectId": true}
		}
		v := viewOf(valueForm, in, catalogue.Lists{Projects: someProjects(tc.projects)})
		v.st.errs = map[string][]string{"projectId": {"wrong"}}
		f := pickerOf(v, "projectId")
		if got := v.control("projectId"); got != tc.control {
			t.Errorf("%s: the message leads to %s", why, got)
		}
		if f.Value != tc.value || f.Invalid() != (tc.control == "#projectId") {
			t.Errorf("%s: %+v", why, f)
		}
		if o := f.Picker.Other; tc.value == "" && (o.Value != "x" || !o.Invalid()) {
			t.Errorf("%s: beside it %+v", why, o)
		}
	}
}

// What is typed beside a select counts where nothing is chosen, and never has a name of its own.
func TestOthersOfABody(t *testing.T) {
	for body, want := range map[string]string{
		"projectId=&otherProjectId=o":  "/secret-references/new?projectId=o",
		"otherProjectId=o":             "/secret-references/new?projectId=o",
		"projectId=p&otherProjectId=o": "/secret-references/new?projectId=p",
		"projectId=p&otherProjectId=":  "/secret-references/new?projectId=p",
		"projectId=&otherProjectId=":   "/secret-references/new",
	} {
		for _, read := range []func(*http.Request) (*form.Body, error){
			bodies.Read,
			func(r *http.Request) (*form.Body, error) { return bodies.ReadStrangers(r, &form.Room{}) },
		} {
			b, err := read(post(urlencoded, body, -1))
			if err != nil {
				t.Fatal(err)
			}
			typed := referenceForm.withOthers(b)
			if got := referenceForm.link(referenceForm.plain(b)); got != want || typed["projectId"] != strings.HasSuffix(want, "=o") {
				t.Errorf("%s: %s, %v; want %s", body, got, typed, want)
			}
			b.Wipe()
		}
	}
}

func besideRequest(address string) echo.Context {
	return echo.New().NewContext(httptest.NewRequest(http.MethodGet, address, nil), httptest.NewRecorder())
}

// The pages beside the forms take a form's fields, and lose what does not belong there as the form does.
func TestBesideForm(t *testing.T) {
	for address, want := range map[string]string{
		"/choose/agent?for=/setup":                                          "",
		"/choose/agent?for=%2Fsetup&q=a%26b&page=2&agentId=x&rows=16":       "",
		"/choose/agent?q=a&for=/setup&valueText=hunter2&name=n":             "/choose/agent?q=a&for=/setup&name=n&removed=secret",
		"/choose/agent?for=/setup&colour=red":                               "/choose/agent?for=/setup&removed=other",
		"/choose/agent?for=/setup&utm_source=wiki&q=%zz&agentId=x":          "/choose/agent?for=/setup&agentId=x",
		"/choose/agent?for=/secret-values/new&secretReferenceName=n&page=2": "/choose/agent?for=/secret-values/new&page=2&removed=other",
	} {
		b, clean, err := besideForm(besideRequest(address), "q", "page")
		if err != nil || clean != want {
			t.Errorf("%s: clean %q, %v; want %q", address, clean, err, want)
		}
		if strings.Contains(chooseLink("/choose/agent", b.form, b.in, "", 1), "hunter2") {
			t.Errorf("%s: the secret was read", address)
		}
	}
	for _, address := range []string{
		"/choose/agent", "/choose/agent?for=", "/choose/agent?for=/activity", "/choose/agent?for=//evil.example/setup",
		"/choose/agent?for=/setup/", "/choose/agent?for=/setup%00", "/choose/agent?for=/secret-values", "/choose/agent?for=%zz",
		"/choose/agent?for=/setup&agentId=a&agentId=b",
	} {
		if _, _, err := besideForm(besideRequest(address), "q", "page"); asPageError(err).status != http.StatusBadRequest {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// A page of choices has a hundred entries, and leads to those beside it with everything that it was given.
func TestPagesOfChoices(t *testing.T) {
	h := &Handlers{Files: files}
	list, why := projectEntries(catalogue.Lists{Projects: someProjects(250)})
	for query, tc := range map[string]struct {
		first        string
		rows         int
		newer, older string
		found        int
	}{
		"":                 {"p0000", 100, "", "page=2", 250},
		"&page=1":          {"p0000", 100, "", "page=2", 250},
		"&page=2":          {"p0100", 100, "page=1", "page=3", 250},
		"&page=3":          {"p0200", 50, "page=2", "", 250},
		"&page=4":          {"p0200", 50, "page=2", "", 250},
		"&page=-1":         {"p0000", 100, "", "page=2", 250},
		"&page=x":          {"p0000", 100, "", "page=2", 250},
		"&q=PROJECT+01":    {"p0100", 100, "", "", 100},
		"&q=p02":           {"p0200", 50, "", "", 50},
		"&q=t+0":           {"p0000", 100, "", "page=2", 250},
		"&q=t+0&page=2":    {"p0100", 100, "page=1", "page=3", 250},
		"&q=none+of+them":  {"", 0, "", "", 0},
		"&q=+project+0007": {"p0007", 1, "", "", 1},
	} {
		address := "/choose/project?for=/setup&secretReferenceName=N" + query
		c := besideRequest(address)
		b, _, err := besideForm(c, "q", "page")
		if err != nil {
			t.Fatal(err)
		}
		m := h.choices(c, &auth.Session{}, b, projectPicks, list, why)
		if len(m.Rows) != tc.rows || m.Found != tc.found || m.Total != 250 {
			t.Errorf("%s: %d rows, %d found of %d", query, len(m.Rows), m.Found, m.Total)
			continue
		}
		if tc.rows > 0 && (m.Rows[0].ID != tc.first || m.Rows[0].Href != "/setup?projectId="+tc.first+"&secretReferenceName=N") {
			t.Errorf("%s: the first is %+v", query, m.Rows[0])
		}
		for address, page := range map[string]string{m.Newer: tc.newer, m.Older: tc.older} {
			u, _ := url.Parse(address)
			_, want, _ := strings.Cut(page, "=")
			if (address == "") != (page == "") {
				t.Errorf("%s: %q, want %q", query, address, page)
			} else if address != "" && (max(u.Query().Get("page"), "1") != want || u.Query().Get("q") != m.Q || u.Query().Get("secretReferenceName") != "N") {
				t.Errorf("%s: %q, want %q", query, address, page)
			}
		}
	}
}

// Only pages that a browser sends a form of its own to are left by Refresh.
func TestPagesWithAFormOfTheBrowsersOwn(t *testing.T) {
	for address, want := range map[string]bool{
		"/activity": true, "/activity?name=x": true, "/choose/agent?for=/setup": true, "/choose/project": true, "/link?for=/setup": true,
		"/": false, "/setup?projectId=/choose/": false, "/activity/1": false, "/linked": false, "/choose": false,
	} {
		if got := hasGetForm(address); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
}
