package handlers

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"maiaportal/internal/auth"
	"maiaportal/internal/record"
	"maiaportal/internal/store"
	"maiaportal/internal/submission"
	"maiaportal/web/templates/pages"
	"maiaportal/web/templates/parts"
)

// What a user says or asks later about an own submission, on its receipt.

// later is the way of such a POST: it comes from the portal's own page, of whom the record is, and goes back to it.
func (h *Handlers) later(do func(c echo.Context, s *auth.Session, r record.Submission) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := sentByPage(c); err != nil {
			return err
		}
		s, err := h.current(c)
		if err != nil {
			return databaseAway(err)
		}
		id := c.Param("id")
		if s == nil {
			return &pageError{
				status:  http.StatusUnauthorized,
				heading: "Sign in again to continue",
				text:    []string{"Your login has ended, so nothing was changed."},
				link:    parts.Link{Label: "Sign in and go on", Href: loginLink(receiptPath(id), "")},
			}
		}
		if uuid.Validate(id) != nil || len(id) != 36 {
			return echo.ErrNotFound
		}
		r, err := h.Records.SubmissionByID(c.Request().Context(), id)
		switch {
		case errors.Is(err, store.ErrNotFound), err == nil && !own(s, r):
			return echo.ErrNotFound
		case err != nil:
			return databaseAway(err)
		}
		if err := h.roomLater(c, s); err != nil {
			return err
		}
		if err := do(c, s, r); err != nil {
			return err
		}
		return c.Redirect(http.StatusSeeOther, receiptPath(id))
	}
}

// roomLater refuses what comes too often: each of these writes into the trail, or asks Maia many times.
func (h *Handlers) roomLater(c echo.Context, s *auth.Session) error {
	if h.PerMinute == 0 {
		return nil
	}
	wait, err := h.Records.TakeLater(c.Request().Context(), actor(s), h.PerMinute)
	switch {
	case err != nil:
		return databaseAway(err)
	case wait == 0:
		return nil
	}
	setRetryAfter(c, wait)
	return &pageError{
		status:  http.StatusTooManyRequests,
		heading: "Too many requests: wait " + waitWords(wait),
		text:    []string{"The number of changes in a minute is limited. Nothing was changed now."},
		link:    parts.Link{Label: "Back to the receipt", Href: receiptPath(c.Param("id"))},
	}
}

// own says whether a record is the user's.
func own(s *auth.Session, r record.Submission) bool {
	return r.Actor.Issuer == s.Login.Issuer && r.Actor.Subject == s.Login.Subject
}

// by is who does something to a record, over which request.
func by(c echo.Context, s *auth.Session) record.By {
	return record.By{Actor: actor(s), ClientAddress: c.RealIP(), RequestID: requestID(c)}
}

// freshLogin is how young a login is for which another one is no cure.
const freshLogin = time.Minute

// findOut asks Maia what became of a reference.
func (h *Handlers) findOut(c echo.Context, s *auth.Session, r record.Submission) error {
	err := h.Submissions.FindOut(c.Request().Context(), by(c, s), delegation{h.Tokens.For(s)}, r)
	switch {
	case errors.Is(err, submission.ErrNoToken):
		return noTokenPage(err)
	case errors.Is(err, submission.ErrLogin) && time.Since(s.Begun) < freshLogin:
		return &pageError{
			status:  http.StatusUnauthorized,
			heading: "Maia does not accept your login",
			cause:   err,
			text: []string{
				"You have just signed in, and Maia refused that login as well, so it could not be asked. Signing in again will not help. Give your portal administrator the request id below.",
			},
			link: parts.Link{Label: "Back to the receipt", Href: receiptPath(r.ID)},
		}
	case errors.Is(err, submission.ErrLogin):
		return &pageError{
			status:  http.StatusUnauthorized,
			heading: "Sign in again to continue",
			cause:   err,
			text:    []string{"Maia did not accept your login, so it could not be asked. A fresh login usually helps."},
			link:    parts.Link{Label: "Sign in and go on", Href: loginLink(receiptPath(r.ID), "login")},
		}
	case err != nil:
		return databaseAway(err)
	}
	return nil
}

