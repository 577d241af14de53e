package maiaclient

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// Where an account needs its id, each call of the closed list carries it, and without one none does.
func TestAccountGoesWithEveryCall(t *testing.T) {
	for _, account := range []string{"", "5d1c6f0e-3b0a-4a58-9a1e-1f5f0c2b7a01"} {
		for name, do := range calls() {
			var mu sync.Mutex
			var got []string
			s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				got = append(got, r.Header.Values("account-id")...)
				if r.Method == http.MethodPost {
					w.WriteHeader(http.StatusCreated)
				}
				_, _ = w.Write([]byte("{}"))
			})
			c := newClient(t, s.URL, patient)
			c.Account = account
			if err := do(t.Context(), c); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			mu.Lock()
			if strings.Join(got, ",") != account || account == "" && len(got) != 0 {
				t.Errorf("%s: %q, want %q", name, got, account)
			}
			mu.Unlock()
		}
	}
}

// S-28: a real server that cannot take a header as long as the token makes it refuses what was sent; nobody has to
// wonder whether it was done.
func TestTokenThatIsTooLong(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) }))
	s.Config.MaxHeaderBytes = 1 << 10 // and 4 KiB more, which net/http adds
	s.Start()
	t.Cleanup(s.Close)
	long := strings.Repeat("t", 16<<10)
	for name, do := range map[string]func(context.Context, *Client) error{
		"reference": func(ctx context.Context, c *Client) error { return c.CreateReference(ctx, long, theReference()) },
		"projects":  func(ctx context.Context, c *Client) error { _, err := c.Projects(ctx, long); return err },
	} {
		err := do(t.Context(), newClient(t, s.URL, patient))
		mustBe(t, err, ErrRejected)
		if err.Error() != "maia answered 431" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
