package catalogue

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"go.yaml.in/yaml/v4"

	"maiaportal/internal/maiaclient"
	"maiaportal/internal/weburl"
)

// Rules are what only other rooms know of what may stand in a catalogue. A check says what is wrong with a value, or
// nothing.
type Rules struct {
	ProjectID func(value string) string
	AgentID   func(value string) string
	VaultName func(value string) string
	Forms     []Form
	Secret    []string // the fields that take a secret, of all forms
}

// Form is a form that a preset can open.
type Form struct {
	Name   string // as presets name it
	Page   string // its address
	Fields []Field
}

// Field is one of a form's fields that are not secret.
type Field struct {
	Name     string
	Repeated bool // it may have several values
	// Check says what is wrong with a value, or nothing. whole says that people cannot add to it: else the
	// beginning of a name will do. locked gives the values of the preset's fields that people cannot change.
	Check func(value string, whole bool, locked func(field string) string) string
}

// Mistake is something wrong in a catalogue, and what to do about it. It repeats nothing of a field that takes a
// secret: somebody may have put one there.
type Mistake struct {
	File string
	Line int
	What string
}

// String is the mistake as compilers write theirs, so that editors find the place.
func (m Mistake) String() string { return fmt.Sprintf("%s:%d: %s", m.File, m.Line, m.What) }

// Mistakes are all that is wrong in a catalogue, by line. They are an error; none are no error.
type Mistakes []Mistake

// Error has one line for each.
func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i, it := range m {
		lines[i] = it.String()
	}
	return strings.Join(lines, "\n")
}

// Read reads a catalogue. Its error is Mistakes; file is what they call the file.
func Read(file string, content []byte, rules Rules) (*Catalogue, error) {
	r := &reader{file: file, rules: rules}
	c := r.catalogue(content)
	if len(r.mistakes) > 0 {
		return nil, r.all()
	}
	c.Digest = digest(content)
	return c, nil
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// reader collects mistakes while it reads.
type reader struct {
	file     string
	rules    Rules
	mistakes Mistakes
}

func (r *reader) mistake(line int, what string) {
	r.mistakes = append(r.mistakes, Mistake{
		File: r.file,
		Line: max(line, 1),
		What: what,
	})
}

// all are the mistakes by line. What several aliases refer to is reported once.
func (r *reader) all() Mistakes {
	slices.SortStableFunc(r.mistakes, func(a, b Mistake) int { return a.Line - b.Line })
	seen := map[Mistake]bool{}
	return slices.DeleteFunc(r.mistakes, func(m Mistake) bool {
		again := seen[m]
		seen[m] = true
		return again
	})
}

func (r *reader) catalogue(content []byte) *Catalogue {
	c := &Catalogue{}
	root := r.document(content)
	if root == nil {
		return c
	}
	top, ok := r.entry(root, "the catalogue", []string{"projects", "agents", "presets"})
	if !ok {
		return c
	}
	seen := map[string]int{}
	for _, n := range r.list(top, "projects") {
		if p, ok := r.project(n); ok && r.unique(seen, strings.ToLower(p.ID), n) {
			c.Projects = append(c.Projects, p)
		}
	}
	seen = map[string]int{}
	for _, n := range r.list(top, "agents") {
		if a, ok := r.agent(n); ok && r.unique(seen, a.ID, n) {
			c.Agents = append(c.Agents, a)
		}
	}
	seen = map[string]int{}
	for _, n := range r.list(top, "presets") {
		if p, ok := r.preset(n, c); ok && r.unique(seen, p.ID, n) {
			c.Presets = append(c.Presets, p)
		}
	}
	return c
}

// list gives the entries of a list at the top. One that has only its key, its entries commented out perhaps, is empty.
func (r *reader) list(top members, key string) []*yaml.Node {
	m, ok := top[key]
	if !ok || isNull(m.value) {
		return nil
	}
	if m.value.Kind != yaml.SequenceNode {
		r.mistake(m.line(), key+" must be a list: begin each entry with a hyphen and a space.")
		return nil
	}
	return m.value.Content
}

// unique says whether an id has not been seen yet. An empty one is a mistake of its own.
func (r *reader) unique(seen map[string]int, id string, n *yaml.Node) bool {
	if id == "" {
		return true
	}
	n = target(n)
	line := n.Line
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == "id" {
			line = target(n.Content[i+1]).Line
		}
	}
	if first, twice := seen[id]; twice {
		r.mistake(line, fmt.Sprintf("This id is used in line %d already. Each entry of a list needs an id of its own.", first))
		return false
	}
	seen[id] = line
	return true
}

