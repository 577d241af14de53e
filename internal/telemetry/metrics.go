package telemetry

import (
	"context"
	"net/http"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"maiaportal/internal/auth"
	"maiaportal/internal/auth/oidc"
	"maiaportal/internal/maiaclient"
	"maiaportal/internal/record"
	"maiaportal/internal/server"
	"maiaportal/internal/submission"
)

const (
	// readTime is how long one scrape waits for what is asked of the database.
	readTime = time.Second
	// scrapes is how many may run at once.
	scrapes = 4
)

// seconds are the bounds of the histograms: a whole submission may take 40 seconds by default.
var seconds = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20, 40}

// Reading asks for a number that is known elsewhere.
type Reading func(ctx context.Context) (int64, error)

// Readings are the numbers that each scrape asks for.
type Readings struct {
	Sessions Reading // that live
	AuditSeq Reading // of the last event
}

// Metrics observes the portal, and tells Prometheus. No label holds what somebody typed, or who somebody is: each has a
// closed list, routes are patterns, and statuses numbers.
type Metrics struct {
	registry *prometheus.Registry

	requests         *prometheus.CounterVec
	requestDuration  *prometheus.HistogramVec
	submissions      *prometheus.CounterVec
	inFlight         prometheus.Gauge
	maiaDuration     *prometheus.HistogramVec
	providerDuration *prometheus.HistogramVec
	logins           *prometheus.CounterVec
	refreshes        *prometheus.CounterVec
	due              *prometheus.GaugeVec
}

// Metrics is what each of these rooms tells.
var (
	_ auth.Observer       = (*Metrics)(nil)
	_ oidc.Observer       = (*Metrics)(nil)
	_ maiaclient.Observer = (*Metrics)(nil)
	_ server.Observer     = (*Metrics)(nil)
	_ submission.Observer = (*Metrics)(nil)
)

// NewMetrics makes the metrics of a version of the portal. What has no label of an address or a status is there from
// the start, at zero.
func NewMetrics(version string, r Readings) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.requests = m.counters("portal_http_requests_total", "Answers of the public listener.", "route", "method", "code")
	m.requestDuration = m.histograms("portal_http_request_duration_seconds",
		"Time from a request's head until its answer begins.", "route", "method")
	m.submissions = m.counters("portal_submissions_total",
		"Submissions that were recorded and have ended in this process.", "action", "outcome")
	m.maiaDuration = m.histograms("portal_maia_request_duration_seconds", "Time that a call to Maia took.", "call", "code")
	m.providerDuration = m.histograms("portal_provider_request_duration_seconds",
		"Time that a request to the OpenID provider took.", "endpoint", "code")
	m.logins = m.counters("portal_logins_total", "Logins, by how they ended.", "result")
	m.refreshes = m.counters("portal_token_refreshes_total", "Tokens that the provider was asked to renew.", "result")
	m.inFlight = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "portal_submissions_in_flight",
		Help: "Submissions that this process has under way.",
	})
	m.due = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "portal_secrets_due",
		Help: "Secrets whose day of renewal has passed, or is within 30 days. Looked at every minute.",
	}, []string{"within"})
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "portal_build_info",
		Help: "1, with the portal's version and that of Go as labels.",
	}, []string{"version", "go_version"})
	build.WithLabelValues(version, runtime.Version()).Set(1)
	m.registry.MustRegister(
		m.inFlight,
		m.due,
		build,
		asked("portal_sessions", "Sessions that live, in the whole installation.", r.Sessions),
		asked("portal_audit_seq", "Number of the last event of the audit trail.", r.AuditSeq),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	m.begin()
	return m
}

// begin makes the series that are there from the start.
func (m *Metrics) begin() {
	for _, action := range record.Actions {
		for _, outcome := range record.Ends() {
			m.submissions.WithLabelValues(string(action), string(outcome))
		}
	}
	for _, result := range auth.LoginResults() {
		m.logins.WithLabelValues(string(result))
	}
	for _, result := range auth.RefreshResults() {
		m.refreshes.WithLabelValues(string(result))
	}
	m.SecretsDue(0, 0)
}

func (m *Metrics) counters(name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	m.registry.MustRegister(c)
	return c
}

func (m *Metrics) histograms(name, help string, labels ...string) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: seconds}, labels)
	m.registry.MustRegister(h)
	return h
}

// asked is a number that each scrape asks for. Where it cannot be had, it stays what it was.
func asked(name, help string, read Reading) prometheus.Collector {
	var last atomic.Int64
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 {
		ctx, cancel := context.WithTimeout(context.Background(), readTime)
		defer cancel()
		if n, err := read(ctx); err == nil {
			last.Store(n)
		}
		return float64(last.Load())
	})
}

// Handler answers scrapes.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorHandling:       promhttp.ContinueOnError,
		MaxRequestsInFlight: scrapes,
	})
}

// Answered counts an answer of the public listener.
func (m *Metrics) Answered(route, method string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
	m.requestDuration.WithLabelValues(route, method).Observe(took.Seconds())
}

// SubmissionBegun counts a submission that is under way.
func (m *Metrics) SubmissionBegun() { m.inFlight.Inc() }

// SubmissionEnded counts one that is not any more.
func (m *Metrics) SubmissionEnded(action record.Action, outcome record.Outcome) {
	m.inFlight.Dec()
	m.submissions.WithLabelValues(string(action), string(outcome)).Inc()
}

// CallEnded counts a call to Maia.
func (m *Metrics) CallEnded(call, code string, took time.Duration) {
	m.maiaDuration.WithLabelValues(call, code).Observe(took.Seconds())
}

// ProviderAnswered counts a request to the provider.
func (m *Metrics) ProviderAnswered(e oidc.Endpoint, code string, took time.Duration) {
	m.providerDuration.WithLabelValues(string(e), code).Observe(took.Seconds())
}

// LoginEnded counts a login.
func (m *Metrics) LoginEnded(result auth.LoginResult) { m.logins.WithLabelValues(string(result)).Inc() }

// TokenRefreshed counts a renewal.
func (m *Metrics) TokenRefreshed(result auth.RefreshResult) {
	m.refreshes.WithLabelValues(string(result)).Inc()
}

// SecretsDue notes how many secrets are overdue, and how many are to be renewed within 30 days without those.
func (m *Metrics) SecretsDue(overdue, soon int) {
	m.due.WithLabelValues("overdue").Set(float64(overdue))
	m.due.WithLabelValues("30d").Set(float64(soon))
}
