package maia

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"maiaportal/internal/sandbox/fault"
	"maiaportal/internal/sandbox/provider"
	"maiaportal/internal/sandbox/web"
)

// bodyLimit is what the API reads of a request.
const bodyLimit = 2 << 20

// call is a request of the API in work.
type call struct {
	*http.Request
	account *provider.Account
	jti     string
	// params are the decoded segments of the path where its template has a {}.
	params []string
	// instance is the template, for problem documents.
	instance string
}

// route is one call of the API. Exactly one of read and write is set.
type route struct {
	method, template string
	read             func(*Maia, call) web.Answer
	write            func(*Maia, call, map[string]member) (creation, *web.Answer)
	// list says that the switch of the lists counts.
	list bool
}

// creation is a write that has passed every check of its own and is ready to be carried out.
type creation struct {
	name   string
	value  []byte
	commit func() web.Answer
}

var routes = []route{
	{http.MethodPost, referencePath, nil, (*Maia).checkReference, false},
	{http.MethodPost, valuePath, nil, (*Maia).checkValue, false},
	{http.MethodGet, referencesPath, (*Maia).listReferences, nil, true},
	{http.MethodGet, "/v1/projects", (*Maia).listProjects, nil, true},
	{http.MethodGet, "/v1/agents", (*Maia).listAgents, nil, true},
	{http.MethodGet, "/v1/agents/{agentId}", (*Maia).getAgent, nil, false},
	{http.MethodGet, "/v1/agents/{agentId}/allowlist", (*Maia).getAllowlist, nil, false},
}

// ServeHTTP routes by the path's segments as they were received, so that an encoded slash stays
// part of its segment.
func (m *Maia) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.EscapedPath()
	if rest, ok := strings.CutPrefix(path, apiPrefix); ok {
		m.serveAPI(w, r, rest)
		return
	}
	m.servePages(w, r, path)
}

// segments decodes a path's segments. The leading empty one is left out.
func segments(path string) ([]string, bool) {
	list := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, s := range list {
		decoded, err := url.PathUnescape(s)
		if err != nil {
			return nil, false
		}
		list[i] = decoded
	}
	return list, true
}

// match fills a template's {} from a path. An empty segment matches nothing.
func match(template, path string) (params []string, ok bool) {
	have, ok := segments(path)
	want := strings.Split(strings.TrimPrefix(template, "/"), "/")
	if !ok || len(have) != len(want) {
		return nil, false
	}
	for i := range want {
		switch {
		case strings.HasPrefix(want[i], "{") && have[i] != "":
			params = append(params, have[i])
		case want[i] != have[i]:
			return nil, false
		}
	}
	return params, true
}

func (m *Maia) serveAPI(w http.ResponseWriter, r *http.Request, path string) {
	// The whole body is read before anything else: only then does net/http notice that the
	// client has gone.
	body, err := io.ReadAll(io.LimitReader(r.Body, bodyLimit+1))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	// What is too much is thrown away: a client that is still sending would not see the answer.
	_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, 32*bodyLimit))
	found, params, methods := findRoute(r.Method, path)
	c := call{Request: r, params: params}
	if found != nil {
		c.instance = found.template
	}
	token, hasToken := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	account, jti, tokenErr := m.options.Provider.Verify(token)
	c.account = account
	c.jti = jti

	noted := Call{
		Time:   time.Now().UTC(),
		Method: r.Method,
		Path:   r.URL.EscapedPath(),
		Query:  r.URL.RawQuery,
		Header: r.Header.Clone(),
		write:  found != nil && found.write != nil,
	}
	noted.Header.Del("Authorization")
	if hasToken {
		noted.Token = token
	}
	if account != nil {
		noted.Username = account.Username
		noted.Subject = account.Subject
	}
	if noted.write {
		noted.Request = decodeForLog(body)
	}
	w = &statusWriter{ResponseWriter: w, finish: m.calls.add(noted)}

	switch {
	case !hasToken || tokenErr != nil:
		web.Problem(http.StatusUnauthorized, c.instance, "Full authentication is required to access this resource").Send(w)
	case found == nil && len(methods) > 0:
		refusal := web.Problem(http.StatusMethodNotAllowed, "", "Method not allowed")
		refusal.Header = http.Header{"Allow": {strings.Join(methods, ", ")}}
		refusal.Send(w)
	case found == nil:
		web.Problem(http.StatusNotFound, "", "No such resource").Send(w)
	case found.write != nil:
		m.serveWrite(w, c, found, body)
	case rightsOf(account) < mayRead:
		web.Problem(http.StatusForbidden, c.instance, "User does not have the permission to view this resource").Send(w)
	default:
		late := m.listsNow().fault
		if found.list && late != nil && late.Befall(w, c.Request, c.instance, nil, nil) {
			return
		}
		found.read(m, c).Send(w)
	}
}

