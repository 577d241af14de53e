package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"regexp"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"maiaportal/internal/sandbox/fault"
	"maiaportal/internal/sandbox/maia"
	"maiaportal/internal/store/pgtest"
)

// receiver takes traces by OTLP, as a collector does.
type receiver struct {
	collector.UnimplementedTraceServiceServer

	url string

	mu    sync.Mutex
	bytes []byte // of all bodies and headers, as they came
	took  []*collector.ExportTraceServiceRequest
}

// newReceiver listens on loopback and speaks OTLP over HTTP.
func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	r.url = s.URL
	return r
}

// newGRPCReceiver is newReceiver for OTLP over gRPC.
func newGRPCReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	l := must(listen(context.Background(), "127.0.0.1:0"))
	s := grpc.NewServer()
	collector.RegisterTraceServiceServer(s, r)
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	r.url = "http://" + l.Addr().String()
	return r
}

func (r *receiver) take(raw []byte, req *collector.ExportTraceServiceRequest) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bytes = append(r.bytes, raw...)
	r.took = append(r.took, req)
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	message := &collector.ExportTraceServiceRequest{}
	if err == nil && req.Header.Get("Content-Type") == "application/json" {
		err = readOTLPJSON(body, message)
	} else if err == nil {
		err = proto.Unmarshal(body, message)
	}
	if err != nil || req.Method != http.MethodPost || req.URL.Path != "/v1/traces" {
		http.Error(w, "not OTLP", http.StatusBadRequest)
		return
	}
	var head bytes.Buffer
	_ = req.Header.Write(&head)
	r.take(append(head.Bytes(), body...), message)
	w.Header().Set("Content-Type", "application/x-protobuf")
	_, _ = w.Write(must(proto.Marshal(&collector.ExportTraceServiceResponse{})))
}

// readOTLPJSON reads JSON in which ids are hexadecimal, and not base64 as protobuf's JSON has them.
func readOTLPJSON(body []byte, into proto.Message) error {
	id := regexp.MustCompile(`"(traceId|spanId|parentSpanId)":"([0-9a-f]*)"`)
	body = id.ReplaceAllFunc(body, func(member []byte) []byte {
		parts := id.FindSubmatch(member)
		raw := must(hex.DecodeString(string(parts[2])))
		return fmt.Appendf(nil, `"%s":"%s"`, parts[1], base64.StdEncoding.EncodeToString(raw))
	})
	return protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(body, into)
}

func (r *receiver) Export(_ context.Context, req *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	r.take(must(proto.Marshal(req)), req)
	return &collector.ExportTraceServiceResponse{}, nil
}

// got is everything, as it came.
func (r *receiver) got() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.bytes)
}

// span is one that was received.
type span struct {
	*otlp.Span
	trace, id, parent string
}

func (r *receiver) spans() []span {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []span
	for _, req := range r.took {
		for _, of := range req.GetResourceSpans() {
			for _, scope := range of.GetScopeSpans() {
				for _, s := range scope.GetSpans() {
					list = append(list, span{
						Span:   s,
						trace:  hex.EncodeToString(s.GetTraceId()),
						id:     hex.EncodeToString(s.GetSpanId()),
						parent: hex.EncodeToString(s.GetParentSpanId()),
					})
				}
			}
		}
	}
	return list
}

// named are the spans of a name.
func (r *receiver) named(name string) []span {
	return slices.DeleteFunc(r.spans(), func(s span) bool { return s.GetName() != name })
}

// one is the one span of a name.
func (r *receiver) one(t *testing.T, name string) span {
	t.Helper()
	list := r.named(name)
	if len(list) != 1 {
		t.Fatalf("there are %d spans %q among %q", len(list), name, r.names())
	}
	return list[0]
}

func (r *receiver) names() []string {
	var names []string
	for _, s := range r.spans() {
		if !slices.Contains(names, s.GetName()) {
			names = append(names, s.GetName())
		}
	}
	slices.Sort(names)
	return names
}

func textOf(v *common.AnyValue) string {
	if n, ok := v.GetValue().(*common.AnyValue_IntValue); ok {
		return fmt.Sprint(n.IntValue)
	}
	return v.GetStringValue()
}

