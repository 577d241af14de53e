package parts

import (
	"context"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"
)

// Option is an entry of a picker: the value that is sent and the words beside it.
type Option struct {
	Value, Label string
	Disabled     bool
}

// options draws the entries of a picker. There may be hundreds, and templ takes each expression through fmt.
// chosen is the one that is selected; empty: none.
func options(list []Option, chosen string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		for _, o := range list {
			state := ""
			if o.Value == chosen && chosen != "" {
				state += " selected"
			}
			if o.Disabled {
				state += " disabled"
			}
			// The end tag goes without saying, and there may be many entries on a page that is not compressed.
			for _, text := range []string{
				`<option value="`, templ.EscapeString(o.Value), `"`, state, `>`, templ.EscapeString(o.Label),
			} {
				if _, err := io.WriteString(w, text); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// Field is one control of a form as it is shown: never one of a secret, which have SecretField.
type Field struct {
	Name    string // the contract's field name; also the control's id
	Value   string
	Errors  []string
	Options []Option // suggestions; none: a plain text field
	Rule    string   // the company's own rule for it, as a sentence; may be empty
	Advice  string   // what is better known about what stands in it, though it is no fault; may be empty
	Linked  bool     // a link has filled it in
	Locked  bool     // a preset fixes it
	MayStay bool     // empty, that is: not required, though it does not say optional
	Picker  *Picker  // what it chooses from; nil: nothing
}

// HintID is the id of the hint, for aria-describedby.
func (f Field) HintID() string { return f.Name + "-hint" }

// ErrorID is the id of the messages at the control.
func (f Field) ErrorID() string { return f.Name + "-error" }

// AdviceID is the id of the advice below the control.
func (f Field) AdviceID() string { return f.Name + "-advice" }

// Invalid says whether there is something to put right.
func (f Field) Invalid() bool { return len(f.Errors) > 0 }

// suggests says whether there is something to suggest. Browsers show what fits what stands there, so where that is one
// of the suggestions, it would be the only one.
func (f Field) suggests() bool {
	chosen := slices.ContainsFunc(f.Options, func(o Option) bool { return o.Value == f.Value })
	return len(f.Options) > 0 && !f.Locked && !chosen
}

// Fields are those of one form.
type Fields []Field

// Named gives a field by its name. A page that asks for one that its form does not have is a fault of the page, which
// cannot be drawn then.
func (f Fields) Named(name string) Field {
	for i := range f {
		if f[i].Name == name {
			return f[i]
		}
	}
	panic("parts: the form has no field " + name)
}

// Choice gives a field that is a group of radio buttons.
func (f Fields) Choice(name string) Choice {
	d := f.Named(name)
	return Choice{Name: d.Name, Chosen: d.Value, Errors: d.Errors, Linked: d.Linked, Locked: d.Locked}
}

// Choice is a group of radio buttons. An element's id is ID(value).
type Choice struct {
	Optional bool // it may stay open
	Name     string
	Chosen   string
	Errors   []string
	Linked   bool // a link has chosen
	Locked   bool // a preset fixes the choice
}

// ID is the id of the radio button of a value: the group's name and the value's last word, so
// "Matillion hosted" has agentType-hosted. The stylesheet and the error summary refer to it.
func (c Choice) ID(value string) string { return c.Name + "-" + lastWord(value) }

// textID is the id of the words that describe a value. No two choices have one in common.
func textID(value string) string { return "about-" + lastWord(value) }

func lastWord(value string) string { return value[strings.LastIndex(value, " ")+1:] }

// ErrorID is the id of what is wrong with the group as a whole.
func (c Choice) ErrorID() string { return c.Name + "-error" }

// SummaryItem is one line of the error summary. Href is "#" and the control's id, or empty where the
// message belongs to no control that is shown.
type SummaryItem struct{ Text, Href string }

// Form is what all forms have in common.
type Form struct {
	Token   string // formToken
	Summary []SummaryItem
	Notices []Notice
	// SecretDropped says that a secret was sent with the form that this one answers: the page
	// tells that it was not kept and has to be entered again.
	SecretDropped bool
	// SummaryHeading stands over the summary in place of the number of things; may be empty.
	SummaryHeading string
	// Doubt says what to do about a value that looked odd; may be empty.
	Doubt string
	// Faults is how many items at the beginning of the summary have to be put right, where the others are only odd.
	Faults int
	// Help explains Maia's answer; nil: there is none.
	Help *HelpDesk
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

// summaryHeading says how much there is to do.
func summaryHeading(items int) string {
	if items == 1 {
		return "There is a problem"
	}
	return "Fix " + strconv.Itoa(items) + " problems"
}

// FormAttributes are on forms that people fill in. Their fields take them over: nearly all are for ids and names, which
// nothing may keep or correct.
var FormAttributes = templ.OrderedAttributes{
	{Key: "autocapitalize", Value: "off"},
	{Key: "autocomplete", Value: "off"},
	{Key: "autocorrect", Value: "off"},
	{Key: "spellcheck", Value: "false"},
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

// maxOnTop is how many findings of a check stand at the top unfolded.
const maxOnTop = 3

// onTop is how many items of the summary are not folded. Faults of a form are all shown: each has to be put right.
func (f Form) onTop() int {
	if f.Doubt == "" {
		return len(f.Summary)
	}
	return max(maxOnTop, f.Faults)
}

// moreFindings is what the fold is called.
func moreFindings(n int) string {
	if n == 1 {
		return "1 more finding"
	}
	return strconv.Itoa(n) + " more findings"
}
