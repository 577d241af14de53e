package templates

import (
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"
)

// ID is the id of the radio button of a value: the group's name and the value's last word, so
// "Matillion hosted" has agentType-hosted. The stylesheet and the error summary refer to it.
func (c Choice) ID(value string) string {
	return c.Name + "-" + value[strings.LastIndex(value, " ")+1:]
}

// ErrorID is the id of what is wrong with the group as a whole.
func (c Choice) ErrorID() string { return c.Name + "-error" }

// HintID is the id of the hint, for aria-describedby.
func (f SecretField) HintID() string { return f.Name + "-hint" }

// ErrorID is the id of the messages at the control.
func (f SecretField) ErrorID() string { return f.Name + "-error" }

// droppedID is the id of the sentence at the secret fields which says that the secret was not kept.
const droppedID = "value-dropped"

// secretAttributes are on every control that takes a secret. They keep browsers and password managers
// from storing, correcting, translating or sending away what is typed.
var secretAttributes = templ.Attributes{
	"autocomplete":       "off",
	"autocapitalize":     "off",
	"autocorrect":        "off",
	"spellcheck":         "false",
	"writingsuggestions": "false",
	"translate":          "no",
	"data-1p-ignore":     true,
	"data-bwignore":      true,
	"data-lpignore":      "true",
	"data-form-type":     "other",
}

// exactAttributes are on fields for ids and names, which nothing may correct.
var exactAttributes = templ.Attributes{
	"autocomplete":   "off",
	"autocapitalize": "off",
	"autocorrect":    "off",
	"spellcheck":     "false",
}

// formatTitles and formatTexts describe the formats of a value.
var (
	formatTitles = map[string]string{"text": "Text", "pairs": "Pairs", "json": "JSON", "file": "File"}
	formatTexts  = map[string]string{
		"text": "A password, a token or a whole key", "pairs": "Several properties with names",
		"json": "One JSON object, as it is", "file": "For example a key file",
	}
)

// formatText says when to choose a format. Where the use is known, there is less to say.
func (v ValueFields) formatText(format string) string {
	known := map[string]string{"text": "Pasted or typed here", "file": "A file on your computer"}
	if v.TextLabel == "" {
		known = nil
	}
	return or(known[format], formatTexts[format])
}

// takes says whether a value can be entered in a format.
func (v ValueFields) takes(format string) bool { return slices.Contains(v.Formats, format) }

// countClass lays out a number of cards.
func countClass(n int) string {
	if n < 4 {
		return "two"
	}
	return "four"
}

// rows is the height of a control at first.
func rows(short bool) string {
	if short {
		return "1"
	}
	return "4"
}

// or gives the words of a recipe, or the general ones.
func or(words, general string) string {
	if words != "" {
		return words
	}
	return general
}

// idList joins the ids that are not empty, for aria-describedby.
func idList(ids ...string) string {
	var present []string
	for _, id := range ids {
		if id != "" {
			present = append(present, id)
		}
	}
	return strings.Join(present, " ")
}

// when returns the id where the condition holds, else nothing.
func when(condition bool, id string) string {
	if condition {
		return id
	}
	return ""
}

func (p Page) documentTitle() string {
	title := p.Product
	if p.Title != "" {
		title = p.Title + " · " + p.Product
	}
	if p.Error {
		title = "Error: " + title
	}
	return title
}

// summaryHeading counts in words, as far as words are shorter than a reader's patience.
func summaryHeading(items int) string {
	words := []string{"", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"}
	switch {
	case items == 1:
		return "One thing to put right"
	case items < len(words):
		return words[items] + " things to put right"
	default:
		return strconv.Itoa(items) + " things to put right"
	}
}

// focused is the notice that gets the focus when the page opens: the first that says why the form came
// back. The error summary goes before it. -1 where no notice does.
func (f Form) focused() int {
	if len(f.Summary) > 0 {
		return -1
	}
	for i, notice := range f.Notices {
		if notice.Kind == KindProblem || notice.Kind == KindWarning {
			return i
		}
	}
	return -1
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
	default:
		return "Note: "
	}
}

// tone is the class of a notice or a badge; a kind that nobody knows looks like information.
func (k Kind) tone() string {
	switch k {
	case KindDone, KindWarning, KindProblem:
		return string(k)
	default:
		return string(KindInfo)
	}
}

func pairID(name string, index int) string { return name + "-" + strconv.Itoa(index+1) }

func pairLabel(part string, index int) string {
	return "Property " + strconv.Itoa(index+1) + ", " + part
}

func hasCode(facts []Fact) bool {
	for _, fact := range facts {
		if fact.Code {
			return true
		}
	}
	return false
}
