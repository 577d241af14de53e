package sandbox_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"maiaportal/internal/sandbox/maia"
)

// Lists fail in the way of the switch; what is written, and what is asked of one agent, goes on as ever.
func TestListsOnASwitch(t *testing.T) {
	s, apis := signedIn(t, "ada")
	a := apis[0]
	references := "/v1/projects/" + maia.ProjectFinance + "/secret-references"
	for name, want := range map[string]int{maia.ListsForbidden: 403, maia.ListsNotFound: 404, maia.ListsFailing: 500, maia.ListsLost: 0} {
		if err := s.Maia.SwitchLists(name); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"/v1/projects", "/v1/agents?page=0&size=100", references} {
			got, err := a.do(http.MethodGet, path, "", "")
			if got.status != want || (err != nil) != (want == 0) {
				t.Errorf("%s: %s: %d, %v", name, path, got.status, err)
			}
		}
		if got := a.get("/v1/agents/" + maia.AgentAWS); got.status != 200 {
			t.Errorf("%s: one agent: %d", name, got.status)
		}
		if got := a.post(valuePath(maia.AgentAWS), valueBody("under-"+name, `{}`)); got.status != 201 {
			t.Errorf("%s: a value: %d", name, got.status)
		}
	}
	if err := s.Maia.SwitchLists("another"); err == nil {
		t.Error("a switch that there is not is taken")
	}
	s.Maia.Reset()
	if got := a.get("/v1/projects"); got.status != 200 {
		t.Errorf("after a reset: %d", got.status)
	}
}

// many entries come in pages, each once; and every state that Maia has is among the agents of its switch.
func TestListsWithMuchInThem(t *testing.T) {
	s, apis := signedIn(t, "ada")
	type agent struct {
		AgentID, AgentStatus, CloudProvider string
		ID                                  string // of a project
		Connected, RestrictedAccess         bool
		VersionDetails                      struct{ Support string }
	}
	all := func(path string) (list []agent) {
		for page := 0; ; page++ {
			var got struct {
				Total   int
				Results []agent
			}
			body := apis[0].get(path + "?size=100&page=" + string(rune('0'+page/10)) + string(rune('0'+page%10))).body
			if err := json.Unmarshal([]byte(body), &got); err != nil {
				t.Fatal(err)
			}
			if list = append(list, got.Results...); len(list) >= got.Total || len(got.Results) == 0 {
				return list
			}
		}
	}
	if err := s.Maia.SwitchLists(maia.ListsMany); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/v1/projects", "/v1/agents"} {
		ids := map[string]bool{}
		for _, e := range all(path) {
			ids[e.AgentID+e.ID] = true
		}
		if len(ids) != 5000 {
			t.Errorf("%s: %d different ones", path, len(ids))
		}
	}
	if err := s.Maia.SwitchLists(maia.ListsEveryState); err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, a := range all("/v1/agents") {
		found[a.AgentStatus] = true
		found[a.CloudProvider] = true
		found["restricted"] = found["restricted"] || a.RestrictedAccess
		found["not connected"] = found["not connected"] || a.AgentStatus == "running" && !a.Connected
		found["unsupported"] = found["unsupported"] || a.VersionDetails.Support == "unsupported"
	}
	for _, want := range []string{
		"running", "stopped", "stopping", "pausing", "paused", "pending", "unknown",
		"aws", "azure", "snowflake", "gcp", "restricted", "not connected", "unsupported",
	} {
		if !found[want] {
			t.Errorf("no agent is %s", want)
		}
	}
}

// The start page has every switch, shows which one is on, and works them for nobody else's page.
func TestSwitchesOfTheStartPage(t *testing.T) {
	s := start(t)
	at := strings.TrimSuffix(s.Maia.StartPageURL(), "/")
	send := func(lists, from string) (int, string) {
		request, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, at+"/sandbox/lists",
			strings.NewReader(url.Values{"lists": {lists}}.Encode()))
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if from != "" {
			request.Header.Set("Sec-Fetch-Site", from)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, read(t, response)
	}
	on := func(page string) (names []string) {
		for _, one := range maia.ListSwitches() {
			if strings.Contains(page, `value="`+one.Name+`" checked`) {
				names = append(names, one.Name)
			}
			if !strings.Contains(page, one.What) {
				t.Errorf("the page does not explain %s", one.Name)
			}
		}
		return names
	}
	if status, page := send(maia.ListsMany, "same-origin"); status != 200 || !slices.Equal(on(page), []string{maia.ListsMany}) {
		t.Errorf("switched: %d, %v", status, on(page))
	}
	if status, _ := send(maia.ListsLate, "cross-site"); status != http.StatusForbidden {
		t.Errorf("another site: %d", status)
	}
	if status, _ := send("another", ""); status != http.StatusBadRequest {
		t.Errorf("no switch: %d", status)
	}
	if _, page := send(maia.ListsAsTheyAre, ""); !slices.Equal(on(page), []string{maia.ListsAsTheyAre}) {
		t.Errorf("switched back: %v", on(page))
	}
}
