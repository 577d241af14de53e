package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-logr/logr"
	"github.com/google/uuid"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/grpclog"

	"maiaportal/internal/auth/oidc"
	"maiaportal/internal/maiaclient"
	"maiaportal/internal/server"
	"maiaportal/internal/store"
)

// The names of attributes are those of OpenTelemetry's semantic conventions. They are written here and not imported,
// because the whole list of what may be in a span should be seen at a glance.
const (
	httpMethod     = attribute.Key("http.request.method")
	httpRoute      = attribute.Key("http.route")
	httpStatus     = attribute.Key("http.response.status_code")
	urlTemplate    = attribute.Key("url.template")
	errorType      = attribute.Key("error.type")
	dbSystem       = attribute.Key("db.system.name")
	dbOperation    = attribute.Key("db.operation.name")
	dbTable        = attribute.Key("db.collection.name")
	maiaCall       = attribute.Key("portal.maia.call")
	endpoint       = attribute.Key("portal.provider.endpoint")
	serviceName    = attribute.Key("service.name")
	serviceVersion = attribute.Key("service.version")
	serviceID      = attribute.Key("service.instance.id")
)

// cut is the error of a request whose connection was cut.
const cut = "cut"

// Traces follows requests, and the calls and queries that they lead to, and sends what it saw by OTLP. Nothing that
// somebody typed gets into a span, nor who somebody is: names, attributes and errors come from closed lists, routes are
// patterns, and there are no events.
type Traces struct {
	provider  *sdk.TracerProvider
	tracer    trace.Tracer
	format    propagation.TraceContext
	propagate bool
}

// Traces is what each of these rooms tells.
var (
	_ oidc.Tracer       = (*Traces)(nil)
	_ maiaclient.Tracer = (*Traces)(nil)
	_ server.Tracer     = (*Traces)(nil)
	_ store.Tracer      = (*Traces)(nil)
)

// TraceOptions are what the settings say of traces. OpenTelemetry's libraries read the rest of their variables by
// themselves.
type TraceOptions struct {
	Version   string // of the portal
	GRPC      bool   // OTLP over gRPC, else over HTTP
	Propagate bool   // take and send W3C Trace Context
	Log       *slog.Logger
}

// StartTraces begins to trace. It connects to nobody yet, and nothing waits for whoever takes the traces: what cannot
// be delivered is dropped, and the log hears of that once. No exporter listens.
func StartTraces(ctx context.Context, o TraceOptions) (*Traces, error) {
	hush(o.Log)
	exporter, err := newExporter(ctx, o.GRPC)
	if err != nil {
		return nil, errors.New("traces cannot be sent: the settings OTEL_EXPORTER_OTLP_… do not fit together")
	}
	own := resource.WithAttributes(
		serviceName.String("portal"),
		serviceVersion.String(o.Version),
		serviceID.String(uuid.NewString()),
	)
	// What the operator says of it goes before. It stays as far as it can be read.
	about, err := resource.New(ctx, resource.WithTelemetrySDK(), own, resource.WithFromEnv())
	if err != nil {
		o.Log.Warn("OTEL_RESOURCE_ATTRIBUTES cannot be read as a whole")
	}
	provider := sdk.NewTracerProvider(
		sdk.WithBatcher(&delivery{SpanExporter: exporter, log: o.Log}),
		sdk.WithResource(about),
	)
	return &Traces{
		provider:  provider,
		tracer:    provider.Tracer("maiaportal"),
		propagate: o.Propagate,
	}, nil
}

// newExporter takes everything else from OpenTelemetry's variables, over HTTP also whether it is JSON.
func newExporter(ctx context.Context, overGRPC bool) (sdk.SpanExporter, error) {
	if overGRPC {
		return otlptracegrpc.New(ctx)
	}
	return otlptracehttp.New(ctx)
}

// gRPC wants to hear of its logger before it is used for the first time, whoever that may be.
func init() {
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, io.Discard))
}

// hush keeps the libraries from writing to standard error, where each line is one of the log's: they quote addresses,
// headers and what the other side says.
func hush(log *slog.Logger) {
	otel.SetLogger(logr.Discard())
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		log.Warn("a fault of tracing", "kind", fmt.Sprintf("%T", err))
	}))
}

