package submission

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"maiaportal/internal/maiaclient"
	"maiaportal/internal/record"
	"maiaportal/internal/scrub"
)

// Maia are the calls that a submission can make.
type Maia interface {
	CreateReference(ctx context.Context, token string, r maiaclient.Reference) error
	StoreValue(ctx context.Context, token string, v maiaclient.Value) (maiaclient.Stored, error)
	HasReference(ctx context.Context, token, projectID, name string) (found, complete bool, err error)
}

// Records keeps what was intended and how it ended.
type Records interface {
	LatestAttempt(ctx context.Context, formToken string) (record.Submission, error)
	BeginSubmission(ctx context.Context, r record.Submission, b record.Begin) (begun bool, wait time.Duration, err error)
	BeginCall(ctx context.Context, r record.Submission, ended *record.Step, begins record.Step) error
	EndSubmission(ctx context.Context, r record.Submission, ended *record.Step) error
	EarlierAttempt(ctx context.Context, r record.Submission) (record.Submission, error)
	Check(ctx context.Context, id string, found record.Outcome, by record.By) error
	RefusedBetween(ctx context.Context, actor record.Actor, from, to time.Time) (int, error)
}

// Delegation hands over one user's own token. Its errors are ErrLogin and ErrProviderAway.
type Delegation interface {
	// AtHand gives an access token that is not about to end, where there is one without asking anybody.
	AtHand() (token string, ok bool)
	// Token gives an access token that is not about to end.
	Token(ctx context.Context) (string, error)
	// Renew gives another one, after Maia did not accept refused.
	Renew(ctx context.Context, refused string) (string, error)
}

// Request says who submits, with which form and over which request.
type Request struct {
	Actor         record.Actor
	FormToken     string
	LoggedIn      time.Time // when the user's login began
	RequestID     string
	ClientAddress string
	NameRule      NameRule // of the project, beside the company's own
	// Answered says that the name of the secret that a reference points to is out of Maia's own answer to this user.
	Answered bool
	Own      []string    // the user's own words that are no secret: e-mail address and name
	Against  FieldErrors // what else stands against sending it now, as far as Maia's lists tell
	Tokens   Delegation
}

const (
	// recordTime is how long the database may take for one statement of a submission.
	recordTime = 5 * time.Second
	// pollOther is how often the record of another process's submission is looked at.
	pollOther = 200 * time.Millisecond
	// refusedAgain is how soon after a refused token another refusal means that a login is no cure.
	refusedAgain = 5 * time.Minute
)

// Options are what a Service needs.
type Options struct {
	Maia       Maia
	Records    Records
	FormTokens *FormTokens
	Holder     string         // random id of this process
	Timeout    time.Duration  // of a whole submission: renewal of the token and second try included
	PerMinute  int            // submissions of one user; 0: no limit
	NameRule   NameRule       // the company's own
	Observer   Observer       // nil: nobody
	Zone       *time.Location // in which a day begins; nil: UTC
	Log        *slog.Logger
	Now        func() time.Time
}

// Service takes submissions. It may be used by many goroutines at once.
type Service struct {
	o Options

	// base outlives requests; cut ends what still runs when the time to drain is over.
	base context.Context
	cut  context.CancelFunc

	mu      sync.Mutex
	flights map[string]*flight // by form token
	kept    map[string]keptEnd // by id: ends that the database has not taken yet
	asking  map[string]bool    // by user: who is asking Maia what became of something
	running sync.WaitGroup
}

// flight is a submission under way in this process. Another POST of the same form waits for it.
type flight struct {
	fingerprint []byte
	action      record.Action
	name        string
	done        chan struct{}
	record      record.Submission // safe to read after done
	err         error
}

// New makes a Service.
func New(o Options) *Service {
	base, cut := context.WithCancel(context.Background())
	if o.Observer == nil {
		o.Observer = unobserved{}
	}
	return &Service{
		o:       o,
		base:    base,
		cut:     cut,
		flights: map[string]*flight{},
		kept:    map[string]keptEnd{},
		asking:  map[string]bool{},
	}
}

