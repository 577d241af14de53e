package parts

import (
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"
)

// SecretField is a control that only ever takes a value in. It has no value by design.
type SecretField struct {
	Name   string
	Errors []string
}

// HintID is the id of the hint, for aria-describedby.
func (f SecretField) HintID() string { return f.Name + "-hint" }

// ErrorID is the id of the messages at the control.
func (f SecretField) ErrorID() string { return f.Name + "-error" }

// Pair is one row of key and value. Only the key comes back.
type Pair struct {
	Key         string
	KeyErrors   []string
	ValueErrors []string
}

// ValueFields is the part of a form that takes a secret value.
type ValueFields struct {
	Picker RecipePicker
	// Formats are those that can be chosen. A single one is not shown.
	Formats []string
	// TextLabel, TextHint and FileHint are the recipe's words; empty ones are replaced by general ones.
	TextLabel, TextHint, FileHint string
	Short                         bool // the text is one line
	ShowKey                       bool
	// Properties stand in place of the rows of pairs.
	Properties []PropertyField
	OtherNames string // address of this form with rows whose names can be changed
	Check      bool   // whether the box is ticked
	Doubted    bool
	Told       string // what was found odd, for the next try; may be empty

	Format   Choice // valueFormat: text, pairs, json, file
	Key      Field
	Text     SecretField // valueText
	JSON     SecretField // valueJSON
	File     SecretField // valueFile
	Pairs    []Pair      // as many rows as are drawn
	PairsErr []string    // about the rows as a whole
	// PairsLinked says that a link has filled in names.
	PairsLinked bool
	MoreRows    string // address of this form with more rows; empty where there are no more to have
}

// The formats for which the property's name is shown.
const (
	// KeyForText are the formats whose property the key names.
	KeyForText = "text file"
	// KeyForAll adds those where the key picks one of several properties.
	KeyForAll = "text pairs json file"
)

// RecipePicker offers what a secret can be for, or shows what was chosen.
type RecipePicker struct {
	ID     string // of the chosen one; empty where none is
	Chosen RecipeLink
	Change string // address of the form with nothing chosen
	// Question stands over the links.
	Question string
	Links    []RecipeLink
	// Drawn is the picker as it was drawn before; nil: it is drawn from the other fields.
	Drawn templ.Component
}

// RecipeLink is one use of a secret.
type RecipeLink struct{ Title, Text, Href string }

// inLine is the title in the middle of a line. All of them begin with an article, or with "Anything".
func (r RecipeLink) inLine() string {
	if r.Title == "" {
		return ""
	}
	return strings.ToLower(r.Title[:1]) + r.Title[1:]
}

// PropertyField takes the value of one property whose name is known.
type PropertyField struct {
	Name, Label, Hint string
	Optional          bool
	Short             bool // one line
	Errors            []string
}

// droppedID is the id of the sentence at the secret fields which says that the secret was not kept.
const droppedID = "value-dropped"

// secretAttributes are on every control that takes a secret. They keep browsers and password managers
// from storing, correcting, translating or sending away what is typed.
var secretAttributes = templ.OrderedAttributes{
	{Key: "autocapitalize", Value: "off"},
	{Key: "autocomplete", Value: "off"},
	{Key: "autocorrect", Value: "off"},
	{Key: "data-1p-ignore", Value: true},
	{Key: "data-bwignore", Value: true},
	{Key: "data-form-type", Value: "other"},
	{Key: "data-lpignore", Value: "true"},
	{Key: "spellcheck", Value: "false"},
	{Key: "translate", Value: "no"},
	{Key: "writingsuggestions", Value: "false"},
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

func pairID(name string, index int) string { return name + "-" + strconv.Itoa(index+1) }

func pairLabel(part string, index int) string {
	return "Property " + strconv.Itoa(index+1) + ", " + part
}
