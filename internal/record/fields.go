package record

// Fields are what is recorded of a form's fields. None of them is secret.
type Fields struct {
	ProjectID  string
	AgentID    string
	AgentType  string
	Name       string // of the reference, or of the secret in the vault
	SecretName string
	SecretKey  string
	VaultName  string
	Type       string
}

// Field is one of Fields: the name of its column, of its member in an event and in exports.
type Field struct {
	Column string
	In     func(*Fields) *string
}

// FieldList has every one of Fields, in the order of exports. The database's columns and the details of
// events are made from it.
var FieldList = []Field{
	projectID,
	agentID,
	{"agent_type", func(f *Fields) *string { return &f.AgentType }},
	{"name", func(f *Fields) *string { return &f.Name }},
	{"secret_name", func(f *Fields) *string { return &f.SecretName }},
	{"secret_key", func(f *Fields) *string { return &f.SecretKey }},
	{"vault_name", func(f *Fields) *string { return &f.VaultName }},
	{"type", func(f *Fields) *string { return &f.Type }},
}

// The fields that can be a submission's place.
var (
	projectID = Field{"project_id", func(f *Fields) *string { return &f.ProjectID }}
	agentID   = Field{"agent_id", func(f *Fields) *string { return &f.AgentID }}
)