// here is the present time in the zone in which days begin.
func (s *Service) here() time.Time {
	if s.o.Zone == nil {
		return s.o.Now().UTC()
	}
	return s.o.Now().In(s.o.Zone)
}

// FormToken makes the token for a new form of this user.
func (s *Service) FormToken(user record.Actor) string { return s.o.FormTokens.New(user) }

// Submit checks an order, records it, sends it once and records the outcome. It returns the record
// where the outcome is created, value_stored or unknown: these have a receipt. Every other end is an error:
// FieldErrors, *DoubtfulError, *RefusedError, *TooManyError, *UsedTokenError, *UnderWayError, *UnrecordedError,
// ErrFormToken or ErrNotRecorded. The order's secret is wiped when Submit returns.
//
// ctx brings values only: a submission goes on when its request is cancelled.
func (s *Service) Submit(ctx context.Context, req Request, order Order) (record.Submission, error) {
	defer order.Wipe()
	id, ok := s.o.FormTokens.Check(req.Actor, req.FormToken)
	if !ok {
		return record.Submission{}, ErrFormToken
	}
	action, name := order.about()
	fp := fingerprint(action, order.plain())

	s.mu.Lock()
	f, busy := s.flights[id]
	if !busy {
		f = &flight{fingerprint: fp, action: action, name: name, done: make(chan struct{})}
		s.flights[id] = f
		s.running.Add(1)
	}
	s.mu.Unlock()
	if busy {
		return s.await(f, fp)
	}

	go func() {
		defer s.running.Done()
		var u underWay
		defer func() {
			if recover() != nil {
				f.record, f.err = s.broken(req, &u)
			}
			s.mu.Lock()
			delete(s.flights, id)
			s.mu.Unlock()
			close(f.done)
		}()
		f.record, f.err = s.attempt(context.WithoutCancel(ctx), id, fp, req, order, &u)
	}()
	// The caller waits for its own submission, whatever becomes of its client: the secret lies in the
	// request's memory.
	<-f.done
	return f.record, f.err
}

// errPanic says nothing of what was in hand when it happened.
var errPanic = errors.New("submission: panic")

// await waits for a submission of the same form by another request of this process.
func (s *Service) await(f *flight, fp []byte) (record.Submission, error) {
	if !bytes.Equal(f.fingerprint, fp) {
		return record.Submission{}, &UsedTokenError{First: record.Submission{
			Action: f.action,
			Fields: record.Fields{Name: f.name},
		}}
	}
	<-f.done
	return f.record, f.err
}

// attempt decides whether this is a new attempt, and makes it.
func (s *Service) attempt(ctx context.Context, token string, fp []byte, req Request, order Order,
	u *underWay) (record.Submission, error) {
	found := Told{}
	p, e := order.prepare(checks{
		own:      req.Own,
		rule:     s.o.NameRule,
		project:  req.NameRule,
		now:      s.here(),
		found:    found,
		answered: req.Answered,
	})
	defer p.object.Wipe()
	for field, list := range req.Against {
		e[field] = append(e[field], list...)
	}
	faults := unsendable(e, p.doubts)
	if odd := (*DoubtfulError)(nil); errors.As(faults, &odd) {
		odd.Told = found
	}
	p.plain = order.plain()
	r := p.record
	r.FormToken = token
	r.Attempt = 1
	r.Fingerprint = fp
	r.Holder = s.o.Holder
	r.Outcome = record.Pending
	r.Actor = req.Actor
	r.Actor.Name = scrub.Printable(req.Actor.Name, 200)
	r.RequestID = req.RequestID
	r.ClientAddress = req.ClientAddress
	if faults == nil {
		// Most forms are sent once. The database takes no second record of a first attempt, so it need not be asked
		// before whether there is one.
		if made, end, err := s.try(ctx, req, p, r, u); made {
			return end, err
		}
	}
	for {
		latest, err := s.latest(ctx, token)
		switch {
		case errors.Is(err, record.ErrNotFound):
		case err != nil:
			return record.Submission{}, fmt.Errorf("%w: %w", ErrNotRecorded, err)
		case !latest.Outcome.Definite() && !bytes.Equal(latest.Fingerprint, fp):
			return record.Submission{}, &UsedTokenError{First: latest}
		case latest.Outcome == record.Pending:
			return s.awaitOther(ctx, latest)
		case !latest.Outcome.Definite():
			return latest, nil
		}
		if faults != nil {
			return record.Submission{}, faults
		}
		r.Attempt = latest.Attempt + 1
		if made, end, err := s.try(ctx, req, p, r, u); made {
			return end, err
		}
		// Another process was quicker with the same form: look again.
	}
}

