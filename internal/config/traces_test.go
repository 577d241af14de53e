package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Tracing is on where an endpoint for traces is set, and nothing switches it off.
func TestTracesAreOnWithAnEndpoint(t *testing.T) {
	const general, own = "OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=https://traces.example.com/otlp/v1/traces"
	plain := Traces{On: true, Protocol: "http/protobuf", Endpoint: "http://collector:4318", Propagate: true}
	with := func(change func(*Traces)) Traces {
		changed := plain
		change(&changed)
		return changed
	}
	for name, tc := range map[string]struct {
		environ []string
		want    Traces
	}{
		"nothing":            {nil, Traces{}},
		"no endpoint":        {[]string{"OTEL_TRACES_EXPORTER=otlp", "OTEL_SERVICE_NAME=x", "OTEL_EXPORTER_OTLP_PROTOCOL=carrier-pigeon"}, Traces{}},
		"an empty one":       {[]string{"OTEL_EXPORTER_OTLP_ENDPOINT="}, Traces{}},
		"another signal's":   {[]string{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=http://x:1"}, Traces{}},
		"endpoint":           {[]string{general}, plain},
		"exporter":           {[]string{general, "OTEL_TRACES_EXPORTER=otlp"}, plain},
		"none":               {[]string{general, "OTEL_TRACES_EXPORTER=none"}, Traces{}},
		"disabled":           {[]string{general, "OTEL_SDK_DISABLED=True"}, Traces{}},
		"not disabled":       {[]string{general, "OTEL_SDK_DISABLED=false"}, plain},
		"the one of traces":  {[]string{general, own}, with(func(t *Traces) { t.Endpoint = "https://traces.example.com" })},
		"protocol":           {[]string{general, "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"}, with(func(t *Traces) { t.Protocol = "grpc" })},
		"protocol of traces": {[]string{general, "OTEL_EXPORTER_OTLP_PROTOCOL=grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/json"}, with(func(t *Traces) { t.Protocol = "http/json" })},
		"propagators":        {[]string{general, "OTEL_PROPAGATORS=baggage, tracecontext"}, plain},
		"other propagators":  {[]string{general, "OTEL_PROPAGATORS=b3"}, with(func(t *Traces) { t.Propagate = false })},
		"details": {[]string{
			general, "OTEL_EXPORTER_OTLP_HEADERS=api-key=a%20b,x=y==", "OTEL_EXPORTER_OTLP_TIMEOUT=5000", "OTEL_EXPORTER_OTLP_COMPRESSION=gzip",
			"OTEL_TRACES_SAMPLER=parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG=0.1",
		}, plain},
	} {
		c, err := load(nil, least(tc.environ...))
		if err != nil || c.Traces != tc.want {
			t.Errorf("%s: %+v, %v", name, c.Traces, err)
		}
	}
}

// S-49: a variable of OpenTelemetry that its libraries would pass over in silence is a fault, without its value. Where
// traces are off, none is.
func TestFaultsOfTraces(t *testing.T) {
	set := []string{
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=collector:4317", "OTEL_TRACES_EXPORTER=console", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=quietly",
		"OTEL_EXPORTER_OTLP_HEADERS=a=b,quietly", "OTEL_EXPORTER_OTLP_COMPRESSION=quietly", "OTEL_EXPORTER_OTLP_TIMEOUT=5s",
		"OTEL_EXPORTER_OTLP_CERTIFICATE=" + filepath.Join(t.TempDir(), "quietly"), "OTEL_TRACES_SAMPLER=traceidratio", "OTEL_TRACES_SAMPLER_ARG=1.5",
	}
	_, err := load(nil, least(set...))
	var named []string
	for _, line := range lines(err) {
		variable, _, _ := strings.Cut(line, ":")
		named = append(named, variable)
		if strings.Contains(line, "quietly") {
			t.Errorf("a value is shown: %s", line)
		}
	}
	for _, s := range set {
		variable, _, _ := strings.Cut(s, "=")
		if variable != "OTEL_TRACES_SAMPLER" && !slices.Contains(named, variable) {
			t.Errorf("no fault of %s in %q", variable, named)
		}
	}
	if len(named) != len(set)-1 {
		t.Errorf("%q", named)
	}
	noPEM := filepath.Join(t.TempDir(), "quietly.pem")
	if err := os.WriteFile(noPEM, []byte("quietly"), 0o600); err != nil {
		t.Fatal(err)
	}
	for variable, values := range map[string][]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT":           {"https://user:quietly@collector", "http://", "ftp://collector", "http://x?quietly", "http://%"},
		"OTEL_TRACES_SAMPLER":                   {"quietly"},
		"OTEL_EXPORTER_OTLP_CERTIFICATE":        {noPEM, "quietly"},
		"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": {noPEM, "quietly"},
		"OTEL_TRACES_SAMPLER_ARG":               {"NaN", "quietly", "-1"},
	} {
		for _, value := range values {
			environ := []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://x:1", "OTEL_TRACES_SAMPLER=traceidratio", variable + "=" + value}
			_, err := load(nil, least(environ...))
			if l := lines(err); len(l) != 1 || !strings.HasPrefix(l[0], variable+": ") || strings.Contains(l[0], "quietly") {
				t.Errorf("%s=%s: %q", variable, value, l)
			}
		}
	}
	if _, err := load(nil, least(append(set, "OTEL_SDK_DISABLED=true")...)); err != nil {
		t.Errorf("disabled: %v", err)
	}
}
