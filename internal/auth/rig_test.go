package auth_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"maiaportal/internal/audit"
	"maiaportal/internal/auth"
	"maiaportal/internal/auth/hostile"
	"maiaportal/internal/auth/oidc"
	"maiaportal/internal/auth/session"
	"maiaportal/internal/catalogue"
	"maiaportal/internal/handlers"
	"maiaportal/internal/maiaclient"
	"maiaportal/internal/secret"
	"maiaportal/internal/server"
	"maiaportal/internal/store"
	"maiaportal/internal/submission"
	"maiaportal/web/static"
)

// clock stands still until a test moves it.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// syncBuffer collects log lines of many goroutines.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// options are a portal's settings.
type options struct {
	base        string // that users open; empty: where it listens
	keys        []secret.Value
	client      oidc.Client // what is not empty differs from the usual
	groupsClaim string
	separator   string // of the groups in one string
	member      string // that has the name of a group
	policy      auth.Policy
	exchange    *oidc.Exchange
}

// rig is a portal of which everything is real but the provider, Maia and the time.
type rig struct {
	t        *testing.T
	o        options
	base     string
	op       *hostile.Provider
	maia     *maia
	clock    *clock
	dbPath   string
	store    *store.Store
	sessions *session.Sessions
	leases   *session.Leases
	sweeper  *session.Sweeper
	provider *oidc.Provider
	tokens   *auth.Tokens
	handler  http.Handler
	logs     *syncBuffer
}

func key(b byte) secret.Value { return secret.New(bytes.Repeat([]byte{b}, 32)) }

func newRig(t *testing.T, change ...func(*options)) *rig {
	t.Helper()
	r := &rig{
		t:      t,
		op:     hostile.Start(t),
		clock:  &clock{at: time.Now()},
		logs:   &syncBuffer{},
		dbPath: filepath.Join(t.TempDir(), "portal.db"),
	}
	r.op.Set(func(s *hostile.Switches) { s.Now = r.clock.Now })
	r.maia = newMaia(t)
	empty, err := emptyDatabase()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(r.dbPath, empty, 0o600); err != nil {
		t.Fatal(err)
	}
	if r.store, err = store.Open("sqlite:"+r.dbPath, r.clock.Now); err != nil {
		t.Fatal(err)
	}
	r.store.KeepTrail(audit.NewChain(nil), nil)
	t.Cleanup(func() { _ = r.store.Close() })
	r.start(change...)
	return r
}

// again starts another portal on the same database, provider and time, as a restart or another replica
// does.
func (r *rig) again(change ...func(*options)) *rig {
	r.t.Helper()
	other := *r
	other.start(append([]func(*options){func(o *options) { *o = r.o; o.base = "" }}, change...)...)
	return &other
}