// try makes an attempt, unless the record of another one has its number.
func (s *Service) try(ctx context.Context, req Request, p plan, r record.Submission,
	u *underWay) (made bool, end record.Submission, _ error) {
	r.ID = uuid.Must(uuid.NewV7()).String()
	r.CreatedAt = s.o.Now()
	// With a token at hand the call begins now, and one commit says both.
	var first *record.Step
	bearer := ""
	if token, ok := req.Tokens.AtHand(); ok {
		bearer = token
		begins := p.begins(0)
		first = &begins
	}
	begun, err := s.begin(ctx, r, first)
	if err != nil || !begun {
		return err != nil, record.Submission{}, err
	}
	*u = underWay{record: r, step: first, open: true}
	s.o.Observer.SubmissionBegun()
	end, err = s.send(ctx, req, p, u, bearer)
	return true, end, err
}

// unsendable puts what was found into an error, or nil where there is nothing.
func unsendable(faults FieldErrors, doubts Doubts) error {
	switch {
	case len(doubts) > 0:
		return &DoubtfulError{
			Doubts:   doubts.sorted(),
			Faults:   faults,
			NameOnly: !slices.ContainsFunc(doubts, func(d Doubt) bool { return d.Field != "name" }),
		}
	case len(faults) > 0:
		return faults
	}
	return nil
}

func (s *Service) latest(ctx context.Context, token string) (record.Submission, error) {
	ctx, cancel := context.WithTimeout(ctx, recordTime)
	defer cancel()
	r, err := s.o.Records.LatestAttempt(ctx, token)
	if r, late := s.Known(r); late || r.Outcome != record.Pending || r.Holder != s.o.Holder {
		return r, err
	}
	// Nothing of this form is under way in this process, so its end has been recorded in between.
	return s.o.Records.LatestAttempt(ctx, token)
}

// begin records the intent, and the first call where it begins with it.
func (s *Service) begin(ctx context.Context, r record.Submission, first *record.Step) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, recordTime)
	defer cancel()
	b := record.Begin{PerMinute: s.o.PerMinute, Step: first}
	begun, wait, err := s.o.Records.BeginSubmission(ctx, r, b)
	uncertain := errors.Is(err, record.ErrUncertain)
	if err != nil && ctx.Err() == nil {
		// Perhaps only the answer was lost: the same id again tells, and leaves no row open.
		begun, wait, err = s.o.Records.BeginSubmission(ctx, r, b)
	}
	switch {
	case err != nil:
		if uncertain || errors.Is(err, record.ErrUncertain) {
			s.endUncertain(r)
		}
		return false, fmt.Errorf("%w: %w", ErrNotRecorded, err)
	case wait > 0:
		return false, &TooManyError{Wait: wait}
	}
	return begun, nil
}