// attributes are a span's, as text.
func (s span) attributes() map[string]string {
	out := map[string]string{}
	for _, a := range s.GetAttributes() {
		out[a.GetKey()] = textOf(a.GetValue())
	}
	return out
}

// followed is a rig whose traces go to a receiver. heads are those of the calls that Maia got.
type followed struct {
	*rig
	to    *receiver
	heads *syncBuffer
}

func newFollowed(t *testing.T, to *receiver, settings ...string) followed {
	t.Helper()
	f := followed{to: to, heads: &syncBuffer{}}
	var r *rig
	// In front of Maia stands what keeps the heads.
	before := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		_, _ = fmt.Fprintf(f.heads, "%s %s\n", req.Method, req.URL.Path)
		_ = req.Header.Write(f.heads)
		onward := httputil.NewSingleHostReverseProxy(must(url.Parse(strings.TrimSuffix(r.sb.Maia.URL(), "/dpc"))))
		onward.ErrorLog = log.New(io.Discard, "", 0)
		onward.ServeHTTP(w, req)
	}))
	t.Cleanup(before.Close)
	settings = append(settings, "MAIA_URL", before.URL+"/dpc")
	if to != nil {
		settings = append(settings, "OTEL_EXPORTER_OTLP_ENDPOINT", to.url)
	}
	r = newRig(t, settings...)
	f.rig = r
	return f
}

const (
	// givenTrace is a trace of somebody else's, and where the portal's part of it hangs.
	givenTrace  = "4bf92f3577b34da6a3ce929d0e0e4736"
	givenParent = "00f067aa0ba902b7"
	traceparent = "00-" + givenTrace + "-" + givenParent + "-01"
)

// A request is a span by its route; what it leads to hangs on it: one span for each call to Maia and to the provider, and
// those of the database. They arrive, although nobody waited for them, when the portal has ended. Its trace is the one
// that a trusted proxy names; it goes on to Maia, and is in the log.
func TestTraces(t *testing.T) {
	f := newFollowed(t, newReceiver(t), "TRUSTED_PROXIES", "127.0.0.0/8")
	b := f.browser()
	b.login("ada", "/")
	req := b.formRequest("/secret-values?from=wiki", b.value("traced", "valueFormat", "text", "valueText", "x7-typed-secret"))
	req.Header.Set("Traceparent", traceparent)
	req.Header.Set("Tracestate", "vendor=typed-state")
	p := b.do(req)
	if p.status != http.StatusSeeOther {
		t.Fatalf("%d %s", p.status, p.text())
	}
	b.get("/nowhere/typed")
	f.stop()

	post := f.to.one(t, "POST /secret-values")
	if post.trace != givenTrace || post.parent != givenParent || post.GetKind() != otlp.Span_SPAN_KIND_SERVER {
		t.Errorf("the request's span: %v", post)
	}
	if got := post.attributes(); got["http.route"] != "/secret-values" || got["http.request.method"] != "POST" ||
		got["http.response.status_code"] != "303" || got["error.type"] != "" {
		t.Errorf("the request's attributes: %v", got)
	}
	call := f.to.one(t, "POST /v1/secrets/{agentId}/secret-value")
	if call.trace != givenTrace || call.parent != post.id || call.GetKind() != otlp.Span_SPAN_KIND_CLIENT {
		t.Errorf("the call's span: %v", call)
	}
	if got := call.attributes(); got["portal.maia.call"] != "encryptAndStoreSecret" || got["http.response.status_code"] != "201" {
		t.Errorf("the call's attributes: %v", got)
	}
	calls := 0
	for _, s := range f.to.spans() {
		if s.attributes()["portal.maia.call"] != "" {
			calls++
		}
	}
	if made := len(f.sb.Maia.Calls()); calls != made {
		t.Errorf("%d spans of %d calls to Maia", calls, made)
	}
	if !strings.Contains(f.heads.String(), "Traceparent: 00-"+givenTrace+"-"+call.id+"-01") {
		t.Errorf("Maia got\n%s", f.heads)
	}
	if strings.Contains(f.heads.String(), "typed-state") {
		t.Error("a tracestate was passed on")
	}
	wrote := 0
	for _, s := range f.to.spans() {
		if s.attributes()["db.system.name"] != "" && s.parent == post.id {
			wrote++
			if s.attributes()["db.system.name"] != "sqlite" || s.GetKind() != otlp.Span_SPAN_KIND_CLIENT {
				t.Errorf("a query's span: %v", s)
			}
		}
	}
	if names := f.to.names(); wrote < 3 || !slices.Contains(names, "INSERT submissions") || !slices.Contains(names, "transaction") {
		t.Errorf("%d spans of queries among %q", wrote, names)
	}
	callback := f.to.one(t, "GET /auth/callback")
	if token := f.to.one(t, "POST token"); token.parent != callback.id || token.attributes()["portal.provider.endpoint"] != "token" {
		t.Errorf("the provider's span: %v", token)
	}
	if len(f.to.named("GET discovery")) == 0 {
		t.Error("discovery has no span")
	}
	if nowhere := f.to.one(t, "GET"); nowhere.attributes()["http.response.status_code"] != "404" || nowhere.parent != "" {
		t.Errorf("an address that leads nowhere: %v", nowhere)
	}
	for _, s := range f.to.spans() {
		if s.attributes()["db.system.name"] != "" && s.parent == "" {
			t.Errorf("a query of the portal's own has a trace: %v", s)
		}
	}
	resource := map[string]string{}
	f.to.mu.Lock()
	first := f.to.took[0]
	f.to.mu.Unlock()
	for _, a := range first.GetResourceSpans()[0].GetResource().GetAttributes() {
		resource[a.GetKey()] = textOf(a.GetValue())
	}
	if resource["service.name"] != "portal" || resource["service.version"] != Version || resource["service.instance.id"] == "" {
		t.Errorf("the resource: %v", resource)
	}
	f.traceInLog(givenTrace, p.header.Get("X-Request-Id"))
}

