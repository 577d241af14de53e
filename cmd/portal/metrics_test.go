package main

import (
	"bufio"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"maiaportal/internal/auth"
	"maiaportal/internal/handlers"
	"maiaportal/internal/record"
	"maiaportal/internal/sandbox/fault"
	"maiaportal/internal/sandbox/maia"
)

// series are the numbers of one scrape, by name and labels as they stand there.
type series map[string]float64

// scrape asks the operator's listener.
func (r *rig) scrape() series {
	r.t.Helper()
	resp := must((&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Get(r.admin + "/metrics"))
	defer func() { _ = resp.Body.Close() }()
	text := must(io.ReadAll(resp.Body))
	if resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/plain") {
		r.t.Fatalf("%d %s", resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	out := series{}
	for lines := bufio.NewScanner(strings.NewReader(string(text))); lines.Scan(); {
		line := lines.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		at := strings.LastIndexByte(line, ' ')
		out[line[:at]] = must(strconv.ParseFloat(line[at+1:], 64))
	}
	return out
}

// metric is a name with its labels.
var metric = regexp.MustCompile(`^([a-z_]+)(?:\{(.*)\})?$`)

// labels are the values of each label of a metric.
func (s series) labels(name string) map[string][]string {
	out := map[string][]string{}
	for line := range s {
		m := metric.FindStringSubmatch(line)
		if m == nil || m[1] != name {
			continue
		}
		for _, l := range regexp.MustCompile(`(\w+)="((?:[^"\\]|\\.)*)"`).FindAllStringSubmatch(m[2], -1) {
			if !slices.Contains(out[l[1]], l[2]) {
				out[l[1]] = append(out[l[1]], l[2])
			}
		}
	}
	return out
}

// portalMetrics are the portal's own, with their labels and, where the list of a label is closed, the whole of it.
// An empty list is one of statuses or patterns.
func portalMetrics() map[string]map[string][]string {
	actions, ends := texts(record.Actions), texts(record.Ends())
	return map[string]map[string][]string{
		"portal_build_info":                          {"version": {Version}, "go_version": {runtime.Version()}},
		"portal_http_requests_total":                 {"route": nil, "method": {"GET", "HEAD", "POST", "other"}, "code": nil},
		"portal_http_request_duration_seconds_count": {"route": nil, "method": {"GET", "HEAD", "POST", "other"}},
		"portal_submissions_total":                   {"action": actions, "outcome": ends},
		"portal_submissions_in_flight":               {},
		"portal_maia_request_duration_seconds_count": {"call": maiaCalls, "code": nil},
		"portal_provider_request_duration_seconds_count": {
			"endpoint": {"discovery", "keys", "token", "exchange", "userinfo", "revocation"}, "code": nil,
		},
		"portal_logins_total":          {"result": texts(auth.LoginResults())},
		"portal_token_refreshes_total": {"result": texts(auth.RefreshResults())},
		"portal_sessions":              {},
		"portal_secrets_due":           {"within": {"30d", "overdue"}},
		"portal_audit_seq":             {},
	}
}

var maiaCalls = []string{
	"createSecretReference", "encryptAndStoreSecret", "listProjects", "listAgents", "listSecretReferences",
}

func texts[T ~string](list []T) []string {
	var out []string
	for _, v := range list {
		out = append(out, string(v))
	}
	return out
}

// S-50: names and labels are as documented, each series that has no address and no status is there from the start, no
// label holds what somebody typed, and who has an answer finds it counted.
func TestMetrics(t *testing.T) {
	r := newRig(t, "ADMIN_LISTEN", "127.0.0.1:0", "MAIA_TIMEOUT", "5s")
	began := r.scrape()
	for name, labels := range portalMetrics() {
		open := slices.ContainsFunc(slices.Collect(maps.Values(labels)), func(l []string) bool { return l == nil })
		got := began.labels(name)
		for label, all := range labels {
			if !open && len(got[label]) != len(all) {
				t.Errorf("%s begins with %s of %v, want %v", name, label, got[label], all)
			}
		}
		if _, there := began[name]; len(labels) == 0 && !there {
			t.Errorf("%s is not there from the start", name)
		}
	}
	if n := len(began); n > 400 {
		t.Errorf("%d series at the start", n)
	}
	for _, name := range []string{"go_goroutines", "process_start_time_seconds", "process_open_fds"} {
		if began[name] == 0 {
			t.Errorf("%s is missing", name)
		}
	}

	// A login and its session.
	b := r.browser()
	b.login("ada", "/")
	r.count("portal_logins_total", 1, `result="success"`)
	r.count("portal_sessions", 1)
	r.count("portal_http_requests_total", 1, `code="303"`, `method="GET"`, `route="/auth/callback"`)
	r.browser().login("otto", "/")
	r.count("portal_logins_total", 1, `result="not_allowed"`)
	b.get("/auth/callback?state=typed-by-somebody&code=typed-by-somebody")
	r.count("portal_logins_total", 1, `result="stale"`)

	// A submission of each kind, and refusals. Each is counted once its answer is there.
	sent := 0
	submit := func(path string, form url.Values, action record.Action, outcome record.Outcome) page {
		t.Helper()
		labels := []string{`action="` + string(action) + `"`, `outcome="` + string(outcome) + `"`}
		before := r.scrape()[name("portal_submissions_total", labels...)]
		p := b.send(path, form)
		r.count("portal_submissions_total", before+1, labels...)
		r.count("portal_submissions_in_flight", 0)
		sent++
		return p
	}
	overdue, soon := time.Now().UTC().Format(time.DateOnly), time.Now().UTC().AddDate(0, 0, 60).Format(time.DateOnly)
	submit("/secret-references", b.reference("typed_name", "agentType", "AWS", "secretName", "typed", "renewBy", overdue, "ticket", "typed-ticket"), record.Reference, record.Created)
	submit("/secret-values", b.value("typed-name", "valueFormat", "text", "valueText", "typed-value", "renewBy", soon), record.Value, record.Created)
	submit("/setup", b.setup("typed_setup", "valueFormat", "text", "valueText", "typed-value"), record.Setup, record.Created)
	for status, outcome := range map[int]record.Outcome{
		400: record.Rejected, 401: record.Unauthenticated, 403: record.Forbidden, 404: record.NotFound, 409: record.Conflict,
		429: record.RateLimited, 500: record.Failed, 504: record.Unknown,
	} {
		form := b.reference("typed_"+strconv.Itoa(status), "agentType", "AWS", "secretName", "typed")
		r.sb.Maia.SetFault(&fault.Fault{Status: status})
		submit("/secret-references", form, record.Reference, outcome)
		r.sb.Maia.SetFault(nil)
	}
	form := b.reference("typed_lost", "agentType", "AWS", "secretName", "typed")
	r.sb.Maia.SetFault(&fault.Fault{Reset: true})
	lost := submit("/secret-references", form, record.Reference, record.Unknown)
	r.sb.Maia.SetFault(nil)
	r.count("portal_maia_request_duration_seconds_count", 1, `call="createSecretReference"`, `code="no_answer"`)
	r.count("portal_maia_request_duration_seconds_count", 1, `call="encryptAndStoreSecret"`, `code="201"`, atLeast)
	b.sendPlain(lost.location()+"/check", url.Values{})
	r.count("portal_maia_request_duration_seconds_count", 1, `call="listSecretReferences"`, `code="200"`)
	if n := r.scrape()[name("portal_token_refreshes_total", `result="success"`)]; n < 1 {
		t.Error("the renewal after Maia's 401 is not counted")
	}

	// While one is under way.
	hold := make(chan struct{})
	form = b.reference("typed_held", "agentType", "AWS", "secretName", "typed")
	r.sb.Maia.SetFault(&fault.Fault{Hold: hold})
	calls := len(r.sb.Maia.WriteCalls())
	answer := make(chan page, 1)
	go func() { answer <- b.send("/secret-references", form) }()
	if err := r.sb.Maia.WaitForCall(t.Context(), calls+1); err != nil {
		t.Fatal(err)
	}
	r.count("portal_submissions_in_flight", 1)
	close(hold)
	<-answer
	r.count("portal_submissions_in_flight", 0)

	// What strangers make up: addresses, methods, ids.
	for _, path := range []string{"/typed-nowhere", "/typed/" + strings.Repeat("x", 300), "/activity/typed-id"} {
		b.get(path)
	}
	b.do(b.request("TYPED", "/about", nil))
	b.do(b.request(http.MethodDelete, "/typed", nil))
	foreign := b.formRequest("/secret-references", url.Values{})
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")
	b.do(foreign)
	foreign = b.formRequest("/activity/typed-id/check", url.Values{})
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")
	b.do(foreign)
	r.count("portal_http_requests_total", 1, `code="403"`, `method="POST"`, `route="/activity/:id/check"`)
	r.count("portal_http_requests_total", 2, `code="404"`, `method="GET"`, `route="none"`)
	r.count("portal_http_requests_total", 1, `code="404"`, `method="GET"`, `route="/activity/:id"`)
	r.count("portal_http_requests_total", 1, `code="405"`, `method="other"`, `route="/about"`)
	r.count("portal_http_requests_total", 1, `code="404"`, `method="other"`, `route="none"`)
	r.count("portal_http_requests_total", 1, `code="403"`, `method="POST"`, `route="/secret-references"`, atLeast)

	// The trail, what is due, and the end of a session.
	if err := r.p.countDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.count("portal_secrets_due", 0, `within="overdue"`)
	r.count("portal_secrets_due", 1, `within="30d"`)
	due := must(r.p.store.CountDue(t.Context(), record.Everyone, time.Now().UTC().AddDate(0, 0, handlers.DueSoon).Format(time.DateOnly)))
	if due != 1 {
		t.Errorf("the page counts %d that are due soon, and not 1", due)
	}
	r.count("portal_audit_seq", float64(must(r.p.store.LastSeq(t.Context()))))
	if seq := must(r.p.store.LastSeq(t.Context())); seq < int64(4*sent) {
		t.Errorf("the trail ends at %d after %d submissions", seq, sent)
	}
	b.sendPlain("/logout", url.Values{})
	r.count("portal_sessions", 0)
	r.count("portal_provider_request_duration_seconds_count", 2, `code="200"`, `endpoint="revocation"`, atLeast)

	// Nothing else, and nothing that somebody typed.
	ended := r.scrape()
	known := portalMetrics()
	for line := range ended {
		m := metric.FindStringSubmatch(line)
		if m == nil || !strings.HasPrefix(m[1], "portal_") {
			continue
		}
		base := strings.TrimSuffix(strings.TrimSuffix(m[1], "_bucket"), "_sum")
		if known[base] == nil && known[base+"_count"] == nil {
			t.Errorf("an unknown metric: %s", line)
		}
	}
	for name, labels := range known {
		for label, got := range ended.labels(name) {
			for _, value := range got {
				all, ok := labels[label]
				if !ok || all != nil && !slices.Contains(all, value) || strings.Contains(value, "typed") {
					t.Errorf("%s has %s=%q", name, label, value)
				}
			}
		}
	}
	for line := range ended {
		for _, personal := range []string{"typed", "ada", "otto", maia.ProjectFinance, maia.AgentAWS} {
			if strings.Contains(strings.ToLower(line), personal) {
				t.Errorf("a label holds what somebody typed or is: %s", line)
			}
		}
	}
	for _, path := range []string{"/metrics", "/metrics/"} {
		if p := b.get(path); p.status != http.StatusNotFound {
			t.Errorf("the public listener answers %s with %d", path, p.status)
		}
	}
}

// name is a metric with its labels, in the order of the text format.
func name(metric string, labels ...string) string {
	if len(labels) == 0 {
		return metric
	}
	slices.Sort(labels)
	return metric + "{" + strings.Join(labels, ",") + "}"
}

// atLeast, the last of the labels, says that count's number may be larger.
const atLeast = "at least"

// count insists on a number.
func (r *rig) count(metric string, want float64, labels ...string) {
	r.t.Helper()
	least := len(labels) > 0 && labels[len(labels)-1] == atLeast
	if least {
		labels = labels[:len(labels)-1]
	}
	got, there := r.scrape()[name(metric, labels...)]
	if !there || got < want || got > want && !least {
		r.t.Errorf("%s is %v (there: %v), want %v", name(metric, labels...), got, there, want)
	}
}

// While the database is away, a scrape answers all the same.
func TestMetricsWithoutTheDatabase(t *testing.T) {
	r := newRig(t, "ADMIN_LISTEN", "127.0.0.1:0")
	r.browser().login("ada", "/")
	r.count("portal_sessions", 1)
	if err := r.p.store.Close(); err != nil {
		t.Fatal(err)
	}
	r.count("portal_sessions", 1)
}

// What operators read of the metrics is complete: each name, each label, each value of a closed list.
func TestMetricsAreDocumented(t *testing.T) {
	doc := string(must(os.ReadFile("../../docs/operate.md")))
	for name, labels := range portalMetrics() {
		name = strings.TrimSuffix(name, "_count")
		_, after, ok := strings.Cut(doc, "| `"+name)
		if !ok {
			t.Errorf("docs/operate.md has no row of %s", name)
			continue
		}
		row, _, _ := strings.Cut(after, "\n")
		for label, all := range labels {
			if !strings.Contains(row, label) {
				t.Errorf("the row of %s lacks the label %s", name, label)
			}
			for _, value := range all {
				if name != "portal_build_info" && !strings.Contains(row, "`"+value+"`") {
					t.Errorf("the row of %s lacks %s of the label %s", name, value, label)
				}
			}
		}
	}
}

// Each metric that an alert names is there, with the labels and values that the alert asks for. And operators read what
// to do for each alert.
func TestAlertsNameWhatThereIs(t *testing.T) {
	rules := string(must(os.ReadFile("../../deploy/prometheus/portal.rules.yaml")))
	doc := string(must(os.ReadFile("../../docs/operate.md")))
	known := portalMetrics()
	selectors := regexp.MustCompile(`\b((?:portal|process|go)_[a-z_]+)(?:\{([^}]*)\})?`).FindAllStringSubmatch(rules, -1)
	if len(selectors) < 15 {
		t.Fatalf("only %d selectors are found", len(selectors))
	}
	matcher := regexp.MustCompile(`(\w+)(?:=~|!~|=|!=)"([^"]*)"`)
	for _, s := range selectors {
		if s[1] == "process_open_fds" || s[1] == "process_max_fds" {
			continue
		}
		labels, ok := known[s[1]]
		if !ok {
			labels, ok = known[strings.TrimSuffix(s[1], "_bucket")+"_count"]
		}
		if !ok {
			t.Errorf("there is no %s", s[1])
		}
		for _, m := range matcher.FindAllStringSubmatch(s[2], -1) {
			all, ok := labels[m[1]]
			if !ok {
				t.Errorf("%s has no label %s", s[1], m[1])
			}
			for _, value := range strings.Split(m[2], "|") {
				if all != nil && !slices.Contains(all, value) {
					t.Errorf("%s never has %s=%q", s[1], m[1], value)
				}
			}
		}
	}
	for _, alert := range regexp.MustCompile(`- alert: (\w+)`).FindAllStringSubmatch(rules, -1) {
		if !strings.Contains(doc, "| `"+alert[1]+"` |") {
			t.Errorf("docs/operate.md does not say what to do for %s", alert[1])
		}
	}
}

// The alerts are rules that Prometheus takes, and they fire and stay silent as their own tests say.
func TestAlertsAreTaken(t *testing.T) {
	t.Parallel()
	program := tool(t, "promtool")
	for _, args := range [][]string{
		{"check", "rules", "--lint-fatal", "../../deploy/prometheus/portal.rules.yaml"},
		{"test", "rules", "../../deploy/prometheus/portal.rules.test.yaml"},
	} {
		if out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %s %s: %v: %s", args[0], args[1], err, out)
		}
	}
}
