package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// run makes the samples of a run: CPU of the portal and of a bare server, round by round.
func run(portal, bare []float64) []sample {
	var list []sample
	for i := range portal {
		own := sample{Case: "page", Load: "16", Subject: "portal", Server: "portal", Round: i + 1, CPU: portal[i]}
		own.Peak = float64(10 * (i + 1))
		its := sample{Case: "page", Load: "16", Subject: "portal", Server: "bare", Round: i + 1, CPU: bare[i], Peak: 10}
		list = append(list, own, its)
	}
	return list
}

var pagePair = pair{"page", "16", "portal", "bare"}

// What is divided are the figures of the same round, whatever the order in which they were taken.
func TestRatiosOfRounds(t *testing.T) {
	samples := run([]float64{2, 8, 30}, []float64{1, 2, 10})
	slices.Reverse(samples[2:4])
	other := sample{Case: "page", Load: "1", Subject: "portal", Server: "bare", Round: 1, CPU: 1}
	samples = append(samples, other)
	if got := pairs(samples); !slices.Equal(got, []pair{pagePair, {"page", "1", "portal", "bare"}}) {
		t.Errorf("pairs: %v", got)
	}
	if got := ratios(samples, pagePair, cpuFigure); !slices.Equal(got, []float64{2, 4, 3}) {
		t.Errorf("CPU: %v", got)
	}
	if got := ratios(samples, pagePair, peakFigure); !slices.Equal(got, []float64{3}) {
		t.Errorf("memory: %v", got)
	}
	if got := ratios(samples, pagePair, p99Figure); len(got) != 0 {
		t.Errorf("a figure that was not taken: %v", got)
	}
}

func TestCompareTellsWhatMoved(t *testing.T) {
	bare := []float64{1, 1, 1, 1, 1, 1}
	before := run([]float64{10, 11, 12, 13, 14, 15}, bare)
	for name, tc := range map[string]struct {
		after []float64
		want  string
	}{
		"faster":     {[]float64{5, 5.5, 6, 6.5, 7, 7.5}, "-50.0 % (p="},
		"the same":   {[]float64{15, 14, 13, 12, 11, 10}, "~ (p="},
		"a bit less": {[]float64{9.9, 11.1, 11.9, 13.1, 13.9, 15.1}, "~ (p="},
	} {
		var out bytes.Buffer
		compare(&out, before, run(tc.after, bare))
		line := ""
		for l := range strings.Lines(out.String()) {
			if strings.Contains(l, "CPU") {
				line = l
			}
		}
		if !strings.Contains(line, tc.want) || !strings.Contains(line, "portal : bare") {
			t.Errorf("%s: %q", name, line)
		}
	}
	var out bytes.Buffer
	compare(&out, before, []sample{{Case: "elsewhere", Load: "1", Subject: "portal", Server: "bare", Round: 1, CPU: 1}})
	if strings.Contains(out.String(), "elsewhere") {
		t.Error("what only one run has is compared")
	}
}

func TestGoals(t *testing.T) {
	g := goal{done: 3.5, aim: 2.5}
	for ratio, want := range map[float64]string{
		2.5: "reached, and the aim", 2.504: "reached, and the aim", 2.51: "reached", 3.5: "reached", 3.51: "NOT reached",
	} {
		if got := g.verdict(ratio); got != want {
			t.Errorf("%v: %q, want %q", ratio, got, want)
		}
	}
	var out bytes.Buffer
	printGoals(&out, nil)
	if strings.Contains(out.String(), "reached") || !strings.Contains(out.String(), "not measured") {
		t.Errorf("of a run without samples: %s", out.String())
	}
	for _, g := range goals {
		known := slices.ContainsFunc(allCases, func(c contest) bool {
			return c.name == g.pair.name && c.subject == g.pair.subject
		})
		if !known {
			t.Errorf("no case measures %q", g.text)
		}
	}
}

// Bare times are in the file, and never on the page.
func TestReportShowsRatiosOnly(t *testing.T) {
	var out bytes.Buffer
	printRatios(&out, run([]float64{4321, 4321, 4321}, []float64{1234, 1234, 1234}))
	if !strings.Contains(out.String(), "3.50 [3.50–3.50]") || strings.Contains(out.String(), "4321") {
		t.Error(out.String())
	}
}

func TestResultsComeBack(t *testing.T) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	head := about{Portal: "v1", Store: "SQLite", Quick: true}
	samples := run([]float64{1.5}, []float64{2})
	if err := e.Encode(head); err != nil {
		t.Fatal(err)
	}
	for _, s := range samples {
		if err := e.Encode(s); err != nil {
			t.Fatal(err)
		}
	}
	got, list, err := decodeSamples(&b)
	if err != nil || got != head || !slices.Equal(list, samples) {
		t.Errorf("%+v %+v %v", got, list, err)
	}
	if _, _, err := decodeSamples(strings.NewReader("{}\n{\"case\":")); err == nil {
		t.Error("half a line is read")
	}
}
