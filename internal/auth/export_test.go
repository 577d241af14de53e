package auth

import (
	"context"
	"time"
)

// Discover asks for the metadata now.
func (p *Provider) Discover(ctx context.Context) error { return p.discover(ctx) }

// Impatient makes a provider that hangs cost less time than its own limit.
func (p *Provider) Impatient(d time.Duration) { p.http.Timeout = d }

// Hurry makes a process wait less long for another one's lease.
func (t *Tokens) Hurry(wait time.Duration) { t.wait = wait }
