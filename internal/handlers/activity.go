package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"maiaportal/internal/auth"
	"maiaportal/internal/maiaclient"
	"maiaportal/internal/record"
	"maiaportal/internal/store"
	"maiaportal/internal/submission"
	"maiaportal/web/templates/pages"
	"maiaportal/web/templates/parts"
)

const (
	activityPage = 50
	homeRows     = 5
)

// outcomes are the words and signs for people.
var outcomes = map[record.Outcome]parts.Badge{
	record.Pending:         {Kind: parts.KindInfo, Label: "Under way"},
	record.Created:         {Kind: parts.KindDone, Label: "Created"},
	record.Rejected:        {Kind: parts.KindProblem, Label: "Refused by Maia"},
	record.Unauthenticated: {Kind: parts.KindProblem, Label: "Login not accepted"},
	record.Forbidden:       {Kind: parts.KindProblem, Label: "Not allowed"},
	record.NotFound:        {Kind: parts.KindProblem, Label: "Not found"},
	record.Conflict:        {Kind: parts.KindProblem, Label: "Name taken"},
	record.RateLimited:     {Kind: parts.KindProblem, Label: "Maia was busy"},
	record.Failed:          {Kind: parts.KindProblem, Label: "Failed"},
	record.Unknown:         {Kind: parts.KindWarning, Label: "Not known"},
}

var actions = map[record.Action]string{record.Reference: "Reference", record.Value: "Value"}

// home is the start page.
func (h *Handlers) home(c echo.Context, s *auth.Session) error {
	rows, err := h.Records.Submissions(c.Request().Context(), record.Query{Of: record.Own(actor(s)), Limit: homeRows})
	if err != nil {
		return databaseAway(err)
	}
	m := pages.Home{Page: h.page(c, s, "Start"), Latest: h.activityRows(rows, false), Guide: h.Site.Guide}
	if h.Policy.MaySubmit(s.Login.Groups) {
		m.Tasks = []pages.Task{
			{
				Title:  "Create a secret reference",
				Href:   referenceForm.page,
				Action: "Create a reference",
				Text:   "A name that pipelines use, pointing to a secret in AWS, in Azure, or hosted by Matillion. Maia’s own pages also call it a secret definition or a connection.",
			},
			{
				Title:  "Store a secret value",
				Href:   valueForm.page,
				Action: "Store a value",
				Text:   "Put a password, key or OAuth credential into your own vault, through an agent. It can be written here, and never read back.",
			},
		}
	} else {
		m.Tasks = []pages.Task{{
			Title:  "See the activity",
			Href:   "/activity",
			Action: "See the activity",
			Text:   "What was submitted here, by whom and how it ended. Your account may look at everything, and submit nothing.",
		}}
	}
	return render(c, http.StatusOK, pages.HomePage(m))
}

// activity lists submissions, newest first: one's own, or everybody's for auditors.
func (h *Handlers) activity(c echo.Context, s *auth.Session) error {
	q := record.Query{Of: record.Own(actor(s)), Limit: activityPage + 1}
	m := pages.Activity{Page: h.page(c, s, "Your activity"), Heading: "Your activity"}
	if h.Policy.Audits(s.Login.Groups) {
		q.Of = record.Everyone
		m.Page.Title, m.Heading, m.ShowWho = "Everybody’s activity", "Everybody’s activity", true
	}
	if before := c.QueryParam("before"); uuid.Validate(before) == nil {
		q.Before = before
	}
	rows, err := h.Records.Submissions(c.Request().Context(), q)
	if err != nil {
		return databaseAway(err)
	}
	if len(rows) > activityPage {
		rows = rows[:activityPage]
		m.Older = "/activity?before=" + url.QueryEscape(rows[activityPage-1].ID)
	}
	m.Rows = h.activityRows(rows, m.ShowWho)
	return render(c, http.StatusOK, pages.ActivityPage(m))
}

