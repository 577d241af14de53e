package oidc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"maiaportal/internal/auth/reason"
)

// through makes a provider be asked through a proxy, which the environment names elsewhere.
func (p *Provider) through(proxy *url.URL) {
	o, _ := p.HTTP.Transport.(observed)
	l, _ := o.RoundTripper.(limited)
	t, _ := l.RoundTripper.(*http.Transport)
	t.Proxy = http.ProxyURL(proxy)
}

// S-61: a certificate of a private authority, and a proxy that refuses, have reasons of their own, and so has
// one that does not answer.
func TestReasonsOnTheWayToTheProvider(t *testing.T) {
	t.Parallel()
	private := httptest.NewUnstartedServer(http.NotFoundHandler())
	private.Config.ErrorLog = log.New(io.Discard, "", 0)
	private.StartTLS()
	t.Cleanup(private.Close)
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	t.Cleanup(refusing.Close)
	for name, tc := range map[string]struct {
		issuer, proxy string
		reason        reason.Reason
		key, fact     string
	}{
		"a private authority":   {private.URL, "", reason.ProviderCertificate, "certificate", "unknown authority"},
		"a proxy that refuses":  {"https://id.example", refusing.URL, reason.ProviderProxy, "status", "403"},
		"a proxy that is away":  {"https://id.example", "http://127.0.0.1:1", reason.ProviderProxy, "level", "WARN"},
		"a proxy of an unknown": {"https://id.example", "http://proxy.invalid:3128", reason.ProviderProxy, "level", "WARN"},
	} {
		var logs bytes.Buffer
		p, err := NewProvider(Client{Issuer: tc.issuer}, slog.New(slog.NewJSONHandler(&logs, nil)), time.Now)
		if err != nil {
			t.Fatal(err)
		}
		if tc.proxy != "" {
			u, err := url.Parse(tc.proxy)
			if err != nil {
				t.Fatal(err)
			}
			p.through(u)
		}
		if err := p.Discover(t.Context()); err == nil {
			t.Fatalf("%s: discovered", name)
		}
		var line map[string]any
		if err := json.Unmarshal(logs.Bytes(), &line); err != nil { // one line, and no more
			t.Fatalf("%s: %v: %s", name, err, logs.String())
		}
		if line["reason"] != string(tc.reason) || fmt.Sprint(line[tc.key]) != tc.fact || line["level"] != "WARN" {
			t.Errorf("%s: want %s: %v", name, tc.reason, line)
		}
	}
}
