package sandbox_test

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"maiaportal/internal/sandbox/fault"
	"maiaportal/internal/sandbox/maia"
)

func TestFaults(t *testing.T) {
	s, apis := signedIn(t, "ada")
	const canary = "canary 4711"
	post := func(t *testing.T) (reply, error) {
		a := apis[0]
		a.t = t
		return a.do(http.MethodPost, valuePath(maia.AgentAWS), "application/json", valueBody("n", `{"password": "`+canary+`"}`))
	}
	for name, tc := range map[string]struct {
		fault  fault.Fault
		lost   bool
		status int
		check  func(*testing.T, reply)
		stored bool
	}{
		"status": {
			fault:  fault.Fault{Status: 503},
			status: 503,
			check:  func(t *testing.T, r reply) { r.problem(t) },
		},
		"status after the work": {fault: fault.Fault{Status: 504, After: true}, status: 504, stored: true},
		"401 says how": {
			fault:  fault.Fault{Status: 401},
			status: 401,
			check:  func(t *testing.T, r reply) { checkHeader(t, r, "WWW-Authenticate", `Bearer error="invalid_token"`) },
		},
		"header": {
			fault: fault.Fault{
				Status: 429,
				Header: http.Header{"retry-after": {"7"}},
			},
			status: 429,
			check:  func(t *testing.T, r reply) { checkHeader(t, r, "Retry-After", "7") },
		},
		"body and type": {
			fault: fault.Fault{
				Status:      502,
				Body:        "<h1>",
				ContentType: "text/html",
			},
			status: 502,
			check:  func(t *testing.T, r reply) { checkHeader(t, r, "Content-Type", "text/html") },
		},
		"malformed after work": {fault: fault.Fault{Body: "{", After: true}, status: 201, stored: true},
		"reset":                {fault: fault.Fault{Reset: true}, lost: true},
		"reset after the work": {fault: fault.Fault{Reset: true, After: true}, lost: true, stored: true},
		"half an answer":       {fault: fault.Fault{HalfAnswer: true, After: true}, lost: true, stored: true},
		"half an empty answer": {fault: fault.Fault{HalfAnswer: true, Status: 201, Body: " "}, lost: true},
		"late":                 {fault: fault.Fault{Delay: time.Millisecond}, status: 201, stored: true},
		"late after the work":  {fault: fault.Fault{Delay: time.Millisecond, After: true}, status: 201, stored: true},
		"echo": {
			fault:  fault.Fault{Echo: true, Status: 400},
			status: 400,
			check: func(t *testing.T, r reply) {
				detail, violations := r.problem(t)
				if !strings.Contains(detail, canary) || len(violations) != 2 || !strings.Contains(violations[1], canary) {
					t.Errorf("problem = %q %q", detail, violations)
				}
			},
		},
		"huge": {
			fault:  fault.Fault{Status: 400, PadTo: 3 << 20},
			status: 400,
			check: func(t *testing.T, r reply) {
				if len(r.body) != 3<<20 || !json.Valid([]byte(r.body)) {
					t.Errorf("%d bytes", len(r.body))
				}
			},
		},
		"bomb": {
			fault: fault.Fault{
				Status: 400,
				PadTo:  8 << 20,
				Gzip:   true,
			},
			status: 400,
			check: func(t *testing.T, r reply) {
				checkHeader(t, r, "Content-Encoding", "gzip")
				unpacked, err := gzip.NewReader(strings.NewReader(r.body))
				if err != nil {
					t.Fatal(err)
				}
				if n, err := io.Copy(io.Discard, unpacked); err != nil || n != 8<<20 || len(r.body) > 1<<17 {
					t.Errorf("%d bytes unpack to %d: %v", len(r.body), n, err)
				}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s.Maia.Reset()
			s.Maia.SetFault(&tc.fault)
			got, err := post(t)
			if (err != nil) != tc.lost || !tc.lost && got.status != tc.status {
				t.Fatalf("answer = %d %v, want %d", got.status, err, tc.status)
			}
			if tc.check != nil {
				tc.check(t, got)
			}
			if _, stored := s.Maia.VaultSecret(maia.AgentAWS, "n"); stored != tc.stored {
				t.Errorf("stored = %v, want %v", stored, tc.stored)
			}
			if calls := s.Maia.WriteCalls(); len(calls) != 1 || !tc.lost && calls[0].Status != tc.status {
				t.Errorf("calls = %+v", calls)
			}
			s.Maia.Reset()
			if got, err := post(t); err != nil || got.status != 201 {
				t.Errorf("afterwards: %d %v", got.status, err)
			}
		})
	}
}

