package session

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gorilla/sessions"

	"maiaportal/internal/record"
	"maiaportal/internal/secret"
	"maiaportal/internal/store"
)

// touchEvery is how exact the time of last use is kept: not each page costs a write.
const touchEvery = time.Minute

// livesTime is how long an answer waits to know whether its session lives.
const livesTime = 2 * time.Second

// lookTime is how long each page waits to know who asks for it: somebody sits in front of it.
const lookTime = 5 * time.Second

// ErrEnded is a session that has ended while it was in use.
var ErrEnded = errors.New("auth: the session has ended")

// What the sessions are kept in, by who needs it.
type (
	// sessionRows begin, use and end one session.
	sessionRows interface {
		CreateSession(ctx context.Context, idHash []byte, r store.Session, replaces *store.Replaced) error
		Session(ctx context.Context, idHash []byte, begun, seen time.Time) (store.Session, error)
		SessionLives(ctx context.Context, idHash []byte, begun, seen time.Time) (bool, error)
		TouchSession(ctx context.Context, idHash []byte) error
		SaveSession(ctx context.Context, idHash, sealed []byte) error
		DeleteSession(ctx context.Context, idHash []byte, e store.Ending) (bool, error)
	}
	// userRows are the sessions of one user.
	userRows interface {
		Sessions(ctx context.Context, issuer, subject string, begun, seen time.Time) ([]store.Session, error)
		EndSessions(ctx context.Context, issuer, subject, handle string, e store.Ending) (int64, error)
		EndByLogoutToken(ctx context.Context, t store.LogoutToken) (ended int64, used bool, err error)
	}
)

// Sessions is a gorilla/sessions Store. The cookie holds a random id and nothing else; the database has
// the id's SHA-256 and the login, sealed.
type Sessions struct {
	Rows interface {
		sessionRows
		userRows
	}
	Keys    []secret.Value // the first one seals, all of them open
	Cookies Cookies
	Idle    time.Duration // a session that is not used ends after this
	Max     time.Duration // and each one after this
	Now     func() time.Time
}

var _ sessions.Store = (*Sessions)(nil)

// The keys of a gorilla session's Values.
const (
	loginValue  = "login"  // Login
	begunValue  = "begun"  // time.Time
	handleValue = "handle" // string
	overValue   = "over"   // record.Request
)

// Get gives the request's session, looked up once for a request.
func (s *Sessions) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(s, name)
}

// New looks the request's session up. Without one, or with one that has ended, the session is new and
// the error nil; an error means that the database could not tell.
func (s *Sessions) New(r *http.Request, name string) (*sessions.Session, error) {
	session := sessions.NewSession(s, name)
	session.Options = s.Cookies.options()
	session.IsNew = true
	c, err := r.Cookie(name)
	if err != nil || !ValidID(c.Value) {
		return session, nil // no cookie: the session is new
	}
	// Also a lookup: without it whoever asks to sign out and leaves would not be known, and stay in.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), lookTime)
	defer cancel()
	now := s.Now()
	row, err := s.Rows.Session(ctx, hash(c.Value), now.Add(-s.Max), now.Add(-s.Idle))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return session, nil
	case err != nil:
		return session, err
	}
	login, err := sealer{s.Keys}.login(c.Value, row.Sealed)
	if err != nil {
		return session, nil // its key is gone, so nobody can use it any more
	}
	if now.Sub(row.SeenAt) > min(touchEvery, s.Idle/10) {
		if err := s.Rows.TouchSession(ctx, hash(c.Value)); err != nil && !errors.Is(err, store.ErrNotFound) {
			return session, err
		}
	}
	session.ID = c.Value
	session.IsNew = false
	session.Values[loginValue] = login
	session.Values[begunValue] = row.CreatedAt
	session.Values[handleValue] = row.Handle
	return session, nil
}

// Save writes a session and sets its cookie: a new one under a new id, in place of the one that this
// browser had; an existing one only if it has not ended meanwhile (else ErrEnded); one with a
// negative MaxAge not at all: it ends. What is saved stays, whether or not the browser waits for it.
func (s *Sessions) Save(r *http.Request, w http.ResponseWriter, session *sessions.Session) error {
	ctx, cancel := outlive(r.Context())
	defer cancel()
	over, _ := session.Values[overValue].(record.Request)
	if session.Options.MaxAge < 0 {
		return s.end(ctx, w, session, over)
	}
	login, ok := session.Values[loginValue].(Login)
	if !ok {
		return errors.New("auth: a session without a login is not kept")
	}
	id := session.ID
	if id == "" {
		id = NewID()
	}
	sealed, err := sealer{s.Keys}.sealLogin(id, login)
	if err != nil {
		return err
	}
	if session.ID != "" {
		err = s.Rows.SaveSession(ctx, hash(id), sealed)
	} else {
		var replaces *store.Replaced
		if before := read(r, session.Name()); before != "" {
			now := s.Now()
			replaces = &store.Replaced{IDHash: hash(before), Begun: now.Add(-s.Max), Seen: now.Add(-s.Idle)}
		}
		err = s.Rows.CreateSession(ctx, hash(id), store.Session{
			Handle:       newHandle(),
			Sealed:       sealed,
			ActorIssuer:  login.Issuer,
			ActorSubject: login.Subject,
			ActorName:    login.Name,
			SID:          login.SID,
			Browser:      browserName(r.UserAgent()),
			Over:         over,
		}, replaces)
	}
	switch {
	case errors.Is(err, store.ErrNotFound):
		return ErrEnded
	case err != nil:
		return err
	}
	session.ID, session.IsNew = id, false
	s.Cookies.Set(w, session.Name(), id, 0)
	return nil
}

