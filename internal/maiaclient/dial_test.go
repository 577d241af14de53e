package maiaclient

import (
	"bufio"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// secureMaia answers over TLS under a CA that c trusts.
func secureMaia(t *testing.T, through *url.URL) (*Client, *httptest.Server) {
	t.Helper()
	maia := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusCreated)
	}))
	t.Cleanup(maia.Close)
	c := New(must(url.Parse(maia.URL)), patient)
	t.Cleanup(c.Close)
	d := newDialer()
	d.tls.RootCAs = x509.NewCertPool()
	d.tls.RootCAs.AddCert(maia.Certificate())
	d.proxy = func(r *http.Request) (*url.URL, error) {
		if r.URL.Scheme != "https" || r.URL.Host == "" {
			t.Errorf("the proxy is looked up for %s", r.URL)
		}
		return through, nil
	}
	c.http.DialTLSContext = d.encrypted
	return c, maia
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func aReference() Reference {
	return Reference{ProjectID: "p", Name: "N", AgentType: AWS, Type: "PASSWORD", SecretName: "s"}
}

// A certificate that is for another host, or of nobody whom we trust, ends the call before anything is
// sent.
func TestCertificates(t *testing.T) {
	c, maia := secureMaia(t, nil)
	if err := c.CreateReference(t.Context(), "token", aReference()); err != nil {
		t.Errorf("trusted: %v", err)
	}
	port := maia.URL[strings.LastIndexByte(maia.URL, ':'):]
	c.base = "https://localhost" + port
	if err := c.CreateReference(t.Context(), "token", aReference()); !errors.Is(err, ErrNotSent) || !strings.Contains(err.Error(), "certificate not trusted") {
		t.Errorf("another name: %v", err)
	}
	stranger := New(must(url.Parse(maia.URL)), patient)
	if err := stranger.CreateReference(t.Context(), "token", aReference()); !errors.Is(err, ErrNotSent) || !strings.Contains(err.Error(), "certificate not trusted") {
		t.Errorf("unknown CA: %v", err)
	}
}

// tunnels is a proxy that makes tunnels for one user.
func tunnels(t *testing.T, tls bool) (*httptest.Server, *[]string) {
	t.Helper()
	var asked []string
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.Host)
		if r.Method != http.MethodConnect || r.Header.Get("Proxy-Authorization") != "Basic dXNlcjpwYXNz" {
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		far, err := (&net.Dialer{}).DialContext(r.Context(), "tcp", r.Host)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		near, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(near, "HTTP/1.1 200 OK\r\n\r\n")
		go func() { _, _ = io.Copy(far, buffered); _ = far.Close() }()
		_, _ = io.Copy(near, far)
		_ = near.Close()
	}))
	if tls {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s, &asked
}

// Calls go through the proxy that the environment names, whatever it speaks, and one that refuses has
// let nothing out.
func TestProxies(t *testing.T) {
	for name, tc := range map[string]struct {
		tls  bool
		user *url.Userinfo
		ok   bool
	}{
		"http":           {false, url.UserPassword("user", "pass"), true},
		"https":          {true, url.UserPassword("user", "pass"), true},
		"wrong password": {false, url.UserPassword("user", "x"), false},
		"no password":    {true, nil, false},
	} {
		s, asked := tunnels(t, tc.tls)
		through := must(url.Parse(s.URL))
		through.User = tc.user
		c, maia := secureMaia(t, through)
		err := c.CreateReference(t.Context(), "token", aReference())
		if tc.ok && err != nil || !tc.ok && !errors.Is(err, ErrNotSent) {
			t.Errorf("%s: %v", name, err)
		}
		if want := "CONNECT " + strings.TrimPrefix(maia.URL, "https://"); len(*asked) != 1 || (*asked)[0] != want {
			t.Errorf("%s: the proxy was asked %q, want %q once", name, *asked, want)
		}
		if err != nil && (strings.Contains(err.Error(), "pass") || strings.Contains(err.Error(), s.URL)) {
			t.Errorf("%s: the error says too much: %v", name, err)
		}
	}
	for _, through := range []string{"ftp://127.0.0.1:1", "http://127.0.0.1:1", "socks5://127.0.0.1:1"} {
		c, _ := secureMaia(t, must(url.Parse(through)))
		if err := c.CreateReference(t.Context(), "token", aReference()); !errors.Is(err, ErrNotSent) {
			t.Errorf("%s: %v", through, err)
		}
	}
}

// A SOCKS proxy gets the name as it is (socks5h) and is then no more than a wire.
func TestSOCKS(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	c, maia := secureMaia(t, &url.URL{Scheme: "socks5h", Host: l.Addr().String()})
	go func() {
		near, err := l.Accept()
		if err != nil {
			return
		}
		r := bufio.NewReader(near)
		_, _ = io.ReadFull(r, make([]byte, 3)) // version 5, one method: none
		_, _ = near.Write([]byte{5, 0})
		_, _ = io.ReadFull(r, make([]byte, 10)) // CONNECT to an IPv4 address
		far, err := net.Dial("tcp", maia.Listener.Addr().String())
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = near.Write([]byte{5, 0, 0, 1, 127, 0, 0, 1, 0, 0})
		go func() { _, _ = io.Copy(far, r); _ = far.Close() }()
		_, _ = io.Copy(near, far)
		_ = near.Close()
	}()
	if err := c.CreateReference(t.Context(), "token", aReference()); err != nil {
		t.Error(err)
	}
}
