package submission

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"maiaportal/internal/audit"
	"maiaportal/internal/maiaclient"
	"maiaportal/internal/record"
	"maiaportal/internal/secret"
	"maiaportal/internal/store"
)

const canary = "Canary-5e77d1a2c4"

var (
	alice = record.Actor{Issuer: "https://issuer", Subject: "alice", Name: "Alice"}
	bob   = record.Actor{Issuer: "https://issuer", Subject: "bob", Name: "Bob"}
)

// maia is an API on loopback whose answers a test decides.
type maia struct {
	*httptest.Server
	mu      sync.Mutex
	tokens  []string // of each call
	bodies  []string
	answer  http.HandlerFunc
	entered chan struct{} // one for each call that has arrived whole
}

func newMaia(t *testing.T, answer http.HandlerFunc) *maia {
	t.Helper()
	m := &maia{answer: answer, entered: make(chan struct{}, 100)}
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		m.mu.Lock()
		m.tokens = append(m.tokens, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		m.bodies = append(m.bodies, string(b))
		answer := m.answer
		m.mu.Unlock()
		m.entered <- struct{}{}
		answer(w, r)
	}))
	t.Cleanup(m.Close)
	return m
}

func (m *maia) then(answer http.HandlerFunc) { m.mu.Lock(); m.answer = answer; m.mu.Unlock() }

func (m *maia) calls() int { m.mu.Lock(); defer m.mu.Unlock(); return len(m.tokens) }

func (m *maia) bearers() string { m.mu.Lock(); defer m.mu.Unlock(); return strings.Join(m.tokens, " ") }

// status answers with a status and a body.
func status(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

const createdBody = `{"resolver_ref":"ref-1","vaultSecretName":"vault-1"}`

// byTurns answers with one after the other, and goes on with the last.
func byTurns(answers ...http.HandlerFunc) http.HandlerFunc {
	var mu sync.Mutex
	n := 0
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		a := answers[min(n, len(answers)-1)]
		n++
		mu.Unlock()
		a(w, r)
	}
}

// held answers when it is released.
func held(release <-chan struct{}, answer http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
			answer(w, r)
		case <-r.Context().Done():
		}
	}
}

// delegation is a user's token; the portal's own comes from a session.
type delegation struct {
	token, renewed      string
	tokenErr, renewErr  error
	renewals, questions int
	panics              bool
	asks                bool // there is none at hand
}

func (d *delegation) AtHand() (string, bool) {
	return d.token, !d.asks && !d.panics && d.tokenErr == nil
}

func (d *delegation) Token(context.Context) (string, error) {
	d.questions++
	if d.panics {
		panic(canary)
	}
	return d.token, d.tokenErr
}

func (d *delegation) Renew(_ context.Context, refused string) (string, error) {
	d.renewals++
	if refused != d.token {
		return "", fmt.Errorf("renewal of %q, which was not refused", refused)
	}
	return d.renewed, d.renewErr
}

// faulty is the real store, but for the methods that are made to fail: a file on a disk that works
// cannot be made to fail in one statement alone.
type faulty struct {
	*store.Store
	mu   sync.Mutex
	fail map[string]int // how often a method is still to fail
}

// always in place of a number makes a method fail until it is told otherwise.
const always = -1

func (f *faulty) failAlways(method string, yes bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail[method] = 0
	if yes {
		f.fail[method] = always
	}
}

func (f *faulty) failing(method string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch f.fail[method] {
	case 0:
		return nil
	case always:
	default:
		f.fail[method]--
	}
	return errors.New("disk full")
}

func (f *faulty) LatestAttempt(ctx context.Context, token string) (record.Submission, error) {
	if err := f.failing("LatestAttempt"); err != nil {
		return record.Submission{}, err
	}
	return f.Store.LatestAttempt(ctx, token)
}

func (f *faulty) BeginSubmission(ctx context.Context, r record.Submission, b record.Begin) (bool, time.Duration, error) {
	if err := f.failing("BeginSubmission"); err != nil {
		return false, 0, err
	}
	return f.Store.BeginSubmission(ctx, r, b)
}

func (f *faulty) BeginCall(ctx context.Context, r record.Submission, ended *record.Step, begins record.Step) error {
	if err := f.failing("BeginCall"); err != nil {
		return err
	}
	return f.Store.BeginCall(ctx, r, ended, begins)
}

func (f *faulty) EndSubmission(ctx context.Context, r record.Submission, ended *record.Step) error {
	if err := f.failing("EndSubmission"); err != nil {
		return err
	}
	return f.Store.EndSubmission(ctx, r, ended)
}

func (f *faulty) EarlierAttempt(ctx context.Context, r record.Submission) (record.Submission, error) {
	if err := f.failing("EarlierAttempt"); err != nil {
		return record.Submission{}, err
	}
	return f.Store.EarlierAttempt(ctx, r)
}

// lost loses the answers to the first commits of a begin.
type lost struct {
	*store.Store
	mu     sync.Mutex
	begins int // whose answers are still to be lost
}

func (l *lost) BeginSubmission(ctx context.Context, r record.Submission, b record.Begin) (bool, time.Duration, error) {
	begun, wait, err := l.Store.BeginSubmission(ctx, r, b)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.begins > 0 {
		l.begins--
		return false, 0, fmt.Errorf("%w: the connection is gone", record.ErrUncertain)
	}
	return begun, wait, err
}

// Where nobody knows whether the intent was written, nothing is sent, and the form can be sent again: what may have
// been begun is ended.
func TestBeginWhoseAnswerIsLost(t *testing.T) {
	r := newRig(t, status(201, ""))
	rows := &lost{Store: r.rows.Store, begins: 2}
	r.o.Records = rows
	token := r.FormToken(alice)
	order := aws()
	if _, err := r.Submit(t.Context(), r.request(token), order); !errors.Is(err, ErrNotRecorded) {
		t.Fatalf("%v", err)
	}
	r.maia.mu.Lock()
	n := len(r.maia.bodies)
	r.maia.mu.Unlock()
	if n != 0 {
		t.Fatalf("%d calls, though nothing is recorded for sure", n)
	}
	if _, err := r.Submit(t.Context(), r.request(token), order); err != nil {
		t.Fatalf("the form cannot be sent again: %v", err)
	}
	r.running.Wait()
	list := r.records()
	if len(list) != 2 {
		t.Fatalf("%d records", len(list))
	}
	if list[0].Outcome != record.Failed || list[0].Sent || list[1].Outcome != record.Created {
		t.Errorf("first %s, sent %v; second %s", list[0].Outcome, list[0].Sent, list[1].Outcome)
	}
}

// rig is a service with a real client, a real database file and a Maia on loopback.
type rig struct {
	*Service
	t      *testing.T
	maia   *maia
	rows   *faulty
	dir    string
	log    *lockedBuffer
	tokens *delegation

	mu  sync.Mutex
	now time.Time
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }

// migrated is an empty database file. Each test has a copy, for the migrations take longer than a test.
var migrated = sync.OnceValue(func() []byte {
	dir, err := os.MkdirTemp("", "submission")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "portal.db")
	rows, err := store.Open("sqlite:"+file, time.Now)
	if err != nil {
		panic(err)
	}
	if err := rows.Migrate(context.Background()); err != nil {
		panic(err)
	}
	if err := rows.Close(); err != nil {
		panic(err)
	}
	b, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		panic(err)
	}
	return b
})

func newRig(t *testing.T, answer http.HandlerFunc, change ...func(*Options)) *rig {
	t.Helper()
	r := &rig{
		t:    t,
		maia: newMaia(t, answer),
		dir:  t.TempDir(),
		log:  &lockedBuffer{},
		tokens: &delegation{
			token:   "token-1",
			renewed: "token-2",
		},
		now: time.Now(),
	}
	file := filepath.Join(r.dir, "portal.db")
	if err := os.WriteFile(file, migrated(), 0o600); err != nil {
		t.Fatal(err)
	}
	rows, err := store.Open("sqlite:"+file, r.clock)
	if err != nil {
		t.Fatal(err)
	}
	rows.KeepTrail(audit.NewChain(nil), nil)
	t.Cleanup(func() { _ = rows.Close() })
	r.rows = &faulty{Store: rows, fail: map[string]int{}}
	base, _ := url.Parse(r.maia.URL)
	client := maiaclient.New(base, 20*time.Second)
	t.Cleanup(client.Close)
	o := Options{
		Maia:       client,
		Records:    r.rows,
		FormTokens: NewFormTokens([][]byte{bytes.Repeat([]byte("k"), 32)}),
		Holder:     "holder-1",
		Timeout:    30 * time.Second,
		PerMinute:  100,
		Log:        slog.New(slog.NewJSONHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Now:        r.clock,
	}
	for _, c := range change {
		c(&o)
	}
	r.Service = New(o)
	t.Cleanup(func() {
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		r.Drain(ended)
	})
	return r
}

func (r *rig) clock() time.Time { r.mu.Lock(); defer r.mu.Unlock(); return r.now }

func (r *rig) later(d time.Duration) { r.mu.Lock(); r.now = r.now.Add(d); r.mu.Unlock() }

// request is a POST of alice with the form token given.
func (r *rig) request(form string) Request {
	return Request{Actor: alice, FormToken: form, RequestID: "request-1", ClientAddress: "192.0.2.1", Tokens: r.tokens}
}

// fresh is a POST of a new form.
func (r *rig) fresh() Request { return r.request(r.FormToken(alice)) }

// records are all of them, oldest first.
func (r *rig) records() []record.Submission {
	r.t.Helper()
	list, err := r.rows.Submissions(context.Background(), record.Query{Of: record.Everyone, Limit: 100})
	if err != nil {
		r.t.Fatal(err)
	}
	for i, k := 0, len(list)-1; i < k; i, k = i+1, k-1 {
		list[i], list[k] = list[k], list[i]
	}
	return list
}

// only is the one record that there is.
func (r *rig) only() record.Submission {
	r.t.Helper()
	list := r.records()
	if len(list) != 1 {
		r.t.Fatalf("%d records, want one", len(list))
	}
	return list[0]
}

func refusedOf(t *testing.T, err error) *RefusedError {
	t.Helper()
	var e *RefusedError
	if !errors.As(err, &e) {
		t.Fatalf("%#v, want a RefusedError", err)
	}
	return e
}

// S-41: one record for each attempt, with all that matters, and the intent before the call.
func TestRecordOfACreatedValue(t *testing.T) {
	var r *rig
	var during []record.Submission
	r = newRig(t, func(w http.ResponseWriter, _ *http.Request) {
		during = r.records()
		status(201, createdBody)(w, nil)
	})
	order := value(canary)
	order.Type, order.Value.Key = "PASSWORD", "k"
	got, err := r.Submit(t.Context(), r.fresh(), order)
	if err != nil {
		t.Fatal(err)
	}
	if len(during) != 1 || during[0].Outcome != record.Pending || !during[0].Sent || !during[0].FinishedAt.IsZero() || during[0].ID != got.ID {
		t.Errorf("while Maia has the call, the record says %+v", during)
	}
	rec := r.only()
	want := record.Submission{
		ID:          got.ID,
		FormToken:   rec.FormToken,
		Attempt:     1,
		Fingerprint: rec.Fingerprint,
		Holder:      "holder-1",
		CreatedAt:   rec.CreatedAt,
		FinishedAt:  rec.FinishedAt,
		Actor:       alice,
		Action:      record.Value,
		Fields: record.Fields{
			ProjectID: projectID,
			AgentID:   "agent-1",
			Name:      "n",
			SecretKey: "k",
			Type:      "PASSWORD",
		},
		Outcome: record.Created,
		Status:  201,
		Sent:    true,
		Answer: record.Answer{
			VaultSecretName: "vault-1",
			ResolverRef:     "ref-1",
		},
		RequestID:     "request-1",
		ClientAddress: "192.0.2.1",
	}
	if fmt.Sprint(rec) != fmt.Sprint(want) {
		t.Errorf("the record is\n%+v, want\n%+v", rec, want)
	}
	if rec.CreatedAt.UnixMilli() != r.clock().UnixMilli() || rec.FinishedAt.IsZero() || rec.CreatedAt.Location() != time.UTC {
		t.Errorf("times: %v, %v", rec.CreatedAt, rec.FinishedAt)
	}
	if b := r.maia.bodies[0]; b != `{"secret":{"key":"k","name":"n","type":"PASSWORD","value":{"k":"`+canary+`"}}}` || r.maia.bearers() != "token-1" {
		t.Errorf("Maia got %s by %s", b, r.maia.bearers())
	}
	if !order.Value.Text.Empty() && strings.Trim(string(order.Value.Text.Bytes()), "\x00") != "" {
		t.Error("the value is not wiped")
	}
}

func TestRecordOfACreatedReference(t *testing.T) {
	r := newRig(t, status(201, ""))
	order := Reference{
		Fields: record.Fields{
			ProjectID:  projectID,
			Name:       "N",
			AgentType:  maiaclient.Azure,
			VaultName:  "vault",
			SecretName: "s",
			SecretKey:  "k",
		},
		Description: "d",
	}
	got, err := r.Submit(t.Context(), r.fresh(), order)
	if err != nil {
		t.Fatal(err)
	}
	if got.Action != record.Reference || got.Outcome != record.Created || got.Type != "PASSWORD" || got.VaultName != "vault" || got.SecretName != "s" || got.SecretKey != "k" || got.AgentType != "Azure" || got.Name != "N" {
		t.Errorf("%+v", got)
	}
	if b := r.maia.bodies[0]; b != `{"agentType":"Azure","secretReferenceType":"PASSWORD","description":"d","vaultName":"vault","secretName":"s","secretKey":"k"}` {
		t.Errorf("Maia got %s", b)
	}
}

// S-28, S-29: how each end is recorded and told.
func TestOutcomes(t *testing.T) {
	for why, tc := range map[string]struct {
		answer  http.HandlerFunc
		outcome record.Outcome
		status  int
		sent    bool
	}{
		"created":                        {status(201, createdBody), record.Created, 201, true},
		"refused":                        {status(400, "{}"), record.Rejected, 400, true},
		"forbidden":                      {status(403, ""), record.Forbidden, 403, true},
		"no such agent":                  {status(404, ""), record.NotFound, 404, true},
		"the name is taken":              {status(409, ""), record.Conflict, 409, true},
		"unsupported media type":         {status(415, ""), record.Rejected, 415, true},
		"too many requests":              {status(429, ""), record.RateLimited, 429, true},
		"Maia failed":                    {status(500, ""), record.Failed, 500, true},
		"Maia is away":                   {status(503, "<html>"), record.Failed, 503, true},
		"a gateway lost it":              {status(502, ""), record.Unknown, 502, true},
		"a gateway gave up":              {status(504, ""), record.Unknown, 504, true},
		"a success that is no creation":  {status(200, createdBody), record.Unknown, 200, true},
		"a redirect":                     {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x", 307) }, record.Unknown, 307, true},
		"the connection is lost":         {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, record.Unknown, 0, true},
		"refused twice with a new token": {status(401, ""), record.Unauthenticated, 401, true},
	} {
		for kind, order := range map[string]Order{"value": value(canary), "reference": hosted(canary)} {
			t.Run(why+" "+kind, func(t *testing.T) {
				r := newRig(t, tc.answer)
				got, err := r.Submit(t.Context(), r.fresh(), order)
				if receipt := tc.outcome == record.Created || tc.outcome == record.Unknown; receipt != (err == nil) {
					t.Fatalf("%+v, %v", got, err)
				}
				if err != nil {
					if e := refusedOf(t, err); e.Record.ID != r.only().ID || e.Record.Outcome != tc.outcome {
						t.Errorf("told: %+v", e.Record)
					}
				}
				if rec := r.only(); rec.Outcome != tc.outcome || rec.Status != tc.status || rec.Sent != tc.sent || rec.FinishedAt.IsZero() {
					t.Errorf("recorded: %s, %d, sent %v; want %s, %d, %v", rec.Outcome, rec.Status, rec.Sent, tc.outcome, tc.status, tc.sent)
				}
			})
		}
	}
}

func TestOutcomeWhereNothingWasSent(t *testing.T) {
	r := newRig(t, nil)
	r.maia.Close()
	_, err := r.Submit(t.Context(), r.fresh(), value(canary))
	e := refusedOf(t, err)
	if rec := r.only(); rec.Outcome != record.Failed || rec.Sent || rec.Status != 0 || e.Record.Sent || !errors.Is(e, maiaclient.ErrNotSent) {
		t.Errorf("%+v", rec)
	}
}

func TestOutcomeOfSilence(t *testing.T) {
	release := make(chan struct{})
	r := newRig(t, held(release, nil), func(o *Options) { o.Timeout = 300 * time.Millisecond })
	got, err := r.Submit(t.Context(), r.fresh(), value(canary))
	if err != nil || got.Outcome != record.Unknown || r.maia.calls() != 1 || r.only().Outcome != record.Unknown {
		t.Errorf("%+v, %v, %d calls", got, err, r.maia.calls())
	}
}

// S-31, S-32: Maia's words arrive shortened and without the value.
func TestRefusedWords(t *testing.T) {
	violations := strings.TrimSuffix(strings.Repeat(`"agentId is wrong",`, 30), ",")
	r := newRig(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "9")
		w.WriteHeader(429)
		_, _ = io.WriteString(w, `{"detail":"Value `+canary+` is bad. `+strings.Repeat("x", 500)+`","violations":["password: `+canary+`",`+violations+`]}`)
	})
	_, err := r.Submit(t.Context(), r.fresh(), value(canary))
	e := refusedOf(t, err)
	if e.RetryAfter != 9*time.Second || len(e.Violations) != 20 || e.Violations[0] != "password: [removed]" || e.Violations[1] != "agentId is wrong" {
		t.Errorf("%v %q", e.RetryAfter, e.Violations)
	}
	if !strings.HasPrefix(e.Detail, "Value [removed] is bad. xxx") || len([]rune(e.Detail)) != 300 {
		t.Errorf("%q", e.Detail)
	}
	if e.Error() != "submission: rate_limited" {
		t.Errorf("the error quotes: %v", e)
	}
}

