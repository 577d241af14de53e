package maiaclient

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/net/proxy"

	"maiaportal/internal/wipe"
)

const (
	dialTimeout      = 10 * time.Second
	handshakeTimeout = 10 * time.Second
	proxyTimeout     = 10 * time.Second
)

// dialer makes the connections to Maia. It does what http.Transport would do by itself, TLS and proxies
// included, so that outside of TLS there is a connection that sees the transport's buffers and can clear
// them. Over such a connection the transport speaks HTTP/1.1 only.
type dialer struct {
	tcp   net.Dialer
	tls   *tls.Config
	proxy func(*http.Request) (*url.URL, error)
}

func newDialer() *dialer {
	return &dialer{
		tcp:   net.Dialer{Timeout: dialTimeout, KeepAlive: 15 * time.Second},
		tls:   &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}},
		proxy: http.ProxyFromEnvironment,
	}
}

// plain makes a connection without TLS, which the configuration allows on loopback only: no proxy is
// asked for it.
func (d *dialer) plain(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := d.tcp.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return wipe.Plain(c), nil
}

// encrypted makes a connection with TLS, by the proxy that the environment names for the address.
func (d *dialer) encrypted(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	raw, err := d.raw(ctx, network, address)
	if err != nil {
		return nil, err
	}
	config := d.tls.Clone()
	config.ServerName = host
	c, t := wipe.TLS(raw, config)
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	if err := t.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, raw.Close())
	}
	return c, nil
}

// raw makes the connection that TLS is spoken over: to the address, or through a proxy.
func (d *dialer) raw(ctx context.Context, network, address string) (net.Conn, error) {
	through, err := d.proxy(&http.Request{URL: &url.URL{Scheme: "https", Host: address}})
	if err != nil {
		return nil, err
	}
	if through == nil {
		return d.tcp.DialContext(ctx, network, address)
	}
	c, err := d.tunnel(ctx, network, address, through)
	if err != nil {
		return nil, &net.OpError{Op: "proxyconnect", Net: "tcp", Err: err}
	}
	return c, nil
}

var proxyPorts = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}

func (d *dialer) tunnel(ctx context.Context, network, address string, through *url.URL) (net.Conn, error) {
	port := through.Port()
	if port == "" {
		port = proxyPorts[through.Scheme]
	}
	at := net.JoinHostPort(through.Hostname(), port)
	ctx, cancel := context.WithTimeout(ctx, proxyTimeout)
	defer cancel()
	switch through.Scheme {
	case "http", "https":
		c, err := d.tcp.DialContext(ctx, network, at)
		if err != nil {
			return nil, err
		}
		if through.Scheme == "https" {
			config := d.tls.Clone()
			config.ServerName = through.Hostname()
			c = tls.Client(c, config)
		}
		// What the proxy does not answer in time ends with the connection.
		stop := context.AfterFunc(ctx, func() { _ = c.Close() })
		err = connect(c, address, through.User)
		if !stop() || err != nil {
			return nil, errors.Join(err, ctx.Err(), c.Close())
		}
		return c, nil
	case "socks5", "socks5h":
		var auth *proxy.Auth
		if through.User != nil {
			password, _ := through.User.Password()
			auth = &proxy.Auth{User: through.User.Username(), Password: password}
		}
		s, err := proxy.SOCKS5(network, at, auth, &d.tcp)
		if err != nil {
			return nil, err
		}
		return s.(proxy.ContextDialer).DialContext(ctx, network, address)
	}
	return nil, fmt.Errorf("a proxy by %s is not supported", through.Scheme)
}

// connect asks a proxy for a tunnel (RFC 9110 section 9.3.6).
func connect(c net.Conn, address string, user *url.Userinfo) error {
	req := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address, Header: http.Header{}}
	if user != nil {
		password, _ := user.Password()
		req.Header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password)))
	}
	if err := req.Write(c); err != nil {
		return err
	}
	// A server speaks TLS only when it is spoken to, so nothing of it is lost in this reader.
	resp, err := http.ReadResponse(bufio.NewReader(io.LimitReader(c, maxAnswerHeader)), req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the proxy answers %d", resp.StatusCode)
	}
	return nil
}
