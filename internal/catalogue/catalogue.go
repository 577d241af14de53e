package catalogue

import (
	"regexp"
	"slices"
	"strings"

	"maiaportal/internal/maiaclient"
)

// Catalogue is what operators wrote for their people. It is not changed once it is read. A nil one is empty.
type Catalogue struct {
	Projects []Project
	Agents   []Agent
	Presets  []Preset
	// Digest is the SHA-256 of the file's content, in hex.
	Digest string
}

// Project is a project of Maia, with the operators' name for it.
type Project struct {
	ID   string
	Name string
	Rule NameRule // for names that are created in it
}

// NameRule is a rule for names. The zero rule allows every name.
type NameRule struct {
	Expression *regexp.Regexp // matches the whole name
	Sentence   string         // says the rule to people
}

// Agent is an agent of Maia, with the operators' name for it.
type Agent struct {
	ID        string
	Name      string
	AgentType string // as a reference's; may be empty
	VaultName string // proposed for references to this agent's vault; may be empty
}

// Preset is a form that is filled in as far as operators know it.
type Preset struct {
	ID          string
	Title       string
	Description string
	Help        string // an address; may be empty
	Form        string // the name of one of the forms that were handed in
	Groups      []string
	Fields      []Filled
}

// Filled is a field of a preset.
type Filled struct {
	Name   string
	Values []string // one, but for a repeated field
	Locked bool
}

// Field gives a field of the preset.
func (p Preset) Field(name string) (Filled, bool) {
	i := slices.IndexFunc(p.Fields, func(f Filled) bool { return f.Name == name })
	if i < 0 {
		return Filled{}, false
	}
	return p.Fields[i], true
}

// locked gives the value of a field that nobody can change, or nothing.
func (p Preset) locked(name string) string {
	if f, ok := p.Field(name); ok && f.Locked {
		return f.Values[0]
	}
	return ""
}

// For says whether somebody in these groups may see and use it. Without groups of its own it is for everybody.
func (p Preset) For(groups []string) bool {
	return len(p.Groups) == 0 || slices.ContainsFunc(p.Groups, func(g string) bool { return slices.Contains(groups, g) })
}

// Project gives a project by its id, in whichever case that is written.
func (c *Catalogue) Project(id string) (Project, bool) {
	if c == nil {
		return Project{}, false
	}
	return find(c.Projects, func(p Project) bool { return strings.EqualFold(p.ID, id) })
}

// Agent gives an agent by its id.
func (c *Catalogue) Agent(id string) (Agent, bool) {
	if c == nil {
		return Agent{}, false
	}
	return find(c.Agents, func(a Agent) bool { return a.ID == id })
}

// Preset gives a preset by its id, whoever it is for.
func (c *Catalogue) Preset(id string) (Preset, bool) {
	if c == nil {
		return Preset{}, false
	}
	return find(c.Presets, func(p Preset) bool { return p.ID == id })
}

// PresetsFor are the presets for somebody in these groups, in the file's order.
func (c *Catalogue) PresetsFor(groups []string) []Preset {
	var list []Preset
	if c != nil {
		for _, p := range c.Presets {
			if p.For(groups) {
				list = append(list, p)
			}
		}
	}
	return list
}

func find[T any](list []T, is func(T) bool) (T, bool) {
	if i := slices.IndexFunc(list, is); i >= 0 {
		return list[i], true
	}
	var none T
	return none, false
}

// Offer gives lists for people to choose from: Maia's, and the catalogue's in place of one that was refused or has no
// entries. What Maia lists is never added to, because a user may not see all that the catalogue has. Known still says
// what Maia answered.
func (c *Catalogue) Offer(l Lists) Lists {
	if c == nil {
		return l
	}
	if len(l.Projects) == 0 {
		for _, p := range c.Projects {
			l.Projects = append(l.Projects, maiaclient.Project{ID: p.ID, Name: p.Name})
		}
	}
	if len(l.Agents) == 0 {
		for _, a := range c.Agents {
			l.Agents = append(l.Agents, maiaclient.Agent{
				ID:            a.ID,
				Name:          a.Name,
				CloudProvider: providers[a.AgentType],
			})
		}
	}
	return l
}

// providers are Maia's words for the clouds of agents.
var providers = map[string]string{maiaclient.AWS: "aws", maiaclient.Azure: "azure"}

// ProjectName gives a project's name: Maia's, else the catalogue's, else nothing.
func (c *Catalogue) ProjectName(l Lists, id string) string {
	listed, ok := find(l.Projects, func(p maiaclient.Project) bool { return strings.EqualFold(p.ID, id) })
	if ok && listed.Name != "" {
		return listed.Name
	}
	p, _ := c.Project(id)
	return p.Name
}

// AgentName gives an agent's name: Maia's, else the catalogue's, else nothing.
func (c *Catalogue) AgentName(l Lists, id string) string {
	listed, ok := find(l.Agents, func(a maiaclient.Agent) bool { return a.ID == id })
	if ok && listed.Name != "" {
		return listed.Name
	}
	a, _ := c.Agent(id)
	return a.Name
}
