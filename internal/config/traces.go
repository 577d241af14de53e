package config

import (
	"crypto/tls"
	"crypto/x509"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Traces are the settings of traces that the portal itself acts upon. They are OpenTelemetry's own variables, and what
// is not here is read by its libraries.
type Traces struct {
	On        bool   // an endpoint is set, and nothing switches traces off
	Protocol  string // of OTLP
	Endpoint  string // its scheme and host
	Propagate bool   // W3C Trace Context is taken from trusted proxies, and sent on to Maia
}

// The protocols of OTLP.
const (
	ProtocolGRPC = "grpc"
	ProtocolHTTP = "http/protobuf" // the standard one
	ProtocolJSON = "http/json"
)

// samplers are those that the specification names and the libraries have.
var samplers = []string{
	"always_on",
	"always_off",
	"traceidratio",
	"parentbased_always_on",
	"parentbased_always_off",
	"parentbased_traceidratio",
}

const (
	otlp        = "OTEL_EXPORTER_OTLP_"
	ofTraces    = "TRACES_"
	sampler     = "OTEL_TRACES_SAMPLER"
	propagators = "OTEL_PROPAGATORS"
)

// ofOTLP is a variable of the exporter: the one for traces goes before the general one.
func (r *reader) ofOTLP(name string) (variable, value string) {
	for _, variable := range []string{otlp + ofTraces + name, otlp + name} {
		if value := strings.TrimSpace(r.env[variable]); value != "" {
			return variable, value
		}
	}
	return otlp + name, ""
}

// traces reads OpenTelemetry's variables. Its libraries go on with a default where they do not understand one, and say
// so at a place where nobody looks: here it is a fault. None counts while no endpoint is set, for they often stand in
// the environment of every process.
func (r *reader) traces() Traces {
	variable, endpoint := r.ofOTLP("ENDPOINT")
	exporter := strings.TrimSpace(r.env["OTEL_TRACES_EXPORTER"])
	if endpoint == "" || exporter == "none" || strings.EqualFold(strings.TrimSpace(r.env["OTEL_SDK_DISABLED"]), "true") {
		return Traces{}
	}
	if exporter != "" && exporter != "otlp" {
		r.fault("OTEL_TRACES_EXPORTER", "want otlp or none")
	}
	t := Traces{On: true, Protocol: ProtocolHTTP, Propagate: true}
	u, err := url.Parse(endpoint)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https":
		r.fault(variable, "want an absolute address, such as http://localhost:4318")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		r.fault(variable, "must have no user, query or fragment; credentials belong into OTEL_EXPORTER_OTLP_HEADERS")
	default:
		t.Endpoint = u.Scheme + "://" + u.Host
	}
	if variable, protocol := r.ofOTLP("PROTOCOL"); protocol != "" {
		t.Protocol = protocol
		if !slices.Contains([]string{ProtocolGRPC, ProtocolHTTP, ProtocolJSON}, protocol) {
			r.fault(variable, "want grpc, http/protobuf or http/json")
		}
	}
	r.otlpDetails()
	r.sampler()
	if list := strings.TrimSpace(r.env[propagators]); list != "" {
		t.Propagate = slices.ContainsFunc(strings.Split(list, ","), func(name string) bool {
			return strings.TrimSpace(name) == "tracecontext"
		})
	}
	return t
}

// otlpDetails checks what the exporter would leave out where it does not understand it.
func (r *reader) otlpDetails() {
	if variable, headers := r.ofOTLP("HEADERS"); headers != "" {
		for _, header := range strings.Split(headers, ",") {
			name, value, ok := strings.Cut(header, "=")
			if _, err := url.PathUnescape(value); !ok || strings.TrimSpace(name) == "" || err != nil {
				r.fault(variable, "want NAME=VALUE, percent-encoded, and a comma between two of them")
				break
			}
		}
	}
	if variable, compression := r.ofOTLP("COMPRESSION"); compression != "" && compression != "gzip" && compression != "none" {
		r.fault(variable, "want gzip or none")
	}
	if variable, timeout := r.ofOTLP("TIMEOUT"); timeout != "" {
		if n, err := strconv.Atoi(timeout); err != nil || n <= 0 {
			r.fault(variable, "want a number of milliseconds")
		}
	}
	r.otlpCertificates()
}

func (r *reader) otlpCertificates() {
	if variable, path := r.ofOTLP("CERTIFICATE"); path != "" {
		authority, err := os.ReadFile(filepath.Clean(path))
		if err != nil {
			r.fault(variable, "the file cannot be read; check the path and its permissions")
		} else if !x509.NewCertPool().AppendCertsFromPEM(authority) {
			r.fault(variable, "want a file of certificates in PEM")
		}
	}
	variable, certificate := r.ofOTLP("CLIENT_CERTIFICATE")
	_, key := r.ofOTLP("CLIENT_KEY")
	if certificate == "" && key == "" {
		return
	}
	if _, err := tls.LoadX509KeyPair(certificate, key); err != nil {
		r.fault(variable, "want a file in PEM, and the key that belongs to it in OTEL_EXPORTER_OTLP_CLIENT_KEY")
	}
}

func (r *reader) sampler() {
	name := strings.ToLower(strings.TrimSpace(r.env[sampler]))
	if name == "" {
		return
	}
	if !slices.Contains(samplers, name) {
		r.fault(sampler, "want "+strings.Join(samplers[:len(samplers)-1], ", ")+" or "+samplers[len(samplers)-1])
	}
	arg := strings.TrimSpace(r.env[sampler+"_ARG"])
	if arg == "" || !strings.HasSuffix(name, "traceidratio") {
		return
	}
	if ratio, err := strconv.ParseFloat(arg, 64); err != nil || !(ratio >= 0 && ratio <= 1) {
		r.fault(sampler+"_ARG", "want a number from 0 to 1")
	}
}
