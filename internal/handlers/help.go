package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"maiaportal/internal/record"
	"maiaportal/web/templates/pages"
)

// explained is what an outcome means and what to do, for somebody who meets it for the first time.
type explained struct {
	outcome       record.Outcome
	meaning, next string
}

// explanations stand in the order in which people meet them. A test insists that no outcome is missing.
var explanations = []explained{
	{
		outcome: record.Created,
		meaning: "It is there.",
		next:    "Run a pipeline to confirm that it works.",
	},
	{
		outcome: record.Pending,
		meaning: "The request is still running.",
		next:    "Wait on the receipt: it refreshes itself. You can also leave, and come back later.",
	},
	{
		outcome: record.ValueStored,
		meaning: "The value is in the vault, but the reference to it was not created.",
		next:    "Open the receipt and finish the reference. You do not need the secret for that.",
	},
	{
		outcome: record.Unknown,
		meaning: "Maia gave no clear answer, so it may or may not be there.",
		next:    "Open the receipt: it shows how to find out. The portal never sends anything again by itself.",
	},
	{
		outcome: record.Conflict,
		meaning: "Something with this name exists already. Nothing was changed.",
		next:    "Choose another name, or use what is there.",
	},
	{
		outcome: record.Forbidden,
		meaning: "Your Maia account is not allowed to do this. Nothing was created.",
		next:    "Ask a Maia administrator for the permission, and send the request id.",
	},
	{
		outcome: record.NotFound,
		meaning: "Maia does not know this project or agent for your account.",
		next:    "Check the project and the agent, and whether you have been invited to the project.",
	},
	{
		outcome: record.Rejected,
		meaning: "Maia refused what was entered. Nothing was created.",
		next:    "The form shows Maia’s reasons. Fix the fields and send it again.",
	},
	{
		outcome: record.Unauthenticated,
		meaning: "Maia did not accept your login. Nothing was created.",
		next:    "Sign in again. If it happens again, ask your portal administrator.",
	},
	{
		outcome: record.RateLimited,
		meaning: "Maia had too many requests. Nothing was created.",
		next:    "Wait a minute, then send it again.",
	},
	{
		outcome: record.Failed,
		meaning: "Maia could not be reached, or had an internal error. Most likely nothing was created.",
		next:    "Try again in a few minutes with the same name: if it exists after all, the form says so.",
	},
}

// help answers the questions that people have. It asks nobody, so that it is there when the database is not.
func (h *Handlers) help(c echo.Context) error {
	s, err := h.current(c)
	if err != nil {
		s = nil
	}
	m := pages.Help{Page: h.page(c, s, "Help")}
	for _, e := range explanations {
		m.Outcomes = append(m.Outcomes, pages.HelpOutcome{
			Badge:   outcomes[e.outcome],
			Meaning: e.meaning,
			Next:    e.next,
		})
	}
	return render(c, http.StatusOK, pages.HelpPage(m))
}
