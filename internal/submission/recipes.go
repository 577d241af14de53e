package submission

import (
	"slices"

	"maiaportal/internal/record"
	"maiaportal/internal/shape"
)

// Recipe is the shape of a secret for one use: what it is called, and which of the form's fields it
// fills in. A form that was sent with a recipe is checked for what that use needs.
type Recipe struct {
	// ID is how links and forms name it: the field recipe.
	ID string
	// Title and Text say what it is for.
	Title, Text string

	// Type and Key are what the fields type and key begin with.
	Type, Key string
	// Formats are the ways in which it can be entered; the first one is chosen.
	Formats []record.Format

	// Label and Hint are those of the control that takes it as text. A file has the hint FileHint.
	Label, Hint, FileHint string
	// Kind is what a text or a file is checked for.
	Kind shape.Kind
	// JSON says that a text or a file is one JSON object, kept as it is written.
	JSON bool
	// Takes is which keys the program takes that the secret is for; the zero one takes every key.
	Takes shape.Takes
	// Newline says that a PEM text gets the line break that is missing after its END line.
	Newline bool
	// Encrypted says that an encrypted key is no surprise, because its passphrase is kept elsewhere.
	Encrypted bool

	// Properties are the names of pairs, each with a field of its own.
	Properties []Property
}

// Property is one property of a recipe that is entered as pairs.
type Property struct {
	Name        string
	Label, Hint string
	// Missing is said where it is left empty; empty for an optional one, which is then not stored.
	Missing string
	Kind    shape.Kind
	Takes   shape.Takes
	Newline bool
}

// snowflake is what Snowflake's key-pair authentication takes.
var snowflake = shape.Takes{
	Who:     "Snowflake",
	RSABits: 2048,
	PKCS8:   true,
	Source:  "https://docs.snowflake.com/en/user-guide/key-pair-auth",
}

// RecipeAnything is the recipe that asks for nothing.
const RecipeAnything = "anything"

// Recipes are what people come here with, the most frequent first. To add one, add it here: the pages,
// their links and the checks follow. The tests ask for an example of each.
var Recipes = []Recipe{
	{
		ID:      "password",
		Title:   "A password or token",
		Text:    "One line, for a database, a service or an API",
		Type:    "PASSWORD",
		Formats: []record.Format{record.FormatText},
		Label:   "Password or token",
		Hint:    "Exactly as it was issued: a space at its end counts.",
		Kind:    shape.Line,
	},
	{
		ID:      "oauth-client",
		Title:   "An OAuth client",
		Text:    "Client id and client secret",
		Type:    "OAUTH_CLIENT_CREDENTIALS",
		Formats: []record.Format{record.FormatPairs},
		Properties: []Property{
			{Name: "clientId", Label: "Client id", Missing: "Enter the client id.", Kind: shape.Line},
			{
				Name:    "clientSecret",
				Label:   "Client secret",
				Hint:    "The secret itself, not its id: Microsoft Entra ID shows both.",
				Missing: "Enter the client secret.",
				Kind:    shape.Line,
			},
		},
	},
	{
		ID:        "snowflake-key",
		Title:     "A Snowflake key for an environment",
		Text:      "The private key as plain PEM text",
		Key:       "privateKey",
		Formats:   []record.Format{record.FormatText, record.FormatFile},
		Label:     "Private key",
		Hint:      "All of it, with the BEGIN and END lines. The line break after END, which Snowflake needs, is added if it is missing. Keep the passphrase of an encrypted key as a secret of its own.",
		FileHint:  "The key’s PEM file, often called rsa_key.p8. A line break that is missing after END is added.",
		Kind:      shape.PrivateKey,
		Takes:     snowflake,
		Newline:   true,
		Encrypted: true,
	},
	{
		ID:      "snowflake-component-key",
		Title:   "A Snowflake key for a component",
		Text:    "The private key as JSON, with its passphrase",
		Formats: []record.Format{record.FormatPairs},
		Properties: []Property{
			{
				Name:    "privateKey",
				Label:   "Private key",
				Hint:    "All of it, with the BEGIN and END lines and its line breaks. They are written as \\n in the JSON for you.",
				Missing: "Enter the private key.",
				Kind:    shape.PrivateKey,
				Takes:   snowflake,
				Newline: true,
			},
			{Name: "passphrase", Label: "Passphrase", Hint: "Only for an encrypted key.", Kind: shape.Line},
		},
	},
	{
		ID:      "cloud-key",
		Title:   "A cloud access key",
		Text:    "Access key id and secret access key",
		Formats: []record.Format{record.FormatPairs},
		Properties: []Property{
			{Name: "accessKeyId", Label: "Access key id", Missing: "Enter the access key id.", Kind: shape.Line},
			{Name: "secretAccessKey", Label: "Secret access key", Missing: "Enter the secret access key.", Kind: shape.Line},
		},
	},
	{
		ID:       "private-key",
		Title:    "An SSH or TLS private key",
		Text:     "As PEM or OpenSSH text, or its file",
		Key:      "privateKey",
		Formats:  []record.Format{record.FormatText, record.FormatFile},
		Label:    "Private key",
		Hint:     "All of it, with the BEGIN and END lines. A line break that is missing after END is added.",
		FileHint: "The key’s file, for example id_ed25519 or server.key. A line break that is missing after END is added.",
		Kind:     shape.PrivateKey,
		Newline:  true,
	},
	{
		ID:       "service-account",
		Title:    "A service account’s JSON file",
		Text:     "For example of Google Cloud, kept as it is",
		Key:      "serviceAccount",
		Formats:  []record.Format{record.FormatFile, record.FormatText},
		Label:    "The file’s text",
		Hint:     "The whole JSON, from { to }.",
		FileHint: "The JSON file as you downloaded it.",
		Kind:     shape.File,
		JSON:     true,
	},
	{
		ID:      RecipeAnything,
		Title:   "Anything else",
		Text:    "Text, pairs, JSON or a file, as you need it",
		Formats: []record.Format{record.FormatText, record.FormatPairs, record.FormatJSON, record.FormatFile},
	},
}

// OneLine says whether a text that is entered for it is a single line.
func (r Recipe) OneLine() bool { return r.Kind == shape.Line }

// OneLine says whether the property's value is a single line.
func (p Property) OneLine() bool { return p.Kind == shape.Line }

// FindRecipe gives the recipe of an id.
func FindRecipe(id string) (Recipe, bool) {
	i := slices.IndexFunc(Recipes, func(r Recipe) bool { return r.ID == id })
	if i < 0 {
		return Recipe{}, false
	}
	return Recipes[i], true
}

// PropertyNames are the names of its pairs.
func (r Recipe) PropertyNames() []string {
	names := make([]string, len(r.Properties))
	for i, p := range r.Properties {
		names[i] = p.Name
	}
	return names
}

// property gives one of the recipe's properties, or one that is checked for nothing in particular.
func (r Recipe) property(name string) (Property, bool) {
	for _, p := range r.Properties {
		if p.Name == name {
			return p, true
		}
	}
	return Property{Name: name}, false
}
