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
	"maiaportal/internal/store"
	"maiaportal/internal/submission"
	"maiaportal/web/templates"
)

const (
	activityPage = 50
	homeRows     = 5
)

// outcomes are the words and signs for people.
var outcomes = map[string]templates.Badge{
	submission.Pending:         {Kind: templates.KindInfo, Label: "Under way"},
	submission.Created:         {Kind: templates.KindDone, Label: "Created"},
	submission.Rejected:        {Kind: templates.KindProblem, Label: "Refused by Maia"},
	submission.Unauthenticated: {Kind: templates.KindProblem, Label: "Login not accepted"},
	submission.Forbidden:       {Kind: templates.KindProblem, Label: "Not allowed"},
	submission.NotFound:        {Kind: templates.KindProblem, Label: "Not found"},
	submission.Conflict:        {Kind: templates.KindProblem, Label: "Name taken"},
	submission.RateLimited:     {Kind: templates.KindProblem, Label: "Maia was busy"},
	submission.Failed:          {Kind: templates.KindProblem, Label: "Failed"},
	submission.Unknown:         {Kind: templates.KindWarning, Label: "Not known"},
}

var actions = map[string]string{submission.ActionReference: "Reference", submission.ActionValue: "Value"}

// home is the start page.
func (h *Handlers) home(c echo.Context, s *auth.Session) error {
	rows, err := h.Records.Submissions(c.Request().Context(), s.Login.Issuer, s.Login.Subject, "", homeRows)
	if err != nil {
		return databaseAway(err)
	}
	m := templates.Home{Page: h.page(c, s, "Start"), Latest: h.activityRows(rows, false), Guide: h.Site.Guide}
	if h.Policy.MaySubmit(s.Login.Groups) {
		m.Tasks = []templates.Task{
			{Title: "Create a secret reference", Href: referenceForm.page, Action: "Create a reference",
				Text: "A name that pipelines use, pointing to a secret in AWS, in Azure, or hosted by Matillion. Maia’s own pages also call it a secret definition or a connection."},
			{Title: "Store a secret value", Href: valueForm.page, Action: "Store a value",
				Text: "Put a password, key or OAuth credential into your own vault, through an agent. It can be written here, and never read back."},
		}
	} else {
		m.Tasks = []templates.Task{{Title: "See the activity", Href: "/activity", Action: "See the activity", Text: "What was submitted here, by whom and how it ended. Your account may look at everything, and submit nothing."}}
	}
	return render(c, http.StatusOK, templates.HomePage(m))
}

// activity lists submissions, newest first: one's own, or everybody's for auditors.
func (h *Handlers) activity(c echo.Context, s *auth.Session) error {
	issuer, subject := s.Login.Issuer, s.Login.Subject
	m := templates.Activity{Page: h.page(c, s, "Your activity"), Heading: "Your activity"}
	if h.Policy.Audits(s.Login.Groups) {
		subject = ""
		m.Page.Title, m.Heading, m.ShowWho = "Everybody’s activity", "Everybody’s activity", true
	}
	before := c.QueryParam("before")
	if uuid.Validate(before) != nil {
		before = ""
	}
	rows, err := h.Records.Submissions(c.Request().Context(), issuer, subject, before, activityPage+1)
	if err != nil {
		return databaseAway(err)
	}
	if len(rows) > activityPage {
		rows = rows[:activityPage]
		m.Older = "/activity?before=" + url.QueryEscape(rows[activityPage-1].ID)
	}
	m.Rows = h.activityRows(rows, m.ShowWho)
	return render(c, http.StatusOK, templates.ActivityPage(m))
}

