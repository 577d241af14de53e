package handlers

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"maiaportal/internal/auth"
	"maiaportal/internal/catalogue"
	"maiaportal/internal/maiaclient"
	"maiaportal/internal/record"
	"maiaportal/internal/secret/form"
	"maiaportal/internal/submission"
	"maiaportal/web/templates/parts"
)

// pickersMost is how many entries a select has: with more, nobody finds theirs, and a page of choices is better.
const pickersMost = 300

// lists are what Maia lists for a session's user.
func (h *Handlers) lists(ctx context.Context, s *auth.Session) catalogue.Lists {
	return h.Operators.Catalogue().Offer(h.Catalogue.For(ctx, userKey(s), h.Tokens.For(s).Token))
}

// cloudOf says whose vault an agent writes to, as the last form that this user saw knew it, or nothing.
func (h *Handlers) cloudOf(s *auth.Session, agentID string) string {
	a, _ := h.Catalogue.Agent(userKey(s), agentID)
	return a.CloudProvider
}

// known adds the names of project and agent to what is recorded, as far as they are known, and says whose vault the
// agent writes to. Where the type of the reference follows from that, it is asked for: the form may have been drawn by
// another process.
func (h *Handlers) known(ctx context.Context, s *auth.Session, form formSpec, f *record.Fields) string {
	user := userKey(s)
	a, ok := h.Catalogue.Agent(user, f.AgentID)
	if _, follows := form.field("agentType"); follows && f.AgentType == "" && f.AgentID != "" && !ok {
		h.lists(ctx, s)
		a, _ = h.Catalogue.Agent(user, f.AgentID)
	}
	p, _ := h.Catalogue.Project(user, f.ProjectID)
	own := h.Operators.Catalogue()
	if agent, ok := own.Agent(f.AgentID); ok && a.CloudProvider == "" && f.AgentType == "" {
		f.AgentType = agent.AgentType
	}
	listed := catalogue.Lists{Projects: []maiaclient.Project{p}, Agents: []maiaclient.Agent{a}}
	f.ProjectName = own.ProjectName(listed, f.ProjectID)
	f.AgentName = own.AgentName(listed, f.AgentID)
	return a.CloudProvider
}

// projectRule is the operators' rule for names that are created in a project.
func (h *Handlers) projectRule(projectID string) submission.NameRule {
	p, _ := h.Operators.Catalogue().Project(projectID)
	return submission.NameRule(p.Rule)
}

func userKey(s *auth.Session) string { return s.Login.Issuer + "\x00" + s.Login.Subject }

// picks is what a field chooses from.
type picks struct {
	what string // "project", "agent"
	// other is the field for a typed id. It counts where the field itself is empty.
	other string
	path  string // of the page to choose on
	// entries are those that there are, and why there are none that Maia gave.
	entries func(catalogue.Lists) ([]entry, catalogue.Why)
}

// entry is one project or agent to choose.
type entry struct {
	id, name string
	cloud    string // whose vault an agent writes to; empty: not known, or none
	group    string // empty: there are no groups
	// brief is what stands against it, in a few words; against says it in sentences.
	brief   string
	against []string
	// hopeless entries cannot take a secret for sure.
	hopeless bool
}

var projectPicks = &picks{
	what:    "project",
	other:   "otherProjectId",
	path:    "/choose/project",
	entries: projectEntries,
}

var agentPicks = &picks{
	what:    "agent",
	other:   "otherAgentId",
	path:    "/choose/agent",
	entries: agentEntries,
}

func projectEntries(lists catalogue.Lists) ([]entry, catalogue.Why) {
	list := make([]entry, 0, len(lists.Projects))
	for _, p := range lists.Projects {
		list = append(list, entry{id: p.ID, name: p.Name})
	}
	return list, lists.ProjectsWhy
}

// The groups of agents, in their order.
const (
	groupAWS   = "AWS"
	groupAzure = "Azure"
	groupOther = "Another cloud, or not known"
	// groupNone is for an id that no list has.
	groupNone = "In no list"
)

// clouds name what an agent's vault is.
var clouds = map[string]string{"aws": groupAWS, "azure": groupAzure}

// agentEntries stand in groups, within which those come first that are ready.
func agentEntries(lists catalogue.Lists) ([]entry, catalogue.Why) {
	list := make([]entry, 0, len(lists.Agents))
	for _, a := range lists.Agents {
		list = append(list, agentEntry(a))
	}
	order := func(e entry) int {
		n := slices.Index([]string{groupAWS, groupAzure, groupOther}, e.group) * 3
		switch {
		case e.hopeless:
			return n + 2
		case e.brief != "":
			return n + 1
		}
		return n
	}
	slices.SortStableFunc(list, func(a, b entry) int { return cmp.Compare(order(a), order(b)) })
	return list, lists.AgentsWhy
}