// traceInLog asserts that the lines of a request have its trace, behind all else.
func (f followed) traceInLog(trace, request string) {
	f.t.Helper()
	n := 0
	for line := range strings.Lines(f.logs.String()) {
		if !strings.Contains(line, `"request_id":"`+request) || strings.Contains(line, `"msg":"audit"`) {
			continue
		}
		n++
		if !strings.HasSuffix(line, `,"trace_id":"`+trace+"\"}\n") {
			f.t.Errorf("a line of a traced request: %s", line)
		}
		if strings.Contains(line, `"msg":"request"`) && !regexp.MustCompile(`"route":"[^"]+","method":"[^"]+","path":"[^"]+","status":`).MatchString(line) {
			f.t.Errorf("the order of members: %s", line)
		}
	}
	if n < 2 {
		f.t.Errorf("%d lines of the request", n)
	}
}

// A stranger's traceparent says nothing: neither where the request belongs to nor whether it is recorded, and it does not
// reach Maia.
func TestTraceOfAStranger(t *testing.T) {
	f := newFollowed(t, newReceiver(t), "TRUSTED_PROXIES", "10.0.0.0/8")
	b := f.browser()
	b.login("ada", "/")
	unsampled := strings.TrimSuffix(traceparent, "01") + "00"
	req := b.formRequest("/secret-values", b.value("strange", "valueFormat", "text", "valueText", "x"))
	req.Header.Set("Traceparent", unsampled)
	req.Header.Set("X-Forwarded-For", "10.0.0.1")
	if p := b.do(req); p.status != http.StatusSeeOther {
		t.Fatalf("%d %s", p.status, p.text())
	}
	f.stop()
	post := f.to.one(t, "POST /secret-values")
	if post.trace == givenTrace || post.parent != "" {
		t.Errorf("the request's span: %v", post)
	}
	call := f.to.one(t, "POST /v1/secrets/{agentId}/secret-value")
	heads := f.heads.String()
	if strings.Contains(heads, givenTrace) || !strings.Contains(heads, "Traceparent: 00-"+post.trace+"-"+call.id+"-01") {
		t.Errorf("Maia got\n%s", heads)
	}
}

// A trusted proxy that says that its trace is not recorded is heard, and one that says it twice is not.
func TestTraceOfAProxy(t *testing.T) {
	f := newFollowed(t, newReceiver(t), "TRUSTED_PROXIES", "127.0.0.0/8")
	b := f.browser()
	for _, lines := range [][]string{{strings.TrimSuffix(traceparent, "01") + "00"}, {traceparent, traceparent}, {"nonsense"}} {
		req := b.request(http.MethodGet, "/about", nil)
		req.Header["Traceparent"] = lines
		b.do(req)
	}
	f.stop()
	list := f.to.named("GET /about")
	if len(list) != 2 || list[0].trace == givenTrace || list[1].trace == givenTrace {
		t.Errorf("%v", list)
	}
	if strings.Contains(f.logs.String(), givenTrace) {
		t.Error("a request that is not recorded has a trace in the log")
	}
}