// S-32: a created answer that repeats the value keeps its name to itself.
func TestCreatedAnswerThatRepeatsTheValue(t *testing.T) {
	for why, tc := range map[string]struct {
		body, vault, ref string
		partial          bool
	}{
		"as it should be":   {createdBody, "vault-1", "ref-1", false},
		"the value as name": {`{"resolver_ref":"ref-1","vaultSecretName":"` + canary + `"}`, "", "ref-1", true},
		"a piece of it":     {`{"resolver_ref":"x/` + canary[:12] + `","vaultSecretName":"v"}`, "v", "", true},
		"no name at all":    {`{"resolver_ref":"a\nb","vaultSecretName":"v"}`, "v", "", true},
		"unreadable":        {"<html>", "", "", true},
	} {
		r := newRig(t, status(201, tc.body))
		got, err := r.Submit(t.Context(), r.fresh(), value(canary))
		if rec := r.only(); err != nil || got.Outcome != record.Created || rec.VaultSecretName != tc.vault || rec.ResolverRef != tc.ref || rec.AnswerPartial != tc.partial {
			t.Errorf("%s: %v, %+v", why, err, rec)
		}
	}
}

// S-29: two POSTs of one form at once are one call, and both get its answer.
func TestTwoAtOnceAreOneCall(t *testing.T) {
	for code, want := range map[int]record.Outcome{201: record.Created, 504: record.Unknown, 409: record.Conflict} {
		t.Run(string(want), func(t *testing.T) {
			release := make(chan struct{})
			r := newRig(t, held(release, status(code, createdBody)), func(o *Options) { o.PerMinute = 1 })
			req := r.fresh()
			type end struct {
				rec record.Submission
				err error
			}
			ends := make(chan end, 5)
			post := func() { rec, err := r.Submit(t.Context(), req, value(canary)); ends <- end{rec, err} }
			go post()
			<-r.maia.entered
			for range 4 {
				// The second and later ones find the first under way whenever they come.
				go post()
			}
			// A form of other contents meanwhile is no repetition.
			other := value(canary)
			other.Name = "other"
			_, err := r.Submit(t.Context(), req, other)
			var used *UsedTokenError
			if !errors.As(err, &used) || used.First.Action != record.Value || used.First.Name != "n" {
				t.Errorf("other contents: %v", err)
			}
			giveWay()
			close(release)
			for range 5 {
				e := <-ends
				if want == record.Conflict {
					e.rec = refusedOf(t, e.err).Record
				} else if e.err != nil {
					t.Fatal(e.err)
				}
				if e.rec.Outcome != want || e.rec.ID != r.only().ID {
					t.Errorf("%+v", e.rec)
				}
			}
			if r.maia.calls() != 1 {
				t.Errorf("%d calls", r.maia.calls())
			}
		})
	}
}