func (h *Handlers) activityRows(rows []store.Submission, who bool) []templates.ActivityRow {
	var out []templates.ActivityRow
	for _, r := range rows {
		r, _ = h.Submissions.Known(r)
		row := templates.ActivityRow{
			Href: receiptPath(r.ID), Time: r.CreatedAt.UTC().Format("2 Jan 2006, 15:04") + " UTC", ISO: r.CreatedAt.UTC().Format(time.RFC3339),
			Action: actions[r.Action], Name: r.Name, Outcome: outcomes[r.Outcome], Where: "Project " + r.ProjectID,
		}
		if r.Action == submission.ActionValue {
			row.Where = "Agent " + r.AgentID
		}
		if who {
			row.Who = r.ActorName
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
	own := r.ActorIssuer == s.Login.Issuer && r.ActorSubject == s.Login.Subject
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
	return render(c, http.StatusOK, templates.ReceiptPage(m))
}

// receiptView puts a record into words. own says that its reader is the one who can go on from it.
func receiptView(r store.Submission, own bool) templates.Receipt {
	what := "reference"
	if r.Action == submission.ActionValue {
		what = "value"
	}
	m := templates.Receipt{Outcome: outcomes[r.Outcome], Waiting: r.Outcome == submission.Pending}
	name := "The " + what + " " + r.Name
	switch r.Outcome {
	case submission.Pending:
		m.Heading, m.Text = name+" is under way", []string{"Maia has not answered yet. This page looks again by itself every two seconds."}
	case submission.Created:
		createdView(&m, r, name, own)
	case submission.Unknown:
		unknownView(&m, r, name, own)
	default:
		refusedView(&m, r, name, own)
	}
	m.Facts = facts(r)
	if own && !m.Waiting {
		m.Next = append(m.Next, templates.Link{Label: "See your activity", Href: "/activity"})
	}
	return m
}

func createdView(m *templates.Receipt, r store.Submission, name string, own bool) {
	if r.Action == submission.ActionReference {
		m.Heading = name + " was created"
		m.Text = []string{"Pipelines of the project can use it now by its name, as a plain string. Names are case-sensitive. It counts as done when a pipeline has authenticated with it."}
		m.Text = append(m.Text, changeWords(r)...)
		m.Snippet = `password: "` + r.Name + `"`
		if own {
			m.Next = []templates.Link{{Label: "Create another reference", Href: referenceForm.link(input{values: map[string][]string{"projectId": {r.ProjectID}, "agentType": {r.AgentType}}})}}
		}
		return
	}
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
		m.Next = []templates.Link{{Label: "Create the reference", Href: referenceForm.link(in), Primary: true}, {Label: "Store another value", Href: valueForm.page}}
	}
}

// changeWords tell what became different of a value on its way.
func changeWords(r store.Submission) []string {
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
func vaultName(r store.Submission) string {
	if r.VaultSecretName != "" {
		return r.VaultSecretName
	}
	return r.Name
}

func unknownView(m *templates.Receipt, r store.Submission, name string, own bool) {
	m.Heading = name + " may or may not have been created"
	m.Text = []string{"It was sent to Maia, but no clear answer came back. The portal does not send it again by itself.", laterWords(r)}
	if r.Action == submission.ActionReference {
		m.Text = append(m.Text, "To find out, look at the secret definitions of the project in Maia. If the name is there, it was created. If not, create it again.")
	} else {
		m.Text = append(m.Text, "To find out, look in the vault’s console for a secret of this name. If it is there, it was stored. If not, store it again.")
	}
	if own {
		m.Next = []templates.Link{{Label: "Try again with a filled-in form", Href: againLink(r)}}
	}
}

// refusals say what an outcome meant, for a receipt that is read later.
var refusals = map[string]string{
	submission.Rejected:        "Maia refused what was entered. Nothing was created.",
	submission.Unauthenticated: "The login was not accepted or had run out. Nothing was created.",
	submission.Forbidden:       "Maia does not allow this to the account that sent it. Nothing was created.",
	submission.NotFound:        "Maia found no such project or agent for the account that sent it. Nothing was created.",
	submission.Conflict:        "The name existed already. Nothing was created or changed.",
	submission.RateLimited:     "Maia had too many requests at that time. Nothing was created.",
	submission.Failed:          "Maia answered that it failed. Most likely nothing was created.",
}

func refusedView(m *templates.Receipt, r store.Submission, name string, own bool) {
	m.Heading, m.Text = name+" was not created", []string{refusals[r.Outcome]}
	if r.Action == submission.ActionValue {
		m.Heading = name + " was not stored"
	}
	switch {
	case r.Outcome == submission.Failed && !r.Sent:
		m.Text = []string{"Nothing was sent to Maia."}
	case r.Outcome == submission.Failed && r.Status == http.StatusServiceUnavailable:
		m.Text = append(m.Text, laterWords(r))
	case tokenTooLong(r):
		m.Text = []string{"Your login’s token was too long for Maia: most often it lists too many groups. Nothing was created. Ask your portal administrator."}
	}
	if own {
		m.Next = []templates.Link{{Label: "Try again with a filled-in form", Href: againLink(r)}}
	}
}

// againLink is the form with what the record knows.
func againLink(r store.Submission) string {
	one := func(s string) []string {
		if s == "" {
			return nil
		}
		return []string{s}
	}
	if r.Action == submission.ActionValue {
		return valueForm.link(input{values: map[string][]string{"agentId": one(r.AgentID), "projectId": one(r.ProjectID), "name": one(r.Name), "type": one(r.Type), "key": one(r.SecretKey)}})
	}
	return referenceForm.link(input{values: map[string][]string{
		"projectId": one(r.ProjectID), "secretReferenceName": one(r.Name), "agentType": one(r.AgentType), "vaultName": one(r.VaultName),
		"secretName": one(r.SecretName), "secretKey": one(r.SecretKey), "agentId": one(r.AgentID),
	}})
}

// agentTypes say where a secret of a reference is kept.
var agentTypes = map[string]string{
	maiaclient.AWS: "AWS Secrets Manager", maiaclient.Azure: "Azure Key Vault", maiaclient.MatillionHosted: "The vault that Matillion hosts",
}

func facts(r store.Submission) []templates.Fact {
	var f []templates.Fact
	add := func(label, value string, code bool) {
		if value != "" {
			f = append(f, templates.Fact{Label: label, Value: value, Code: code})
		}
	}
	if r.Action == submission.ActionReference {
		add("Reference name", r.Name, true)
		add("Project", r.ProjectID, true)
		add("Agent type", agentTypes[r.AgentType], false)
	} else {
		add("Secret name", r.Name, true)
		add("Name in the vault", r.VaultSecretName, true)
		add("Resolver reference", r.ResolverRef, true)
	}
	add("Agent", r.AgentID, true)
	if r.Action == submission.ActionValue {
		add("Project", r.ProjectID, true)
	}
	add("Vault name", r.VaultName, true)
	add("Secret name", r.SecretName, true)
	add("Secret key", r.SecretKey, true)
	add("Secret type", r.Type, false)
	add("By", r.ActorName, false)
	add("When", moment(r.CreatedAt), false)
	add("Request id", r.RequestID, true)
	return f
}