func (r *rig) start(change ...func(*options)) {
	t := r.t
	t.Helper()
	o := options{keys: []secret.Value{key(1)}, groupsClaim: "groups"}
	for _, f := range change {
		f(&o)
	}
	r.o = o
	listener := httptest.NewUnstartedServer(nil)
	if r.base = o.base; r.base == "" {
		r.base = "http://" + listener.Listener.Addr().String()
	}
	log := slog.New(slog.NewJSONHandler(r.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	c := oidc.Client{
		Issuer:      r.op.Issuer(),
		ID:          hostile.ClientID,
		Secret:      o.client.Secret,
		Scopes:      []string{"openid", "offline_access"},
		RedirectURL: r.base + "/auth/callback",
		Audience:    o.client.Audience,
		Resource:    o.client.Resource,
		Key:         o.client.Key,
		KeyID:       o.client.KeyID,
		KeyAlg:      o.client.KeyAlg,
		AuthMethod:  o.client.AuthMethod,
		Prompt:      o.client.Prompt,
		ACRValues:   o.client.ACRValues,
		MaxAge:      o.client.MaxAge,
	}
	switch {
	case c.Secret.Reveal() == "none" || !c.Key.Empty():
		c.Secret = secret.Text{}
	case c.Secret.Empty():
		c.Secret = secret.Hide(hostile.ClientSecret)
	}
	if c.MaxAge == 0 {
		c.MaxAge = -1
	}
	if o.client.Issuer != "" {
		c.Issuer = o.client.Issuer
	}
	var err error
	if r.provider, err = oidc.NewProvider(c, log, r.clock.Now); err != nil {
		t.Fatal(err)
	}
	rp := &auth.RelyingParty{
		Provider:        r.provider,
		Pending:         &session.Pending{Rows: r.store, Keys: o.keys, Now: r.clock.Now},
		Groups:          oidc.GroupsClaim{Name: o.groupsClaim, Separator: o.separator, Member: o.member},
		Policy:          o.policy,
		ExchangesTokens: o.exchange != nil,
		Log:             log,
		Now:             r.clock.Now,
	}
	cookies := session.Cookies{Secure: strings.HasPrefix(r.base, "https:")}
	r.sessions = &session.Sessions{
		Rows:    r.store,
		Keys:    o.keys,
		Cookies: cookies,
		Idle:    30 * time.Minute,
		Max:     8 * time.Hour,
		Now:     r.clock.Now,
	}
	r.leases = &session.Leases{Rows: r.store, Keys: o.keys}
	r.sweeper = &session.Sweeper{Rows: r.store, Idle: r.sessions.Idle, Max: r.sessions.Max, Now: r.clock.Now}
	r.tokens = &auth.Tokens{RP: rp, Sessions: r.sessions, Leases: r.leases, Exchange: o.exchange}
	formKeys, err := session.FormTokenKeys(o.keys)
	if err != nil {
		t.Fatal(err)
	}
	client := maiaclient.New(r.maia.url(t), 10*time.Second)
	t.Cleanup(client.Close)
	h := &handlers.Handlers{
		Files: static.New(static.Face{}),
		Site: handlers.Site{
			BaseURL: r.base,
			Title:   "Maia secrets",
		},
		RP:       rp,
		Sessions: r.sessions,
		Tokens:   r.tokens,
		Policy:   o.policy,
		Submissions: submission.New(submission.Options{
			Maia:       client,
			Records:    r.store,
			FormTokens: submission.NewFormTokens(formKeys),
			Holder:     "holder",
			Timeout:    20 * time.Second,
			PerMinute:  1000,
			Log:        log,
			Now:        r.clock.Now,
		}),
		Records:   r.store,
		Catalogue: &catalogue.Directory{Source: client, Log: log, Now: r.clock.Now},
		Log:       log,
	}
	public, err := server.New(server.Options{
		BaseURL:       r.base,
		HTTPS:         cookies.Secure,
		RepeatCookie:  r.sessions.Repeat,
		Program:       handlers.BackchannelPath,
		Foreign:       handlers.Foreign,
		RequestIDKey:  handlers.RequestIDKey,
		AnswerTimeout: time.Minute,
		Log:           log,
	}, h.Routes)
	if err != nil {
		t.Fatal(err)
	}
	r.handler = public.Handler
	listener.Config = public
	listener.Start()
	t.Cleanup(listener.Close)
}

// emptyDatabase is made once: the migrations take longer than most tests.
var emptyDatabase = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "portal-test-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "portal.db")
	st, err := store.Open("sqlite:"+path, time.Now)
	if err != nil {
		return nil, err
	}
	if err := st.Migrate(context.Background()); err != nil {
		return nil, err
	}
	if err := st.Close(); err != nil { // also empties the write-ahead log
		return nil, err
	}
	return os.ReadFile(path)
})

// maia takes every call and notes the token that it bears.
type maia struct {
	server *httptest.Server
	mu     sync.Mutex
	writes []string        // bearer tokens of submissions
	all    []string        // bearer tokens of every call
	refuse map[string]bool // tokens that get 401
}

func newMaia(t *testing.T) *maia {
	m := &maia{refuse: map[string]bool{}}
	m.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		m.mu.Lock()
		m.all = append(m.all, token)
		if r.Method == http.MethodPost {
			m.writes = append(m.writes, token)
		}
		refused := m.refuse[token]
		m.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		switch {
		case refused:
			w.WriteHeader(http.StatusUnauthorized)
		case r.Method == http.MethodPost:
			w.WriteHeader(http.StatusCreated)
		}
		_, _ = io.WriteString(w, "{}")
	}))
	t.Cleanup(m.server.Close)
	return m
}

func (m *maia) url(t *testing.T) *url.URL {
	u, err := url.Parse(m.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// got are the tokens that submissions bore.
func (m *maia) got() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.writes)
}

// ever are the tokens that any call bore.
func (m *maia) ever() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.all)
}

func (m *maia) refuses(token string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refuse[token] = true
}

// browser is somebody in front of the portal.
type browser struct {
	r *rig
	c *http.Client
}

