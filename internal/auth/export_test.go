package auth

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Discover asks for the metadata now.
func (p *Provider) Discover(ctx context.Context) error { return p.discover(ctx) }

// Impatient makes a provider that hangs cost less time than its own limit.
func (p *Provider) Impatient(d time.Duration) { p.http.Timeout = d }

// Hurry makes a process wait less long for another one's lease.
func (t *Tokens) Hurry(wait time.Duration) { t.wait = wait }

// Through makes a provider be asked through a proxy, which the environment names elsewhere.
func (p *Provider) Through(proxy *url.URL) {
	l, _ := p.http.Transport.(limited)
	t, _ := l.RoundTripper.(*http.Transport)
	t.Proxy = http.ProxyURL(proxy)
}
