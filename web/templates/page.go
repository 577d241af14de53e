package templates

// Page is what the layout around every page needs.
type Page struct {
	Title   string // of the page itself; the product's name is put behind it
	Error   bool   // the title begins with "Error: "
	Product string // PORTAL_TITLE
	Region  string // short name of Maia's region, e.g. "EU1"; empty where another address is configured
	Notice  string // PORTAL_NOTICE, one line; may be empty
	Support string // PORTAL_SUPPORT_URL; may be empty
	Nav     []NavItem
	User    *User // nil where nobody is signed in
	Assets  Assets
}

// Assets are the addresses of the static files, with the hash of their content in the name.
type Assets struct{ Stylesheet, Icon string }

// NavItem is one entry of the main navigation.
type NavItem struct {
	Label, Href string
	Current     bool
}

// User is who is signed in, for the menu in the header.
type User struct {
	Name     string // as the provider gave it
	Initials string // one or two letters
	Detail   string // e-mail or subject, to tell two accounts of one person apart
	Until    string // time of day when the login ends at the latest, e.g. "16:30 UTC"
}

// Link is a place to go on.
type Link struct {
	Label, Href string
	Primary     bool // drawn as a button
}

// Notice is a box above a form or a text: missing rights, service trouble, something to know.
type Notice struct {
	Kind  Kind
	Title string
	Text  []string // paragraphs
	Links []Link
}

// Kind is the tone of a notice or a badge. It is shown as a word and a sign, never as colour alone.
type Kind string

// The kinds there are.
const (
	KindInfo    Kind = "info"
	KindDone    Kind = "done"
	KindWarning Kind = "warning"
	KindProblem Kind = "problem"
)

// Fact is one line of a list of names and values.
type Fact struct {
	Label, Value string
	Code         bool // drawn in the fixed-width face, one click selects it
}

// Badge is an outcome in a word, with a sign.
type Badge struct {
	Kind  Kind
	Label string
}
