package handlers

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"maiaportal/internal/auth"
	"maiaportal/internal/catalogue"
	"maiaportal/internal/record"
	"maiaportal/internal/submission"
	"maiaportal/web/templates/parts"
)

// formState is a form as it is about to be shown: for a GET, or again after a POST.
type formState struct {
	in      input
	status  int
	token   string
	fresh   bool // a GET: what is not chosen gets a default
	errs    submission.FieldErrors
	notices []parts.Notice
	dropped bool              // a secret was entered and is gone
	preset  *catalogue.Preset // what the form was opened for; nil: nothing
	linked  map[string]bool   // the fields that a link has filled in
	help    *parts.HelpDesk   // explains Maia's answer; nil: there is none

	// doubtful is why a value was not sent, though nothing is wrong with it for sure.
	doubtful *submission.DoubtfulError
}

// submit is the way of a form's POST: read, ask who it is, submit, show.
func (h *Handlers) submit(f formSpec) echo.HandlerFunc {
	return func(c echo.Context) error { return h.submitted(c, f) }
}

func (h *Handlers) submitted(c echo.Context, f formSpec) error {
	s, err := h.current(c)
	if err != nil {
		return databaseAway(err)
	}
	if s == nil {
		return h.withoutSession(c, f)
	}
	if err := h.maySubmit(s); err != nil {
		return err
	}
	body, err := bodies.Read(c.Request())
	defer body.Wipe()
	if err != nil {
		return err
	}
	typed := f.withOthers(body)
	h.withIDs(c.Request().Context(), f, s, body, typed)
	in := f.plain(body)
	in.typed = typed
	st := formState{in: in, token: body.Get("formToken"), dropped: body.HasSecret()}
	if !h.lockedBody(f, s, body, &st) {
		return h.show(c, f, s, st)
	}
	ahead := h.foresee(c.Request().Context(), f, s, body, in)
	r, err := h.Submissions.Submit(c.Request().Context(), submission.Request{
		Actor:         actor(s),
		FormToken:     body.Get("formToken"),
		LoggedIn:      s.Begun,
		RequestID:     requestID(c),
		ClientAddress: c.RealIP(),
		Tokens:        delegation{h.Tokens.For(s)},
		NameRule:      h.projectRule(body.Get("projectId")),
		Own:           []string{s.Login.Email, s.Login.Name},
		Against:       ahead.errs,
		Answered:      h.answered(c.Request().Context(), f, s, body),
	}, f.entered(body, func(r *record.Fields) string { return h.known(c.Request().Context(), s, f, r) }))
	if err == nil {
		return c.Redirect(http.StatusSeeOther, receiptOf(r, in))
	}
	refused, page := h.onForm(c, f, s, &st, err)
	if page != nil {
		return page
	}
	if refused {
		ahead.tell(&st, err)
		return h.show(c, f, s, st)
	}
	return err
}

// withoutSession reads what somebody without a session sent, to give it back after the login.
func (h *Handlers) withoutSession(c echo.Context, f formSpec) error {
	body, err := bodies.ReadStrangers(c.Request(), &h.strangers)
	defer body.Wipe()
	if err != nil {
		return err
	}
	f.withOthers(body)
	return loginRanOut(f, f.plain(body), body.HasSecret(), "")
}

// receiptOf is the receipt of what has just ended. Where the reference is still to come, the description goes with its
// address: it is not recorded.
func receiptOf(r record.Submission, in input) string {
	if description := in.get("description"); r.Outcome == record.ValueStored && description != "" {
		return receiptPath(r.ID) + "?description=" + url.QueryEscape(description)
	}
	return receiptPath(r.ID)
}

func receiptPath(id string) string { return "/activity/" + id }