// S-33: nothing that somebody typed gets into a trace, nor who somebody is, whatever becomes of it; and what a span may
// hold at all is a closed list.
func TestTracesHoldNothingTyped(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) { findTyped(t) })
	t.Run("PostgreSQL", func(t *testing.T) { findTyped(t, "DATABASE_URL", pgtest.New(t).URL()) })
}

func findTyped(t *testing.T, settings ...string) {
	f := newFollowed(t, newReceiver(t), append(settings, "MAIA_TIMEOUT", "5s", "TRUSTED_PROXIES", "127.0.0.0/8")...)
	b := f.browser()
	b.login("ada", "/?typed=TypedQueryOfTheLogin")
	n := 0
	var canaries []string
	typed := func(what string) string {
		c := fmt.Sprintf("Typed-%s-%d-%x", what, n, 7919*(n+1)*(n+1)+104729)
		canaries = append(canaries, c)
		return c
	}
	for _, with := range []*fault.Fault{
		nil,
		{Status: 400, Echo: true, ContentType: "application/problem+json"},
		{Status: 401, Echo: true, ContentType: "application/problem+json"},
		{Status: 503, Echo: true, ContentType: "text/html"},
		{Status: 504, Echo: true},
		{Reset: true},
		{Hang: true},
	} {
		var requests []*http.Request
		for _, path := range []string{"/secret-references", "/secret-values", "/setup"} {
			n++
			fields := []string{
				"valueFormat", "text", "valueText", typed("secret"), "ticket", typed("ticket"), "key", typed("key"),
			}
			var form url.Values
			switch path {
			case "/secret-references":
				form = b.reference(typed("name"), append(fields, "agentType", "Matillion hosted", "agentId", maia.AgentHosted,
					"description", typed("description"))...)
			case "/secret-values":
				form = b.value(typed("name"), append(fields, "type", typed("type"))...)
			default:
				form = b.setup(typed("name"), append(fields, "description", typed("description"))...)
			}
			req := b.formRequest(path+"?q="+typed("query"), form)
			req.Header.Set("User-Agent", typed("agent"))
			req.Header.Set("Tracestate", "v="+typed("state"))
			req.Header.Set("Baggage", "v="+typed("baggage"))
			req.Header.Set("Traceparent", traceparent)
			requests = append(requests, req)
		}
		f.sb.Maia.SetFault(with)
		answers := make([]page, len(requests))
		var all sync.WaitGroup
		for i, req := range requests {
			all.Go(func() { answers[i] = b.do(req) }) // they wait for the time-out together
		}
		all.Wait()
		f.sb.Maia.SetFault(nil)
		for _, p := range answers {
			if p.location() != "" {
				b.get(p.location())
			}
		}
	}
	for _, path := range []string{
		"/activity?name=" + typed("filter"), "/activity?actor=" + typed("actor"), "/activity/" + typed("id"),
		"/" + typed("nowhere"), "/choose/project?for=/setup&q=" + typed("chosen"), "/setup?name=" + typed("link"),
		"/activity.csv?ticket=" + typed("export"), "/auth/callback?state=" + typed("state") + "&code=" + typed("code"),
		"/static/" + typed("file"), "/login?return_to=/setup%3Fname%3D" + typed("return"),
	} {
		b.get(path)
	}
	odd := b.request(typed("METHOD"), "/about", nil)
	b.do(odd)
	b.sendPlain("/logout", url.Values{})
	f.stop()

	account := ""
	for _, c := range f.sb.Maia.Calls() {
		account = c.Subject
	}
	whose := []string{account, "ada", maia.AgentAWS, maia.AgentHosted, maia.ProjectFinance, "127.0.0.1", f.base}
	got := bytes.ToLower(f.to.got())
	for _, c := range append(canaries, "TypedQueryOfTheLogin") {
		for how, spelling := range spellings(c) {
			if bytes.Contains(got, bytes.ToLower(spelling)) {
				t.Errorf("%s is in what the receiver got, %s", c, how)
			}
		}
	}
	for _, s := range f.to.spans() {
		text := protojson.Format(&otlp.Span{Name: s.GetName(), Attributes: s.GetAttributes(), Status: s.GetStatus(), TraceState: s.GetTraceState()})
		for _, w := range whose {
			if w == "" || strings.Contains(text, w) {
				t.Errorf("%q is in %s", w, text)
			}
		}
		if len(s.GetEvents())+len(s.GetLinks()) > 0 || s.GetStatus().GetMessage() != "" || s.GetTraceState() != "" {
			t.Errorf("a span has words: %s", text)
		}
		for key, value := range s.attributes() {
			list, ok := spanAttributes[key]
			if !ok || list != nil && !list.MatchString(value) {
				t.Errorf("%s = %q is none of what may be in a span", key, value)
			}
		}
		if !slices.ContainsFunc(spanNames, func(n *regexp.Regexp) bool { return n.MatchString(s.GetName()) }) {
			t.Errorf("a span is called %q", s.GetName())
		}
	}
	if len(f.to.spans()) < 200 {
		t.Errorf("there are only %d spans", len(f.to.spans()))
	}
	for _, kind := range []string{"no_answer", "503", "504"} {
		if !slices.ContainsFunc(f.to.spans(), func(s span) bool {
			return s.attributes()["error.type"] == kind && s.GetStatus().GetCode() == otlp.Status_STATUS_CODE_ERROR
		}) {
			t.Errorf("no span failed with %s", kind)
		}
	}
}

