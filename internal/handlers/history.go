package handlers

import (
	"net/url"

	"github.com/labstack/echo/v4"

	"maiaportal/internal/auth"
	"maiaportal/internal/record"
	"maiaportal/web/templates/pages"
)

// history is what happened to the name of a record, for its receipt: one's own entries, or everybody's for auditors.
// Where there is no more than one thing to tell, the receipt tells it already.
func (h *Handlers) history(c echo.Context, s *auth.Session, r record.Submission) (pages.History, error) {
	of := record.Own(actor(s))
	if h.Policy.Audits(s.Login.Groups) {
		of = record.Everyone
	}
	list, err := h.Records.History(c.Request().Context(), of, r)
	if err != nil {
		return pages.History{}, databaseAway(err)
	}
	if len(list) < 2 {
		return pages.History{}, nil
	}
	q := url.Values{"name": {r.Name}}
	if r.ProjectID != "" {
		q.Set("project_id", r.ProjectID)
	}
	m := pages.History{All: "/activity?" + q.Encode()}
	d := h.dates()
	for _, it := range list {
		row := pages.HistoryRow{
			When: d.past(it.At, d.short(it.At)),
			What: happeningWords(it),
			Who:  it.By.Name,
		}
		if it.SubmissionID != r.ID {
			row.Href = receiptPath(it.SubmissionID)
		}
		m.Rows = append(m.Rows, row)
	}
	return m, nil
}

// happeningWords say what happened.
func happeningWords(it record.Happening) string {
	if say, ok := happenings[it.Kind]; ok {
		return say(it)
	}
	return formOf(it.Action).words.kind + ": " + outcomes[it.Outcome].Label
}

// happenings are for what comes after an end. All other events that a history has are ends.
var happenings = map[record.EventKind]func(it record.Happening) string{
	record.SubmissionChecked: func(it record.Happening) string {
		return "Maia was asked: " + outcomes[it.Outcome].Label
	},
	record.SubmissionProven: func(it record.Happening) string {
		if it.Proven {
			return "Marked as used by a pipeline"
		}
		return "That mark was taken back"
	},
	record.SubmissionRenewed: func(it record.Happening) string {
		if it.RenewBy == "" {
			return "Renewed in its vault, with no next day"
		}
		return "Renewed in its vault, due again by " + dateWords(it.RenewBy)
	},
	record.SubmissionSettled: func(it record.Happening) string {
		return formOf(it.Action).words.kind + ", found out later: " + outcomes[it.Outcome].Label
	},
}
