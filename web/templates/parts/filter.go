package parts

// Filter is one control of a form that narrows a list. Empty narrows nothing.
type Filter struct {
	Name    string // of the parameter; also the control's id
	Label   string
	Value   string
	Options []Option // where there are only certain values
	Day     bool     // the browser may offer a calendar
}
