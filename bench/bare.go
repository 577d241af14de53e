package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"time"
)

// serverCommand makes this program one of the bare servers: as processes of their own their CPU can be told
// from the driver's.
const serverCommand = "serve-bare"

// serveBare runs a bare server until ctx ends.
func serveBare(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet(serverCommand, flag.ContinueOnError)
	address := flags.String("listen", "", "HOST:PORT")
	page := flags.String("page", "", "serve the bytes of this file")
	to := flags.String("to", "", "pass everything on to this URL")
	if err := flags.Parse(args); err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	switch {
	case *page != "":
		b, err := os.ReadFile(*page)
		if err != nil {
			return err
		}
		mux.HandleFunc("/", barePage(b))
	case *to != "":
		u, err := url.Parse(*to)
		if err != nil {
			return err
		}
		mux.Handle("/", bareProxy(u))
	default:
		standIn(mux)
	}
	s := &http.Server{Addr: *address, Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = s.Close() })
	defer stop()
	if err := s.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("bare server: %w", err)
	}
	return nil
}

// barePage is the least that a server can do for a page.
func barePage(b []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(b)
	}
}

// bareProxy is the least that a server can do to pass a request on. It keeps its connections: the standard
// transport would close all but two.
func bareProxy(to *url.URL) http.Handler {
	return &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(to) },
		Transport: &http.Transport{MaxIdleConnsPerHost: 1000},
	}
}

// bare starts one of them.
func (s *stage) bare(ctx context.Context, name string, args ...string) (*process, error) {
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	return s.start(ctx, program{
		name:    name,
		path:    s.self,
		args:    append([]string{serverCommand, "-listen", address}, args...),
		address: address,
	})
}