// spanAttributes are all that a span may have, with what their values look like.
var spanAttributes = map[string]*regexp.Regexp{
	"http.request.method":       regexp.MustCompile(`^(GET|HEAD|POST|_OTHER)$`),
	"http.route":                regexp.MustCompile(`^/[a-z./:*-]*$`),
	"http.response.status_code": regexp.MustCompile(`^[1-5]\d\d$`),
	"url.template":              regexp.MustCompile(`^/v1/[a-zA-Z/{}-]+$`),
	"error.type":                regexp.MustCompile(`^([45]\d\d|cut|not_sent|no_answer|timeout|cancelled|other|SQLITE_\d+|[0-9A-Z]{5})$`),
	"db.system.name":            regexp.MustCompile(`^(sqlite|postgresql)$`),
	"db.operation.name":         regexp.MustCompile(`^(SELECT|INSERT|UPDATE|DELETE|WITH|transaction)$`),
	"db.collection.name":        regexp.MustCompile(`^[a-z_]+$`),
	"portal.maia.call":          regexp.MustCompile(`^(` + strings.Join(maiaCalls, "|") + `)$`),
	"portal.provider.endpoint":  regexp.MustCompile(`^(discovery|keys|token|exchange|userinfo|revocation)$`),
}

// spanNames are what spans may be called.
var spanNames = []*regexp.Regexp{
	regexp.MustCompile(`^(GET|POST) /v1/[a-zA-Z/{}-]+$`),
	regexp.MustCompile(`^(GET|HEAD|POST|HTTP)( /[a-zA-Z./:*{}-]*)?$`),
	regexp.MustCompile(`^(GET|POST) (discovery|keys|token|exchange|userinfo|revocation)$`),
	regexp.MustCompile(`^(SELECT|INSERT|UPDATE|DELETE|WITH)( [a-z_]+)?$`),
	regexp.MustCompile(`^transaction$`),
}

// What operators read of the spans is complete.
func TestTracesAreDocumented(t *testing.T) {
	doc := string(must(os.ReadFile("../../docs/operate.md")))
	for name := range spanAttributes {
		if !strings.Contains(doc, "| `"+name+"` |") {
			t.Errorf("docs/operate.md says nothing of %s", name)
		}
	}
}

// Each protocol of OTLP that the variables can name arrives.
func TestTracesByEachProtocol(t *testing.T) {
	for protocol, receive := range map[string]func(*testing.T) *receiver{
		"grpc": newGRPCReceiver, "http/protobuf": newReceiver, "http/json": newReceiver,
	} {
		t.Run(protocol, func(t *testing.T) {
			f := newFollowed(t, receive(t), "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", protocol, "OTEL_SERVICE_NAME", "secrets-eu")
			f.browser().get("/about")
			f.stop()
			f.to.one(t, "GET /about")
			if !bytes.Contains(f.to.got(), []byte("secrets-eu")) {
				t.Error("OTEL_SERVICE_NAME is not heard")
			}
		})
	}
}

