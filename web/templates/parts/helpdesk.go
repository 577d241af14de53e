package parts

// HelpDesk explains an answer of Maia, with a text to copy for whoever can help. Nothing in it is secret.
type HelpDesk struct {
	Means string   // what it usually means here
	Ask   string   // whom to ask; empty where that is said already
	Lines []string // the text, line by line
	// Folded says that the text is shown on demand: where the user's own correction comes first.
	Folded bool
}
