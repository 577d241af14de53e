package submission

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"maiaportal/internal/maiaclient"
	"maiaportal/internal/scrub"
	"maiaportal/internal/store"
)

// Maia are the calls that a submission can make.
type Maia interface {
	CreateReference(ctx context.Context, token string, r maiaclient.Reference) error
	StoreValue(ctx context.Context, token string, v maiaclient.Value) (maiaclient.Stored, error)
}

// Records keeps what was intended and how it ended.
type Records interface {
	LatestAttempt(ctx context.Context, formToken string) (store.Submission, error)
	BeginSubmission(ctx context.Context, r store.Submission) (begun bool, err error)
	MarkSent(ctx context.Context, id string) error
	FinishSubmission(ctx context.Context, r store.Submission) error
	TakeSubmission(ctx context.Context, actor string, perMinute int) (wait time.Duration, err error)
	EarlierAttempt(ctx context.Context, r store.Submission) (bool, error)
	RefusedBetween(ctx context.Context, issuer, subject string, from, to time.Time) (int, error)
}

// Delegation hands over one user's own token. Its errors are ErrLogin and ErrProviderAway.
type Delegation interface {
	// Token gives an access token that is not about to end.
	Token(ctx context.Context) (string, error)
	// Renew gives another one, after Maia did not accept refused.
	Renew(ctx context.Context, refused string) (string, error)
}

// Request says who submits, with which form and over which request.
type Request struct {
	Actor         Actor
	FormToken     string
	LoggedIn      time.Time // when the user's login began
	RequestID     string
	ClientAddress string
	Own           []string // the user's own words that are no secret: e-mail address and name
	Tokens        Delegation
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
	Holder     string        // random id of this process
	Timeout    time.Duration // of a whole submission: renewal of the token and second try included
	PerMinute  int           // submissions of one user; 0: no limit
	NameRule   NameRule      // the company's own
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
	flights map[string]*flight          // by form token
	kept    map[string]store.Submission // by id: ends that the database has not taken yet
	running sync.WaitGroup
}

// flight is a submission under way in this process. Another POST of the same form waits for it.
type flight struct {
	fingerprint  []byte
	action, name string
	done         chan struct{}
	record       store.Submission // safe to read after done
	err          error
}

// New makes a Service.
func New(o Options) *Service {
	base, cut := context.WithCancel(context.Background())
	return &Service{o: o, base: base, cut: cut, flights: map[string]*flight{}, kept: map[string]store.Submission{}}
}

// FormToken makes the token for a new form of this user.
func (s *Service) FormToken(user Actor) string { return s.o.FormTokens.New(user) }

// Submit checks an order, records it, sends it once and records the outcome. It returns the record
// where the outcome is created or unknown: both have a receipt. Every other end is an error: FieldErrors,
// *DoubtfulError, *RefusedError, *TooManyError, *UsedTokenError, *UnderWayError, *UnrecordedError, ErrFormToken or
// ErrNotRecorded. The order's secret is wiped when Submit returns.
//
// ctx brings values only: a submission goes on when its request is cancelled.
func (s *Service) Submit(ctx context.Context, req Request, order Order) (store.Submission, error) {
	defer order.Wipe()
	id, ok := s.o.FormTokens.Check(req.Actor, req.FormToken)
	if !ok {
		return store.Submission{}, ErrFormToken
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
		defer func() {
			if recover() != nil {
				s.o.Log.Error("submission: panic", "request_id", req.RequestID)
				f.err = errPanic
			}
			s.mu.Lock()
			delete(s.flights, id)
			s.mu.Unlock()
			close(f.done)
		}()
		f.record, f.err = s.attempt(context.WithoutCancel(ctx), id, fp, req, order)
	}()
	// The caller waits for its own submission, whatever becomes of its client: the secret lies in the
	// request's memory.
	<-f.done
	return f.record, f.err
}

// errPanic says nothing of what was in hand when it happened.
var errPanic = errors.New("submission: panic")

// await waits for a submission of the same form by another request of this process.
func (s *Service) await(f *flight, fp []byte) (store.Submission, error) {
	if !bytes.Equal(f.fingerprint, fp) {
		return store.Submission{}, &UsedTokenError{First: store.Submission{Action: f.action, Name: f.name}}
	}
	<-f.done
	return f.record, f.err
}