func (h *Handlers) activityRows(rows []record.Submission, who bool) []pages.ActivityRow {
	var out []pages.ActivityRow
	for _, r := range rows {
		r, _ = h.Submissions.Known(r)
		row := pages.ActivityRow{
			Href:    receiptPath(r.ID),
			Time:    r.CreatedAt.UTC().Format("2 Jan 2006, 15:04") + " UTC",
			ISO:     r.CreatedAt.UTC().Format(time.RFC3339),
			Action:  actions[r.Action],
			Name:    r.Name,
			Outcome: outcomes[r.Outcome],
		}
		switch r.Action {
		case record.Reference:
			row.Where = "Project " + r.ProjectID
		case record.Value:
			row.Where = "Agent " + r.AgentID
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
	own := r.Actor.Issuer == s.Login.Issuer && r.Actor.Subject == s.Login.Subject
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && !own && !h.Policy.Audits(s.Login.Groups):
		return echo.ErrNotFound
	case err != nil:
		return databaseAway(err)
	}
	r, late := h.Submissions.Known(r)
	m := receiptView(r, own && h.Policy.MaySubmit(s.Login.Groups))
	if late {
		m.Text = append(m.Text, "The portal’s database has not recorded this result yet. The portal keeps trying.")
	}
	m.Page = h.page(c, s, m.Heading)
	if m.Waiting {
		c.Response().Header().Set("Refresh", "2")
	}
	return render(c, http.StatusOK, pages.ReceiptPage(m))
}

// receiptView puts a record into words. own says that its reader is the one who can go on from it.
func receiptView(r record.Submission, own bool) pages.Receipt {
	var what string
	switch r.Action {
	case record.Reference:
		what = "reference"
	case record.Value:
		what = "value"
	}
	m := pages.Receipt{Outcome: outcomes[r.Outcome], Waiting: r.Outcome == record.Pending}
	name := "The " + what + " " + r.Name
	switch r.Outcome {
	case record.Pending:
		m.Heading, m.Text = name+" is under way", []string{"Maia has not answered yet. This page looks again by itself every two seconds."}
	case record.Created:
		createdView(&m, r, name, own)
	case record.Unknown:
		unknownView(&m, r, name, own)
	case record.Rejected, record.Unauthenticated, record.Forbidden, record.NotFound, record.Conflict, record.RateLimited,
		record.Failed:
		refusedView(&m, r, name, own)
	}
	m.Facts = facts(r)
	if own && !m.Waiting {
		m.Next = append(m.Next, parts.Link{Label: "See your activity", Href: "/activity"})
	}
	return m
}

func createdView(m *pages.Receipt, r record.Submission, name string, own bool) {
	switch r.Action {
	case record.Reference:
		referenceCreated(m, r, name, own)
	case record.Value:
		valueStored(m, r, name, own)
	}
}

func referenceCreated(m *pages.Receipt, r record.Submission, name string, own bool) {
	m.Heading = name + " was created"
	m.Text = []string{"Pipelines of the project can use it now by its name, as a plain string. Names are case-sensitive. It counts as done when a pipeline has authenticated with it."}
	m.Text = append(m.Text, changeWords(r)...)
	m.Snippet = `password: "` + r.Name + `"`
	if own {
		m.Next = []parts.Link{{
			Label: "Create another reference",
			Href:  referenceForm.link(input{values: map[string][]string{"projectId": {r.ProjectID}, "agentType": {r.AgentType}}}),
		}}
	}
}

func valueStored(m *pages.Receipt, r record.Submission, name string, own bool) {
	m.Heading = name + " was stored"
	m.Text = []string{"The agent put it into its vault. The portal kept nothing of it, and nobody can read it back here."}
	if r.VaultSecretName != "" && r.VaultSecretName != r.Name {
		m.Text = append(m.Text, "In the vault it is called "+r.VaultSecretName+". Use this name in the reference.")
	}
	if r.AnswerPartial {
		m.Text = append(m.Text, "Maia said that it was stored, but a part of its answer could not be read, so a name or reference may be missing below.")
	}
	m.Text = append(m.Text, changeWords(r)...)
	m.Text = append(m.Text, "To use it in pipelines, create a reference that points to it.")
	if own {
		in := input{values: map[string][]string{"secretName": {vaultName(r)}, "secretKey": {r.SecretKey}}}
		if r.ProjectID != "" {
			in.values["projectId"] = []string{r.ProjectID}
		}
		m.Next = []parts.Link{{
			Label:   "Create the reference",
			Href:    referenceForm.link(in),
			Primary: true,
		}, {
			Label: "Store another value",
			Href:  valueForm.page,
		}}
	}
}

// changeWords tell what became different of a value on its way.
func changeWords(r record.Submission) []string {
	var out []string
	for change := range strings.SplitSeq(r.Changes, ",") {
		switch change {
		case submission.ChangeLineEnds:
			out = append(out, "Its line breaks were stored as plain line feeds (LF), whatever the browser sent.")
		case submission.ChangeNewline:
			out = append(out, "The line break that was missing after the key’s END line was added. Nothing else was changed.")
		}
	}
	return out
}

// vaultName is the secret's name as the vault has it: Maia's answer knows better than the form.
func vaultName(r record.Submission) string {
	if r.VaultSecretName != "" {
		return r.VaultSecretName
	}
	return r.Name
}

func unknownView(m *pages.Receipt, r record.Submission, name string, own bool) {
	m.Heading = name + " may or may not have been created"
	m.Text = []string{"It was sent to Maia, but no clear answer came back. The portal does not send it again by itself.", laterWords(r)}
	switch r.Action {
	case record.Reference:
		m.Text = append(m.Text, "To find out, look at the secret definitions of the project in Maia. If the name is there, it was created. If not, create it again.")
	case record.Value:
		m.Text = append(m.Text, "To find out, look in the vault’s console for a secret of this name. If it is there, it was stored. If not, store it again.")
	}
	if own {
		m.Next = []parts.Link{{Label: "Try again with a filled-in form", Href: againLink(r)}}
	}
}

// refusals say what an outcome meant, for a receipt that is read later.
var refusals = map[record.Outcome]string{
	record.Rejected:        "Maia refused what was entered. Nothing was created.",
	record.Unauthenticated: "The login was not accepted or had run out. Nothing was created.",
	record.Forbidden:       "Maia does not allow this to the account that sent it. Nothing was created.",
	record.NotFound:        "Maia found no such project or agent for the account that sent it. Nothing was created.",
	record.Conflict:        "The name existed already. Nothing was created or changed.",
	record.RateLimited:     "Maia had too many requests at that time. Nothing was created.",
	record.Failed:          "Maia answered that it failed. Most likely nothing was created.",
}

func refusedView(m *pages.Receipt, r record.Submission, name string, own bool) {
	m.Text = []string{refusals[r.Outcome]}
	switch r.Action {
	case record.Reference:
		m.Heading = name + " was not created"
	case record.Value:
		m.Heading = name + " was not stored"
	}
	switch {
	case r.Outcome == record.Failed && !r.Sent:
		m.Text = []string{"Nothing was sent to Maia."}
	case r.Outcome == record.Failed && (r.Status == 0 || r.Status == http.StatusUnauthorized):
		m.Text = []string{"Maia did not accept the login’s token, and a second try with a fresh one could not be made. Nothing was created."}
	case r.Outcome == record.Failed && r.Status == http.StatusServiceUnavailable:
		m.Text = append(m.Text, laterWords(r))
	case tokenTooLong(r):
		m.Text = []string{"Your login’s token was too long for Maia: most often it lists too many groups. Nothing was created. Ask your portal administrator."}
	}
	if own {
		m.Next = []parts.Link{{Label: "Try again with a filled-in form", Href: againLink(r)}}
	}
}

// againLink is the form with what the record knows.
func againLink(r record.Submission) string {
	one := func(s string) []string {
		if s == "" {
			return nil
		}
		return []string{s}
	}
	switch r.Action {
	case record.Reference:
		return referenceForm.link(input{values: map[string][]string{
			"projectId":           one(r.ProjectID),
			"secretReferenceName": one(r.Name),
			"agentType":           one(r.AgentType),
			"vaultName":           one(r.VaultName),
			"secretName":          one(r.SecretName),
			"secretKey":           one(r.SecretKey),
			"agentId":             one(r.AgentID),
		}})
	case record.Value:
		return valueForm.link(input{values: map[string][]string{
			"agentId":   one(r.AgentID),
			"projectId": one(r.ProjectID),
			"name":      one(r.Name),
			"type":      one(r.Type),
			"key":       one(r.SecretKey),
		}})
	}
	return "/"
}

// agentTypes say where a secret of a reference is kept.
var agentTypes = map[string]string{
	maiaclient.AWS: "AWS Secrets Manager", maiaclient.Azure: "Azure Key Vault", maiaclient.MatillionHosted: "The vault that Matillion hosts",
}

func facts(r record.Submission) []parts.Fact {
	var f []parts.Fact
	add := func(label, value string, code bool) {
		if value != "" {
			f = append(f, parts.Fact{Label: label, Value: value, Code: code})
		}
	}
	switch r.Action {
	case record.Reference:
		add("Reference name", r.Name, true)
		add("Project", r.ProjectID, true)
		add("Agent type", agentTypes[r.AgentType], false)
		add("Agent", r.AgentID, true)
	case record.Value:
		add("Secret name", r.Name, true)
		add("Name in the vault", r.VaultSecretName, true)
		add("Resolver reference", r.ResolverRef, true)
		add("Agent", r.AgentID, true)
		add("Project", r.ProjectID, true)
	}
	add("Vault name", r.VaultName, true)
	add("Secret name", r.SecretName, true)
	add("Secret key", r.SecretKey, true)
	add("Secret type", r.Type, false)
	add("By", r.Actor.Name, false)
	add("When", moment(r.CreatedAt), false)
	add("Request id", r.RequestID, true)
	return f
}