// giveWay gives other goroutines the time to run up to where they wait. It cannot be seen from outside
// that they do, and what a test asserts holds whether they do or not.
func giveWay() { time.Sleep(50 * time.Millisecond) }

// Two POSTs at the very same time, without anything that holds them.
func TestRaceOfTwoPosts(t *testing.T) {
	r := newRig(t, status(201, createdBody))
	for range 10 {
		req := r.fresh()
		before := r.maia.calls()
		var both sync.WaitGroup
		ids := make([]string, 4)
		for i := range ids {
			both.Go(func() {
				rec, err := r.Submit(t.Context(), req, value(canary))
				if err != nil {
					t.Error(err)
				}
				ids[i] = rec.ID
			})
		}
		both.Wait()
		if n := r.maia.calls() - before; n != 1 || ids[0] != ids[1] || ids[0] != ids[2] || ids[0] != ids[3] {
			t.Fatalf("%d calls, receipts %q", n, ids)
		}
	}
}

// S-29 over two processes with one database: the second one waits and gets the first one's end.
func TestTwoProcesses(t *testing.T) {
	release := make(chan struct{})
	r := newRig(t, held(release, status(201, createdBody)))
	second := New(func() Options { o := r.o; o.Holder = "holder-2"; return o }())
	req := r.fresh()
	got := make(chan record.Submission, 2)
	post := func(s *Service) {
		rec, err := s.Submit(t.Context(), req, value(canary))
		if err != nil {
			t.Error(err)
		}
		got <- rec
	}
	go post(r.Service)
	<-r.maia.entered
	go post(second)
	other := value(canary)
	other.Name = "other"
	_, err := second.Submit(t.Context(), r.fresh(), value("")) // any refusal: it shows that second works
	if err == nil {
		t.Error("an empty value is taken")
	}
	giveWay()
	close(release)
	a, b := <-got, <-got
	if a.ID != b.ID || a.Outcome != record.Created || b.Outcome != record.Created || r.maia.calls() != 1 {
		t.Errorf("%+v, %+v, %d calls", a, b, r.maia.calls())
	}
	var used *UsedTokenError
	if _, err = second.Submit(t.Context(), req, other); !errors.As(err, &used) || used.First.ID != a.ID {
		t.Errorf("other contents at the second process: %v", err)
	}
}

// begun leaves a record of another process under way.
func (r *rig) begun(req Request, order Order, holder string, sent bool) record.Submission {
	r.t.Helper()
	id, _ := r.o.FormTokens.Check(req.Actor, req.FormToken)
	action, name := order.about()
	rec := record.Submission{
		ID:          "00000000-0000-7000-8000-" + fmt.Sprintf("%012d", len(r.records())),
		FormToken:   id,
		Attempt:     1,
		Fingerprint: fingerprint(action, order.plain()),
		Holder:      holder,
		CreatedAt:   r.clock(),
		Actor:       req.Actor,
		Action:      action,
		Fields:      record.Fields{Name: name},
		Outcome:     record.Pending,
	}
	if ok, _, err := r.rows.Store.BeginSubmission(context.Background(), rec, record.Begin{}); !ok || err != nil {
		r.t.Fatal(ok, err)
	}
	if sent {
		if err := r.rows.Store.BeginCall(context.Background(), rec, nil, record.Step{
			Number: 1,
			Call:   record.StoreValue,
		}); err != nil {
			r.t.Fatal(err)
		}
	}
	return rec
}

// The other process does not end: after the submission's time the user gets the receipt that says so.
func TestOtherProcessThatDoesNotEnd(t *testing.T) {
	r := newRig(t, status(201, createdBody), func(o *Options) { o.Timeout = 500 * time.Millisecond })
	req := r.fresh()
	first := r.begun(req, value("x"), "holder-2", true)
	_, err := r.Submit(t.Context(), req, value(canary))
	var underWay *UnderWayError
	if !errors.As(err, &underWay) || underWay.First.ID != first.ID || r.maia.calls() != 0 {
		t.Errorf("%v, %d calls", err, r.maia.calls())
	}
}

// The other process's end is told, whichever it is.
func TestOtherProcessThatEnds(t *testing.T) {
	for _, outcome := range []record.Outcome{record.Created, record.Unknown, record.Rejected, record.Failed} {
		t.Run(string(outcome), func(t *testing.T) {
			r := newRig(t, status(201, createdBody))
			req := r.fresh()
			first := r.begun(req, value("x"), "holder-2", true)
			first.Outcome, first.Sent = outcome, true
			go func() {
				if err := r.rows.Store.EndSubmission(context.Background(), first, nil); err != nil {
					t.Error(err)
				}
			}()
			got, err := r.Submit(t.Context(), req, value(canary))
			if outcome == record.Created || outcome == record.Unknown {
				if err != nil || got.ID != first.ID || got.Outcome != outcome || r.maia.calls() != 0 {
					t.Errorf("%+v, %v, %d calls", got, err, r.maia.calls())
				}
				return
			}
			// Either it was still under way, then its end is told; or it had ended, and this is a new attempt.
			switch {
			case r.maia.calls() == 1:
				if err != nil || got.Attempt != 2 {
					t.Errorf("%+v, %v", got, err)
				}
			default:
				if e := refusedOf(t, err); e.Record.ID != first.ID || e.Record.Outcome != outcome {
					t.Errorf("%+v", e.Record)
				}
			}
		})
	}
}

