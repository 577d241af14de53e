package handlers

import (
	"errors"
	"net/http"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"maiaportal/internal/auth"
	"maiaportal/internal/record"
	"maiaportal/internal/store"
	"maiaportal/internal/submission"
	"maiaportal/web/templates/pages"
	"maiaportal/web/templates/parts"
)

const activityPage = 50

// outcomes are the words and signs for people.
var outcomes = map[record.Outcome]parts.Badge{
	record.Pending:         {Kind: parts.KindInfo, Label: "Under way"},
	record.Created:         {Kind: parts.KindDone, Label: "Created"},
	record.ValueStored:     {Kind: parts.KindWarning, Label: "Reference missing"},
	record.Rejected:        {Kind: parts.KindProblem, Label: "Refused by Maia"},
	record.Unauthenticated: {Kind: parts.KindProblem, Label: "Login not accepted"},
	record.Forbidden:       {Kind: parts.KindProblem, Label: "Not allowed"},
	record.NotFound:        {Kind: parts.KindProblem, Label: "Not found"},
	record.Conflict:        {Kind: parts.KindProblem, Label: "Name taken"},
	record.RateLimited:     {Kind: parts.KindProblem, Label: "Maia was busy"},
	record.Failed:          {Kind: parts.KindProblem, Label: "Failed"},
	record.Unknown:         {Kind: parts.KindWarning, Label: "Result unknown"},
}

func (h *Handlers) activityRows(rows []record.Submission, who bool) []pages.ActivityRow {
	var out []pages.ActivityRow
	d := h.dates()
	for _, r := range rows {
		r, _ = h.Submissions.Known(r)
		row := pages.ActivityRow{
			Href:    receiptPath(r.ID),
			When:    d.past(r.CreatedAt, d.short(r.CreatedAt)),
			Action:  formOf(r.Action).words.kind,
			Name:    r.Name,
			Where:   formOf(r.Action).words.where(r.Fields),
			Outcome: outcomes[r.Outcome],
		}
		if who {
			row.Who = r.Actor.Name
		}
		out = append(out, row)
	}
	return out
}

// receipt shows one submission. Somebody else's is not found, unless the reader audits.
func (h *Handlers) receipt(c echo.Context, s *auth.Session) error {
	id := c.Param("id")
	if uuid.Validate(id) != nil || len(id) != 36 {
		return echo.ErrNotFound
	}
	r, err := h.Records.SubmissionByID(c.Request().Context(), id)
	own := own(s, r)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && !own && !h.Policy.Audits(s.Login.Groups):
		return echo.ErrNotFound
	case err != nil:
		return databaseAway(err)
	}
	r, late := h.Submissions.Known(r)
	if r.Outcome == record.Pending {
		// Its end may have been recorded just after it was read.
		if r, err = h.Records.SubmissionByID(c.Request().Context(), id); err != nil {
			return databaseAway(err)
		}
		r, late = h.Submissions.Known(r)
	}
	m := receiptView(h.dates(), h.withAgentType(s, r), own && h.Policy.MaySubmit(s.Login.Groups), c.QueryParam("description"))
	if late {
		m.Text = append(m.Text, "The portal’s database has not recorded this result yet. The portal keeps trying.")
	}
	if explains(r) {
		m.Help = h.explain(answerOf(r))
		m.Help.Folded = true
	}
	if m.History, err = h.history(c, s, r); err != nil {
		return err
	}
	m.Page = h.page(c, s, m.Heading)
	if m.Waiting {
		c.Response().Header().Set("Refresh", "2")
	}
	return render(c, http.StatusOK, pages.ReceiptPage(m))
}

// receiptView puts a record into words. own says that its reader is the one who can go on from it.
func receiptView(d dates, r record.Submission, own bool, description string) pages.Receipt {
	f := formOf(r.Action)
	m := pages.Receipt{Outcome: outcomes[r.Outcome], Waiting: r.Outcome == record.Pending}
	name := "The " + f.words.noun + " " + r.Name
	switch r.Outcome {
	case record.Pending:
		m.Heading, m.Text = name+" is under way", []string{"Maia has not answered yet."}
	case record.Created:
		f.words.created(f, &m, r, name, own)
	case record.ValueStored:
		halfWay(&m, r, own, description)
	case record.Unknown:
		unknownView(f, &m, r, name, own)
	case record.Rejected, record.Unauthenticated, record.Forbidden, record.NotFound, record.Conflict, record.RateLimited,
		record.Failed:
		refusedView(f, &m, r, name, own)
	}
	m.Facts = f.facts(d, r)
	m.Progress = f.progress(r)
	if own {
		afterwards(d, &m, r)
	}
	if own && r.Outcome == record.Created {
		m.Next = append(m.Next, parts.Link{Label: "Make a link to a form like this", Href: f.likeThis(r)})
	}
	if own && !m.Waiting {
		m.Next = append(m.Next, parts.Link{Label: "See your activity", Href: "/activity"})
	}
	return m
}