// end ends a session, and has the browser forget it. A cookie whose session was over before is left
// alone: the browser may have got a newer one meanwhile, whose session would stay open without an owner.
func (s *Sessions) end(ctx context.Context, w http.ResponseWriter, session *sessions.Session,
	over record.Request) error {
	if session.ID == "" {
		return nil
	}
	ended, err := s.Rows.DeleteSession(ctx, hash(session.ID), store.Ending{Over: over})
	if ended {
		s.Cookies.Expire(w, session.Name())
	}
	return err
}

// Session is a login while it lasts.
type Session struct {
	id     secret.Text // whoever has it has the session
	Handle string      // names it to people; it opens nothing
	Login  Login
	Begun  time.Time
	Until  time.Time // when it ends at the latest
}

// Key tells sessions apart within this process. It opens nothing.
func (s *Session) Key() string { return string(hash(s.id.Reveal())) }

// Current gives the request's session, or nil where nobody is logged in. An error means that the
// database could not tell: never take it for "nobody".
func (s *Sessions) Current(r *http.Request) (*Session, error) {
	g, err := s.Get(r, s.Cookies.SessionName())
	if err != nil {
		return nil, err
	}
	login, ok := g.Values[loginValue].(Login)
	if g.IsNew || !ok {
		return nil, nil //nolint:nilnil // nobody is logged in: there is nothing to give, and nothing went wrong
	}
	begun, _ := g.Values[begunValue].(time.Time)
	handle, _ := g.Values[handleValue].(string)
	return &Session{id: secret.Hide(g.ID), Handle: handle, Login: login, Begun: begun, Until: begun.Add(s.Max)}, nil
}

// Start begins a session under a new id. The one that this browser had ends in the same step. Without its event in the
// audit trail no session begins; over is for that.
func (s *Sessions) Start(r *http.Request, w http.ResponseWriter, login Login, over record.Request) error {
	g := sessions.NewSession(s, s.Cookies.SessionName())
	g.Options = s.Cookies.options()
	g.Values[loginValue] = login
	g.Values[overValue] = over
	return s.Save(r, w, g)
}

// Repeat sets the session's cookie again, unchanged. On the answer to a POST this keeps the page with the
// form, and what was typed there, out of Chromium's back/forward cache. Call it when the answer is about
// to go out: only a session that lives at that moment is repeated, because the browser may have got a
// newer one since it sent this request. Any other request gets the browser's own cookie instead.
func (s *Sessions) Repeat(w http.ResponseWriter, r *http.Request) {
	name := s.Cookies.SessionName()
	if s.Cookies.has(w, name) {
		return // this very answer begins or ends a session
	}
	if id := read(r, name); id != "" && s.lives(r.Context(), id) {
		s.Cookies.Set(w, name, id, 0)
		return
	}
	s.Cookies.Browser(w, r)
}

func (s *Sessions) lives(ctx context.Context, id string) bool {
	// Short: an answer waits for this, and without it another cookie does as well.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), livesTime)
	defer cancel()
	now := s.Now()
	lives, err := s.Rows.SessionLives(ctx, hash(id), now.Add(-s.Max), now.Add(-s.Idle))
	return lives && err == nil
}

// End ends the request's session, if there is one, and expires its cookie.
func (s *Sessions) End(r *http.Request, w http.ResponseWriter, over record.Request) error {
	g, err := s.Get(r, s.Cookies.SessionName())
	if err != nil {
		return err
	}
	g.Options.MaxAge = -1
	g.Values[overValue] = over
	return s.Save(r, w, g)
}

// Own lists the sessions of a session's user that have not run out, those used last first.
func (s *Sessions) Own(ctx context.Context, of *Session) ([]store.Session, error) {
	now := s.Now()
	return s.Rows.Sessions(ctx, of.Login.Issuer, of.Login.Subject, now.Add(-s.Max), now.Add(-s.Idle))
}

// EndOwn ends sessions of a session's user: the one of a handle, or all where handle is empty.
func (s *Sessions) EndOwn(ctx context.Context, of *Session, handle string, over record.Request) error {
	ctx, cancel := outlive(ctx)
	defer cancel()
	_, err := s.Rows.EndSessions(ctx, of.Login.Issuer, of.Login.Subject, handle, s.ending(record.ByUser, over))
	return err
}

// ending is how sessions end that may have run out already.
func (s *Sessions) ending(by record.Ender, over record.Request) store.Ending {
	now := s.Now()
	return store.Ending{
		By:    by,
		Over:  over,
		Begun: now.Add(-s.Max),
		Seen:  now.Add(-s.Idle),
	}
}

// Named is what a message of the provider says about whose sessions have ended.
type Named struct {
	Issuer  string
	TokenID string // of the message, which counts once
	SID     string // of the session at the provider; may be empty
	Subject string // may be empty
	Over    record.Request
}

// EndNamed ends the sessions that the provider names, and tells how many. used says that the same message has ended
// sessions before: then none is ended, for a replay must not end a session that was begun since.
func (s *Sessions) EndNamed(ctx context.Context, n Named) (ended int64, used bool, err error) {
	return s.Rows.EndByLogoutToken(ctx, store.LogoutToken{
		JTIHash: hash(n.Issuer + "\x00" + n.TokenID),
		Issuer:  n.Issuer,
		SID:     n.SID,
		Subject: n.Subject,
		Ending:  s.ending(record.ByProvider, n.Over),
	})
}
