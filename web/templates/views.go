package templates

// Home is the start page.
type Home struct {
	Page   Page
	Tasks  []Task
	Latest []ActivityRow // the newest few; empty for somebody who has done nothing yet
	Guide  *Guide        // what the demo shows; nil elsewhere
}

// Task is one thing that can be set up here.
type Task struct{ Title, Text, Href, Action string }

// Guide is the demo's list of things to try.
type Guide struct {
	Text    []string
	Links   []Link
	Entries []GuideEntry
}

// GuideEntry is a reserved name and what it causes.
type GuideEntry struct{ Name, Href, What string }

// ActivityRow is one submission in a list.
type ActivityRow struct {
	Href    string
	Time    string // for people, UTC
	ISO     string // RFC 3339, for the datetime attribute
	Who     string // empty where all rows are the reader's own
	Action  string // "Reference", "Value"
	Name    string
	Where   string // project or agent
	Outcome Badge
}

// Activity is the page at /activity.
type Activity struct {
	Page    Page
	Heading string // "Your activity", "Everybody's activity"
	ShowWho bool
	Rows    []ActivityRow
	More    string // a sentence where there are more than are shown
	Older   string // address of the next page; may be empty
}

// Receipt is the page at /activity/{id}.
type Receipt struct {
	Page    Page
	Heading string // e.g. "The reference SNOWFLAKE_PASSWORD was created"
	Outcome Badge
	Text    []string // paragraphs: what is known, what to do
	Snippet string   // line to paste into a pipeline; may be empty
	Facts   []Fact
	Next    []Link
	Waiting bool // under way: the page reloads itself
}

// Message is a page that says one thing: an error, a refusal, a login that ran out, a farewell.
type Message struct {
	Page      Page
	Heading   string
	Text      []string
	Notice    *Notice
	Facts     []Fact // e.g. what is kept of a form; FactsTitle above it
	FactsName string
	Links     []Link
	RequestID string // what to give to the operators; may be empty
}

// Sessions is the page at /sessions.
type Sessions struct {
	Page Page
	Rows []SessionRow
}

// SessionRow is one of the user's own sessions.
type SessionRow struct {
	Handle  string // what the form sends to end it
	Browser string
	Begun   string // for people, UTC
	Used    string
	This    bool // the one that the page is shown in
}

// About is the page at /about.
type About struct {
	Page      Page
	Maia      string // scheme and host of the Maia API
	MaiaTLS   bool   // calls to Maia are encrypted
	HTTPS     bool   // users come over TLS
	Exchanged bool   // the token for Maia is exchanged for that of the login
	Account   bool   // calls to Maia carry the id of the company's account
	Calls     []AboutCall
	Record    []Fact // what a submission's record has
	Kept      []Fact // what is kept beside the records, and for how long
	Version   string
}

// AboutCall is one of the calls that the portal can make to Maia.
type AboutCall struct {
	Method, Path, What string
	Secret             string // when it carries a secret value; empty: never
}