// S-29: the user goes away; the submission does not.
func TestClientGoneIsStillRecorded(t *testing.T) {
	release := make(chan struct{})
	r := newRig(t, held(release, status(201, createdBody)))
	req := r.fresh()
	ctx, gone := context.WithCancel(t.Context())
	order := value(canary)
	first := make(chan error, 1)
	go func() { _, err := r.Submit(ctx, req, order); first <- err }()
	<-r.maia.entered
	gone()
	second := make(chan record.Submission, 1)
	go func() { rec, _ := r.Submit(t.Context(), req, value(canary)); second <- rec }()
	giveWay()
	select {
	case err := <-first:
		t.Fatalf("the submission ended with its client: %v", err)
	default:
	}
	close(release)
	if err := <-first; err != nil {
		t.Error(err)
	}
	if rec := <-second; rec.Outcome != record.Created || rec.ID != r.only().ID || r.maia.calls() != 1 || r.only().Outcome != record.Created {
		t.Errorf("%+v, %d calls", rec, r.maia.calls())
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if rec, err := r.Submit(ended, r.fresh(), value(canary)); err != nil || rec.Outcome != record.Created {
		t.Errorf("a request that was over before it began: %+v, %v", rec, err)
	}
}

// What another POST of the same form does, after each end of the first.
func TestSameFormAgain(t *testing.T) {
	for why, tc := range map[string]struct {
		first   http.HandlerFunc
		renewed bool
		again   bool // a new attempt
	}{
		"after created":      {status(201, createdBody), false, false},
		"after unknown":      {status(504, ""), false, false},
		"after a refusal":    {status(400, ""), false, true},
		"after a conflict":   {status(409, ""), false, true},
		"after a failure":    {status(500, ""), false, true},
		"after forbidden":    {status(403, ""), false, true},
		"after a rate limit": {status(429, ""), false, true},
	} {
		t.Run(why, func(t *testing.T) {
			r := newRig(t, byTurns(tc.first, status(201, createdBody)), func(o *Options) { o.PerMinute = 2 })
			req := r.fresh()
			first, err := r.Submit(t.Context(), req, value(canary))
			if err != nil {
				first = refusedOf(t, err).Record
			}
			other := value(canary)
			other.Name = "other"
			if !tc.again {
				for range 3 { // they do not count towards the limit
					if rec, err := r.Submit(t.Context(), req, value("another secret")); err != nil || rec.ID != first.ID {
						t.Errorf("again: %+v, %v", rec, err)
					}
				}
				var used *UsedTokenError
				if _, err := r.Submit(t.Context(), req, other); !errors.As(err, &used) || used.First.ID != first.ID || used.First.Name != "n" {
					t.Errorf("with other fields: %v", err)
				}
				other = value(canary)
				if _, err := r.Submit(t.Context(), r.fresh(), other); tooManyIn(err) {
					t.Errorf("a fresh form: %v: the repetitions counted towards the limit", err)
				}
				if r.maia.calls() != 2 {
					t.Errorf("%d calls", r.maia.calls())
				}
				return
			}
			rec, err := r.Submit(t.Context(), req, other)
			if err != nil || rec.ID == first.ID || rec.Attempt != 2 || rec.Outcome != record.Created || r.maia.calls() != 2 || len(r.records()) != 2 {
				t.Errorf("again: %+v, %v, %d calls", rec, err, r.maia.calls())
			}
		})
	}
}

// S-45: the limit is one user's own, and refuses before anything is recorded or sent.
func TestLimit(t *testing.T) {
	r := newRig(t, status(201, createdBody), func(o *Options) { o.PerMinute = 2 })
	for range 2 {
		if _, err := r.Submit(t.Context(), r.fresh(), value(canary)); err != nil {
			t.Fatal(err)
		}
	}
	order := value(canary)
	_, err := r.Submit(t.Context(), r.fresh(), order)
	var tooMany *TooManyError
	if !errors.As(err, &tooMany) || tooMany.Wait <= 0 || tooMany.Wait > time.Minute {
		t.Fatalf("%v", err)
	}
	if len(r.records()) != 2 || r.maia.calls() != 2 {
		t.Errorf("%d records, %d calls", len(r.records()), r.maia.calls())
	}
	mustBeWiped(t, order)
	// Fields that are wrong cost nothing.
	if _, err := r.Submit(t.Context(), r.fresh(), value("")); !errors.As(err, &FieldErrors{}) {
		t.Errorf("%v", err)
	}
	if _, err := r.Submit(t.Context(), Request{
		Actor:     bob,
		FormToken: r.FormToken(bob),
		Tokens:    r.tokens,
	}, value(canary)); err != nil {
		t.Errorf("another user: %v", err)
	}
	r.later(tooMany.Wait)
	if _, err := r.Submit(t.Context(), r.fresh(), value(canary)); err != nil {
		t.Errorf("after the wait: %v", err)
	}
}

func tooManyIn(err error) bool { var e *TooManyError; return errors.As(err, &e) }

func mustBeWiped(t *testing.T, v Value) {
	t.Helper()
	if left := bytes.Trim(v.Value.Text.Bytes(), "\x00"); len(left) > 0 {
		t.Errorf("the value is left after Submit: %q", left)
	}
}

// S-22, S-36: refusals before anything is recorded; the value is wiped all the same.
func TestRefusedBeforehand(t *testing.T) {
	r := newRig(t, status(201, createdBody))
	for why, tc := range map[string]struct {
		token string
		order Value
		is    func(error) bool
	}{
		"no form token":        {"", value(canary), func(err error) bool { return errors.Is(err, ErrFormToken) }},
		"another user's":       {r.FormToken(bob), value(canary), func(err error) bool { return errors.Is(err, ErrFormToken) }},
		"one that was made up": {"AAAAAAAAAAAAAAAAAAAAAAAA.AAAA", value(canary), func(err error) bool { return errors.Is(err, ErrFormToken) }},
		"a field is wrong": {r.FormToken(alice), Value{
			Fields: record.Fields{
				AgentID: "/",
				Name:    "n",
			},
			Value: text(canary),
		}, func(err error) bool { return errors.As(err, &FieldErrors{}) }},
		"a format without value": {r.FormToken(alice), Value{
			Fields: record.Fields{
				AgentID: "a",
				Name:    "n",
			},
			Value: ValueInput{
				Format: record.FormatJSON,
				Text:   sec(canary),
			},
		}, func(err error) bool { return errors.As(err, &FieldErrors{}) }},
	} {
		_, err := r.Submit(t.Context(), r.request(tc.token), tc.order)
		if !tc.is(err) {
			t.Errorf("%s: %v", why, err)
		}
		mustBeWiped(t, tc.order)
	}
	if len(r.records()) != 0 || r.maia.calls() != 0 || r.tokens.questions != 0 {
		t.Errorf("%d records, %d calls, %d tokens", len(r.records()), r.maia.calls(), r.tokens.questions)
	}
}

// S-13: a token that Maia refuses is renewed once, and the call is made once more.
func TestRenewal(t *testing.T) {
	refused, created := status(401, ""), status(201, createdBody)
	for why, tc := range map[string]struct {
		tokens   delegation
		answer   http.HandlerFunc
		outcome  record.Outcome
		status   int
		sent     bool
		bearers  string
		is       error
		renewals int
	}{
		"the new one is taken":           {delegation{}, byTurns(refused, created), record.Created, 201, true, "token-1 token-2", nil, 1},
		"the new one is refused too":     {delegation{}, refused, record.Unauthenticated, 401, true, "token-1 token-2", maiaclient.ErrUnauthenticated, 1},
		"the second try meets a gateway": {delegation{}, byTurns(refused, status(504, "")), record.Unknown, 504, true, "token-1 token-2", nil, 1},
		"the second try is refused":      {delegation{}, byTurns(refused, status(409, "")), record.Conflict, 409, true, "token-1 token-2", maiaclient.ErrConflict, 1},
		"there is none without a login":  {delegation{renewErr: ErrLogin}, refused, record.Unauthenticated, 401, true, "token-1", ErrLogin, 1},
		"the provider is away then":      {delegation{renewErr: ErrProviderAway}, refused, record.Failed, 401, true, "token-1", ErrProviderAway, 1},
		"no token without a login":       {delegation{tokenErr: ErrLogin}, created, record.Unauthenticated, 0, false, "", ErrLogin, 0},
		"the provider is away":           {delegation{tokenErr: errors.Join(ErrProviderAway, errors.New("x"))}, created, record.Failed, 0, false, "", ErrProviderAway, 0},
		"403 needs no other token":       {delegation{}, status(403, ""), record.Forbidden, 403, true, "token-1", maiaclient.ErrForbidden, 0},
	} {
		t.Run(why, func(t *testing.T) {
			r := newRig(t, tc.answer)
			tc.tokens.token, tc.tokens.renewed = "token-1", "token-2"
			r.tokens = &tc.tokens
			order := value(canary)
			_, err := r.Submit(t.Context(), r.fresh(), order)
			if tc.is == nil && err != nil || tc.is != nil && !errors.Is(err, tc.is) {
				t.Errorf("%v", err)
			}
			rec := r.only()
			if rec.Outcome != tc.outcome || rec.Status != tc.status || rec.Sent != tc.sent || r.maia.bearers() != tc.bearers || r.tokens.renewals != tc.renewals {
				t.Errorf("%s, %d, sent %v, by %q, %d renewals", rec.Outcome, rec.Status, rec.Sent, r.maia.bearers(), r.tokens.renewals)
			}
			if len(r.maia.bodies) == 2 && r.maia.bodies[0] != r.maia.bodies[1] {
				t.Errorf("the second try sent %q", r.maia.bodies[1])
			}
			mustBeWiped(t, order)
		})
	}
}

// Another login is no cure where the token of the one before was refused a short while ago as well.
func TestRefusedAgain(t *testing.T) {
	r := newRig(t, status(401, ""))
	var loggedIn time.Time
	submit := func(actor record.Actor) *RefusedError {
		t.Helper()
		_, err := r.Submit(t.Context(), Request{
			Actor:     actor,
			LoggedIn:  loggedIn,
			FormToken: r.FormToken(actor),
			Tokens:    r.tokens,
		}, value(canary))
		return refusedOf(t, err)
	}
	for _, step := range []struct {
		why   string
		wait  time.Duration
		login bool // a new one after the wait
		actor record.Actor
		again bool
	}{
		{"the first refusal", 0, true, alice, false},
		{"the same login, tried again", time.Second, false, alice, false},
		{"another user's", time.Second, true, bob, false},
		{"after a new login", 2 * time.Minute, true, alice, true},
		{"after a new login, much later", 5*time.Minute + time.Second, true, alice, false},
	} {
		r.later(step.wait)
		if step.login {
			loggedIn = r.clock()
			r.later(time.Second)
		}
		if e := submit(step.actor); e.Again != step.again {
			t.Errorf("%s: again is %v", step.why, e.Again)
		}
	}
	loggedIn = r.clock()
	// A login that ran out by itself is no refusal of Maia's.
	r.tokens.tokenErr = ErrLogin
	if e := submit(alice); e.Again {
		t.Error("a login that ran out counts as a refusal")
	}
}

// S-29: a name that is taken was perhaps taken by oneself.
func TestEarlierAttempt(t *testing.T) {
	lost := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	for why, tc := range map[string]struct {
		first   http.HandlerFunc
		actor   record.Actor
		name    string
		earlier bool
	}{
		"the first one's end is unknown":  {status(504, ""), alice, "n", true},
		"the first one's answer was lost": {lost, alice, "n", true},
		"the first one failed at Maia":    {status(500, ""), alice, "n", true},
		"the first one was refused":       {status(400, ""), alice, "n", false},
		"the first one was a conflict":    {status(409, ""), alice, "n", false},
		"another name":                    {status(504, ""), alice, "m", false},
		"another user":                    {status(504, ""), bob, "n", false},
	} {
		t.Run(why, func(t *testing.T) {
			r := newRig(t, byTurns(tc.first, status(409, "")))
			first := value(canary)
			first.Name = tc.name
			_, _ = r.Submit(t.Context(), Request{Actor: tc.actor, FormToken: r.FormToken(tc.actor), Tokens: r.tokens}, first)
			_, err := r.Submit(t.Context(), r.fresh(), value(canary))
			if e := refusedOf(t, err); e.Record.Outcome != record.Conflict || (e.Earlier != nil) != tc.earlier {
				t.Errorf("%s, earlier %v", e.Record.Outcome, e.Earlier)
			}
		})
	}
	t.Run("nothing was sent the first time", func(t *testing.T) {
		r := newRig(t, status(409, ""))
		r.tokens.tokenErr = ErrProviderAway
		_, _ = r.Submit(t.Context(), r.fresh(), value(canary))
		r.tokens.tokenErr = nil
		_, err := r.Submit(t.Context(), r.fresh(), value(canary))
		if e := refusedOf(t, err); e.Earlier != nil {
			t.Error("an attempt that sent nothing counts")
		}
	})
	t.Run("a database that does not answer costs the words alone", func(t *testing.T) {
		r := newRig(t, status(409, ""))
		r.rows.fail["EarlierAttempt"] = 1
		_, err := r.Submit(t.Context(), r.fresh(), value(canary))
		if e := refusedOf(t, err); e.Earlier != nil || e.Record.Outcome != record.Conflict {
			t.Errorf("%+v", e)
		}
	})
}

// S-41: what cannot be recorded is not sent.
func TestNotRecordedIsNotSent(t *testing.T) {
	for _, method := range []string{"LatestAttempt", "BeginSubmission"} {
		t.Run(method, func(t *testing.T) {
			r := newRig(t, status(201, createdBody))
			r.rows.fail[method] = 1
			if method == "BeginSubmission" {
				r.rows.fail[method] = 2 // it is tried again once, because only its answer may be lost
			}
			req, order := r.fresh(), value(canary)
			if _, err := r.Submit(t.Context(), req, order); !errors.Is(err, ErrNotRecorded) {
				t.Errorf("%v", err)
			}
			if r.maia.calls() != 0 || r.tokens.questions != 0 || len(r.records()) != 0 {
				t.Errorf("%d calls, %d tokens, %d records", r.maia.calls(), r.tokens.questions, len(r.records()))
			}
			mustBeWiped(t, order)
			// The form can be sent again.
			if rec, err := r.Submit(t.Context(), req, value(canary)); err != nil || rec.Outcome != record.Created {
				t.Errorf("again: %+v, %v", rec, err)
			}
		})
	}
	t.Run("BeginCall", func(t *testing.T) {
		r := newRig(t, status(201, createdBody))
		r.tokens.asks = true // else both are one step
		r.rows.fail["BeginCall"] = 1
		_, err := r.Submit(t.Context(), r.fresh(), value(canary))
		e := refusedOf(t, err)
		if rec := r.only(); r.maia.calls() != 0 || rec.Outcome != record.Failed || rec.Sent || e.Record.Sent {
			t.Errorf("%d calls, %+v", r.maia.calls(), rec)
		}
	})
	// The trouble is the database's, so nobody is sent to sign in again.
	t.Run("BeginCall of the second try", func(t *testing.T) {
		r := newRig(t, status(401, ""))
		r.rows.fail["BeginCall"] = 1
		_, err := r.Submit(t.Context(), r.fresh(), value(canary))
		_ = refusedOf(t, err)
		if rec := r.only(); r.maia.calls() != 1 || rec.Outcome != record.Failed || rec.Status != 401 || !rec.Sent {
			t.Errorf("%d calls, %+v", r.maia.calls(), rec)
		}
	})
}

// A database that is away for a moment does not lose how it ended; one that stays away is told.
func TestFinishIsPatient(t *testing.T) {
	r := newRig(t, status(201, createdBody))
	r.rows.fail["EndSubmission"] = 2
	if _, err := r.Submit(t.Context(), r.fresh(), value(canary)); err != nil || r.only().Outcome != record.Created {
		t.Errorf("%v, %+v", err, r.only())
	}
}

// A database that is away for longer than its user waits does not lose how it ended: that is known at
// once, also to another POST of the form, and written down when the database is back.
func TestOutcomeIsRecordedLater(t *testing.T) {
	t.Parallel()
	r := newRig(t, status(201, createdBody))
	r.rows.failAlways("EndSubmission", true)
	order := value(canary)
	req := r.fresh()
	_, err := r.Submit(t.Context(), req, order)
	var e *UnrecordedError
	if !errors.As(err, &e) || e.Record.Outcome != record.Created || e.Record.VaultSecretName != "vault-1" || r.only().Outcome != record.Pending {
		t.Errorf("%v", err)
	}
	mustBeWiped(t, order)
	if end, late := r.Known(r.only()); !late || end.Outcome != record.Created || end.VaultSecretName != "vault-1" {
		t.Errorf("known: %+v, late: %v", end, late)
	}
	if again, err := r.Submit(t.Context(), req, value(canary)); err != nil || again.Outcome != record.Created || again.ID != e.Record.ID {
		t.Errorf("the form again: %+v, %v", again, err)
	}
	if n := r.maia.calls(); n != 1 {
		t.Errorf("%d calls", n)
	}
	r.rows.failAlways("EndSubmission", false)
	r.Drain(t.Context())
	if rec := r.only(); rec.Outcome != record.Created || rec.Status != 201 || rec.VaultSecretName != "vault-1" {
		t.Errorf("recorded %+v", rec)
	}
	if _, late := r.Known(r.only()); late {
		t.Error("still late")
	}
	if log := r.log.String(); !strings.Contains(log, "outcome not recorded yet") || !strings.Contains(log, "outcome recorded late") {
		t.Errorf("log: %s", log)
	}
	mustNotShow(t, "log", r.log.String())
}

// A definite refusal that could not be recorded leaves the form free for another attempt.
func TestRefusalIsRecordedLater(t *testing.T) {
	t.Parallel()
	r := newRig(t, byTurns(status(403, "{}"), status(201, createdBody)))
	r.rows.failAlways("EndSubmission", true)
	req := r.fresh()
	_, err := r.Submit(t.Context(), req, value(canary))
	var e *UnrecordedError
	if !errors.As(err, &e) || e.Record.Outcome != record.Forbidden {
		t.Fatalf("%v", err)
	}
	r.rows.failAlways("EndSubmission", false)
	if rec, err := r.Submit(t.Context(), req, value(canary)); err != nil || rec.Outcome != record.Created || rec.Attempt != 2 {
		t.Errorf("again: %+v, %v", rec, err)
	}
	r.Drain(t.Context())
	if all := r.records(); len(all) != 2 || all[0].Outcome != record.Forbidden || all[1].Outcome != record.Created {
		t.Errorf("%+v", all)
	}
}

// A database that never comes back keeps no process from ending; the log has what it did not take.
func TestOutcomeIsLostAtTheEnd(t *testing.T) {
	t.Parallel()
	r := newRig(t, status(201, createdBody))
	r.rows.failAlways("EndSubmission", true)
	if _, err := r.Submit(t.Context(), r.fresh(), value(canary)); err == nil {
		t.Error("recorded")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	r.Drain(ended)
	if log := r.log.String(); !strings.Contains(log, "outcome lost") || !strings.Contains(log, r.only().ID) {
		t.Errorf("log: %s", log)
	}
}

// panicking is a client that panics, with the secret in its words.
type panicking struct{}

func (panicking) CreateReference(context.Context, string, maiaclient.Reference) error { panic(canary) }
func (panicking) StoreValue(context.Context, string, maiaclient.Value) (maiaclient.Stored, error) {
	panic(canary)
}
func (panicking) HasReference(context.Context, string, string, string) (found, complete bool, err error) {
	panic(canary)
}

// S-43: a panic leaves no record under way, and no word of what was in hand.
func TestPanic(t *testing.T) {
	t.Run("in the call", func(t *testing.T) {
		r := newRig(t, nil, func(o *Options) { o.Maia = panicking{} })
		order := value(canary)
		rec, err := r.Submit(t.Context(), r.fresh(), order)
		if err != nil || rec.Outcome != record.Unknown || r.only().Outcome != record.Unknown || !r.only().Sent {
			t.Errorf("%+v, %v", rec, err)
		}
		mustBeWiped(t, order)
		mustNotShow(t, "log", r.log.String())
	})
	t.Run("before the call", func(t *testing.T) {
		r := newRig(t, status(201, createdBody))
		r.tokens.panics = true
		_, err := r.Submit(t.Context(), r.fresh(), value(canary))
		if e := refusedOf(t, err); e.Record.Outcome != record.Failed || r.only().Sent || r.maia.calls() != 0 {
			t.Errorf("%+v", e.Record)
		}
		mustNotShow(t, "log", r.log.String())
	})
	t.Run("while it is checked", func(t *testing.T) {
		r := newRig(t, status(201, createdBody))
		_, err := r.Submit(t.Context(), r.fresh(), panickingOrder{value(canary)})
		if err == nil || strings.Contains(err.Error(), canary) {
			t.Errorf("%v", err)
		}
		mustNotShow(t, "log", r.log.String())
		if _, err := r.Submit(t.Context(), r.fresh(), value(canary)); err != nil {
			t.Errorf("the next one: %v", err)
		}
	})
}

type panickingOrder struct{ Value }

func (panickingOrder) prepare(checks) (plan, FieldErrors) { panic(canary) }

func mustNotShow(t *testing.T, where, text string) {
	t.Helper()
	for how, e := range spelled(canary) {
		if strings.Contains(text, e) {
			t.Errorf("%s has the value (%s)", where, how)
		}
	}
}

// SIGTERM: what is under way may finish.
func TestDrainWaits(t *testing.T) {
	release := make(chan struct{})
	r := newRig(t, held(release, status(201, createdBody)))
	ended := make(chan error, 1)
	go func() { _, err := r.Submit(t.Context(), r.fresh(), value(canary)); ended <- err }()
	<-r.maia.entered
	drained := make(chan struct{})
	go func() { r.Drain(t.Context()); close(drained) }()
	giveWay()
	select {
	case <-drained:
		t.Fatal("drained with a submission under way")
	default:
	}
	close(release)
	<-drained
	if err := <-ended; err != nil || r.only().Outcome != record.Created {
		t.Errorf("%v, %+v", err, r.only())
	}
}

// When the time to drain is over, what still runs is cut, and recorded as what it is.
func TestDrainCuts(t *testing.T) {
	r := newRig(t, held(make(chan struct{}), nil))
	ended := make(chan record.Submission, 1)
	go func() { rec, _ := r.Submit(t.Context(), r.fresh(), value(canary)); ended <- rec }()
	<-r.maia.entered
	over, cancel := context.WithCancel(t.Context())
	cancel()
	r.Drain(over)
	if rec := r.only(); rec.Outcome != record.Unknown || !rec.Sent || rec.FinishedAt.IsZero() {
		t.Errorf("after Drain: %+v", rec)
	}
	if rec := <-ended; rec.Outcome != record.Unknown {
		t.Errorf("told: %+v", rec)
	}
	// One that comes later sends nothing.
	calls := r.maia.calls()
	if _, err := r.Submit(t.Context(), r.fresh(), value(canary)); refusedOf(t, err).Record.Outcome != record.Failed || r.maia.calls() != calls {
		t.Errorf("after the end: %v", err)
	}
}

// S-47: what a process that died had under way is settled; what a living one has is not touched.
func TestOrphans(t *testing.T) {
	release := make(chan struct{})
	r := newRig(t, held(release, status(201, createdBody)))
	sent, unsent := r.fresh(), r.fresh()
	a := r.begun(sent, value("x"), "dead", true)
	b := r.begun(unsent, value("x"), "dead", false)
	ended := make(chan error, 1)
	go func() { _, err := r.Submit(t.Context(), r.fresh(), value(canary)); ended <- err }()
	<-r.maia.entered
	n, err := r.rows.SettleOrphans(t.Context(), "holder-1")
	if n != 2 || err != nil {
		t.Fatalf("%d settled, %v", n, err)
	}
	for _, tc := range []struct {
		id      string
		outcome record.Outcome
	}{{a.ID, record.Unknown}, {b.ID, record.Failed}} {
		rec, err := r.rows.SubmissionByID(t.Context(), tc.id)
		if err != nil || rec.Outcome != tc.outcome || rec.FinishedAt.IsZero() {
			t.Errorf("%+v, %v; want %s", rec, err, tc.outcome)
		}
	}
	close(release)
	if err := <-ended; err != nil {
		t.Errorf("the living one's: %v", err)
	}
	calls := r.maia.calls()
	// The forms go on as after any such end.
	if rec, err := r.Submit(t.Context(), sent, value("x")); err != nil || rec.ID != a.ID || r.maia.calls() != calls {
		t.Errorf("a form that may have arrived: %+v, %v", rec, err)
	}
	if rec, err := r.Submit(t.Context(), unsent, value("x")); err != nil || rec.Attempt != 2 || rec.Outcome != record.Created {
		t.Errorf("a form that was not sent: %+v, %v", rec, err)
	}
}

// S-33, S-39: whatever happens, no file of the database and no line of the log has the value.
func TestNoTraceOfTheValue(t *testing.T) {
	echo := `{"title":"` + canary + `","detail":"bad ` + canary + `","violations":["` + canary + `","` + url.QueryEscape(canary) + `"],"resolver_ref":"` + canary + `","vaultSecretName":"` + canary + `"}`
	large := strings.Repeat(canary, 2000)
	orders := map[string]func() Order{
		"text":  func() Order { return value(canary) },
		"large": func() Order { return value(large) },
		"file": func() Order {
			v := value("")
			v.Value = ValueInput{Format: record.FormatFile, File: sec(canary)}
			return v
		},
		"pairs":     func() Order { v := value(""); v.Value = pairs("a", canary, "b", "x"+canary); return v },
		"JSON":      func() Order { v := value(""); v.Value = jsonValue(`{"a":{"b":["`+canary+`"]}}`, ""); return v },
		"bad JSON":  func() Order { v := value(""); v.Value = jsonValue(`{"a":"`+canary, ""); return v },
		"bad field": func() Order { v := value(canary); v.AgentID = "/"; return v },
		"reference": func() Order { return hosted(canary) },
		"all fields": func() Order {
			v := value(canary)
			v.Value.JSON, v.Value.File, v.Value.Pairs = sec(canary), sec(canary), []Pair{{"", sec(canary)}}
			return v
		},
	}
	r := newRig(t, nil)
	for _, code := range []int{200, 201, 400, 401, 403, 404, 409, 429, 500, 504} {
		r.maia.then(status(code, echo))
		for kind, order := range orders {
			r.later(time.Hour) // out of the limit's way
			rec, err := r.Submit(t.Context(), r.fresh(), order())
			mustNotShow(t, fmt.Sprint("record ", kind, " ", code), fmt.Sprintf("%+v", rec))
			if err != nil {
				mustNotShow(t, fmt.Sprint("error ", kind, " ", code), fmt.Sprintf("%v %+v %#v", err, err, err))
			}
		}
	}
	mustNotShow(t, "log", r.log.String())
	if !strings.Contains(r.log.String(), "submission ended") {
		t.Error("there is no log to look at")
	}
	files, _ := filepath.Glob(filepath.Join(r.dir, "*"))
	found := 0
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte("request-1")) {
			found++
		}
		mustNotShow(t, filepath.Base(f), string(b))
	}
	if len(files) < 2 || found == 0 {
		t.Errorf("%q, of which %d have a record: the scan looks at the wrong files", files, found)
	}
}

