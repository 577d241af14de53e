package auth

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// post sends a form to an endpoint of the provider with the client's own authentication, for the
// endpoints that oauth2 does not know.
func (p *Provider) post(ctx context.Context, d *discovered, endpoint string, params map[string]string) error {
	form := url.Values{}
	for k, v := range params {
		form.Set(k, v)
	}
	if !d.basic {
		form.Set("client_id", p.client.ID)
		if p.client.Secret != "" {
			form.Set("client_secret", p.client.Secret)
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("auth: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if d.basic {
		// RFC 6749 section 2.3.1: both are form-encoded first.
		req.SetBasicAuth(url.QueryEscape(p.client.ID), url.QueryEscape(p.client.Secret))
	}
	resp, err := p.http.Do(req)
	if err != nil {
		return &awayError{what: "no answer", cause: err}
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("auth: the provider answered %d", resp.StatusCode)
	}
	return nil
}