// Without an endpoint, or where something switches traces off, there is nothing of them: nothing runs, nobody is connected
// to, Maia gets no header, and no line has a trace.
func TestNoTraces(t *testing.T) {
	for name, settings := range map[string][]string{
		"no endpoint":       {"OTEL_TRACES_EXPORTER", "otlp", "OTEL_SERVICE_NAME", "portal"},
		"another signal's":  {"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://127.0.0.1:1", "OTEL_METRICS_EXPORTER", "prometheus"},
		"OTEL_SDK_DISABLED": {"OTEL_SDK_DISABLED", "true", "OTEL_EXPORTER_OTLP_ENDPOINT", "RECEIVER"},
		"exporter none":     {"OTEL_TRACES_EXPORTER", "none", "OTEL_EXPORTER_OTLP_ENDPOINT", "RECEIVER"},
	} {
		t.Run(name, func(t *testing.T) {
			to := newReceiver(t)
			for i, s := range settings {
				settings[i] = strings.Replace(s, "RECEIVER", to.url, 1)
			}
			f := newFollowed(t, nil, append(settings, "TRUSTED_PROXIES", "127.0.0.0/8")...)
			b := f.browser()
			b.login("ada", "/")
			req := b.formRequest("/secret-values", b.value("untraced", "valueFormat", "text", "valueText", "x"))
			req.Header.Set("Traceparent", traceparent)
			if p := b.do(req); p.status != http.StatusSeeOther {
				t.Fatalf("%d %s", p.status, p.text())
			}
			var running bytes.Buffer
			_ = pprof.Lookup("goroutine").WriteTo(&running, 2)
			for _, library := range []string{"go.opentelemetry.io/otel/sdk", "otlptrace", "google.golang.org/grpc"} {
				if strings.Contains(running.String(), library) {
					t.Errorf("a goroutine of %s runs", library)
				}
			}
			f.stop()
			if len(to.got()) > 0 {
				t.Error("traces arrived")
			}
			if strings.Contains(f.heads.String(), "Traceparent") || strings.Contains(f.logs.String(), "trace_id") {
				t.Error("there is a trace")
			}
		})
	}
}

// No request waits for whoever takes the traces: each is answered while the first delivery still hangs, though the queue
// has long been full.
func TestNoRequestWaitsForTraces(t *testing.T) {
	var deliveries atomic.Int32
	hangs := make(chan struct{}, 100)
	release := make(chan struct{})
	to := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		deliveries.Add(1)
		hangs <- struct{}{}
		<-release
	}))
	t.Cleanup(to.Close)
	let := sync.OnceFunc(func() { close(release) })
	t.Cleanup(let)
	f := newFollowed(t, nil, "OTEL_EXPORTER_OTLP_ENDPOINT", to.URL, "OTEL_BSP_SCHEDULE_DELAY", "1", "OTEL_BSP_MAX_QUEUE_SIZE", "2",
		"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1", "OTEL_EXPORTER_OTLP_TIMEOUT", "3600000", "OTEL_BSP_EXPORT_TIMEOUT", "3600000")
	b := f.browser()
	b.login("ada", "/")
	<-hangs
	for range 20 {
		if p := b.get("/activity"); p.status != http.StatusOK {
			t.Fatalf("%d %s", p.status, p.text())
		}
	}
	if p := b.send("/secret-values", b.value("kept", "valueFormat", "text", "valueText", "x")); p.status != http.StatusSeeOther {
		t.Fatalf("%d %s", p.status, p.text())
	}
	if n := deliveries.Load(); n != 1 {
		t.Errorf("%d deliveries began, and none has ended", n)
	}
	let()
	f.stop()
}

