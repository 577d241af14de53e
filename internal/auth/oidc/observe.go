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

type endpointKey struct{}

// asking notes in a context what its requests ask.
func asking(ctx context.Context, e Endpoint) context.Context {
	return context.WithValue(ctx, endpointKey{}, e)
}

// observed tells the provider's observer of each request.
type observed struct {
	http.RoundTripper
	p *Provider
}

func (o observed) RoundTrip(r *http.Request) (*http.Response, error) {
	to := o.p.Observer
	e, ok := r.Context().Value(endpointKey{}).(Endpoint)
	if to == nil || !ok {
		return o.RoundTripper.RoundTrip(r)
	}
	begun := time.Now()
	resp, err := o.RoundTripper.RoundTrip(r)
	if err != nil {
		to.ProviderAnswered(e, NoAnswer, time.Since(begun))
		return resp, err
	}
	resp.Body = &observedBody{ReadCloser: resp.Body, over: sync.OnceFunc(func() {
		to.ProviderAnswered(e, strconv.Itoa(resp.StatusCode), time.Since(begun))
	})}
	return resp, nil
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
