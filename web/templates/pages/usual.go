package pages

import (
	"github.com/a-h/templ"

	"maiaportal/web/templates/parts"
)

// Fields as long as nothing is known, entered or wrong, by their names.
var (
	usualName = parts.Once(newName(parts.Field{Name: "name"}))
	usualType = parts.Once(secretType(parts.Field{Name: "type"}))
)

// usualOr gives the field of some name that was drawn once where it is like that, else the one that is drawn now.
func usualOr(name string, f parts.Field, usual templ.Component, now func(parts.Field) templ.Component) templ.Component {
	if f.IsUsual(name) {
		return usual
	}
	return now(f)
}