func (r *reader) project(n *yaml.Node) (Project, bool) {
	m, ok := r.entry(n, "a project", []string{"id", "name", "nameRule"}, "id", "name")
	if !ok {
		return Project{}, false
	}
	p := Project{
		ID:   r.checked(m, "id", r.rules.ProjectID),
		Name: r.line(m, "name"),
	}
	if rule, ok := m["nameRule"]; ok {
		p.Rule = r.nameRule(rule)
	}
	return p, true
}

func (r *reader) nameRule(it member) NameRule {
	m, ok := r.members(it.value, it.key.Line, "nameRule", []string{"pattern", "message"}, "pattern", "message")
	if !ok {
		return NameRule{}
	}
	rule := NameRule{Sentence: r.line(m, "message")}
	pattern := r.line(m, "pattern")
	if pattern == "" {
		return rule
	}
	// Alone first: "a)|(b" would become another expression between brackets.
	_, err := regexp.Compile(pattern)
	if err == nil {
		rule.Expression, err = regexp.Compile(`\A(?:` + pattern + `)\z`)
	}
	if err != nil {
		r.mistake(m["pattern"].line(), "pattern is not a regular expression (RE2): "+reason(err)+
			". Correct it; in single quotes a backslash stands for itself.")
	}
	return rule
}

// reason says what is wrong with an expression.
func reason(err error) string {
	_, what, _ := strings.Cut(err.Error(), "error parsing regexp: ")
	return what
}

func (r *reader) agent(n *yaml.Node) (Agent, bool) {
	m, ok := r.entry(n, "an agent", []string{"id", "name", "agentType", "vaultName"}, "id", "name")
	if !ok {
		return Agent{}, false
	}
	a := Agent{
		ID:        r.checked(m, "id", r.rules.AgentID),
		Name:      r.line(m, "name"),
		AgentType: r.line(m, "agentType"),
		VaultName: r.checked(m, "vaultName", r.rules.VaultName),
	}
	switch a.AgentType {
	case "", maiaclient.AWS, maiaclient.MatillionHosted:
		if v, ok := m["vaultName"]; ok {
			r.mistake(v.line(), "vaultName is for agents with agentType: Azure. Add that, or remove vaultName.")
		}
	case maiaclient.Azure:
	default:
		r.mistake(m["agentType"].line(), "agentType must be AWS, Azure or Matillion hosted, written exactly so.")
	}
	return a, true
}

