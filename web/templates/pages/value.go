package pages

import (
	"maiaportal/web/templates/layout"
	"maiaportal/web/templates/parts"
)

// ValueForm is the page at /secret-values/new.
type ValueForm struct {
	Page layout.Page
	parts.Form
	AgentID   parts.Field
	ProjectID parts.Field
	Name      parts.Field
	Type      parts.Field
	Value     parts.ValueFields
}
