package handlers

import (
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"maiaportal/internal/auth"
	"maiaportal/internal/auth/reason"
	"maiaportal/internal/secret/form"
	"maiaportal/internal/submission"
	"maiaportal/web/templates/pages"
	"maiaportal/web/templates/parts"
)

// pageError is a refusal that says what happened and what to do.
type pageError struct {
	status     int
	heading    string
	text       []string
	link       parts.Link
	facts      []parts.Fact
	factsName  string
	help       *parts.HelpDesk
	retryAfter time.Duration
	cause      error       // for the log
	logged     []slog.Attr // more for the log
}

func (e *pageError) Error() string {
	if e.cause != nil {
		return e.heading + ": " + e.cause.Error()
	}
	return e.heading
}

func (e *pageError) Unwrap() error { return e.cause }

// RequestIDKey is where the request's id is in an echo context.
const RequestIDKey = "request_id"

// SubjectKey is where the subject of the user who sent a request is, once that is known.
const SubjectKey = "subject"

// current gives the session that a request comes with, nil where there is none, and notes whose it is for the log.
func (h *Handlers) current(c echo.Context) (*auth.Session, error) {
	s, err := h.Sessions.Current(c.Request())
	if err == nil && s != nil {
		c.Set(SubjectKey, s.Login.Subject)
	}
	return s, err
}

func requestID(c echo.Context) string {
	id, _ := c.Get(RequestIDKey).(string)
	return id
}

// onError is the one place where an error becomes a page, and a line in the log.
func (h *Handlers) onError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	e := asPageError(err)
	level := slog.LevelDebug
	switch {
	case e.status == http.StatusInternalServerError:
		level = slog.LevelError
	case e.status > http.StatusInternalServerError:
		level = slog.LevelWarn
	}
	attrs := []slog.Attr{slog.String("request_id", requestID(c)), slog.Int("status", e.status)}
	var refusal *reason.Refusal
	if errors.As(err, &refusal) {
		// What was refused at the login, or of the provider, is the operator's to know.
		level = slog.LevelWarn
		attrs = append(attrs, refusal.Attrs()...)
	}
	attrs = append(attrs, e.logged...)
	h.Log.LogAttrs(c.Request().Context(), level, "request refused", append(attrs, slog.String("error", err.Error()))...)

	// Who is signed in matters to the header only: where it cannot be told, the page does without.
	s, sessionErr := h.current(c)
	if sessionErr != nil {
		s = nil
	}
	setRetryAfter(c, e.retryAfter)
	p := h.page(c, s, e.heading)
	p.Error = true
	m := pages.Message{
		Page:      p,
		Heading:   e.heading,
		Text:      e.text,
		Facts:     e.facts,
		FactsName: e.factsName,
		Help:      e.help,
		RequestID: requestID(c),
	}
	if e.link.Href == "" {
		e.link = nextStep(c.Request(), e.status)
	}
	e.link.Primary = true
	m.Links = append(m.Links, e.link)
	if s != nil && e.link.Href != startLink.Href {
		m.Links = append(m.Links, startLink)
	}
	err = render(c, e.status, pages.MessagePage(m))
	if err == nil || c.Response().Committed {
		return // an answer that the client did not wait for is the client's business
	}
	h.Log.LogAttrs(c.Request().Context(), slog.LevelError, "error page not drawn", slog.String("request_id", requestID(c)), slog.String("error", err.Error()))
	_ = c.String(e.status, e.heading+".\n")
}

var startLink = parts.Link{Label: "Go to the start page", Href: "/"}

// nextStep is where an error page leads that names no place itself, so that nobody is left without one. An address that
// somebody sent is followed again only where that changes nothing.
func nextStep(r *http.Request, status int) parts.Link {
	for _, f := range forms {
		if r.Method == http.MethodPost && r.URL.Path == f.post {
			return parts.Link{Label: "Open the form again", Href: f.page}
		}
	}
	if status >= http.StatusInternalServerError && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		return parts.Link{Label: "Try again", Href: auth.ReturnTo(r.URL.RequestURI()).String()}
	}
	return startLink
}

func setRetryAfter(c echo.Context, d time.Duration) {
	if d > 0 {
		c.Response().Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(d.Seconds()))))
	}
}

// Foreign is for the server: the page that answers what another site's page sent.
func Foreign() error {
	return &pageError{
		status:  http.StatusForbidden,
		heading: "The portal’s own page did not send this",
		text: []string{
			"Another web site tried to send something here in your name, or your browser hides where it came from. Nothing was done.",
			"Open the portal’s own form and send it from there.",
		},
	}
}