func findRoute(method, path string) (found *route, params, methods []string) {
	for i := range routes {
		p, ok := match(routes[i].template, path)
		switch {
		case !ok:
		case routes[i].method == method || method == http.MethodHead && routes[i].method == http.MethodGet:
			return &routes[i], p, nil
		case !slices.Contains(methods, routes[i].method):
			methods = append(methods, routes[i].method)
		}
	}
	return nil, nil, methods
}

// serveWrite carries a POST out. An injected fault comes before all checks but the token's; a
// reserved name works only where the request would have been taken.
func (m *Maia) serveWrite(w http.ResponseWriter, c call, to *route, body []byte) {
	injected := m.faults.Take()
	if injected != nil && !injected.After && injected.Befall(w, c.Request, c.instance, sentValue(body), nil) {
		return
	}
	members, refusal := readBody(c, body)
	var ready creation
	if refusal == nil {
		ready, refusal = to.write(m, c, members)
	}
	if refusal != nil {
		refusal.Send(w)
		return
	}
	reserved := m.faults.ForName(ready.name, c.account.Username, c.jti, c.instance)
	if reserved != nil && !reserved.After && reserved.Befall(w, c.Request, c.instance, ready.value, nil) {
		return
	}
	done := ready.commit()
	for _, f := range []*fault.Fault{injected, reserved} {
		if f == nil || !f.After || done.Status != http.StatusCreated {
			continue
		}
		if f.Befall(w, c.Request, c.instance, ready.value, &done) {
			return
		}
	}
	done.Send(w)
}

// readBody checks what goes for both POSTs alike: rights, media type, size, and that it is a JSON
// object.
func readBody(c call, body []byte) (map[string]member, *web.Answer) {
	refuse := func(status int, detail string, violations ...string) (map[string]member, *web.Answer) {
		a := web.Problem(status, c.instance, detail, violations...)
		return nil, &a
	}
	if rightsOf(c.account) < mayWrite {
		return refuse(http.StatusForbidden, `User does not have the permission "Create Vault Secrets"`)
	}
	if !isJSON(c.Header.Get("Content-Type")) {
		return refuse(http.StatusUnsupportedMediaType, "Content-Type must be application/json")
	}
	if len(body) > bodyLimit {
		return refuse(http.StatusRequestEntityTooLarge, "The request is too large")
	}
	if !utf8.Valid(body) {
		return refuse(http.StatusBadRequest, "The request is not UTF-8")
	}
	members, err := decodeObject(body)
	if errors.Is(err, errNotObject) {
		return refuse(http.StatusBadRequest, "The request must be a JSON object")
	}
	if err != nil {
		return refuse(http.StatusBadRequest, "The request is not JSON")
	}
	return members, nil
}

// statusWriter tells the list of calls how one ended.
type statusWriter struct {
	http.ResponseWriter
	finish func(status int)
}

func (w *statusWriter) WriteHeader(status int) {
	w.finish(status)
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
