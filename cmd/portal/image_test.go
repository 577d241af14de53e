package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"maiaportal/internal/config"
)

// What the image sets by itself is set wherever it runs. A secret that comes from a file there, as compose and the chart
// have them, must not be set beside it: the portal would not start.
func TestImageSetsNothingThatMayComeFromAFile(t *testing.T) {
	image := must(os.ReadFile("../../Dockerfile"))
	environment := regexp.MustCompile(`(?m)^ENV ((?:.*\\\n)*.*)$`).FindAllSubmatch(image, -1)
	if len(environment) == 0 {
		t.Fatal("the image sets nothing, so this test sees nothing")
	}
	for _, lines := range environment {
		for _, s := range config.All() {
			if s.Secret() && regexp.MustCompile(`\b`+s.Variable+`=`).Match(lines[1]) {
				t.Errorf("the image sets %s, so nobody can set %[1]s_FILE", s.Variable)
			}
		}
	}
}

// An engine says for which processor it builds. A default in the Dockerfile would win over that, so that the image for
// arm64 held the binary for amd64, and did not start.
func TestImageIsBuiltForTheProcessorThatTheEngineNames(t *testing.T) {
	image := must(os.ReadFile("../../Dockerfile"))
	declared := regexp.MustCompile(`(?m)^ARG TARGETARCH(.*)$`).FindAllSubmatch(image, -1)
	if len(declared) == 0 {
		t.Fatal("the image does not ask for which processor it is built")
	}
	for _, line := range declared {
		if len(line[1]) > 0 {
			t.Errorf("%q takes the place of what the engine says", line[0])
		}
	}
}

// Secrets lie beside the sources where README has them made. What is not named stays out of the engine's cache.
func TestBuildOfTheImageTakesOnlyWhatIsNamed(t *testing.T) {
	for line := range strings.Lines(string(must(os.ReadFile("../../.dockerignore")))) {
		switch line = strings.TrimSpace(line); {
		case strings.HasPrefix(line, "#"):
		case line == "*":
			return
		default:
			t.Fatalf("%q comes before everything is left out", line)
		}
	}
	t.Fatal("everything gets to the engine")
}
