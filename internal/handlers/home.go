package handlers

import (
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"maiaportal/internal/auth"
	"maiaportal/internal/maiaclient"
	"maiaportal/internal/record"
	"maiaportal/web/templates/pages"
)

// How many rows the lists on the start page have: what fits beside each other on one screen.
const (
	homeRows = 5
	dueShown = 3
)

// DueSoon is within how many days a secret counts on the start page as one to renew.
const DueSoon = 30

// home is the start page. Somebody who has done nothing yet is asked where the secret is. All others come back for one
// thing out of a few, and find these close together.
func (h *Handlers) home(c echo.Context, s *auth.Session) error {
	rows, err := h.Records.Submissions(c.Request().Context(), record.Query{Of: record.Own(actor(s)), Limit: homeRows})
	if err != nil {
		return databaseAway(err)
	}
	m := pages.Home{
		Page:   h.page(c, s, "Start"),
		Latest: h.activityRows(rows, false),
		Guide:  h.Site.Demo.guide(),
	}
	if err := h.dueSoon(c, s, &m); err != nil {
		return err
	}
	switch {
	case !h.Policy.MaySubmit(s.Login.Groups):
		m.Heading = "What would you like to see?"
		m.Cards = readerCards
		m.Guide = nil // it leads to forms
	case len(m.Latest) == 0:
		m.Heading = "Where is the secret now?"
		m.Cards = firstCards
		m.Presets = h.presetTasks(s)
		m.Single = []pages.Task{storeAlone}
	default:
		m.Heading = "What would you like to do?"
		m.Main = &setUp
		m.Presets = h.presetTasks(s)
		m.Single = []pages.Task{referToVault, storeAlone, hosted}
	}
	return render(c, http.StatusOK, pages.HomePage(m))
}

// dueSoon lists the user's own secrets that are overdue or will be soon.
func (h *Handlers) dueSoon(c echo.Context, s *auth.Session, m *pages.Home) error {
	own, soon := record.Own(actor(s)), h.dates().here().AddDate(0, 0, DueSoon).Format(time.DateOnly)
	n, err := h.Records.CountDue(c.Request().Context(), own, soon)
	if err != nil {
		return databaseAway(err)
	}
	if n == 0 {
		return nil
	}
	list, err := h.Records.Due(c.Request().Context(), own, min(n, dueShown))
	if err != nil {
		return databaseAway(err)
	}
	m.Due = h.dueRowsOf(list, false)
	m.AllDue = "See all renewal dates"
	if n > dueShown {
		m.AllDue = "See all " + strconv.Itoa(n) + " that are due"
	}
	return nil
}

// What people come for. They do not know references and values, but they know where their secret is.
var (
	setUp = pages.Task{
		Text:   "Enter it once. It goes into your vault, and pipelines get a name for it.",
		Href:   setupForm.page,
		Action: "Set up a secret",
	}
	referToVault = pages.Task{
		Text:   "The secret is already in AWS or Azure.",
		Href:   referenceForm.page,
		Action: "Create a reference",
	}
	storeAlone = pages.Task{
		Text:   "Only the value goes into the vault. Somebody else creates the reference.",
		Href:   valueForm.page,
		Action: "Store a value",
	}
	hosted = pages.Task{
		Text:   "You have no vault of your own for it.",
		Href:   setupForm.link(input{values: map[string][]string{"agentType": {maiaclient.MatillionHosted}}}),
		Action: "Let Matillion host it",
	}

	firstCards = []pages.Task{{
		Title:  "I have it, for our own vault",
		Text:   "A password, key or credential for your own AWS or Azure vault. Maia stores it there, and pipelines get a name for it.",
		Href:   setUp.Href,
		Action: setUp.Action,
	}, {
		Title:  "It is already in AWS or Azure",
		Text:   "It is in Secrets Manager or a Key Vault. Pipelines need a name that points there. You do not enter the secret.",
		Href:   referToVault.Href,
		Action: referToVault.Action,
	}, {
		Title:  "Matillion should keep it",
		Text:   "You have no vault of your own for it. Matillion hosts it, and pipelines get a name for it.",
		Href:   hosted.Href,
		Action: hosted.Action,
	}}

	readerCards = []pages.Task{{
		Title:  "Activity",
		Text:   "What was submitted here, by whom and how it ended. Your account can see everything, but not submit.",
		Href:   "/activity",
		Action: "See the activity",
	}, {
		Title:  "Renewal dates",
		Text:   "Which secrets are overdue or need to be renewed next.",
		Href:   "/activity/due",
		Action: "See what is due",
	}}
)