var presetID = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\A[a-z0-9][a-z0-9-]{0,63}\z`) })

func (r *reader) preset(n *yaml.Node, c *Catalogue) (Preset, bool) {
	m, ok := r.entry(n, "a preset",
		[]string{"id", "title", "description", "help", "form", "groups", "fields"}, "id", "title", "form")
	if !ok {
		return Preset{}, false
	}
	p := Preset{
		ID:          r.checked(m, "id", checkPresetID),
		Title:       r.line(m, "title"),
		Description: r.text(m, "description"),
		Help:        r.checked(m, "help", checkHelp),
		Form:        r.line(m, "form"),
		Groups:      r.groups(m),
	}
	form, known := find(r.rules.Forms, func(f Form) bool { return f.Name == p.Form })
	if p.Form != "" && !known {
		r.mistake(m["form"].line(), "There is no such form. Use "+r.formNames()+".")
	}
	if fields, ok := m["fields"]; ok && !isNull(fields.value) {
		p.Fields = r.fields(fields, form, known, c)
	}
	return p, true
}

func checkPresetID(id string) string {
	if presetID().MatchString(id) {
		return ""
	}
	return "Use up to 64 lower-case letters, digits and hyphens, not a hyphen first: the id stands in links."
}

func checkHelp(address string) string {
	u, err := url.Parse(address)
	if err == nil && u.User == nil && weburl.Secure(u) {
		return ""
	}
	return "Enter an address that begins with https:// (http:// is for loopback hosts only)."
}

func (r *reader) formNames() string {
	var names []string
	for _, f := range r.rules.Forms {
		names = append(names, f.Name)
	}
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

func (r *reader) groups(m members) []string {
	list, ok := m["groups"]
	if !ok {
		return nil
	}
	// An empty list could mean everybody or nobody, so it is not guessed.
	if list.value.Kind != yaml.SequenceNode || len(list.value.Content) == 0 {
		r.mistake(list.line(), "groups must be a list of names such as [data-platform]. "+
			"For a preset for everyone, remove groups.")
		return nil
	}
	var groups []string
	for _, n := range list.value.Content {
		if g := r.scalar(n, "A group"); g != "" {
			groups = append(groups, g)
		}
	}
	return groups
}

// fields reads the fields of a preset and holds them against the rules of its form, and against its project's rule for
// names.
func (r *reader) fields(all member, form Form, known bool, c *Catalogue) []Filled {
	m, ok := r.members(all.value, all.key.Line, "fields", nil)
	if !ok {
		return nil
	}
	p := Preset{}
	lines := map[string]int{}
	rules := map[string]Field{}
	for _, it := range m.inOrder() {
		name := it.key.Value
		rule, own := find(form.Fields, func(f Field) bool { return f.Name == name })
		switch {
		case slices.Contains(r.rules.Secret, name):
			r.mistake(it.key.Line, name+" takes a secret, and a catalogue holds none. Remove it; "+
				"if a real secret stood here, replace that secret where it comes from.")
			continue
		case known && !own:
			r.mistake(it.key.Line, fmt.Sprintf("The form %s has no field %s. Its fields are %s.",
				form.Name, quoted(name), strings.Join(fieldNames(form), ", ")))
		}
		f, ok := r.field(it, rule.Repeated)
		if ok && own {
			p.Fields = append(p.Fields, f)
			lines[name] = it.line()
			rules[name] = rule
		}
	}
	project, _ := c.Project(p.locked("projectId"))
	for _, f := range p.Fields {
		for _, v := range f.Values {
			if what := rules[f.Name].Check(v, f.Locked, p.locked); what != "" {
				r.mistake(lines[f.Name], f.Name+": "+what)
			}
		}
		named := f.Name == "secretReferenceName" || f.Name == "name"
		if named && f.Locked && project.Rule.Expression != nil && !project.Rule.Expression.MatchString(f.Values[0]) {
			r.mistake(lines[f.Name], f.Name+": The project requires: "+project.Rule.Sentence)
		}
	}
	return p.Fields
}

func fieldNames(f Form) []string {
	names := make([]string, len(f.Fields))
	for i, d := range f.Fields {
		names[i] = d.Name
	}
	return names
}

// field reads one field of a preset.
func (r *reader) field(it member, repeated bool) (Filled, bool) {
	f := Filled{Name: it.key.Value}
	name := quoted(f.Name)
	if it.value.Kind != yaml.MappingNode {
		r.mistake(it.line(), "Write the field "+name+" as {value: …}, or {value: …, locked: true}.")
		return f, false
	}
	m, ok := r.members(it.value, it.key.Line, "the field "+name, []string{"value", "locked"}, "value")
	if !ok {
		return f, false
	}
	if locked, ok := m["locked"]; ok {
		f.Locked = locked.value.Value == "true"
		if locked.value.Kind != yaml.ScalarNode || locked.value.Tag != "!!bool" {
			r.mistake(locked.line(), "locked must be true or false.")
		}
	}
	value, ok := m["value"]
	switch {
	case !ok:
		return f, false
	case repeated && value.value.Kind == yaml.SequenceNode && len(value.value.Content) > 0:
		for _, n := range value.value.Content {
			f.Values = append(f.Values, r.scalar(n, "A value"))
		}
	default:
		f.Values = []string{r.scalar(value.value, "value")}
	}
	return f, !slices.Contains(f.Values, "")
}

// member is a key of a mapping and its value.
type member struct {
	key, value *yaml.Node
	place      int
}

// line is where the value stands.
func (m member) line() int { return m.value.Line }

// members are those of a mapping, by their keys.
type members map[string]member

func (m members) inOrder() []member {
	return slices.SortedFunc(maps.Values(m), func(a, b member) int { return a.place - b.place })
}

// entry reads an entry of a list.
func (r *reader) entry(n *yaml.Node, what string, known []string, required ...string) (members, bool) {
	n = target(n)
	return r.members(n, n.Line, what, known, required...)
}

// members reads a mapping. known are the keys that it may have, nil: any. What is required and not there is reported at
// the line.
func (r *reader) members(n *yaml.Node, line int, what string, known []string, required ...string) (members, bool) {
	if n.Kind != yaml.MappingNode {
		r.mistake(n.Line, sentence(what)+" must have keys and values, such as "+example(known)+".")
		return nil, false
	}
	m := members{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], target(n.Content[i+1])
		first, twice := m[key.Value]
		switch {
		case key.Kind != yaml.ScalarNode:
			r.mistake(key.Line, "A key must be a plain word.")
		case twice:
			r.mistake(key.Line, fmt.Sprintf("The key %s is used in line %d already. Remove one of the two.",
				quoted(key.Value), first.key.Line))
		case known != nil && !slices.Contains(known, key.Value):
			r.mistake(key.Line, fmt.Sprintf("There is no key %s here. %s may have %s.",
				quoted(key.Value), sentence(what), strings.Join(known, ", ")))
		default:
			m[key.Value] = member{
				key:   key,
				value: value,
				place: i,
			}
		}
	}
	for _, key := range required {
		if _, ok := m[key]; !ok {
			r.mistake(line, fmt.Sprintf("%s needs %s. Add it.", sentence(what), key))
		}
	}
	return m, true
}

// example is how a member would be written.
func example(known []string) string {
	if len(known) == 0 {
		return "name: …"
	}
	return known[0] + ": …"
}

// line gives a member's text of one line, or nothing where it is not there.
func (r *reader) line(m members, key string) string {
	it, ok := m[key]
	if !ok {
		return ""
	}
	return r.scalar(it.value, key)
}

// checked is line with a rule.
func (r *reader) checked(m members, key string, rule func(string) string) string {
	s := r.line(m, key)
	if s == "" {
		return ""
	}
	if what := rule(s); what != "" {
		r.mistake(m[key].line(), key+": "+what)
	}
	return s
}

// text gives a member's text of any number of lines.
func (r *reader) text(m members, key string) string {
	it, ok := m[key]
	if !ok || !r.isText(it.value, key) {
		return ""
	}
	s := strings.TrimRight(it.value.Value, "\n")
	if invisible(strings.ReplaceAll(s, "\n", " ")) {
		r.mistake(it.line(), key+" has characters that are invisible. Remove them.")
	}
	return s
}

// scalar gives a text of one line; what is what the text is called.
func (r *reader) scalar(n *yaml.Node, what string) string {
	n = target(n)
	if !r.isText(n, what) {
		return ""
	}
	switch s := strings.TrimRight(n.Value, "\n"); {
	case strings.TrimSpace(s) == "":
		r.mistake(n.Line, what+" is empty. Fill it in, or remove it with its key.")
		return ""
	case invisible(s):
		r.mistake(n.Line, what+" has line breaks or invisible characters. Remove them.")
		return ""
	default:
		return s
	}
}

// isText says whether a value is a text. What YAML takes for a number or a truth value is refused, because it may have
// lost what was written; a date is only known by its look.
func (r *reader) isText(n *yaml.Node, what string) bool {
	switch {
	case isNull(n):
		r.mistake(n.Line, what+" is empty. Fill it in, or remove it with its key.")
	case n.Kind != yaml.ScalarNode:
		r.mistake(n.Line, what+" must be a text, not a list or keys and values.")
	case n.Tag != "!!str" && n.Tag != "!!timestamp":
		r.mistake(n.Line, what+" must be a text. Put it in quotes.")
	default:
		return true
	}
	return false
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// target is what an alias refers to.
func target(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias // never an alias itself
	}
	return n
}

// sentence begins a sentence with what something is called. A key alone keeps its spelling.
func sentence(what string) string {
	if !strings.Contains(what, " ") {
		return what
	}
	return strings.ToUpper(what[:1]) + what[1:]
}

// quoted is a word of the file, cut where it is long.
func quoted(word string) string {
	const most = 64
	if r := []rune(word); len(r) > most {
		word = string(r[:most]) + "…"
	}
	return strconv.Quote(word)
}