// prove notes that a pipeline has used the secret, or takes that back.
func (h *Handlers) prove(c echo.Context, s *auth.Session, r record.Submission) error {
	body, err := bodies.Read(c.Request())
	defer body.Wipe()
	if err != nil {
		return err
	}
	return changed(h.Records.Prove(c.Request().Context(), r.ID, body.Get("proven") == "on", by(c, s)))
}

// renew notes that the secret was renewed in its vault, and when it is due again.
func (h *Handlers) renew(c echo.Context, s *auth.Session, r record.Submission) error {
	body, err := bodies.Read(c.Request())
	defer body.Wipe()
	if err != nil {
		return err
	}
	next := body.Get("renewBy")
	if wrong := submission.CheckRenewBy(next, h.dates().here()); wrong != "" {
		return &pageError{
			status:  http.StatusUnprocessableEntity,
			heading: "The secret cannot be due on that day",
			text:    []string{wrong + " Nothing was changed."},
			link:    parts.Link{Label: "Back to the receipt", Href: receiptPath(r.ID)},
		}
	}
	return changed(h.Records.Renew(c.Request().Context(), r.ID, next, by(c, s)))
}

func changed(err error) error {
	if err == nil || errors.Is(err, store.ErrNotFound) {
		return err
	}
	return databaseAway(err)
}

// dueRows is how many secrets the page of those that are due lists.
const dueRows = 200

// due lists the secrets that have a day by which they are to be renewed: one's own, or everybody's for auditors.
func (h *Handlers) due(c echo.Context, s *auth.Session) error {
	m := pages.Due{Page: h.page(c, s, "Secrets to renew")}
	of := record.Own(actor(s))
	if h.Policy.Audits(s.Login.Groups) {
		of = record.Everyone
		m.ShowWho = true
	}
	list, err := h.Records.Due(c.Request().Context(), of, dueRows+1)
	if err != nil {
		return databaseAway(err)
	}
	if len(list) > dueRows {
		list = list[:dueRows]
		m.More = true
	}
	m.Rows = h.dueRowsOf(list, m.ShowWho)
	return render(c, http.StatusOK, pages.DuePage(m))
}

// dueRowsOf are submissions with the day by which each is to be renewed.
func (h *Handlers) dueRowsOf(list []record.Submission, who bool) []pages.DueRow {
	var rows []pages.DueRow
	d := h.dates()
	for i, row := range h.activityRows(list, who) {
		rows = append(rows, pages.DueRow{
			ActivityRow: row,
			Day:         d.day(list[i].RenewBy),
			Overdue:     list[i].RenewBy < d.today(),
		})
	}
	return rows
}

// afterwards is what the user can say or ask on a receipt of the own.
func afterwards(d dates, m *pages.Receipt, r record.Submission) {
	path := receiptPath(r.ID)
	switch r.Outcome {
	case record.Created:
		m.Prove = &pages.Prove{Path: path + "/proven", Since: d.moment(r.ProvenAt), Proven: !r.ProvenAt.IsZero()}
	case record.Unknown:
		if submission.CanFindOut(r) {
			m.FindOut = &pages.FindOut{Path: path + "/check"}
			if from := submission.CanSettleAfter(r); d.now().Before(from) {
				m.FindOut.From = d.clock(from)
			}
		}
	case record.Pending, record.ValueStored, record.Rejected, record.Unauthenticated, record.Forbidden, record.NotFound,
		record.Conflict, record.RateLimited, record.Failed:
	}
	if r.RenewBy != "" && (r.Outcome == record.Created || r.Outcome == record.ValueStored) {
		m.Renew = &pages.Renew{Path: path + "/renewed", Day: dateWords(r.RenewBy)}
	}
}

// progress is how far a secret has come on its way into a pipeline.
func (f formSpec) progress(r record.Submission) []pages.Progress {
	if r.Outcome != record.Created && r.Outcome != record.ValueStored {
		return nil
	}
	var list []pages.Progress
	if r.Action == record.Value || r.Action == record.Setup && r.SecretName != "" {
		list = append(list, pages.Progress{Label: "Value stored", Done: true})
	}
	switch r.Action {
	case record.Reference, record.Setup:
		list = append(list, pages.Progress{Label: "Reference created", Done: r.Outcome == record.Created})
	case record.Value:
		list = append(list, pages.Progress{Label: "Reference created: the next step"})
	}
	return slices.Concat(list, []pages.Progress{{Label: "Proven by a pipeline", Done: !r.ProvenAt.IsZero()}})
}
