package handlers

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"maiaportal/internal/auth"
	"maiaportal/internal/auth/reason"
	"maiaportal/internal/auth/session"
	"maiaportal/internal/catalogue"
	"maiaportal/internal/record"
	"maiaportal/internal/secret/form"
	"maiaportal/internal/submission"
	"maiaportal/web/static"
	"maiaportal/web/templates/parts"
)

// Records is what pages read of the submissions, and note about them later.
type Records interface {
	Stored(ctx context.Context, actor record.Actor, projectID, secretName string) (record.Submission, error)
	SubmissionByID(ctx context.Context, id string) (record.Submission, error)
	Submissions(ctx context.Context, q record.Query) ([]record.Submission, error)
	Page(ctx context.Context, q record.Query) (record.Page, error)
	CountSubmissions(ctx context.Context, q record.Query) (record.Counts, error)
	Extent(ctx context.Context, q record.Query) (newest string, n int, err error)
	Due(ctx context.Context, of record.Whose, limit int) ([]record.Submission, error)
	CountDue(ctx context.Context, of record.Whose, before string) (int, error)
	History(ctx context.Context, of record.Whose, r record.Submission) ([]record.Happening, error)
	Prove(ctx context.Context, id string, proven bool, by record.By) error
	Renew(ctx context.Context, id, renewBy string, by record.By) error
	TakeLater(ctx context.Context, of record.Actor, perMinute int) (wait time.Duration, err error)
	Append(ctx context.Context, e record.Event) error
	EventsBetween(ctx context.Context, from, to time.Time) (record.Range, error)
	CountEvents(ctx context.Context, r record.Range) (int64, error)
	EventBatch(ctx context.Context, r record.Range) ([]record.Stored, error)
	SignIns(ctx context.Context, of record.Actor, limit int) ([]record.SignIn, error)
	Ping(ctx context.Context) error
}

// Site is what every page shows, from the settings.
type Site struct {
	BaseURL string // no slash at its end
	Title   string
	Region  string
	Notice  string
	Support string
	MaiaURL *url.URL // base of the API
	// MaiaAccount says that calls to Maia carry the id of the company's account.
	MaiaAccount bool
	// TrailKeyed says that the chain of the audit trail has a key.
	TrailKeyed bool
	// SecurityContact is the address in security.txt; empty: there is none.
	SecurityContact string
	Retention       time.Duration  // how long records are kept; 0: forever
	Version         string         // of the portal
	Zone            *time.Location // of times on pages; nil: UTC
	Demo            *Demo          // nil elsewhere
}

// Handlers are the portal's pages. All fields but Ending are needed.
type Handlers struct {
	Site        Site
	RP          *auth.RelyingParty
	Sessions    *session.Sessions
	Tokens      *auth.Tokens
	Policy      auth.Policy
	Submissions *submission.Service
	Records     Records
	Catalogue   *catalogue.Directory
	Operators   *catalogue.File     // the operators' own; may be nil
	NameRule    submission.NameRule // may be zero
	PerMinute   int                 // what one user may say or ask later about submissions; 0: any number
	Files       *static.Files       // stylesheet, icon and logo
	Now         func() time.Time    // nil: time.Now
	Ending      func() bool         // whether the process has begun to end
	Log         *slog.Logger

	// drawn are forms in which nothing is filled in.
	drawn drawnForms

	strangers form.Room
	// logouts are the logout tokens that are being read: whoever fills the other room must not stop them.
	logouts form.Room
}

// Routes registers every address.
func (h *Handlers) Routes(e *echo.Echo) {
	e.HTTPErrorHandler = h.onError
	page := func(path string, handle echo.HandlerFunc) {
		e.GET(path, handle)
		e.HEAD(path, handle) // link checkers ask so, and echo does not by itself
	}
	page("/", h.withLogin(h.home))
	for _, f := range forms {
		page(f.page, h.form(f))
		if f.post != f.page {
			page(f.post, toForm(f))
		}
		e.POST(f.post, h.submit(f))
	}
	for _, p := range []*picks{projectPicks, agentPicks} {
		page(p.path, h.choose(p))
	}
	page(linkPath, h.link())
	page("/activity", h.withLogin(h.activity))
	page("/activity/due", h.withLogin(h.due))
	page("/activity.csv", h.withLogin(h.export(csvExport)))
	page("/activity.jsonl", h.withLogin(h.export(jsonExport)))
	page("/activity/:id", h.withLogin(h.receipt))
	page("/audit.jsonl", h.withLogin(h.auditTrail))
	e.POST("/activity/:id/check", h.later(h.findOut))
	e.POST("/activity/:id/proven", h.later(h.prove))
	e.POST("/activity/:id/renewed", h.later(h.renew))

	e.GET("/login", h.login)
	e.HEAD("/login", func(c echo.Context) error { return c.NoContent(http.StatusOK) }) // begins nothing
	e.GET("/auth/callback", h.callback)
	e.POST("/logout", h.logout)
	page("/signed-out", h.signedOut)
	e.POST(BackchannelPath, h.backchannelLogout)
	page("/sessions", h.withLogin(h.sessions))
	e.POST("/sessions", h.endSessions)

	page("/about", h.about)
	page("/help", h.help)
	page(securityTxtPath, h.securityTxt)
	page("/healthz", Healthz)
	page("/readyz", h.Readyz)
	page("/static/*", h.staticFile)
	if h.Site.Demo != nil {
		page("/styleguide", h.styleguide)
	}
}

