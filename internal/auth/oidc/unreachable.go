package oidc

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"

	"maiaportal/internal/auth/reason"
)

// proxyError is a proxy that does not open a tunnel to the provider.
type proxyError struct{ status int }

func (e *proxyError) Error() string { return fmt.Sprintf("auth: the proxy answers %d", e.status) }

// seenAnswer is what is remembered of an answer whose reader keeps it to itself.
type seenAnswer struct {
	status      int
	contentType string
	location    string // the host of a redirect
}

type seenKey struct{}

// note remembers an answer for whoever asked for that.
func note(r *http.Request, resp *http.Response) {
	seen, ok := r.Context().Value(seenKey{}).(*seenAnswer)
	if !ok {
		return
	}
	seen.status = resp.StatusCode
	seen.contentType = resp.Header.Get("Content-Type")
	if to, err := url.Parse(resp.Header.Get("Location")); err == nil {
		seen.location = to.Host
	}
}

// unfinished says whether an answer broke off, took too long or was too long.
func unfinished(err error) bool {
	var tooLong *http.MaxBytesError
	var network net.Error
	return errors.As(err, &tooLong) || errors.As(err, &network) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, context.DeadlineExceeded)
}

// unreachable says why the provider could not be asked, or its answer not be read to its end.
func unreachable(err error) *reason.Refusal {
	which, facts := why(err)
	return reason.Refuse(reason.ErrProviderAway, which, facts...).Because(err)
}

func why(err error) (reason.Reason, []slog.Attr) {
	var name *net.DNSError
	var proxy *proxyError
	var op *net.OpError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var certificate *tls.CertificateVerificationError
	var tooLong *http.MaxBytesError
	var network net.Error
	switch {
	case errors.As(err, &proxy):
		return reason.ProviderProxy, []slog.Attr{slog.Int("status", proxy.status)}
	case errors.As(err, &op) && op.Op == "proxyconnect":
		return reason.ProviderProxy, nil
	case errors.As(err, &name):
		return reason.ProviderName, nil
	case errors.As(err, &authority):
		return reason.ProviderCertificate, []slog.Attr{slog.String("certificate", "unknown authority")}
	case errors.As(err, &host):
		return reason.ProviderCertificate, []slog.Attr{slog.String("certificate", "another host")}
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return reason.ProviderCertificate, []slog.Attr{slog.String("certificate", "expired or not valid yet")}
	case errors.As(err, &invalid), errors.As(err, &certificate):
		return reason.ProviderCertificate, []slog.Attr{slog.String("certificate", "not valid")}
	case errors.As(err, &tooLong):
		return reason.ProviderAnswer, []slog.Attr{slog.Int64("limit", tooLong.Limit)}
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return reason.ProviderTimeout, nil
	case errors.As(err, &op):
		return reason.ProviderConnection, nil
	}
	return reason.ProviderAnswer, nil
}
