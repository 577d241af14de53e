package auth

import "context"

// Discover asks for the metadata now.
func (p *Provider) Discover(ctx context.Context) error { return p.discover(ctx) }
