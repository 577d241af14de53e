package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/html"

	"maiaportal/internal/config"
	"maiaportal/internal/sandbox"
)

// rig is the whole system on loopback: the portal as serve runs it, the sandbox's provider and Maia.
type rig struct {
	t    *testing.T
	base string
	// admin is where the operator's listener is; empty unless ADMIN_LISTEN is set.
	admin string
	sb    *sandbox.Sandbox
	p     *portal
	dir   string // the database's folder
	logs  *syncBuffer
	gone  chan struct{} // gets a value whenever the portal notices that a client has gone
	stop  func()        // drains the portal; may be called more than once
}

// watched is a listener that tells when a client has gone.
type watched struct {
	net.Listener
	gone chan struct{}
}

func (w watched) Accept() (net.Conn, error) {
	c, err := w.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return watchedConn{c, w.gone}, nil
}

type watchedConn struct {
	net.Conn
	gone chan struct{}
}

func (c watchedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if errors.Is(err, io.EOF) {
		c.gone <- struct{}{}
	}
	return n, err
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

// newRig starts everything. settings are variables without their prefix that differ from the demo's, or whole names of
// OpenTelemetry's.
func newRig(t *testing.T, settings ...string) *rig {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + listener.Addr().String()
	sb, err := sandbox.Start(context.Background(), sandbox.Options{
		RedirectURI:           base + "/auth/callback",
		PostLogoutRedirectURI: base + "/signed-out",
		PortalURL:             base,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sb.Close() })
	r := &rig{t: t, base: base, sb: sb, dir: t.TempDir(), logs: &syncBuffer{}, gone: make(chan struct{}, 1000)}
	r.serve(watched{listener, r.gone}, settings...)
	return r
}

// serve starts a portal on a listener, with the rig's database.
func (r *rig) serve(listener net.Listener, settings ...string) {
	r.t.Helper()
	r.wire(settings...)
	r.stop = r.run(listener, func(err error) {
		if err != nil {
			r.t.Errorf("the portal ended with %v", err)
		}
	})
	r.t.Cleanup(r.stop)
}

// wire makes a portal with the rig's database.
func (r *rig) wire(settings ...string) {
	r.t.Helper()
	env := map[string]string{
		"BASE_URL": r.base, "ADMIN_LISTEN": "", "OIDC_ISSUER": r.sb.Provider.Issuer(), "OIDC_CLIENT_ID": r.sb.Provider.ClientID(),
		"OIDC_CLIENT_SECRET": r.sb.Provider.ClientSecret(), "MAIA_URL": r.sb.Maia.URL(), "DATABASE_URL": "sqlite:" + filepath.Join(r.dir, "portal.db"),
		"SESSION_KEYS": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "ALLOWED_GROUPS": "maia-admins", "AUDITOR_GROUPS": "maia-auditors",
		"LOG_LEVEL": "debug", "MAIA_TIMEOUT": "10s", "SUBMISSIONS_PER_MINUTE": "1000",
	}
	for i := 0; i+1 < len(settings); i += 2 {
		env[settings[i]] = settings[i+1]
	}
	var environ []string
	for k, v := range env {
		if strings.HasPrefix(k, "OTEL_") {
			environ = append(environ, k+"="+v)
			r.t.Setenv(k, v) // the libraries look for themselves
			continue
		}
		environ = append(environ, "PORTAL_"+k+"="+v)
	}
	cfg, err := config.Load(nil, environ, checks)
	if err != nil {
		r.t.Fatal(err)
	}
	log := slog.New(slog.NewJSONHandler(r.logs, &slog.HandlerOptions{Level: cfg.LogLevel}))
	r.p, err = wire(r.t.Context(), cfg, log, log.Handler(), nil)
	if err != nil {
		r.t.Fatal(err)
	}
}

// run runs the portal, and gives what stops it. ended gets how it ended.
func (r *rig) run(listener net.Listener, ended func(error)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	p := r.p
	var admin net.Listener
	if p.admin != nil {
		admin = must(listen(ctx, p.cfg.AdminListen))
		r.admin = "http://" + admin.Addr().String()
	}
	go func() {
		defer close(done)
		err := p.run(ctx, listener, admin, nil)
		ended(errors.Join(err, p.close()))
	}()
	return func() {
		cancel()
		<-done
	}
}

// browser is somebody in front of the portal.
type browser struct {
	r      *rig
	client *http.Client
	// seen gets every answer of the portal, head and body, for those who look for leaks.
	seen *syncBuffer
	// bare sends neither Origin nor Sec-Fetch-Site, as a program would.
	bare bool
}

func (r *rig) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		r.t.Fatal(err)
	}
	return &browser{
		r:    r,
		seen: &syncBuffer{},
		client: &http.Client{
			Jar:           jar,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// page is an answer.
type page struct {
	status int
	header http.Header
	body   string
	// doc parses the body, at the first question about it: most answers are only looked at as a whole.
	doc func() *html.Node
}

func (p page) location() string { return p.header.Get("Location") }

func (b *browser) do(req *http.Request) page {
	b.r.t.Helper()
	resp, err := b.client.Do(req)
	if err != nil {
		b.r.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.r.t.Fatal(err)
	}
	if strings.HasPrefix(req.URL.String(), b.r.base) {
		_ = resp.Header.Write(b.seen)
		_, _ = b.seen.Write(body)
	}
	return parsed(resp, body)
}

// parsed makes a page of an answer.
func parsed(resp *http.Response, body []byte) page {
	doc := sync.OnceValue(func() *html.Node {
		doc, _ := html.Parse(bytes.NewReader(body))
		return doc
	})
	return page{resp.StatusCode, resp.Header, string(body), doc}
}

func (b *browser) request(method, address string, body io.Reader) *http.Request {
	b.r.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = b.r.base + address
	}
	req, err := http.NewRequestWithContext(context.Background(), method, address, body)
	if err != nil {
		b.r.t.Fatal(err)
	}
	if method == http.MethodPost && !b.bare {
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		req.Header.Set("Origin", b.r.base)
	}
	return req
}

func (b *browser) get(address string) page {
	b.r.t.Helper()
	return b.do(b.request(http.MethodGet, address, nil))
}

// follow gets an address and all that it redirects to, to the end or to the provider's login page.
func (b *browser) follow(address string) (page, string) {
	b.r.t.Helper()
	for range 10 {
		p := b.get(address)
		to := p.location()
		if to == "" {
			_, to, _ = strings.Cut(p.header.Get("Refresh"), "; url=")
		}
		if to == "" {
			return p, address
		}
		next, err := url.Parse(to)
		if err != nil {
			b.r.t.Fatal(err)
		}
		at, _ := url.Parse(address)
		address = at.ResolveReference(next).String()
	}
	b.r.t.Fatal("too many redirects")
	return page{}, ""
}

// login goes through the provider's login page, from an address of the portal to where it leads.
func (b *browser) login(username, path string) page {
	b.r.t.Helper()
	p, at := b.follow(b.r.base + path)
	form := inputs(p.doc())
	form.Set("username", username)
	form.Set("password", username+"-password")
	u, _ := url.Parse(at)
	post := b.request(http.MethodPost, u.ResolveReference(&url.URL{Path: "/login"}).String(), strings.NewReader(form.Encode()))
	post.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	post.Header.Set("Origin", u.Scheme+"://"+u.Host)
	answer := b.do(post)
	if answer.location() == "" {
		b.r.t.Fatalf("login of %s: %d %s", username, answer.status, answer.body)
	}
	p, _ = b.follow(u.ResolveReference(must(url.Parse(answer.location()))).String())
	return p
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// inputs are the hidden and filled-in controls of a page's form.
func inputs(doc *html.Node) url.Values {
	out := url.Values{}
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && n.Data == "input" && attr(n, "name") != "" {
			kind := attr(n, "type")
			if (kind == "radio" || kind == "checkbox") && !hasAttr(n, "checked") || kind == "file" {
				continue
			}
			out.Add(attr(n, "name"), attr(n, "value"))
		}
		if n.Type == html.ElementNode && n.Data == "select" {
			out.Add(attr(n, "name"), selected(n))
		}
	}
	return out
}

// selected is what a select would send.
func selected(list *html.Node) string {
	for n := range list.Descendants() {
		if n.Data == "option" && hasAttr(n, "selected") && !hasAttr(n, "disabled") {
			return attr(n, "value")
		}
	}
	return ""
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func hasAttr(n *html.Node, key string) bool {
	for _, a := range n.Attr {
		if a.Key == key {
			return true
		}
	}
	return false
}

// href gives where the link of a label leads.
func (p page) href(label string) string {
	for n := range p.doc().Descendants() {
		if n.Data == "a" && n.FirstChild != nil && strings.TrimSpace(n.FirstChild.Data) == label {
			return attr(n, "href")
		}
	}
	return ""
}

// text is what a page says, without its markup.
func (p page) text() string {
	var b strings.Builder
	for n := range p.doc().Descendants() {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
			b.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// filled fills in the form that a page offers, as a browser would: fields by name, in place of what
// stands there.
func filled(p page, fields ...string) url.Values {
	form := inputs(p.doc())
	set := map[string]bool{}
	for i := 0; i+1 < len(fields); i += 2 {
		if !set[fields[i]] {
			form.Del(fields[i])
			set[fields[i]] = true
		}
		form.Add(fields[i], fields[i+1])
	}
	return form
}

// send posts a form as multipart, as the portal's pages do. files are fields that are sent as a file.
func (b *browser) send(path string, form url.Values, files ...string) page {
	b.r.t.Helper()
	return b.do(b.formRequest(path, form, files...))
}

// formRequest is what send sends.
func (b *browser) formRequest(path string, form url.Values, files ...string) *http.Request {
	b.r.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, values := range form {
		for _, v := range values {
			if len(files) > 0 && name == files[0] {
				part, _ := w.CreateFormFile(name, "schlüssel \"1\".pem")
				_, _ = io.WriteString(part, v)
				continue
			}
			_ = w.WriteField(name, v)
		}
	}
	_ = w.Close()
	req := b.request(http.MethodPost, path, &body)
	req.Header.Set("Content-Type", w.FormDataContentType())
	return req
}

// sendPlain posts a form urlencoded.
func (b *browser) sendPlain(path string, form url.Values) page {
	b.r.t.Helper()
	req := b.request(http.MethodPost, path, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(req)
}

// files gives the content of every file in the database's folder, the write-ahead log included.
func (r *rig) files() map[string][]byte {
	r.t.Helper()
	return filesBelow(r.t, r.dir)
}

// filesBelow reads every file below a folder. Those that are gone by then, as others' temporary ones, are left out.
func filesBelow(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		}
		content, err := os.ReadFile(path) // #nosec G122 -- the test's own folder
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		out[path] = content
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
