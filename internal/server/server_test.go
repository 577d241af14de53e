package server_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"maiaportal/internal/server"
)

// serve runs the public server with routes of the test's own.
func serve(t *testing.T, o server.Options, routes func(*echo.Echo)) (base string, logs *bytes.Buffer) {
	t.Helper()
	logs = &bytes.Buffer{}
	o.Log = slog.New(slog.NewJSONHandler(logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if o.BaseURL == "" {
		o.BaseURL = "http://portal.test"
	}
	s, err := server.New(o, routes)
	if err != nil {
		t.Fatal(err)
	}
	ts := httptest.NewUnstartedServer(nil)
	ts.Config = s
	ts.Start()
	t.Cleanup(ts.Close)
	return ts.URL, logs
}

func get(t *testing.T, address string, header http.Header) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		req.Header[k] = v
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(body)
}

// S-43: a panic is a plain error with the headers of every answer, the process lives, and the log has
// the place but not what the panic said.
func TestPanic(t *testing.T) {
	base, logs := serve(t, server.Options{}, func(e *echo.Echo) {
		e.HTTPErrorHandler = func(err error, c echo.Context) { _ = c.String(http.StatusInternalServerError, "plain page") }
		e.GET("/panic", func(echo.Context) error { panic(errors.New("canary in hand")) })
		e.GET("/fine", func(c echo.Context) error { return c.String(http.StatusOK, "fine") })
	})
	status, header, body := get(t, base+"/panic", nil)
	if status != http.StatusInternalServerError || body != "plain page" || header.Get("Content-Security-Policy") == "" {
		t.Errorf("%d %q %v", status, body, header)
	}
	if status, _, _ := get(t, base+"/fine", nil); status != http.StatusOK {
		t.Errorf("after the panic: %d", status)
	}
	if log := logs.String(); !strings.Contains(log, "TestPanic") || strings.Contains(log, "canary") || !strings.Contains(log, `"status":500`) {
		t.Errorf("log: %s", log)
	}
}

// S-48: X-Forwarded-For counts from trusted proxies only.
func TestClientAddress(t *testing.T) {
	for name, tc := range map[string]struct {
		trusted   []netip.Prefix
		forwarded []string
		want      string
	}{
		"nobody is trusted":                       {nil, []string{"203.0.113.9"}, "127.0.0.1"},
		"another network is trusted":              {[]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, []string{"203.0.113.9"}, "127.0.0.1"},
		"the proxy is trusted":                    {[]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, []string{"203.0.113.9"}, "203.0.113.9"},
		"what the client made up is before it":    {[]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, []string{"198.51.100.1, 203.0.113.9"}, "203.0.113.9"},
		"a private address is no proxy by itself": {[]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, []string{"203.0.113.9, 10.1.1.1"}, "10.1.1.1"},
	} {
		base, logs := serve(t, server.Options{TrustedProxies: tc.trusted}, func(e *echo.Echo) {
			e.GET("/", func(c echo.Context) error { return c.String(http.StatusOK, c.RealIP()) })
		})
		get(t, base+"/", nil)
		for range 2 {
			if _, _, got := get(t, base+"/", http.Header{"X-Forwarded-For": tc.forwarded}); got != tc.want {
				t.Errorf("%s: %s, want %s", name, got, tc.want)
			}
		}
		// A proxy that is not trusted is most often one that was forgotten. It is told once.
		told := 0
		if tc.want == "127.0.0.1" {
			told = 1
		}
		if n := strings.Count(logs.String(), "PORTAL_TRUSTED_PROXIES"); n != told {
			t.Errorf("%s: told %d times", name, n)
		}
	}
}

// On https browsers are told to stay there; on loopback http that would lock the developer out.
func TestStrictTransportSecurity(t *testing.T) {
	for _, https := range []bool{true, false} {
		base, _ := serve(t, server.Options{HTTPS: https, BaseURL: "https://portal.test"}, func(e *echo.Echo) {
			e.GET("/", func(c echo.Context) error { return c.NoContent(http.StatusOK) })
		})
		if _, h, _ := get(t, base+"/", nil); (h.Get("Strict-Transport-Security") != "") != https {
			t.Errorf("https %v: %q", https, h.Get("Strict-Transport-Security"))
		}
	}
}

// S-44: headers over 32 KiB are refused.
func TestHeaderLimit(t *testing.T) {
	base, _ := serve(t, server.Options{}, func(e *echo.Echo) {
		e.GET("/", func(c echo.Context) error { return c.NoContent(http.StatusOK) })
	})
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nX-Long: "+strings.Repeat("x", 64<<10)+"\r\n\r\n")
	answer, _ := io.ReadAll(conn)
	if !strings.HasPrefix(string(answer), "HTTP/1.1 431") {
		t.Errorf("%.80q", answer)
	}
}

// What another site's page sends is answered as it was handed in, and reaches no route; without that it is refused all
// the same. A program gets no cookie, and each request's id is where it was asked for.
func TestWhatIsHandedIn(t *testing.T) {
	reached := 0
	routes := func(e *echo.Echo) {
		e.HTTPErrorHandler = func(err error, c echo.Context) {
			var he *echo.HTTPError
			if errors.As(err, &he) {
				_ = c.String(he.Code, "plain")
				return
			}
			_ = c.String(http.StatusForbidden, err.Error())
		}
		for _, path := range []string{"/form", "/program"} {
			e.POST(path, func(c echo.Context) error {
				reached++
				id, _ := c.Get("here").(string)
				return c.String(http.StatusOK, id)
			})
		}
	}
	o := server.Options{
		Program:      "/program",
		RequestIDKey: "here",
		RepeatCookie: func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Set-Cookie", "a=b") },
	}
	plain, _ := serve(t, o, routes)
	o.Foreign = func() error { return errors.New("words of a page") }
	worded, logs := serve(t, o, routes)
	for name, tc := range map[string]struct {
		address, site string
		status        int
		body          string // a part of it; empty: the request's id
		cookie        string
	}{
		"a form":                           {worded + "/form", "same-origin", 200, "", "a=b"},
		"a program":                        {worded + "/program", "", 200, "", ""},
		"another site's page":              {worded + "/form", "cross-site", 403, "words of a page", ""},
		"another site's page, and no page": {plain + "/form", "cross-site", 403, "plain", ""},
	} {
		before := reached
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, tc.address, strings.NewReader("x=y"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Sec-Fetch-Site", tc.site)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != tc.status || !strings.Contains(string(body), tc.body) || resp.Header.Get("Set-Cookie") != tc.cookie {
			t.Errorf("%s: %d %q, cookie %q", name, resp.StatusCode, body, resp.Header.Get("Set-Cookie"))
		}
		if tc.status == http.StatusOK && (len(body) < 20 || !strings.Contains(logs.String(), string(body))) {
			t.Errorf("%s: the request's id is %q", name, body)
		}
		if got := reached > before; got != (tc.status == http.StatusOK) {
			t.Errorf("%s: reached its route: %v", name, got)
		}
	}
}