// changeWords tell what became different of a value on its way.
func changeWords(r record.Submission) []string {
	var out []string
	for change := range strings.SplitSeq(r.Changes, ",") {
		switch change {
		case submission.ChangeLineEnds:
			out = append(out, "Its line breaks were stored as plain line feeds (LF), whatever the browser sent.")
		case submission.ChangeNoBreak:
			out = append(out, "The line break at the end of the single line was removed. Nothing else was changed.")
		case submission.ChangeNewline:
			out = append(out, "The line break that was missing after the key’s END line was added. Nothing else was changed.")
		}
	}
	return out
}

func unknownView(f formSpec, m *pages.Receipt, r record.Submission, name string, own bool) {
	m.Heading = name + " may or may not have been created"
	m.Text = []string{"It was sent to Maia, but no clear answer came back. The portal does not send it again by itself.", laterWords(r)}
	m.Text = append(m.Text, f.words.unknown(r.Fields))
	if own {
		if f.words.later != nil {
			m.Next = f.words.later(r)
		}
		m.Next = append(m.Next, parts.Link{Label: "Try again with a filled-in form", Href: f.again(r)})
	}
}

// refusals say what an outcome meant, for a receipt that is read later.
var refusals = map[record.Outcome]string{
	record.Rejected:        "Maia refused what was entered. Nothing was created.",
	record.Unauthenticated: "The login was not accepted or had expired. Nothing was created.",
	record.Forbidden:       "Maia does not allow this to the account that sent it. Nothing was created.",
	record.NotFound:        "Maia found no such project or agent for the account that sent it. Nothing was created.",
	record.Conflict:        "The name existed already. Nothing was created or changed.",
	record.RateLimited:     "Maia had too many requests at that time. Nothing was created.",
	record.Failed:          "Maia answered that it failed. Most likely nothing was created.",
}

// foundOut says of a failed submission that it was sent, that its answer told nothing, and that only Maia's list did.
func foundOut(status int) bool {
	return status < 400 || status == http.StatusBadGateway || status == http.StatusGatewayTimeout
}

func refusedView(f formSpec, m *pages.Receipt, r record.Submission, name string, own bool) {
	m.Text = []string{refusals[r.Outcome]}
	m.Heading = name + " " + f.words.notDone
	switch {
	case r.Outcome == record.Failed && !r.Sent:
		m.Text = []string{"Nothing was sent to Maia."}
	case r.Outcome == record.Failed && foundOut(r.Status):
		m.Text = []string{"No clear answer came, and later Maia did not list it: it was not created."}
	case r.Outcome == record.Failed && r.Status == http.StatusUnauthorized:
		m.Text = []string{"Maia did not accept the login’s token, and a second try with a fresh one could not be made. Nothing was created."}
	case r.Outcome == record.Failed && r.Status == http.StatusServiceUnavailable:
		m.Text = append(m.Text, laterWords(r))
	case tokenTooLong(r):
		m.Text = []string{"Your login’s token was too long for Maia: most often it lists too many groups. Nothing was created. Ask your portal administrator."}
	}
	if own {
		m.Next = []parts.Link{{Label: "Try again with a filled-in form", Href: f.again(r)}}
	}
}

// likeThis is the page that makes a link to a form with what a record knows, but for the names that have to be new.
func (f formSpec) likeThis(r record.Submission) string {
	for _, name := range []*string{&r.Name, &r.RenewBy, &r.Ticket} {
		*name = ""
	}
	if r.Action == record.Setup {
		r.SecretName = ""
	}
	return wikiLink(f, f.known(r))
}

// facts are what a receipt lists.
func (f formSpec) facts(when dates, r record.Submission) []parts.Fact {
	var list []parts.Fact
	add := func(label, value string, code bool) {
		if value != "" {
			list = append(list, parts.Fact{Label: label, Value: value, Code: code})
		}
	}
	for i, d := range f.recorded() {
		value := *d.recorded(&r.Fields)
		if d.words != nil {
			value = d.words(value)
		}
		if d.name == "name" && i > 0 && value == r.VaultSecretName {
			continue // it stands there as the name in the vault
		}
		add(d.factLabel(), value, d.words == nil)
		switch d.name {
		case "projectId":
			add("Project name", r.ProjectName, false)
		case "agentId":
			add("Agent name", r.AgentName, false)
		}
		if i == 0 {
			add("Name in the vault", r.VaultSecretName, true)
			add("Resolver reference", r.ResolverRef, true)
		}
	}
	add("By", r.Actor.Name, false)
	list = append(list, parts.Fact{
		Label: "When",
		When:  when.past(r.CreatedAt, when.moment(r.CreatedAt)),
	})
	add("Request id", r.RequestID, true)
	return list
}