func (r *rig) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		r.t.Fatal(err)
	}
	return &browser{r, &http.Client{
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// at moves a browser to another portal; cookies know no ports.
func (b *browser) at(r *rig) *browser { return &browser{r, b.c} }

// answer is what a browser gets.
type answer struct {
	at     string
	status int
	header http.Header
	body   string
	doc    *html.Node
}

func (a answer) location() string { return a.header.Get("Location") }

// text is what a page says.
func (a answer) text() string {
	var b strings.Builder
	for n := range a.doc.Descendants() {
		if n.Type == html.TextNode {
			b.WriteString(n.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// links are where a page leads.
func (a answer) links() []string {
	var out []string
	for n := range a.doc.Descendants() {
		if n.Data == "a" {
			out = append(out, attr(n, "href"))
		}
	}
	return out
}

// leads says whether a page has a link.
func (a answer) leads(to string) bool { return slices.Contains(a.links(), to) }

// inputs are the values of a page's controls.
func (a answer) inputs() url.Values {
	out := url.Values{}
	for n := range a.doc.Descendants() {
		if n.Data == "input" && attr(n, "name") != "" && attr(n, "type") != "radio" && attr(n, "type") != "file" {
			out.Add(attr(n, "name"), attr(n, "value"))
		}
	}
	return out
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func (b *browser) do(method, address string, form url.Values, header http.Header) answer {
	b.r.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = b.r.base + address
	}
	req, err := http.NewRequestWithContext(b.r.t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		b.r.t.Fatal(err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", b.r.base)
		req.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for k, v := range header {
		if req.Header[k] = v; k == "Host" {
			req.Host = v[0]
		}
	}
	resp, err := b.c.Do(req)
	if err != nil {
		b.r.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.r.t.Fatal(err)
	}
	doc, _ := html.Parse(bytes.NewReader(body))
	return answer{address, resp.StatusCode, resp.Header, string(body), doc}
}

func (b *browser) get(address string) answer {
	b.r.t.Helper()
	return b.do(http.MethodGet, address, nil, nil)
}

func (b *browser) post(path string, form url.Values) answer {
	b.r.t.Helper()
	return b.do(http.MethodPost, path, form, nil)
}

// follow gets an address and all that it redirects to.
func (b *browser) follow(address string) answer {
	b.r.t.Helper()
	for range 10 {
		a := b.get(address)
		if a.location() == "" {
			return a
		}
		at, err1 := url.Parse(a.at)
		next, err2 := url.Parse(a.location())
		if err1 != nil || err2 != nil {
			b.r.t.Fatal(err1, err2)
		}
		address = at.ResolveReference(next).String()
	}
	b.r.t.Fatal("too many redirects")
	return answer{}
}

// begin opens a login in a tab, goes to the provider, and gives the address that the provider sends
// the tab back to.
func (b *browser) begin(returnTo string) (callback string) {
	b.r.t.Helper()
	a := b.get("/login?return_to=" + url.QueryEscape(returnTo))
	to := a.location()
	if a.status == http.StatusOK { // as for pages with a form of the browser's own
		_, to, _ = strings.Cut(a.header.Get("Refresh"), "; url=")
	}
	if to == "" {
		b.r.t.Fatalf("/login: %d %s", a.status, a.text())
	}
	return b.get(to).location()
}

// login logs in and fails the test where that does not succeed.
func (b *browser) login() *browser {
	b.r.t.Helper()
	if a := b.get(b.begin("/")); a.status != http.StatusSeeOther || a.location() != "/" {
		b.r.t.Fatalf("login: %d to %q: %s", a.status, a.location(), a.text())
	}
	return b
}

// cookie is the value of one of the portal's cookies.
func (b *browser) cookie(name string) string {
	u, _ := url.Parse(b.r.base)
	for _, c := range b.c.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// signedIn says whether the portal knows who this is.
func (b *browser) signedIn() bool {
	b.r.t.Helper()
	switch a := b.get("/sessions"); {
	case a.status == http.StatusOK:
		return true
	case a.status == http.StatusSeeOther && strings.HasPrefix(a.location(), "/login?"):
		return false
	default:
		b.r.t.Fatalf("/sessions: %d %s", a.status, a.text())
		return false
	}
}

// session looks this browser's session up, as a request does.
func (b *browser) session() *session.Session {
	b.r.t.Helper()
	req := httptest.NewRequestWithContext(b.r.t.Context(), http.MethodGet, "/", nil)
	req.AddCookie(&http.Cookie{
		Name:  b.r.sessions.Cookies.SessionName(),
		Value: b.cookie(b.r.sessions.Cookies.SessionName()),
	})
	s, err := b.r.sessions.Current(req)
	if err != nil {
		b.r.t.Fatal(err)
	}
	return s
}

// idHash is what the database knows this browser's session by.
func (r *rig) idHash(b *browser) []byte {
	sum := sha256.Sum256([]byte(b.cookie(r.sessions.Cookies.SessionName())))
	return sum[:]
}

const project = "0f0e0d0c-0b0a-4908-8706-050403020100"

// reference is a form that is ready to be sent.
func (b *browser) reference(name string) url.Values {
	b.r.t.Helper()
	a := b.get("/secret-references/new")
	if a.status != http.StatusOK {
		b.r.t.Fatalf("the form: %d to %q %s", a.status, a.location(), a.text())
	}
	form := a.inputs()
	for k, v := range map[string]string{"projectId": project, "secretReferenceName": name, "agentType": "AWS", "secretName": "prod/db", "secretReferenceType": "PASSWORD"} {
		form.Set(k, v)
	}
	return form
}
