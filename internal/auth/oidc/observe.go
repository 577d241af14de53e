package oidc

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Endpoint is one of the provider's addresses, by what it is for.
type Endpoint string

// The endpoints.
const (
	EndpointDiscovery  Endpoint = "discovery"
	EndpointKeys       Endpoint = "keys"
	EndpointToken      Endpoint = "token"
	EndpointExchange   Endpoint = "exchange" // RFC 8693, wherever it is
	EndpointUserinfo   Endpoint = "userinfo"
	EndpointRevocation Endpoint = "revocation"
)

// NoAnswer stands in place of a status where there was none.
const NoAnswer = "no_answer"

// Observer hears how each request to the provider ended.
type Observer interface {
	// ProviderAnswered has a status or NoAnswer, and the time until the answer was read to its end.
	ProviderAnswered(e Endpoint, code string, took time.Duration)
}

// Tracer follows each request to the provider from its beginning.
type Tracer interface {
	// ProviderAsked has what is asked, by what it is for. ended has the same code as ProviderAnswered, and is called once.
	ProviderAsked(ctx context.Context, e Endpoint, method string) (ended func(code string))
}

type endpointKey struct{}

// asking notes in a context what its requests ask.
func asking(ctx context.Context, e Endpoint) context.Context {
	return context.WithValue(ctx, endpointKey{}, e)
}

// observed tells the provider's observer and tracer of each request.
type observed struct {
	http.RoundTripper
	p *Provider
}

func (o observed) RoundTrip(r *http.Request) (*http.Response, error) {
	e, ok := r.Context().Value(endpointKey{}).(Endpoint)
	if !ok {
		return o.RoundTripper.RoundTrip(r)
	}
	ended := o.p.observe(r, e)
	resp, err := o.RoundTripper.RoundTrip(r)
	if err != nil {
		ended(NoAnswer)
		return resp, err
	}
	resp.Body = &observedBody{ReadCloser: resp.Body, over: sync.OnceFunc(func() {
		ended(strconv.Itoa(resp.StatusCode))
	})}
	return resp, nil
}

// observe tells of a request to those who watch, where there are any.
func (p *Provider) observe(r *http.Request, e Endpoint) (ended func(code string)) {
	begun := time.Now()
	traced := func(string) {}
	if p.Tracer != nil {
		traced = p.Tracer.ProviderAsked(r.Context(), e, r.Method)
	}
	return func(code string) {
		traced(code)
		if p.Observer != nil {
			p.Observer.ProviderAnswered(e, code, time.Since(begun))
		}
	}
}

// observedBody tells when it has been read, or is given up.
type observedBody struct {
	io.ReadCloser
	over func()
}

func (b *observedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.over()
	}
	return n, err
}

func (b *observedBody) Close() error {
	err := b.ReadCloser.Close()
	b.over()
	return err
}
