package form

// Field is what the reader has to know of a field.
type Field struct {
	Name string
	// Secret fields never become strings.
	Secret bool
	// File says that a secret field counts only as a file: a browser that sends no multipart body sends a file's name
	// in its place, which is no secret to store.
	File bool
	// Repeated fields may come more than once.
	Repeated bool
	// Exact says that the field counts as it was entered, with the blanks around it.
	Exact bool
	// Returns says that the field comes back to somebody who has to sign in first.
	Returns bool
}

// Table has the fields that a body may have. Others are not read.
type Table struct {
	fields map[string]Field
	// back is how long the fields that return may be together, in a query.
	back int
}

// NewTable makes a table of fields. Of those that return, a stranger's body keeps what fits into a query of so many
// bytes.
func NewTable(back int, fields ...Field) Table {
	t := Table{fields: map[string]Field{}, back: back}
	for _, f := range fields {
		t.fields[f.Name] = f
	}
	return t
}
