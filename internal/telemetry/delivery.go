package telemetry

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"sync/atomic"
	"syscall"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc/status"
)

// delivery is an exporter that says once that traces are not delivered, and once that they are again: a fault lasts,
// and the same line every few seconds would hide the others.
type delivery struct {
	sdk.SpanExporter
	log  *slog.Logger
	away atomic.Bool
}

// ExportSpans never fails for those who call it: the spans are dropped then.
func (d *delivery) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	err := d.SpanExporter.ExportSpans(ctx, spans)
	switch {
	case err == nil && d.away.CompareAndSwap(true, false):
		d.log.Info("traces are delivered again")
	case err != nil && d.away.CompareAndSwap(false, true):
		d.log.Warn("traces are not delivered, and dropped until they are", "error", undelivered(ctx, err))
	}
	return nil
}

// undelivered is what stands against a delivery, in our own words: those of the libraries have addresses in them, and
// what the other side says.
func undelivered(ctx context.Context, err error) string {
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	var network net.Error
	switch {
	case errors.As(err, &name):
		return "the endpoint's name is not found"
	case errors.As(err, &certificate):
		return "the endpoint's certificate is not trusted"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return "no answer in time"
	}
	if s, ok := status.FromError(err); ok {
		return "gRPC: " + s.Code().String()
	}
	if ctx.Err() != nil { // it was tried until then, and the error is that of none of the attempts
		return "no answer in time"
	}
	return "the endpoint did not take them"
}
