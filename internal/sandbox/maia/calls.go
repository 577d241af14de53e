package maia

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Call is one request that reached the API. It never holds a secret value.
type Call struct {
	// Time is when it had arrived, the body included.
	Time time.Time `json:"time"`
	// Method, Path and Query are as received; the path is still percent-encoded.
	Method string `json:"method"`
	Path   string `json:"path"`
	Query  string `json:"query"`
	// Username and Subject are whose token it was, empty where the token was none of this
	// provider's or not good any more.
	Username string `json:"username"`
	Subject  string `json:"subject"`
	// Status is that of the answer, 0 while there is none.
	Status int `json:"status"`
	// Request is the JSON body of a write without value and secretValue, nil where it was not a
	// JSON object.
	Request map[string]any `json:"request,omitempty"`
	// Header has what else came along, without Authorization.
	Header http.Header `json:"-"`
	// Token is the bearer token.
	Token string `json:"-"`

	write bool
}

// callLog keeps the calls and wakes whoever waits for one.
type callLog struct {
	mu      sync.Mutex
	list    []*Call
	arrived chan struct{} // closed and replaced at each call
}

func newCallLog() *callLog { return &callLog{arrived: make(chan struct{})} }

// add notes a call; finish is to be called with the status of its answer.
func (l *callLog) add(c Call) (finish func(status int)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	kept := &c
	l.list = append(l.list, kept)
	close(l.arrived)
	l.arrived = make(chan struct{})
	return func(status int) {
		l.mu.Lock()
		defer l.mu.Unlock()
		kept.Status = status
	}
}

func (l *callLog) where(match func(*Call) bool) []Call {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.whereLocked(match)
}

func (l *callLog) whereLocked(match func(*Call) bool) []Call {
	list := []Call{}
	for _, c := range l.list {
		if match(c) {
			found := *c
			found.Header = c.Header.Clone()
			found.Request = maps.Clone(c.Request)
			list = append(list, found)
		}
	}
	return list
}

func (l *callLog) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = nil
}

// Calls lists every call of the API since the start or the last Reset, oldest first.
func (m *Maia) Calls() []Call { return m.calls.where(func(*Call) bool { return true }) }

// WriteCalls lists the calls that create something: those two POSTs.
func (m *Maia) WriteCalls() []Call { return m.calls.where(func(c *Call) bool { return c.write }) }

// WaitForCall waits until n write calls have arrived since the start or the last Reset, whether
// or not they have been answered.
func (m *Maia) WaitForCall(ctx context.Context, n int) error {
	for {
		m.calls.mu.Lock()
		have := len(m.calls.whereLocked(func(c *Call) bool { return c.write }))
		arrived := m.calls.arrived
		m.calls.mu.Unlock()
		if have >= n {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-arrived:
		}
	}
}

// withoutSecrets copies a decoded body and leaves out, at every depth, what may hold a secret.
func withoutSecrets(body map[string]any) map[string]any {
	if body == nil {
		return nil
	}
	kept := make(map[string]any, len(body))
	for _, name := range slices.Sorted(maps.Keys(body)) {
		if name == "value" || name == "secretValue" {
			continue
		}
		kept[name] = body[name]
		if inner, ok := body[name].(map[string]any); ok {
			kept[name] = withoutSecrets(inner)
		}
	}
	return kept
}
