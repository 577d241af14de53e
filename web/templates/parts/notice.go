// Package parts is what pages are put together of: notices, facts, fields of forms, icons.
//
// No part has a field that could hold a secret value, so no page can show one.
package parts

// Link is a place to go on.
type Link struct {
	Label, Href string
	Primary     bool // drawn as a button
}

// Notice is a box above a form or a text: missing rights, service trouble, something to know.
type Notice struct {
	Kind  Kind
	Title string
	Text  []string // paragraphs
	Links []Link
}

// Kind is the tone of a notice or a badge. It is shown as a word and a sign, never as colour alone.
type Kind string

// The kinds there are.
const (
	KindInfo    Kind = "info"
	KindDone    Kind = "done"
	KindWarning Kind = "warning"
	KindProblem Kind = "problem"
)

// Fact is one line of a list of names and values.
type Fact struct {
	Label, Value string
	Code         bool // drawn in the fixed-width face, one click selects it
	// When is drawn in place of the value, where the fact is a moment.
	When Moment
}

// Badge is an outcome in a word, with a sign.
type Badge struct {
	Kind  Kind
	Label string
}

// word is what a screen reader says where the eye sees the sign.
func (k Kind) word() string {
	switch k {
	case KindDone:
		return "Done: "
	case KindWarning:
		return "Warning: "
	case KindProblem:
		return "Problem: "
	case KindInfo:
	}
	return "Note: "
}

// tone is the class of a notice or a badge; a kind that nobody knows looks like information.
func (k Kind) tone() string {
	switch k {
	case KindDone, KindWarning, KindProblem:
		return string(k)
	case KindInfo:
	}
	return string(KindInfo)
}

func hasCode(facts []Fact) bool {
	for _, fact := range facts {
		if fact.Code {
			return true
		}
	}
	return false
}