// toForm is for people who reload or retype the address after an error.
func toForm(f formSpec) echo.HandlerFunc {
	return func(c echo.Context) error { return c.Redirect(http.StatusSeeOther, f.page) }
}

// withLogin hands a page the session, and asks for a login where there is none.
func (h *Handlers) withLogin(handle func(echo.Context, *auth.Session) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		s, err := h.current(c)
		if err != nil {
			return databaseAway(err)
		}
		if s == nil {
			return c.Redirect(http.StatusSeeOther, loginLink(c.Request().URL.RequestURI(), ""))
		}
		return handle(c, s)
	}
}

// form is a form's GET: it cleans the address, wants a login that lasts long enough, and shows.
func (h *Handlers) form(f formSpec) echo.HandlerFunc {
	return func(c echo.Context) error {
		in, removed, clean, twice := f.fromQuery(c.Request().URL.RawQuery)
		if clean != "" {
			return c.Redirect(http.StatusSeeOther, clean)
		}
		if twice != "" {
			return twicePage(f, twice)
		}
		return h.withLogin(func(c echo.Context, s *auth.Session) error {
			if again, err := h.readyForForm(c, s); again || err != nil {
				return err
			}
			st := formState{
				in:     in,
				status: http.StatusOK,
				token:  h.Submissions.FormToken(actor(s)),
				fresh:  true,
				linked: in.filled(),
			}
			if elsewhere := h.withPreset(f, s, &st, c.Request().URL.RawQuery); elsewhere != "" {
				return c.Redirect(http.StatusSeeOther, elsewhere)
			}
			bare := in.bare()
			var unknown bool
			st.in, unknown = f.withRecipe(st.in)
			if removed != "" {
				st.notices = append(st.notices, removedNotice(removed))
			}
			if unknown {
				st.notices = append(st.notices, unknownRecipeNotice())
			}
			if bare && len(st.notices) == 0 {
				return h.showBare(c, f, s, st)
			}
			return h.show(c, f, s, st)
		})(c)
	}
}

// twicePage is for a link that has a field twice.
func twicePage(f formSpec, name string) error {
	return &pageError{
		status:  http.StatusBadRequest,
		heading: "This link cannot be read",
		text:    []string{"The link sets the field " + name + " twice. Correct the link, or open the empty form."},
		link:    parts.Link{Label: "Open the form", Href: f.page},
	}
}

// readyForForm refuses those who may only look, and asks for a login again where this one does not last long enough.
func (h *Handlers) readyForForm(c echo.Context, s *auth.Session) (again bool, err error) {
	if err := h.maySubmit(s); err != nil {
		return false, err
	}
	switch err := h.Tokens.For(s).ForForm(c.Request().Context()); {
	case errors.Is(err, reason.ErrLoginRequired):
		return true, c.Redirect(http.StatusSeeOther, loginLink(c.Request().URL.RequestURI(), ""))
	case err != nil:
		return false, databaseAway(err)
	}
	return false, nil
}

// maySubmit refuses those who may only look.
func (h *Handlers) maySubmit(s *auth.Session) error {
	if h.Policy.MaySubmit(s.Login.Groups) {
		return nil
	}
	return &pageError{
		status:  http.StatusForbidden,
		heading: "Your account has read-only access",
		text: []string{
			"You are signed in as " + s.Login.Name + ". You may see everybody’s activity. Only members of " + groupWords(h.Policy.Allowed) + " may set up secrets.",
			"If you need this, ask an administrator of these groups to add you. Then sign out and in again.",
		},
		link: parts.Link{Label: "See the activity", Href: "/activity"},
	}
}

// actor is the user of a session, as the domain knows users.
func actor(s *auth.Session) record.Actor {
	return record.Actor{Issuer: s.Login.Issuer, Subject: s.Login.Subject, Name: s.Login.Name}
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// render draws a page into a buffer before anything goes out, so that a page that fails is an error
// and not half a page. It is drawn also for a client that has left, or has run out of time: else the
// answer would be an empty one, with the status of success.
func render(c echo.Context, status int, page templ.Component) error {
	b, _ := buffers.Get().(*bytes.Buffer)
	b.Reset()
	defer buffers.Put(b)
	if err := page.Render(context.WithoutCancel(c.Request().Context()), b); err != nil {
		return err
	}
	return answerHTML(c, status, b.Bytes())
}

// answerHTML sends a page that is drawn.
func answerHTML(c echo.Context, status int, html []byte) error {
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, "text/html; charset=utf-8")
	h.Set(echo.HeaderContentLength, strconv.Itoa(len(html)))
	c.Response().WriteHeader(status)
	_, err := c.Response().Write(html)
	return err
}
