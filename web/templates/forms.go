package templates

// Option is an entry of a picker: the value that is sent and the words beside it.
type Option struct{ Value, Label string }

// Field is one control of a form as it is shown: never one of a secret, which have SecretField.
type Field struct {
	Name    string // the contract's field name; also the control's id
	Value   string
	Errors  []string
	Options []Option // suggestions; none: a plain text field
	Rule    string   // the company's own rule for it, as a sentence; may be empty
	Advice  string   // what is better known about what stands in it, though it is no fault; may be empty
}

// HintID is the id of the hint, for aria-describedby.
func (f Field) HintID() string { return f.Name + "-hint" }

// ErrorID is the id of the messages at the control.
func (f Field) ErrorID() string { return f.Name + "-error" }

// AdviceID is the id of the advice below the control.
func (f Field) AdviceID() string { return f.Name + "-advice" }

// Invalid says whether there is something to put right.
func (f Field) Invalid() bool { return len(f.Errors) > 0 }

// SecretField is a control that only ever takes a value in. It has no value by design.
type SecretField struct {
	Name   string
	Errors []string
}

// Choice is a group of radio buttons. An element's id is ID(value).
type Choice struct {
	Name   string
	Chosen string
	Errors []string
}

// Pair is one row of key and value. Only the key comes back.
type Pair struct {
	Key         string
	KeyErrors   []string
	ValueErrors []string
}

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

	Format   Choice // valueFormat: text, pairs, json, file
	Key      Field
	Text     SecretField // valueText
	JSON     SecretField // valueJSON
	File     SecretField // valueFile
	Pairs    []Pair      // as many rows as are drawn
	PairsErr []string    // about the rows as a whole
	MoreRows string      // address of this form with more rows; empty where there are no more to have
}

// RecipePicker offers what a secret can be for, or shows what was chosen.
type RecipePicker struct {
	ID     string // of the chosen one; empty where none is
	Chosen RecipeLink
	Change string // address of the form with nothing chosen
	Links  []RecipeLink
}

// RecipeLink is one use of a secret.
type RecipeLink struct{ Title, Text, Href string }

// PropertyField takes the value of one property whose name is known.
type PropertyField struct {
	Name, Label, Hint string
	Optional          bool
	Short             bool // one line
	Errors            []string
}

// ReferenceForm is the page at /secret-references/new.
type ReferenceForm struct {
	Page Page
	Form
	ProjectID           Field
	SecretReferenceName Field
	AgentType           Choice
	SecretReferenceType Field // PASSWORD, the only one there is
	Description         Field
	VaultName           Field
	SecretName          Field
	SecretKey           Field
	AgentID             Field
	Value               ValueFields
}

// ValueForm is the page at /secret-values/new.
type ValueForm struct {
	Page Page
	Form
	AgentID   Field
	ProjectID Field
	Name      Field
	Type      Field
	Value     ValueFields
}