// awaitOther waits for a submission of the same form by another process.
func (s *Service) awaitOther(ctx context.Context, first record.Submission) (record.Submission, error) {
	ctx, cancel := context.WithTimeout(ctx, s.o.Timeout)
	defer cancel()
	for tick := time.NewTicker(pollOther); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return record.Submission{}, &UnderWayError{First: first}
		case <-s.base.Done():
			tick.Stop()
			return record.Submission{}, &UnderWayError{First: first}
		case <-tick.C:
		}
		r, err := s.o.Records.LatestAttempt(ctx, first.FormToken)
		r, _ = s.Known(r)
		switch {
		case err != nil || r.Outcome == record.Pending:
			continue
		case r.Outcome.Definite():
			tick.Stop()
			return record.Submission{}, &RefusedError{Record: r}
		}
		tick.Stop()
		return r, nil
	}
}

// send makes the calls and records how it ended. token is the one at hand; empty where it has to be asked for.
func (s *Service) send(ctx context.Context, req Request, p plan, u *underWay, token string) (record.Submission, error) {
	ctx, cancel := context.WithTimeout(ctx, s.o.Timeout)
	defer cancel()
	stop := context.AfterFunc(s.base, cancel)
	defer stop()
	if s.base.Err() != nil {
		cancel() // at once: what AfterFunc begins may come after the call
	}

	callErr := s.calls(ctx, req.Tokens, p, u, token)
	u.record.Outcome = u.outcome(callErr)
	var problem *maiaclient.Problem
	if errors.As(callErr, &problem) {
		defer problem.Wipe()
	}
	r := u.record
	// Before the end is recorded, which settles it.
	earlier := s.earlier(r)
	err := s.record(r, u.step)
	s.ended(u)
	if err != nil {
		u.open = false
		return record.Submission{}, &UnrecordedError{Record: r, cause: err}
	}
	u.open = false
	s.o.Log.LogAttrs(ctx, slog.LevelInfo, "submission ended", endOf(r, slog.Any("error", callErr))...)
	if !r.Outcome.Definite() {
		return r, nil
	}
	refused := s.refused(r, req.LoggedIn, problem, p, callErr)
	refused.Earlier = earlier
	return r, refused
}

// ended tells that an attempt has ended, once: a panic may come after its end.
func (s *Service) ended(u *underWay) {
	if !u.told {
		u.told = true
		s.o.Observer.SubmissionEnded(u.record.Action, u.record.Outcome)
	}
}

// earlier gives the user's own submission that has created a name that is taken, or may have; nil where none is known.
// It only makes the words better: where the database does not answer, they do without.
func (s *Service) earlier(r record.Submission) *record.Submission {
	if r.Outcome != record.Conflict {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), recordTime)
	defer cancel()
	found, err := s.o.Records.EarlierAttempt(ctx, r)
	if err != nil {
		return nil
	}
	return &found
}

// refused makes the error that the form shows.
func (s *Service) refused(r record.Submission, loggedIn time.Time, said *maiaclient.Problem, p plan,
	cause error) *RefusedError {
	e := &RefusedError{Record: r, cause: cause}
	if said != nil {
		e.RetryAfter = said.RetryAfter
		e.Detail, e.Violations = p.messages(said)
	}
	ctx, cancel := context.WithTimeout(context.Background(), recordTime)
	defer cancel()
	switch r.Outcome {
	case record.Unauthenticated:
		// It only makes the words better: where the database does not answer, they do without.
		n, err := s.o.Records.RefusedBetween(ctx, r.Actor, r.CreatedAt.Add(-refusedAgain), loggedIn)
		e.Again = err == nil && n > 0 && r.Status == 401
	case record.Pending, record.Created, record.ValueStored, record.Rejected, record.Forbidden, record.NotFound,
		record.Conflict, record.RateLimited, record.Failed, record.Unknown:
	}
	return e
}

// Drain waits until no submission is under way. When ctx ends, what still runs is cut, which records
// it as unknown, and waited for.
func (s *Service) Drain(ctx context.Context) {
	done := make(chan struct{})
	go func() { s.running.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
		s.cut()
		<-done
	}
}
