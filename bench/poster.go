package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
)

// fetchers is how many connections get form tokens between rounds.
const fetchers = 16

// form is a submission as somebody fills it in.
type form struct {
	agent   string
	key     string // property that has the value; empty: the portal's own choice
	value   string
	noCheck bool // the box that has the value's shape looked at is not ticked
}

// poster submits one form again and again, each time with the token of another page.
type poster struct {
	page *target // the form's page
	body template

	mu     sync.Mutex
	tokens []string
}

// newPoster signs in at a portal, and fills in the form of its page.
func newPoster(ctx context.Context, name string, portal *process, f form, want int) (*target, error) {
	page, err := signedIn(ctx, name, portal, valuePage)
	if err != nil {
		return nil, err
	}
	first, err := page.fetch(ctx)
	if err != nil {
		return nil, err
	}
	body, err := newTemplate(f.fill(inputs(first)))
	if err != nil {
		return nil, err
	}
	p := &poster{page: page, body: body}
	// The page's own connections are others than the submissions'.
	return &target{name: name, server: portal, want: want, client: newClient(), next: p.next, prepare: p.prepare}, nil
}

// fill enters what somebody enters who stores a value.
func (f form) fill(fields url.Values) url.Values {
	fields.Set("agentId", f.agent)
	fields.Set("projectId", "")
	fields.Set("name", "bench")
	fields.Set("type", "PASSWORD")
	fields.Set("valueFormat", "text")
	fields.Set("valueText", f.value)
	if f.key != "" {
		fields.Set("key", f.key)
	}
	if f.noCheck {
		fields.Del("check")
	}
	return fields
}

// next is a submission with a token that was not used yet.
func (p *poster) next(ctx context.Context) (*http.Request, error) {
	p.mu.Lock()
	if len(p.tokens) == 0 {
		p.mu.Unlock()
		return nil, io.EOF
	}
	token := p.tokens[len(p.tokens)-1]
	p.tokens = p.tokens[:len(p.tokens)-1]
	p.mu.Unlock()
	req, err := p.page.next(ctx) // for its cookies
	if err != nil {
		return nil, err
	}
	body := bytes.NewReader(p.body.with(token))
	post, err := http.NewRequestWithContext(ctx, http.MethodPost, p.page.server.base+valueAction, body)
	if err != nil {
		return nil, err
	}
	post.Header.Set("Cookie", req.Header.Get("Cookie"))
	post.Header.Set("Content-Type", "multipart/form-data; boundary="+boundary)
	post.Header.Set("Origin", p.page.server.base)
	post.Header.Set("Sec-Fetch-Site", "same-origin")
	return post, nil
}

// prepare gets as many pages as there are tokens missing.
func (p *poster) prepare(ctx context.Context, n int) error {
	p.mu.Lock()
	missing := int64(n - len(p.tokens))
	p.mu.Unlock()
	var left atomic.Int64
	left.Store(missing)
	errs := make([]error, fetchers)
	var workers sync.WaitGroup
	for i := range fetchers {
		workers.Go(func() {
			for errs[i] == nil && left.Add(-1) >= 0 {
				errs[i] = p.fetchToken(ctx)
			}
		})
	}
	workers.Wait()
	return errors.Join(errs...)
}

func (p *poster) fetchToken(ctx context.Context) error {
	page, err := p.page.fetch(ctx)
	if err != nil {
		return err
	}
	token, err := tokenOf(page)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tokens = append(p.tokens, token)
	return nil
}

// once submits the form one time.
func (t *target) once(ctx context.Context) error {
	if t.prepare != nil {
		if err := t.prepare(ctx, 1); err != nil {
			return err
		}
	}
	req, err := t.next(ctx)
	if err != nil {
		return err
	}
	if err := t.do(req); err != nil {
		return errors.Join(fmt.Errorf("%s: %w", t.name, err), t.server.lastWords())
	}
	return nil
}

// sender sends the JSON of a submission to a server that passes it on to Maia.
func sender(name string, server *process, agent, cookies string, body []byte, want int) *target {
	return &target{
		name:   name,
		server: server,
		want:   want,
		client: newClient(),
		next: func(ctx context.Context) (*http.Request, error) {
			address := server.base + "/v1/secrets/" + agent + "/secret-value"
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
			if err != nil {
				return nil, err
			}
			req.Header.Set("Content-Type", "application/json")
			if cookies != "" {
				req.Header.Set("Cookie", cookies)
			}
			return req, nil
		},
	}
}