func (*keeping) HasReference(context.Context, string, string, string) (found, complete bool, err error) {
	return false, false, nil
}

// S-34: the object that is made of the input is wiped too.
func TestBuiltObjectIsWiped(t *testing.T) {
	for code := range map[int]bool{201: true, 400: true, 504: true} {
		keep := &keeping{status: code}
		r := newRig(t, nil, func(o *Options) { o.Maia = keep })
		_, _ = r.Submit(t.Context(), r.fresh(), value(canary))
		if keep.length == 0 || len(bytes.Trim(keep.object.Bytes(), "\x00")) != 0 {
			t.Errorf("%d: %q is left", code, keep.object.Bytes())
		}
	}
}

// keeping is a client that keeps what it was given, as no client should.
type keeping struct {
	status int
	object secret.Value
	length int
}

func (k *keeping) CreateReference(context.Context, string, maiaclient.Reference) error { return nil }
func (k *keeping) StoreValue(_ context.Context, _ string, v maiaclient.Value) (maiaclient.Stored, error) {
	k.object, k.length = v.Object, len(v.Object.Bytes())
	if k.status == 201 {
		return maiaclient.Stored{}, nil
	}
	return maiaclient.Stored{}, &maiaclient.Problem{Status: k.status}
}

// What is written down of a user's name is one line.
func TestActorNameIsOneLine(t *testing.T) {
	r := newRig(t, status(201, ""))
	actor := record.Actor{
		Issuer:  "https://issuer",
		Subject: "alice",
		Name:    "A\nB\x1b[31m\u202e" + strings.Repeat("x", 300),
	}
	rec, err := r.Submit(t.Context(), Request{
		Actor:     actor,
		FormToken: r.FormToken(actor),
		Tokens:    r.tokens,
	}, value(canary))
	if err != nil || !strings.HasPrefix(rec.Actor.Name, "A B [31m x") || len([]rune(rec.Actor.Name)) != 200 {
		t.Errorf("%q, %v", rec.Actor.Name, err)
	}
}
