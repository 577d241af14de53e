package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"

	"maiaportal/internal/wipe"
)

// cutTime is how long what was cut may take to notice it.
const cutTime = 5 * time.Second

// Drainer is what has to end before the process may.
type Drainer interface{ Drain(ctx context.Context) }

// Ending says whether the process has begun to end. Nil never does.
type Ending struct{ begun atomic.Bool }

// Begun says so.
func (e *Ending) Begun() bool { return e != nil && e.begun.Load() }

// lastAnswers makes each answer the last one of its connection, once the process ends. So a proxy has no
// kept connection left by the time at which they are closed; a request that it sends over one in that
// moment would be lost. Kept connections that are idle are not closed before, for the same reason.
func (e *Ending) lastAnswers(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Before(func() {
			if e.Begun() {
				c.Response().Header().Set("Connection", "close")
			}
		})
		return next(c)
	}
}

// Listening is a server and where it listens.
type Listening struct {
	Server   *http.Server
	Listener net.Listener
}

// Running is what Run needs.
type Running struct {
	Public      Listening
	Admin       Listening       // the operator's; zero: off
	Delay       time.Duration   // how long the public listener still takes requests when the end has begun
	Hurry       <-chan struct{} // closed: the delay is over at once. Nil: it never is
	Limit       time.Duration   // how long what is under way may take from then on
	Submissions Drainer
	Ending      *Ending // told when the end begins
	Log         *slog.Logger
}

// broken is a listener that accepts nothing more, though nobody closed it.
type broken struct {
	public bool
	err    error
}

// Run serves until ctx ends, or a listener breaks, and then drains: for as long as the delay, requests are
// taken although the portal says that it is not ready; then there are no new connections, and requests and
// submissions in flight finish within the limit. What still runs then is cut. The operator's listener answers
// to the end.
//
// The error is that of a broken listener. When Run returns, nothing runs any more that uses what the
// handlers use.
func Run(ctx context.Context, r Running) error {
	var requests inFlight
	breaks := make(chan broken, 2)
	for _, l := range []Listening{r.Public, r.Admin} {
		if l.Server == nil {
			continue
		}
		l.Server.Handler = requests.count(l.Server.Handler)
		go func() {
			if err := l.Server.Serve(wipe.Listener(l.Listener)); !errors.Is(err, http.ErrServerClosed) {
				breaks <- broken{l.Server == r.Public.Server, err}
			}
		}()
	}
	var failed error
	public := true
	note := func(b broken) {
		failed = errors.Join(failed, fmt.Errorf("a listener broke: %w", b.err))
		public = public && !b.public
		r.Log.Error("a listener broke; the portal ends", "public", b.public, "error", b.err)
	}
	select {
	case b := <-breaks:
		note(b)
	case <-ctx.Done():
	}
	r.Ending.begun.Store(true)
	for over := r.delay(public); over != nil && public; {
		select {
		case <-over:
			over = nil
		case <-r.Hurry:
			r.Log.Info("the rest of the delay is left out")
			over = nil
		case b := <-breaks:
			note(b)
		}
	}
	r.drain(context.WithoutCancel(ctx), &requests)
	return failed
}

// delay begins the delay, where there is one and somebody can still come.
func (r Running) delay(public bool) <-chan time.Time {
	if r.Delay <= 0 || !public {
		return nil
	}
	r.Log.Info("the portal ends: it is not ready any more, and takes requests until the delay is over", "delay", r.Delay.String())
	return time.After(r.Delay)
}

// drain closes the public listener and waits until nothing is under way.
func (r Running) drain(ctx context.Context, requests *inFlight) {
	r.Log.Info("no new connections; requests and submissions under way finish", "limit", r.Limit.String())
	limited, cancel := context.WithTimeout(ctx, r.Limit)
	defer cancel()
	_ = r.Public.Server.Shutdown(limited) // what it says of a listener that broke is known
	// After the requests, because a body that is still being read may become a submission.
	r.Submissions.Drain(limited)
	if limited.Err() != nil {
		r.Log.Warn("what was still under way at the limit is cut")
	}
	_ = r.Public.Server.Close()
	late, cancelLate := context.WithTimeout(ctx, cutTime)
	defer cancelLate()
	if r.Admin.Server != nil {
		if r.Admin.Server.Shutdown(late) != nil {
			_ = r.Admin.Server.Close()
		}
	}
	if !requests.end(late) {
		r.Log.Error("a request does not end although it was cut")
	}
	r.Submissions.Drain(limited)
	r.Log.Info("nothing is under way any more")
}

// inFlight counts the handlers that run. A server that was closed does not wait for them, and they use
// the database.
type inFlight struct {
	mu   sync.Mutex
	n    int
	over bool
	none chan struct{} // closed when over, and the last one has returned
}

func (f *inFlight) count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if !f.add(1) {
			panic(http.ErrAbortHandler) // its connection is closed
		}
		defer f.add(-1)
		next.ServeHTTP(w, req)
	})
}

// add is false for one that comes too late.
func (f *inFlight) add(n int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.over && n > 0 {
		return false
	}
	f.n += n
	if f.over && f.n == 0 {
		close(f.none)
	}
	return true
}

// end lets none begin any more, and waits for those that run.
func (f *inFlight) end(ctx context.Context) bool {
	f.mu.Lock()
	f.over, f.none = true, make(chan struct{})
	if f.n == 0 {
		close(f.none)
	}
	f.mu.Unlock()
	select {
	case <-f.none:
		return true
	case <-ctx.Done():
		return false
	}
}
