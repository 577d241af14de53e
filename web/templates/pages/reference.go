package pages

import (
	"maiaportal/web/templates/layout"
	"maiaportal/web/templates/parts"
)

// ReferenceForm is the page at /secret-references/new.
type ReferenceForm struct {
	Page layout.Page
	parts.Form
	ProjectID           parts.Field
	SecretReferenceName parts.Field
	AgentType           parts.Choice
	SecretReferenceType parts.Field // PASSWORD, the only one there is
	Description         parts.Field
	VaultName           parts.Field
	SecretName          parts.Field
	SecretKey           parts.Field
	AgentID             parts.Field
	Value               parts.ValueFields
}