func checkHeader(t *testing.T, r reply, name, want string) {
	t.Helper()
	if got := r.header.Get(name); got != want {
		t.Errorf("%s = %q, want %q", name, got, want)
	}
}

func TestFaultBefallsAFewCalls(t *testing.T) {
	s, apis := signedIn(t, "ada")
	s.Maia.SetFault(&fault.Fault{Status: 500, Times: 2})
	for i, want := range []int{500, 500, 201, 409} {
		if got := apis[0].post(referencePath(maia.ProjectFinance, "A"), awsBody); got.status != want {
			t.Errorf("call %d: %d, want %d", i, got.status, want)
		}
	}
	s.Maia.SetFault(&fault.Fault{Status: 500})
	if got := apis[0].get("/v1/projects").status; got != 200 {
		t.Errorf("a read call: %d, want 200", got)
	}
	s.Maia.SetFault(nil)
	if got := apis[0].post(referencePath(maia.ProjectFinance, "B"), awsBody); got.status != 201 {
		t.Errorf("cleared: %d, want 201", got.status)
	}
}

// An answer that was refused anyway is not hidden by a fault that comes after the work.
func TestFaultAfterRefusal(t *testing.T) {
	s, apis := signedIn(t, "ada")
	s.Maia.SetFault(&fault.Fault{Reset: true, After: true})
	if got := apis[0].post(referencePath(maia.ProjectFinance, "A"), `{}`); got.status != 400 {
		t.Errorf("answer = %d, want 400", got.status)
	}
}

func TestHangEndsWithTheClient(t *testing.T) {
	s, apis := signedIn(t, "ada")
	s.Maia.SetFault(&fault.Fault{Hang: true})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := apis[0].doCtx(ctx, http.MethodPost, valuePath(maia.AgentAWS), "application/json", valueBody("n", `{}`))
		done <- err
	}()
	if err := s.Maia.WaitForCall(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-done; err == nil {
		t.Error("a hanging call was answered")
	}
}