// Close delivers what is left, as far as there is time for that.
func (t *Traces) Close(ctx context.Context) error {
	if err := t.provider.Shutdown(ctx); err != nil {
		return errors.New("the last traces were not delivered in time")
	}
	return nil
}

// RequestBegins begins the span of a request, in the trace that its sender names, where that is given.
func (t *Traces) RequestBegins(ctx context.Context, route, method,
	traceparent string) (context.Context, func(status int)) {
	if t.propagate && traceparent != "" {
		ctx = t.format.Extract(ctx, propagation.MapCarrier{"traceparent": traceparent})
	}
	name := methodName(method)
	about := []attribute.KeyValue{httpMethod.String(semanticMethod(method))}
	if route != server.NoRoute {
		name += " " + route
		about = append(about, httpRoute.String(route))
	}
	ctx, span := t.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(about...))
	return ctx, func(status int) {
		switch {
		case status == 0:
			failed(span, cut)
		case status >= http.StatusInternalServerError:
			failed(span, strconv.Itoa(status))
		}
		if status > 0 {
			span.SetAttributes(httpStatus.Int(status))
		}
		span.End()
	}
}

// methodName is how a span's name calls a method: one of the many that somebody can make up is HTTP there.
func methodName(method string) string {
	if method == server.OtherMethod {
		return "HTTP"
	}
	return method
}

func semanticMethod(method string) string {
	if method == server.OtherMethod {
		return "_OTHER"
	}
	return method
}

// CallBegins begins the span of a call to Maia, and sends its trace along.
func (t *Traces) CallBegins(ctx context.Context, call, method, path string, along http.Header) func(code string) {
	ctx, span := t.tracer.Start(ctx, method+" "+path, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		httpMethod.String(method),
		urlTemplate.String(path),
		maiaCall.String(call),
	))
	if t.propagate {
		t.format.Inject(ctx, propagation.HeaderCarrier(along))
	}
	return answered(span)
}

// ProviderAsked begins the span of a request to the provider. No trace is sent along: the provider is somebody else's.
func (t *Traces) ProviderAsked(ctx context.Context, e oidc.Endpoint, method string) func(code string) {
	name := method + " " + string(e)
	_, span := t.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		httpMethod.String(method),
		endpoint.String(string(e)),
	))
	return answered(span)
}

// answered ends the span of a call with its status, or with what stands in place of one.
func answered(span trace.Span) func(code string) {
	return func(code string) {
		status, err := strconv.Atoi(code)
		if err != nil || status >= http.StatusBadRequest {
			failed(span, code)
		}
		if err == nil {
			span.SetAttributes(httpStatus.Int(status))
		}
		span.End()
	}
}

// QueryBegins begins the span of a query, where it belongs to a request: what the portal asks by itself, every few
// seconds, would be many traces that say nothing.
func (t *Traces) QueryBegins(ctx context.Context, engine store.Engine, operation, table string) func(fault string) {
	if !trace.SpanContextFromContext(ctx).IsSampled() {
		return func(string) {}
	}
	about := []attribute.KeyValue{dbSystem.String(string(engine)), dbOperation.String(operation)}
	if table != "" {
		about = append(about, dbTable.String(table))
	}
	name := strings.TrimSuffix(operation+" "+table, " ")
	_, span := t.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(about...))
	return func(fault string) {
		if fault != "" {
			failed(span, fault)
		}
		span.End()
	}
}

// failed says that a span failed, by the kind of that.
func failed(span trace.Span, kind string) {
	span.SetAttributes(errorType.String(kind))
	span.SetStatus(codes.Error, "")
}

// Lines gives a logger whose lines of a request that is traced have its trace_id, behind all else.
func (t *Traces) Lines(log *slog.Logger) *slog.Logger { return slog.New(tracedLines{log.Handler()}) }

type tracedLines struct{ slog.Handler }

func (h tracedLines) Handle(ctx context.Context, line slog.Record) error {
	if of := trace.SpanContextFromContext(ctx); of.IsSampled() {
		line = line.Clone()
		line.AddAttrs(slog.String("trace_id", of.TraceID().String()))
	}
	return h.Handler.Handle(ctx, line)
}

func (h tracedLines) WithAttrs(attrs []slog.Attr) slog.Handler {
	return tracedLines{h.Handler.WithAttrs(attrs)}
}

func (h tracedLines) WithGroup(name string) slog.Handler {
	return tracedLines{h.Handler.WithGroup(name)}
}