// An endpoint that is away, or takes what is sent and says nothing, fails no request. The log says it once, without the
// words of anybody.
func TestEndpointOfTracesIsAway(t *testing.T) {
	hangs := make(chan struct{}, 1)
	release := make(chan struct{})
	hanging := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case hangs <- struct{}{}:
		default:
		}
		<-release
	}))
	t.Cleanup(hanging.Close)
	t.Cleanup(func() { close(release) })
	refuses := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "words of the endpoint", http.StatusForbidden)
	}))
	t.Cleanup(refuses.Close)
	nobody := must(listen(context.Background(), "127.0.0.1:0"))
	_ = nobody.Close()
	for name, tc := range map[string]struct{ endpoint, protocol, says string }{
		"HTTP, refused":    {"http://" + nobody.Addr().String(), "http/protobuf", "connection refused"},
		"gRPC, refused":    {"http://" + nobody.Addr().String(), "grpc", "gRPC: Unavailable"},
		"HTTP, hangs":      {hanging.URL, "http/protobuf", "no answer in time"},
		"HTTP, 403":        {refuses.URL, "http/protobuf", "the endpoint did not take them"},
		"HTTP, other host": {"http://portal.invalid:4318", "http/protobuf", "the endpoint's name is not found"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFollowed(t, nil, "OTEL_EXPORTER_OTLP_ENDPOINT", tc.endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL", tc.protocol,
				"OTEL_BSP_SCHEDULE_DELAY", "1", "OTEL_BSP_MAX_QUEUE_SIZE", "2", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1",
				"OTEL_EXPORTER_OTLP_TIMEOUT", "300", "OTEL_BSP_EXPORT_TIMEOUT", "300")
			b := f.browser()
			b.login("ada", "/")
			if tc.endpoint == hanging.URL {
				<-hangs
			}
			for range 20 {
				if p := b.get("/activity"); p.status != http.StatusOK {
					t.Fatalf("%d %s", p.status, p.text())
				}
			}
			if p := b.send("/secret-values", b.value("kept", "valueFormat", "text", "valueText", "x")); p.status != http.StatusSeeOther {
				t.Fatalf("%d %s", p.status, p.text())
			}
			f.stop()
			lines := f.lines("traces are not delivered, and dropped until they are")
			if len(lines) != 1 || lines[0]["error"] != tc.says {
				t.Errorf("the log says %v", lines)
			}
			if strings.Contains(f.logs.String(), "words of the endpoint") {
				t.Error("the log repeats what the endpoint says")
			}
		})
	}
}

// Once traces are delivered again, the log says that, too.
func TestEndpointOfTracesComesBack(t *testing.T) {
	to := &receiver{}
	var mu sync.Mutex
	away := true
	was := make(chan struct{}, 1000)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		defer func() { was <- struct{}{} }()
		if away {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		to.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	to.url = s.URL
	f := newFollowed(t, to, "OTEL_BSP_SCHEDULE_DELAY", "1")
	b := f.browser()
	b.get("/about")
	<-was
	mu.Lock()
	away = false
	mu.Unlock()
	b.get("/help")
	f.stop()
	if len(f.lines("traces are delivered again")) != 1 || len(f.lines("traces are not delivered, and dropped until they are")) != 1 {
		t.Error(f.logs.String())
	}
	f.to.one(t, "GET /help")
}

// No library writes to standard error by itself: each line there is one of the log's, and none has a header. What the
// traces need fits into the end of the process.
func TestTracesWriteNothingElsewhere(t *testing.T) {
	nobody := must(listen(context.Background(), "127.0.0.1:0"))
	_ = nobody.Close()
	for _, protocol := range []string{"grpc", "http/protobuf"} {
		t.Run(protocol, func(t *testing.T) {
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"+nobody.Addr().String())
			t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
			t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=secret-of-the-header")
			t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "team=100%zz") // which the library complains about
			t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "1")
			t.Setenv("OTEL_BSP_EXPORT_TIMEOUT", "300")
			r, p := alone(t)
			r.browser().get("/about")
			p.wait(t, "traces are not delivered")
			p.signal(t, syscall.SIGTERM)
			<-p.ended
			if !strings.Contains(p.logs.String(), `"msg":"a fault of tracing"`) {
				t.Errorf("nothing is said of OTEL_RESOURCE_ATTRIBUTES: %s", p.logs)
			}
			for line := range strings.Lines(p.logs.String()) {
				if !json.Valid([]byte(line)) {
					t.Errorf("not a line of the log: %s", line)
				}
			}
			if strings.Contains(p.logs.String(), "secret-of-the-header") {
				t.Error("a header is in the log")
			}
		})
	}
}