func TestHangEndsWithTheSandbox(t *testing.T) {
	s, apis := signedIn(t, "ada")
	done := make(chan error, 1)
	go func() {
		_, err := apis[0].do(http.MethodPost, valuePath(maia.AgentAWS), "application/json", valueBody("demo-hang", `{}`))
		done <- err
	}()
	if err := s.Maia.WaitForCall(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; err == nil {
		t.Error("a hanging call was answered")
	}
}

func TestHold(t *testing.T) {
	s, apis := signedIn(t, "ada")
	release := make(chan struct{})
	s.Maia.SetFault(&fault.Fault{Hold: release})
	done := make(chan int, 1)
	go func() {
		got, _ := apis[0].do(http.MethodPost, valuePath(maia.AgentAWS), "application/json", valueBody("n", `{}`))
		done <- got.status
	}()
	if err := s.Maia.WaitForCall(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if _, stored := s.Maia.VaultSecret(maia.AgentAWS, "n"); stored {
		t.Error("stored before it was released")
	}
	close(release)
	if got := <-done; got != 201 {
		t.Errorf("answer = %d, want 201", got)
	}
}

func TestWaitForCallGivesUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := start(t).Maia.WaitForCall(ctx, 1); err == nil {
		t.Error("no error")
	}
}

func TestReservedNames(t *testing.T) {
	s, apis := signedIn(t, "ada")
	type want struct {
		status   int // 0 where the connection is lost
		created  bool
		header   string
		headerIs string
		body     string
		violates int
	}
	wants := map[string]want{
		"demo-bad-request":     {status: 400, violates: 2},
		"demo-unauthenticated": {status: 401, header: "WWW-Authenticate", headerIs: `Bearer error="invalid_token"`},
		"demo-expired":         {status: 401, header: "WWW-Authenticate", headerIs: `Bearer error="invalid_token"`},
		"demo-forbidden":       {status: 403, body: "does not have the permission"},
		"demo-ip-blocked":      {status: 403, body: "IP not allowed"},
		"demo-not-found":       {status: 404},
		"demo-conflict":        {status: 409},
		"demo-rate-limited":    {status: 429, header: "Retry-After", headerIs: "30"},
		"demo-error":           {status: 500},
		"demo-bad-gateway":     {status: 502, header: "Content-Type", headerIs: "text/html"},
		"demo-unavailable":     {status: 503},
		"demo-timeout":         {status: 504},
		"demo-lost":            {},
		"demo-accepted":        {status: 202},
		"demo-redirect":        {status: 302, header: "Location", headerIs: "/sandbox/elsewhere"},
		"demo-malformed":       {status: 201, created: true, body: `{"resolver_ref": "cut off`},
		"demo-hang":            {}, // TestHangEndsWithTheSandbox
		"demo-renamed":         {status: 201, created: true},
		"demo-slow":            {}, // it takes its three seconds; the delay itself is tested above
	}
	for _, reserved := range fault.ReservedNames() {
		w, ok := wants[reserved.Name]
		if !ok || reserved.What == "" || reserved.Status == "" {
			t.Errorf("%+v is not tested", reserved)
		}
		delete(wants, reserved.Name)
		if reserved.Name == "demo-hang" || reserved.Name == "demo-slow" {
			continue
		}
		for _, name := range []string{reserved.Name, reserved.Name + "-2"} {
			t.Run(name, func(t *testing.T) {
				a := apis[0]
				a.t = t
				for path, body := range map[string]string{
					referencePath(maia.ProjectFinance, name): awsBody,
					valuePath(maia.AgentAWS):                 valueBody(name, `{"p": "v"}`),
				} {
					got, err := a.do(http.MethodPost, path, "application/json", body)
					says := w.body
					if reserved.Name == "demo-renamed" && path == valuePath(maia.AgentAWS) {
						says = `"vaultSecretName":"` + name + `-in-the-vault"`
					}
					if got.status != w.status || (err != nil) != (w.status == 0) || !strings.Contains(got.body, says) {
						t.Errorf("%s: %d %s %v, want %+v", path, got.status, got.body, err, w)
					}
					if w.header != "" {
						checkHeader(t, got, w.header, w.headerIs)
					}
					if w.violates > 0 {
						if _, violations := got.problem(t); len(violations) != w.violates {
							t.Errorf("violations = %v", violations)
						}
					}
				}
				_, reference := s.Maia.Reference(maia.ProjectFinance, name)
				_, value := s.Maia.VaultSecret(maia.AgentAWS, name)
				if reference != w.created || value != w.created {
					t.Errorf("created = %v %v, want %v", reference, value, w.created)
				}
			})
		}
	}
	for name := range wants {
		t.Errorf("%s is not reserved", name)
	}
}

func TestNotReserved(t *testing.T) {
	_, apis := signedIn(t, "ada")
	for _, name := range []string{"DEMO-CONFLICT", "demo-conflicts", "demo", "demo-", "x-demo-conflict", "demo-rate"} {
		if got := apis[0].post(referencePath(maia.ProjectFinance, name), awsBody); got.status != 201 {
			t.Errorf("%s: %d, want 201", name, got.status)
		}
	}
}

// A client that refreshes its token after a 401 and tries once more gets through.
func TestExpiredOnce(t *testing.T) {
	s := start(t)
	rp := newRelyingParty(t, s)
	first := rp.login("ada")
	path := referencePath(maia.ProjectFinance, "demo-expired")
	for range 2 {
		if got := (api{t, s.Maia, first.AccessToken}).post(path, awsBody); got.status != 401 {
			t.Errorf("first token: %d, want 401", got.status)
		}
	}
	if got := (api{t, s.Maia, rp.login("grace").AccessToken}).post(path, awsBody); got.status != 401 {
		t.Errorf("another user's first token: %d, want 401", got.status)
	}
	second, err := rp.refresh(first.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	if got := (api{t, s.Maia, second.AccessToken}).post(path, awsBody); got.status != 201 {
		t.Errorf("fresher token: %d, want 201", got.status)
	}
}
