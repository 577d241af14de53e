package parts

// Picker is a field that chooses from a list. Without groups there is no list to show, and the id is typed.
type Picker struct {
	What   string // "project", "agent"
	Groups []OptionGroup
	// Other takes a typed id that counts where nothing is chosen; nil: the field itself does.
	Other *Field
	// Why says why there is no list; may be empty.
	Why string
	// Name is what is known of the id that is filled in; Nowhere says that no list has it.
	Name    string
	Nowhere bool
	// Against is what stands against what is filled in.
	Against []string
}

// OptionGroup is a part of a select. One without a label is no group.
type OptionGroup struct {
	Label   string
	Options []Option
}

// standsID is the id of what is said about the entry that is filled in.
func (f Field) standsID() string { return f.Name + "-stands" }

// filled is what stands in the field, whichever of its controls has it.
func (f Field) filled() string {
	if f.Picker.Other != nil && f.Picker.Other.Value != "" {
		return f.Picker.Other.Value
	}
	return f.Value
}

// stands says whether there is something to say about the entry that is filled in.
func (f Field) stands() bool { return f.Picker.Nowhere || len(f.Picker.Against) > 0 }

// besideLabel ends the label of the field for a typed id, for those who do not see beside what it stands.
func besideLabel(what string) string { return " of the " + what + "s" }

// idHint says what to type where there is nothing to choose from.
func (p Picker) idHint() string {
	if p.What == "project" {
		return " Its id: 36 characters, four of them hyphens."
	}
	return " Enter its id."
}

// Hidden is a field that a form carries along.
type Hidden struct{ Name, Value string }