// onForm decides how a submission that did not succeed is told: on the form (shown is true), or on
// another page.
func (h *Handlers) onForm(c echo.Context, f formSpec, s *auth.Session, st *formState,
	err error) (shown bool, page error) {
	var fields submission.FieldErrors
	var doubtful *submission.DoubtfulError
	var refused *submission.RefusedError
	var tooMany *submission.TooManyError
	var used *submission.UsedTokenError
	var underWay *submission.UnderWayError
	var unrecorded *submission.UnrecordedError
	switch {
	case errors.As(err, &fields):
		st.status, st.errs = http.StatusUnprocessableEntity, fields
	case errors.As(err, &doubtful):
		st.status, st.errs = http.StatusUnprocessableEntity, doubtful.Fields()
		st.doubtful, st.in.check = doubtful, false
		// What was told before stays told.
		if st.in.told == nil {
			st.in.told = submission.Told{}
		}
		maps.Copy(st.in.told, doubtful.Told)
	case errors.As(err, &used):
		st.status, st.token = http.StatusUnprocessableEntity, h.Submissions.FormToken(actor(s))
		st.notices = append(st.notices, usedNotice(used))
	case errors.As(err, &tooMany):
		st.status = http.StatusTooManyRequests
		setRetryAfter(c, tooMany.Wait)
		st.notices = append(st.notices, tooManyNotice(tooMany.Wait))
	case errors.As(err, &underWay):
		return false, c.Redirect(http.StatusSeeOther, receiptPath(underWay.First.ID))
	case errors.As(err, &unrecorded):
		return false, unrecordedPage(unrecorded, st.in)
	case errors.Is(err, submission.ErrNotRecorded):
		st.status = http.StatusServiceUnavailable
		st.notices = append(st.notices, notRecordedNotice())
	case errors.As(err, &refused) && refused.Record.Outcome == record.Unauthenticated:
		switch {
		case errors.Is(err, submission.ErrNoToken):
			return false, noTokenPage(refused)
		case refused.Again:
			return false, h.refusedAgainPage(refused)
		}
		prompt := ""
		if refused.Record.Status == http.StatusUnauthorized {
			prompt = "login"
		}
		return false, loginRanOut(f, st.in, st.dropped, prompt)
	case errors.As(err, &refused):
		h.refusedForm(c, f, s, st, refused)
	default:
		return false, nil
	}
	return true, nil
}

// refusedForm puts Maia's refusal on the form.
func (h *Handlers) refusedForm(c echo.Context, f formSpec, s *auth.Session, st *formState,
	r *submission.RefusedError) {
	st.errs = submission.FieldErrors{}
	if !providerAway(r) {
		st.help = h.explain(answerOf(r.Record, append([]string{r.Detail}, r.Violations...)...))
	}
	switch r.Record.Outcome {
	case record.Rejected:
		st.status = http.StatusUnprocessableEntity
		if tokenTooLong(r.Record) {
			st.notices = append(st.notices, tokenTooLongNotice())
			return
		}
		for field, messages := range byField(f, st.in, r.Violations) {
			st.errs[field] = messages
		}
		if r.Detail != "" {
			st.errs[""] = append([]string{"Maia says: " + r.Detail}, st.errs[""]...)
		}
		if len(st.errs) == 0 {
			st.errs[""] = []string{"Maia refused this without saying why. Check every field, the project and the agent above all."}
		}
	case record.NotFound:
		st.status = http.StatusUnprocessableEntity
		st.errs = f.words.notFound(st.in)
	case record.Conflict:
		st.status = http.StatusConflict
		st.errs = f.takenErrors(h.dates(), st.in, r)
		if r.Earlier != nil {
			st.notices = append(st.notices, earlierNotice(h.dates(), *r.Earlier))
		}
		if answerOf(r.Record).call == record.StoreValue {
			st.notices = append(st.notices, thereNotice(h.withAgentType(s, r.Record), st.in))
		}
	case record.Forbidden:
		st.status = http.StatusForbidden
		st.notices = append(st.notices, forbiddenNotice(f, r, st.help))
	case record.RateLimited:
		wait := retryAfter(r)
		st.status = http.StatusServiceUnavailable
		setRetryAfter(c, wait)
		st.notices = append(st.notices, rateLimitedNotice(wait))
	case record.Failed, record.Unauthenticated, record.Pending, record.Created, record.ValueStored, record.Unknown:
		// The last four have a receipt, and a refused login a page of its own: none of them gets here.
		st.status = http.StatusServiceUnavailable
		st.notices = append(st.notices, failedNotice(f, r))
	}
	if st.help != nil {
		st.help.Folded = len(st.errs) > 0
	}
}

// loginRanOut is the answer to a POST whose login is over: a page, not a redirect, because browsers
// apply form-action to what follows a POST. Its link brings everything back but the secret.
func loginRanOut(f formSpec, in input, secret bool, prompt string) error {
	in = f.fitting(in)
	e := &pageError{
		status:    http.StatusUnauthorized,
		heading:   "Sign in again to continue",
		text:      []string{"Your login ended before this was sent, so nothing was created."},
		link:      parts.Link{Label: "Sign in and go on", Href: loginLink(f.link(in), prompt)},
		factsName: "What will be filled in again",
	}
	if prompt != "" {
		e.text = []string{"Maia did not accept your login, so nothing was created. A fresh login usually helps."}
	}
	if secret {
		e.text = append(e.text, "After signing in, the form is filled in again except for the secret, which was not kept.")
	} else {
		e.text = append(e.text, "After signing in, the form is filled in again.")
	}
	for _, d := range f.table {
		v := strings.Join(in.values[d.name], ", ")
		if strings.Trim(v, ", ") == "" || d.label == "" {
			continue
		}
		if r, ok := submission.FindRecipe(v); ok && d.name == "recipe" {
			v = r.Title
		}
		e.facts = append(e.facts, parts.Fact{Label: d.label, Value: v})
	}
	if len(e.facts) == 0 {
		e.factsName = ""
	}
	return e
}
