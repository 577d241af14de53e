package main

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"testing"

	"maiaportal/internal/config"
)

// What the chart sets by itself cannot be set a second time in the values: the object would name a variable twice. And no
// secret gets into the values, where everybody reads it who may read the release: each comes from the Secret, by a file.
func TestChartTakesNoSecretAndNothingTwice(t *testing.T) {
	var schema struct {
		Properties struct {
			Settings struct {
				PropertyNames struct {
					Pattern string
					Not     struct{ Enum []string }
				}
			}
		}
	}
	if err := json.Unmarshal(must(os.ReadFile("../../deploy/helm/portal/values.schema.json")), &schema); err != nil {
		t.Fatal(err)
	}
	names := schema.Properties.Settings.PropertyNames
	taken := regexp.MustCompile(names.Pattern)
	refused := func(name string) bool { return !taken.MatchString(name) || slices.Contains(names.Not.Enum, name) }

	var sets []string
	for _, file := range []string{"deployment.yaml", "_helpers.tpl"} {
		text := must(os.ReadFile("../../deploy/helm/portal/templates/" + file))
		for _, m := range regexp.MustCompile(`(?m)^ *- name: ([A-Z_]+)$`).FindAllSubmatch(text, -1) {
			sets = append(sets, string(m[1]))
		}
	}
	for _, name := range sets {
		if !refused(name) {
			t.Errorf("the chart sets %s, and takes it as a setting, too", name)
		}
	}
	for _, s := range config.All() {
		if s.Secret() && !refused(s.Variable) {
			t.Errorf("the chart takes %s in the values", s.Variable)
		}
		if s.Secret() && !slices.Contains(sets, s.Variable+"_FILE") {
			t.Errorf("the chart has no way to give %s by a file", s.Variable)
		}
		if !s.Secret() && !refused(s.Variable) == slices.Contains(sets, s.Variable) {
			t.Errorf("%s is to be set in the values or by the chart", s.Variable)
		}
	}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"} {
		if !refused(name) {
			t.Errorf("the chart takes %s in the values", name)
		}
	}
	for _, name := range []string{"SSL_CERT_FILE", "HTTPS_PROXY", "NO_PROXY", "OTEL_EXPORTER_OTLP_ENDPOINT"} {
		if refused(name) {
			t.Errorf("the chart does not take %s", name)
		}
	}
}
