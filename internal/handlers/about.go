package handlers

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"maiaportal/internal/auth/session"
	"maiaportal/internal/catalogue"
	"maiaportal/internal/maiaclient"
	"maiaportal/web/templates/pages"
	"maiaportal/web/templates/parts"
)

// recordPart is a line of what the record of a submission has.
type recordPart struct {
	label, text string
	fields      []string // of record.Submission; a test insists that each is in one line
}

var recordParts = []recordPart{
	{"Who", "Your name, and the id that your company’s sign-in has for you.", []string{"Actor"}},
	{"When", "When it began and when it ended.", []string{"CreatedAt", "FinishedAt"}},
	{"What", "Whether it was a reference, a value, or both in one go.", []string{"Action"}},
	{"What you entered", enteredWords() + " Next to the ids, the names of project and agent as they were then. Never the description, and nothing of the secret.", []string{"Fields"}},
	{"Outcome", "How it ended, the status that Maia answered, and whether anything was sent.", []string{"Outcome", "Status", "Sent", "Steps"}},
	{"Maia’s answer", "Under which name the vault has the secret, the resolver reference, and whether a part of the answer could not be read.", []string{"VaultSecretName", "ResolverRef", "AnswerPartial"}},
	{"Changes", "Whether line ends became plain line feeds, and whether the line break after a key’s END line was added.", []string{"Changes"}},
	{"Later", "When somebody said that a pipeline has used it.", []string{"ProvenAt"}},
	{"From where", "Your network address, and the id of the request.", []string{"ClientAddress", "RequestID"}},
	{"Internal", "Ids of the record, the form and the process, the number of the attempt, and a checksum of the fields that are not secret.", []string{"ID", "FormToken", "Holder", "Attempt", "Fingerprint"}},
}

// enteredWords name the fields that are recorded, by the forms' own tables.
func enteredWords() string {
	var sentences []string
	for _, f := range forms {
		var labels []string
		for _, d := range f.recorded() {
			labels = append(labels, strings.ToLower(d.factLabel()))
		}
		last := len(labels) - 1
		sentences = append(sentences, "Of a "+f.words.noun+": "+strings.Join(labels[:last], ", ")+" and "+labels[last]+".")
	}
	return strings.Join(sentences, " ")
}

// about tells everybody what becomes of a secret. It asks nobody, so that it is there when the
// database is not; then nobody counts as signed in.
func (h *Handlers) about(c echo.Context) error {
	s, err := h.current(c)
	if err != nil {
		s = nil
	}
	m := pages.About{
		Page:      h.page(c, s, "How secrets are handled"),
		Maia:      h.Site.MaiaURL.Scheme + "://" + h.Site.MaiaURL.Host,
		MaiaTLS:   h.Site.MaiaURL.Scheme == "https",
		HTTPS:     h.Sessions.Cookies.Secure,
		Exchanged: h.Tokens.Exchange != nil,
		Account:   h.Site.MaiaAccount,
		Version:   h.Site.Version,
	}
	for _, call := range maiaclient.Calls() {
		m.Calls = append(m.Calls, pages.AboutCall{
			Method: call.Method,
			Path:   strings.TrimRight(h.Site.MaiaURL.Path, "/") + call.Path,
			What:   call.What,
			Secret: call.Secret,
		})
	}
	m.KeptFor = "Records are kept until an operator of the portal deletes them."
	if h.Site.Retention > 0 {
		m.KeptFor = "Records and entries of the audit trail are removed after " + lifeWords(h.Site.Retention) + ", but for records of secrets that are to be renewed."
	}
	for _, part := range recordParts {
		m.Record = append(m.Record, parts.Fact{Label: part.label, Value: part.text})
	}
	m.Kept = []parts.Fact{
		{
			Label: "Your session",
			Value: fmt.Sprintf("Who you are, your groups and your tokens, sealed. The key is made from the portal’s own key and from your browser’s cookie, so the database alone gives nothing away. Next to it, readable: your name, the ids that your company’s sign-in has for you and its session, the kind of browser, and when it was used. It ends when you sign out, after %s without use, and after %s in any case.",
				lifeWords(h.Sessions.Idle), lifeWords(h.Sessions.Max)),
		},
		{
			Label: "Logins under way",
			Value: "Random numbers and the address that you wanted to open, for up to " + lifeWords(session.LoginKept) + ". They are sealed as well, and only your browser and your company’s sign-in have the number that completes that key. Next to them, readable: your network address, so that nobody can fill the database with logins.",
		},
		{
			Label: "Limits",
			Value: "How many forms you have sent in the last minute. And checksums of sign-out messages of your company’s sign-in, and of its sessions that have ended here, for an hour, so that none counts twice.",
		},
		{
			Label: "The audit trail",
			Value: "A list of what happens to each submission, to which entries are only ever added: when it began, each call to Maia and how it ended, how all of it ended, and what was asked or said of it later (found out, proven, renewed, settled by a later one); with your name, your id at your company’s sign-in, your network address, the names above and nothing of a secret. Also when you sign in, with the kind of browser, are refused or sign out, sessions that are ended, and what auditors export. " + sealWords(h.Site.TrailKeyed),
		},
		{
			Label: "The log",
			Value: h.logWords() + "Of each request the path, the status, how long it took and your network address; when you sign in, your id at your company’s sign-in. Never what follows the “?” of an address, and never what a form sends. The operator decides how long logs are kept.",
		},
		{
			Label: "Suggestions",
			Value: "The lists of projects and agents that Maia shows you, in memory. They are asked for again after a minute; where that fails, they are used for " + lifeWords(catalogue.ListsKept) + " at most. Whether an agent belongs to AWS or Azure is known until they are read again. They also turn a name that you enter exactly into its id.",
		},
	}
	return render(c, http.StatusOK, pages.AboutPage(m))
}

// logWords say what of the audit trail is in the log. The demo's is for people, and has none of it.
func (h *Handlers) logWords() string {
	if h.Site.Demo != nil {
		return ""
	}
	return "The entries of the audit trail again. "
}

// sealWords says what an audit trail's hashes are worth.
func sealWords(keyed bool) string {
	const chained = "Each entry has a checksum over itself and the one before (SHA-256)"
	if keyed {
		return chained + ", made with a key that is not in the database: a person who changes an entry there cannot hide it."
	}
	return chained + ". It is made without a key here: it shows slips, but not a person who rewrites all of them."
}

// lifeWords is how long something is kept, for people.
func lifeWords(d time.Duration) string {
	for _, u := range []struct {
		unit time.Duration
		word string
	}{{time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if n := d / u.unit; n > 0 && d%u.unit == 0 {
			if n == 1 {
				return "one " + u.word
			}
			return fmt.Sprintf("%d %ss", n, u.word)
		}
	}
	return d.String()
}
