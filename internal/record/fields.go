package record

// Fields are what is recorded of a form's fields, and of what was known of them. None of them is secret.
type Fields struct {
	ProjectID   string
	ProjectName string // as it was when the form was sent; empty where it was not known
	AgentID     string
	AgentName   string // likewise
	AgentType   string
	Name        string // of the reference, or of the secret in the vault where there is no reference
	SecretName  string // in the vault
	SecretKey   string
	VaultName   string
	Type        string
	Ticket      string // who asked for it, a change number
	RenewBy     string // YYYY-MM-DD: when the secret should be renewed
}

// Field is one of Fields: the name of its column, of its member in an event and in exports.
type Field struct {
	Column string
	In     func(*Fields) *string
}

// FieldList has every one of Fields, in the order of exports. The database's columns and the details of
// events are made from it.
var FieldList = []Field{
	{"project_id", func(f *Fields) *string { return &f.ProjectID }},
	{"project_name", func(f *Fields) *string { return &f.ProjectName }},
	{"agent_id", func(f *Fields) *string { return &f.AgentID }},
	{"agent_name", func(f *Fields) *string { return &f.AgentName }},
	{"agent_type", func(f *Fields) *string { return &f.AgentType }},
	{"name", func(f *Fields) *string { return &f.Name }},
	{"secret_name", func(f *Fields) *string { return &f.SecretName }},
	{"secret_key", func(f *Fields) *string { return &f.SecretKey }},
	{"vault_name", func(f *Fields) *string { return &f.VaultName }},
	{"type", func(f *Fields) *string { return &f.Type }},
	{"ticket", func(f *Fields) *string { return &f.Ticket }},
	{"renew_by", func(f *Fields) *string { return &f.RenewBy }},
}