// asPageError finds the page for any error.
func asPageError(err error) *pageError {
	var page *pageError
	var he *echo.HTTPError
	switch {
	case errors.As(err, &page):
		return page
	case errors.Is(err, form.ErrTooLarge):
		return &pageError{
			status:  http.StatusRequestEntityTooLarge,
			heading: "The form is too large",
			cause:   err,
			text:    []string{"A form may have up to 1 MiB, and a secret value up to 256 KiB. Nothing was sent to Maia.", "Go back with your browser’s Back button and use a smaller value."},
		}
	case errors.Is(err, form.ErrMediaType):
		return &pageError{
			status:  http.StatusUnsupportedMediaType,
			heading: "This is not a form",
			cause:   err,
			text:    []string{"The portal accepts only what its own forms send. Nothing was sent to Maia."},
		}
	case errors.Is(err, form.ErrMalformed):
		return &pageError{
			status:  http.StatusBadRequest,
			heading: "The form arrived damaged",
			cause:   err,
			text:    []string{"The portal could not read what your browser sent. Nothing was sent to Maia.", "Open the form and send it again. If it happens again, a proxy or browser extension may be changing the request."},
		}
	case errors.Is(err, form.ErrNoRoom):
		return noRoomPage(err)
	case errors.Is(err, submission.ErrFormToken):
		return &pageError{
			status:  http.StatusForbidden,
			heading: "This form was not made for you",
			cause:   err,
			text:    []string{"Each form is made for one person. This one was made for another account, or not by this portal. Nothing was sent to Maia.", "Open the form and fill it in again."},
		}
	case errors.Is(err, reason.ErrProviderAway):
		return providerAwayPage(err)
	case errors.As(err, &he) && he.Code == http.StatusNotFound:
		return &pageError{
			status:  http.StatusNotFound,
			heading: "Page not found",
			cause:   err,
			text:    []string{"It does not exist, or it belongs to somebody else. Check the link that brought you here."},
		}
	case errors.As(err, &he) && he.Code == http.StatusMethodNotAllowed:
		return &pageError{
			status:  http.StatusMethodNotAllowed,
			heading: "This page cannot be used like that",
			cause:   err,
			text:    []string{"The page exists, but not for this kind of request. Go to the start page."},
		}
	case errors.As(err, &he) && he.Code >= http.StatusBadRequest && he.Code < http.StatusInternalServerError:
		// What the router refuses is the request's fault, not the portal's.
		return &pageError{
			status:  he.Code,
			heading: "This request cannot be read",
			cause:   err,
			text:    []string{"Check the link that brought you here, or go to the start page."},
		}
	}
	return &pageError{
		status:  http.StatusInternalServerError,
		heading: "Something went wrong in the portal",
		cause:   err,
		text:    []string{"This is the portal’s fault, not yours. Give your portal administrator the request id below."},
	}
}

// providerAwayPage is for a provider that does not answer, or not in a way that can be used.
func providerAwayPage(err error) *pageError {
	e := &pageError{
		status:     http.StatusServiceUnavailable,
		heading:    "Your company’s sign-in does not answer",
		cause:      err,
		retryAfter: 30 * time.Second,
		text:       []string{"It could not be reached, so nobody can sign in at the moment. Try again in a few minutes."},
	}
	var refusal *reason.Refusal
	if errors.As(err, &refusal) {
		switch refusal.Reason {
		case reason.ProviderStatus, reason.ProviderKeys:
			e.heading = "Your company’s sign-in has a problem"
			e.text = []string{"It reported an internal error, so nobody can sign in at the moment. Try again in a few minutes."}
		case reason.UserinfoAway:
			e.heading = "Your company’s sign-in has a problem"
			e.text = []string{"It did not say which groups you are in. Nothing is wrong with your account. Try again in a few minutes."}
		case reason.TokenAnswer, reason.TokenType:
			e.heading = "The answer of your company’s sign-in cannot be used"
			e.text = []string{"It gave the portal no token that Maia accepts. If it happens again in a few minutes, give your portal administrator the request id below."}
		default: // it did not answer
		}
	}
	return e
}

// databaseAway is for pages that cannot do without the database.
func databaseAway(err error) *pageError {
	return &pageError{
		status:     http.StatusServiceUnavailable,
		heading:    "The portal’s database is unavailable",
		cause:      err,
		retryAfter: 30 * time.Second,
		text:       []string{"Without its database the portal does not know who is signed in, and cannot record anything. Nothing was done. Try again in a minute."},
	}
}

// noRoomPage is for strangers who come when too many others send something. What was typed is still in the
// browser: loading the page again sends it again.
func noRoomPage(err error) *pageError {
	return &pageError{
		status:     http.StatusServiceUnavailable,
		heading:    "Too much is being sent at the moment",
		cause:      err,
		retryAfter: 5 * time.Second,
		text: []string{
			"Many people who are not signed in, like you, are sending something right now. Nothing was sent to Maia.",
			"Wait a few seconds, then reload this page. Your browser asks whether to send the form again.",
		},
	}
}