// agentEntry says what stands against an agent, as far as Maia's list shows it.
func agentEntry(a maiaclient.Agent) entry {
	e := entry{id: a.ID, name: a.Name, cloud: clouds[a.CloudProvider], group: groupOther}
	if e.cloud != "" {
		e.group = e.cloud
	}
	var brief []string
	add := func(word, sentence string) {
		brief = append(brief, word)
		e.against = append(e.against, sentence)
	}
	switch {
	case a.Type == "streaming":
		e.hopeless = true
		add("streaming: takes no secrets", "This is a streaming agent. Streaming agents cannot use secrets.")
	case a.CloudProvider != "" && clouds[a.CloudProvider] == "":
		e.hopeless = true
		add(a.CloudProvider+": takes no secrets", "This agent runs on "+a.CloudProvider+". Maia has no type of secret reference for it.")
	}
	if s := stateOf(a); s.brief != "" {
		add(s.brief, s.sentence)
	}
	if strings.HasPrefix(strings.ToLower(a.Version.Support), "unsupported") {
		add("unsupported version", "Matillion no longer supports this agent’s version. It may fail until somebody updates it.")
	}
	if a.Restricted {
		add("restricted", "This agent is restricted to certain projects. Maia may refuse any other, and the restriction may not hold when pipelines run: do not rely on it to keep a secret apart.")
	}
	e.brief = strings.Join(brief, ", ")
	return e
}

// agentState is what an agent does that is not simply running.
type agentState struct{ brief, sentence string }

// agentStates are Maia's words for it. A word that is not here is shown as it comes: Maia may learn new ones.
var agentStates = map[string]agentState{
	"running":  {},
	"":         {},
	"stopped":  {"stopped", "This agent is stopped. It stores nothing until somebody starts it."},
	"stopping": {"stopping", "This agent is stopping. It stores nothing until somebody starts it again."},
	"pausing":  {"pausing: queues what it is sent", "This agent is pausing. What it is sent waits until somebody resumes it."},
	"paused":   {"paused: queues what it is sent", "This agent is paused. What it is sent waits until it is resumed, so a value may be stored later than you think."},
	"pending":  {"pending: not started yet", "This agent has not started yet. It stores nothing until it runs."},
	"unknown":  {"state unknown", "Maia does not know the state of this agent."},
}

func stateOf(a maiaclient.Agent) agentState {
	s, ok := agentStates[a.Status]
	switch {
	case !ok:
		return agentState{a.Status, "Maia says of this agent’s state: " + a.Status + "."}
	case a.Status == "paused" && a.PausedUntil != "":
		until := momentWords(a.PausedUntil)
		return agentState{
			brief:    "paused until " + until + ": queues what it is sent",
			sentence: "This agent is paused until " + until + ". What it is sent waits until then, so a value may be stored later than you think.",
		}
	case s.brief == "" && a.Connected != nil && !*a.Connected:
		return agentState{"not connected", "This agent is not connected to Maia. It stores nothing until it is."}
	}
	return s
}

// momentWords is a time of Maia's for people, or what Maia sent where that is none.
func momentWords(s string) string {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return s
	}
	return t.UTC().Format("2 January 2006, 15:04") + " UTC"
}

// find gives the entry of an id, or else the only one that has exactly this name.
func find(list []entry, idOrName string) (entry, bool) {
	if idOrName == "" {
		return entry{}, false
	}
	for _, same := range []func(e entry) bool{
		func(e entry) bool { return e.id == idOrName },
		func(e entry) bool { return isUUID(idOrName) && strings.EqualFold(e.id, idOrName) },
		func(e entry) bool { return e.name == idOrName },
	} {
		i := slices.IndexFunc(list, same)
		if i < 0 {
			continue
		}
		if slices.ContainsFunc(list[i+1:], func(e entry) bool { return same(e) && e.id != list[i].id }) {
			return entry{}, false
		}
		return list[i], true
	}
	return entry{}, false
}

// isUUID says whether a text has the shape of a UUID, as projects' ids have, and most agents'.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, c := range s {
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F'):
			return false
		}
	}
	return true
}

// withOthers puts a typed id into its field where nothing was chosen there, and says for which fields that counts.
func (f formSpec) withOthers(b *form.Body) (typed map[string]bool) {
	for _, d := range f.table {
		if d.picks == nil {
			continue
		}
		if other := b.Get(d.picks.other); other != "" && b.Get(d.name) == "" {
			b.Set(d.name, other)
			if typed == nil {
				typed = map[string]bool{}
			}
			typed[d.name] = true
		}
	}
	return typed
}

