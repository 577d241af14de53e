package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
)

// formPage is the page of the form for a value: the portal's, the same bytes from a bare server, and those
// through oauth2-proxy.
func formPage(ctx context.Context, s *stage, rec record) error {
	maia, err := s.bare(ctx, "maia")
	if err != nil {
		return err
	}
	portal, err := s.startPortal(ctx, portalName, maia.base)
	if err != nil {
		return err
	}
	own, err := signedIn(ctx, portalName, portal, valuePage)
	if err != nil {
		return err
	}
	page, err := own.fetch(ctx)
	if err != nil {
		return err
	}
	file := filepath.Join(s.dir, "page.html")
	if err := os.WriteFile(file, page, 0o600); err != nil {
		return err
	}
	bare, err := s.bare(ctx, bareName, "-page", file)
	if err != nil {
		return err
	}
	proxy, err := s.startProxy(ctx, bare.base)
	if err != nil {
		return err
	}
	through, err := signedIn(ctx, proxyName, proxy, valuePage)
	if err != nil {
		return err
	}
	targets := []*target{own, getter(bareName, bare, valuePage, ""), through}
	return rounds(ctx, s.options, targets, []load{alone, sixteen, many, open200}, rec)
}

// signedIn asks for one page with a login.
func signedIn(ctx context.Context, name string, server *process, path string) (*target, error) {
	cookies, err := login(ctx, server.base)
	if err != nil {
		return nil, errors.Join(err, server.lastWords())
	}
	return getter(name, server, path, cookies), nil
}

// getter asks for one page.
func getter(name string, server *process, path, cookies string) *target {
	return &target{
		name:   name,
		server: server,
		want:   http.StatusOK,
		client: newClient(),
		next: func(ctx context.Context) (*http.Request, error) {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.base+path, nil)
			if err != nil {
				return nil, err
			}
			if cookies != "" {
				req.Header.Set("Cookie", cookies)
			}
			return req, nil
		},
	}
}

// fetch gives the body of one answer.
func (t *target) fetch(ctx context.Context) ([]byte, error) {
	req, err := t.next(ctx)
	if err != nil {
		return nil, err
	}
	resp, err := t.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != t.want {
		return nil, errors.New(t.name + " answered " + resp.Status)
	}
	return io.ReadAll(resp.Body)
}
