package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// load is how a server is driven: closed, by some connections of which each waits for its answer, or open, at a
// rate that does not wait.
type load struct {
	name        string
	connections int
	rate        int // requests a second; 0: closed
}

// target is a server and what it is asked for.
type target struct {
	name   string
	server *process
	want   int // status of a good answer
	// next makes the next request; io.EOF: there is nothing left to send.
	next func(context.Context) (*http.Request, error)
	// prepare gets ready for about n requests before a round; nil: nothing is to be done.
	prepare func(ctx context.Context, n int) error

	client *http.Client
	speed  float64 // requests a second in the last round
}

func newClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 1000, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       time.Minute,
	}
}

// burst is what came of driving a server for a while.
type burst struct {
	took    time.Duration
	latency []time.Duration
}

// driver collects what its workers see.
type driver struct {
	t      *target
	mu     sync.Mutex
	all    []time.Duration
	err    error
	failed atomic.Bool
}

// drive drives a server for a while, until its requests are used up, or until something goes wrong.
func drive(ctx context.Context, t *target, l load, d time.Duration) (burst, error) {
	w := &driver{t: t}
	begun := time.Now()
	if l.rate > 0 {
		w.open(ctx, l.rate, d)
	} else {
		w.closed(ctx, l.connections, d)
	}
	return burst{took: time.Since(begun), latency: w.all}, w.err
}

func (w *driver) closed(ctx context.Context, connections int, d time.Duration) {
	end := time.Now().Add(d)
	var workers sync.WaitGroup
	for range connections {
		workers.Go(func() {
			var mine []time.Duration
			for time.Now().Before(end) && !w.failed.Load() {
				req, err := w.t.next(ctx)
				if err == io.EOF { //nolint:errorlint // never wrapped
					break
				}
				begun := time.Now()
				if err == nil {
					err = w.t.do(req)
				}
				if err != nil {
					w.fail(err)
					break
				}
				mine = append(mine, time.Since(begun))
			}
			w.add(mine...)
		})
	}
	workers.Wait()
}

// open sends at a steady rate. A latency counts from the instant at which its request was due, so that a server
// that stalls does not hide how long people would have waited.
func (w *driver) open(ctx context.Context, rate int, d time.Duration) {
	begun := time.Now()
	between := time.Second / time.Duration(rate)
	var requests sync.WaitGroup
	for i := range int(d / between) {
		if w.failed.Load() {
			break
		}
		due := begun.Add(time.Duration(i) * between)
		time.Sleep(time.Until(due))
		req, err := w.t.next(ctx)
		if err == io.EOF { //nolint:errorlint // never wrapped
			break
		}
		if err != nil {
			w.fail(err)
			break
		}
		requests.Go(func() {
			if err := w.t.do(req); err != nil {
				w.fail(err)
				return
			}
			w.add(time.Since(due))
		})
	}
	requests.Wait()
}

func (w *driver) add(latency ...time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, latency...)
}

// fail keeps the first error.
func (w *driver) fail(err error) {
	if w.failed.Swap(true) {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.err = fmt.Errorf("%s: %w", w.t.name, err)
}

// do sends a request and reads its answer to the end. Another status than the wanted one is an error: a server
// that refuses is quick.
func (t *target) do(req *http.Request) error {
	resp, err := t.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != t.want {
		return fmt.Errorf("%s %s answered %d, not %d", req.Method, req.URL.Path, resp.StatusCode, t.want)
	}
	return nil
}