// withIDs puts ids in the place of names that were entered exactly, as far as the lists have them. Maia is asked for
// its lists only where something is no id for sure.
func (h *Handlers) withIDs(ctx context.Context, f formSpec, s *auth.Session, b *form.Body, typed map[string]bool) {
	var lists *catalogue.Lists
	for _, d := range f.table {
		entered := b.Get(d.name)
		if d.picks == nil || entered == "" || isUUID(entered) {
			continue
		}
		if lists == nil {
			l := h.lists(ctx, s)
			lists = &l
		}
		list, _ := d.picks.entries(*lists)
		if e, ok := find(list, entered); ok {
			b.Set(d.name, e.id)
			delete(typed, d.name)
		}
	}
}

// picked is what a form knows of a field that chooses from a list.
type picked struct {
	entries []entry
	why     catalogue.Why
	entry   entry // the one that is filled in
	found   bool
}

// pick finds what a field has. A name that a link has is put right here: it becomes the id.
func (v formView) pick(d field) picked {
	p, ok := v.picked[d.picks]
	if !ok {
		p.entries, p.why = d.picks.entries(v.lists)
		v.picked[d.picks] = p
	}
	p.entry, p.found = find(p.entries, v.st.in.get(d.name))
	return p
}

// withIDs puts ids in the place of names.
func (v formView) withIDs() {
	for _, d := range v.form.table {
		if d.picks == nil {
			continue
		}
		if p := v.pick(d); p.found && !v.st.in.typed[d.name] {
			v.st.in.values[d.name] = []string{p.entry.id}
		}
	}
}

// selects says whether the field is a select.
func (p picked) selects() bool { return len(p.entries) > 0 && len(p.entries) <= pickersMost }

// typedBeside says whether what a field has stands in the control beside it.
func (v formView) typedBeside(d field) bool {
	return d.picks != nil && v.st.in.typed[d.name] && v.pick(d).selects()
}

// picker makes the view of a field that chooses from a list.
func (v formView) picker(d field, f *parts.Field) *parts.Picker {
	p := v.pick(d)
	m := &parts.Picker{
		What:    d.picks.what,
		Why:     whyNoList(d.picks.what, p),
		Against: p.entry.against,
	}
	if p.found {
		m.Name = p.entry.name
	}
	m.Nowhere = f.Value != "" && !f.Invalid() && !p.found && p.why == catalogue.Had && len(p.entries) > 0
	if !p.selects() {
		return m
	}
	m.Other = &parts.Field{Name: d.picks.other}
	if v.st.in.typed[d.name] {
		m.Other.Value, m.Other.Errors = f.Value, f.Errors
		f.Value, f.Errors = "", nil
	} else if f.Value != "" && !p.found {
		m.Groups = append(m.Groups, parts.OptionGroup{
			Label:   groupNone,
			Options: []parts.Option{{Value: f.Value, Label: f.Value}},
		})
	}
	for _, e := range p.entries {
		if n := len(m.Groups); n == 0 || m.Groups[n-1].Label != e.group {
			m.Groups = append(m.Groups, parts.OptionGroup{Label: e.group})
		}
		last := &m.Groups[len(m.Groups)-1]
		last.Options = append(last.Options, parts.Option{Value: e.id, Label: e.label(), Disabled: e.hopeless})
	}
	return m
}

// label is an entry in a select.
func (e entry) label() string {
	words := []string{cmp.Or(e.name, e.id)}
	for _, more := range []string{e.cloud, e.brief} {
		if more != "" {
			words = append(words, more)
		}
	}
	return strings.Join(words, " · ")
}

// whyNoList says why there is nothing to choose from, or that what there is does not come from Maia.
func whyNoList(what string, p picked) string {
	list := "the list of " + what + "s"
	switch p.why {
	case catalogue.Refused:
		return "Maia did not give " + list + ": your account may not see it."
	case catalogue.Failed:
		return "Maia could not give " + list + " just now."
	case catalogue.Slow:
		return "Maia did not give " + list + " in time. It may be here when you reload the page."
	case catalogue.Had:
	}
	if len(p.entries) == 0 {
		return "Maia’s " + what + " list is empty for your account."
	}
	return ""
}

// hopeless says why the agent that is filled in cannot take a secret, or nothing.
func (v formView) hopeless() []string {
	d, ok := v.form.field("agentId")
	if !ok {
		return nil
	}
	if p := v.pick(d); p.entry.hopeless {
		return p.entry.against
	}
	return nil
}