// attempt decides whether this is a new attempt, and makes it.
func (s *Service) attempt(ctx context.Context, token string, fp []byte, req Request, order Order) (store.Submission, error) {
	var j job
	for checked := false; ; {
		latest, err := s.latest(ctx, token)
		latest, _ = s.Known(latest)
		switch {
		case errors.Is(err, store.ErrNotFound):
		case err != nil:
			return store.Submission{}, fmt.Errorf("%w: %w", ErrNotRecorded, err)
		case !Definite(latest.Outcome) && !bytes.Equal(latest.Fingerprint, fp):
			return store.Submission{}, &UsedTokenError{First: latest}
		case latest.Outcome == Pending:
			return s.awaitOther(ctx, latest)
		case !Definite(latest.Outcome):
			return latest, nil
		}
		if !checked {
			var e FieldErrors
			j, e = order.prepare(checks{own: req.Own, rule: s.o.NameRule, now: s.o.Now()})
			if err := unsendable(e, j.doubts); err != nil {
				j.object.Wipe()
				return store.Submission{}, err
			}
			j.plain = order.plain()
			defer j.object.Wipe()
			if err := s.limit(ctx, req.Actor); err != nil {
				return store.Submission{}, err
			}
			checked = true
		}
		record := j.record
		record.ID = uuid.Must(uuid.NewV7()).String()
		record.FormToken, record.Attempt, record.Fingerprint, record.Holder = token, latest.Attempt+1, fp, s.o.Holder
		record.CreatedAt, record.Outcome = s.o.Now(), Pending
		record.ActorIssuer, record.ActorSubject, record.ActorName = req.Actor.Issuer, req.Actor.Subject, scrub.Printable(req.Actor.Name, 200)
		record.RequestID, record.ClientAddress = req.RequestID, req.ClientAddress
		begun, err := s.begin(ctx, record)
		switch {
		case err != nil:
			return store.Submission{}, fmt.Errorf("%w: %w", ErrNotRecorded, err)
		case begun:
			return s.send(ctx, req, j, record)
		}
		// Another process was quicker with the same form: look again.
	}
}

// unsendable puts what was found into an error, or nil where there is nothing.
func unsendable(faults, doubts FieldErrors) error {
	switch {
	case len(doubts) > 0:
		d := &DoubtfulError{Fields: FieldErrors{}, Faults: len(faults) > 0, NameOnly: len(doubts) == 1 && len(doubts["name"]) > 0}
		for _, messages := range []FieldErrors{faults, doubts} {
			for field, list := range messages {
				d.Fields[field] = append(d.Fields[field], list...)
			}
		}
		return d
	case len(faults) > 0:
		return faults
	}
	return nil
}

func (s *Service) latest(ctx context.Context, token string) (store.Submission, error) {
	ctx, cancel := context.WithTimeout(ctx, recordTime)
	defer cancel()
	return s.o.Records.LatestAttempt(ctx, token)
}

func (s *Service) begin(ctx context.Context, r store.Submission) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, recordTime)
	defer cancel()
	begun, err := s.o.Records.BeginSubmission(ctx, r)
	if err != nil && ctx.Err() == nil {
		// Perhaps only the answer was lost: the same id again tells, and leaves no row open.
		begun, err = s.o.Records.BeginSubmission(ctx, r)
	}
	return begun, err
}

func (s *Service) limit(ctx context.Context, user Actor) error {
	if s.o.PerMinute == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, recordTime)
	defer cancel()
	wait, err := s.o.Records.TakeSubmission(ctx, user.key(), s.o.PerMinute)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrNotRecorded, err)
	case wait > 0:
		return &TooManyError{Wait: wait}
	}
	return nil
}

// awaitOther waits for a submission of the same form by another process.
func (s *Service) awaitOther(ctx context.Context, first store.Submission) (store.Submission, error) {
	ctx, cancel := context.WithTimeout(ctx, s.o.Timeout)
	defer cancel()
	for tick := time.NewTicker(pollOther); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return store.Submission{}, &UnderWayError{First: first}
		case <-s.base.Done():
			tick.Stop()
			return store.Submission{}, &UnderWayError{First: first}
		case <-tick.C:
		}
		r, err := s.o.Records.LatestAttempt(ctx, first.FormToken)
		r, _ = s.Known(r)
		switch {
		case err != nil || r.Outcome == Pending:
			continue
		case Definite(r.Outcome):
			tick.Stop()
			return store.Submission{}, &RefusedError{Record: r}
		}
		tick.Stop()
		return r, nil
	}
}

