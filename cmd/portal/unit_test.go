package main

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"maiaportal/internal/config"
)

const unit = "../../deploy/systemd/portal.service"

// The unit gives the portal no more of the machine than it needs: by systemd's own measure at most 1.5 of 10.
func TestUnitIsHardened(t *testing.T) {
	path, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("there is no systemd-analyze")
	}
	out, err := exec.CommandContext(t.Context(), path, "security", "--offline=true", "--no-pager", unit).CombinedOutput()
	m := regexp.MustCompile(`exposure level for portal\.service: ([0-9.]+)`).FindSubmatch(out)
	if m == nil {
		if strings.Contains(string(out), "unrecognized option") {
			t.Skip("systemd-analyze is too old for --offline")
		}
		t.Fatalf("%v: %s", err, out)
	}
	if exposure := must(strconv.ParseFloat(string(m[1]), 64)); exposure > 1.5 {
		t.Errorf("exposure %v: %s", exposure, out)
	}
}

// Each setting in the unit is one, secrets come as credentials, and the unit waits for the whole end.
func TestUnitFitsThePortal(t *testing.T) {
	text := string(must(os.ReadFile(unit)))
	known := map[string]bool{}
	for _, s := range config.All() {
		known[s.Variable] = !s.Secret() || s.Variable == "PORTAL_DATABASE_URL" // an SQLite file is no secret
		known[s.Variable+"_FILE"] = s.Secret()
	}
	for _, m := range regexp.MustCompile(`Environment=(PORTAL_\w+)=(.*)`).FindAllStringSubmatch(text, -1) {
		if !known[m[1]] {
			t.Errorf("%s is no setting, or one that has to come from a file", m[1])
		}
		name, credential := strings.CutPrefix(m[2], "%d/")
		if credential && !strings.Contains(text, "LoadCredential="+name+":") {
			t.Errorf("there is no credential %s", name)
		}
	}
	for _, line := range []string{"LimitCORE=0", "TimeoutStopSec=75s", "Environment=PORTAL_SHUTDOWN_DELAY=5s", "SystemCallFilter=prlimit64"} {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("it lacks %s", line)
		}
	}
}