// send makes the call and records how it ended.
func (s *Service) send(ctx context.Context, req Request, j job, r store.Submission) (_ store.Submission, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.o.Timeout)
	defer cancel()
	stop := context.AfterFunc(s.base, cancel)
	defer stop()

	defer func() {
		// Whatever breaks here, the record must not stay under way for ever.
		if recover() != nil {
			r.Outcome = outcomeOf(maiaclient.ErrNotSent)
			if r.Sent {
				r.Outcome = Unknown
			}
			s.o.Log.Error("submission: panic after the call", "submission", r.ID)
			err = errors.Join(errPanic, s.record(r))
		}
	}()
	stored, callErr := s.call(ctx, req.Tokens, j, &r)
	r.Outcome = outcomeOf(callErr)
	var problem *maiaclient.Problem
	if errors.As(callErr, &problem) {
		r.Status = problem.Status
		defer problem.Wipe()
	}
	if callErr == nil {
		r.Status = 201
		r.ResolverRef, r.VaultSecretName = j.names(stored)
		r.AnswerPartial = stored.Partial || r.ResolverRef != stored.ResolverRef || r.VaultSecretName != stored.VaultSecretName
	}
	if err := s.record(r); err != nil {
		return store.Submission{}, &UnrecordedError{Record: r, cause: err}
	}
	s.o.Log.LogAttrs(ctx, slog.LevelInfo, "submission ended", slog.String("request_id", r.RequestID), slog.String("submission", r.ID),
		slog.String("action", r.Action), slog.String("outcome", r.Outcome), slog.Int("status", r.Status), slog.Bool("sent", r.Sent), slog.Any("error", callErr))
	if r.Outcome == Created || r.Outcome == Unknown {
		return r, nil
	}
	return r, s.refused(r, req.LoggedIn, problem, j, callErr)
}

// call asks for the token, notes that something goes out, and sends. A token that Maia refuses is
// renewed once, and only then is anything sent a second time.
func (s *Service) call(ctx context.Context, tokens Delegation, j job, r *store.Submission) (stored maiaclient.Stored, err error) {
	defer func() {
		// A panic must not leave a record that is under way for ever. Its text is not logged: it may
		// quote what was in hand.
		if recover() != nil {
			s.o.Log.Error("submission: panic during the call", "submission", r.ID)
			err = maiaclient.ErrNotSent
			if r.Sent {
				err = maiaclient.ErrUnknown
			}
		}
	}()
	token, err := tokens.Token(ctx)
	if err != nil {
		return maiaclient.Stored{}, err
	}
	if err := s.o.Records.MarkSent(ctx, r.ID); err != nil {
		return maiaclient.Stored{}, fmt.Errorf("%w: %w", maiaclient.ErrNotSent, err)
	}
	r.Sent = true
	stored, err = j.call(ctx, s.o.Maia, token)
	if errors.Is(err, maiaclient.ErrUnauthenticated) {
		refused := err
		if token, err = tokens.Renew(ctx, token); err != nil {
			// Maia's answer stays the record's status: it is what happened.
			return maiaclient.Stored{}, errors.Join(err, refused)
		}
		var problem *maiaclient.Problem
		if errors.As(refused, &problem) {
			problem.Wipe()
		}
		stored, err = j.call(ctx, s.o.Maia, token)
	}
	r.Sent = !errors.Is(err, maiaclient.ErrNotSent)
	return stored, err
}

// refused makes the error that the form shows.
func (s *Service) refused(r store.Submission, loggedIn time.Time, p *maiaclient.Problem, j job, cause error) *RefusedError {
	e := &RefusedError{Record: r, cause: cause}
	if p != nil {
		e.RetryAfter = p.RetryAfter
		e.Detail, e.Violations = j.messages(p)
	}
	ctx, cancel := context.WithTimeout(context.Background(), recordTime)
	defer cancel()
	// Both only make the words better: where the database does not answer, they do without.
	switch r.Outcome {
	case Conflict:
		e.Earlier, _ = s.o.Records.EarlierAttempt(ctx, r)
	case Unauthenticated:
		n, err := s.o.Records.RefusedBetween(ctx, r.ActorIssuer, r.ActorSubject, r.CreatedAt.Add(-refusedAgain), loggedIn)
		e.Again = err == nil && n > 0 && r.Status == 401
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
