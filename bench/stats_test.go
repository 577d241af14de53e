package main

import (
	"math"
	"testing"
	"time"
)

func near(a, b float64) bool { return math.Abs(a-b) < 1e-3 }

func TestQuantile(t *testing.T) {
	sorted := []float64{1, 2, 3, 4, 10}
	for q, want := range map[float64]float64{0: 1, 0.25: 2, 0.5: 3, 0.875: 7, 1: 10} {
		if got := quantile(sorted, q); !near(got, want) {
			t.Errorf("quantile %v: %v, want %v", q, got, want)
		}
	}
	if got := quantile([]float64{7}, 0.99); got != 7 {
		t.Errorf("of one value: %v", got)
	}
	if got := quantile(nil, 0.5); !math.IsNaN(got) {
		t.Errorf("of none: %v", got)
	}
}

func TestSummarize(t *testing.T) {
	values := []float64{4, 1, 3, 2, 5}
	if got := summarize(values); got != (summary{n: 5, median: 3, low: 2, high: 4}) {
		t.Errorf("%+v", got)
	}
	if values[0] != 4 {
		t.Error("the values were sorted in place")
	}
}

// The expected values are worked out by hand: with ties, say, U is 3, its mean 8 and its variance 10.857, so that
// z is (8 - 3 - 0.5) / 3.295 = 1.366.
func TestMannWhitney(t *testing.T) {
	for name, tc := range map[string]struct {
		a, b []float64
		want float64
	}{
		"apart":    {[]float64{1, 2, 3, 4, 5}, []float64{6, 7, 8, 9, 10}, 0.01219},
		"mixed":    {[]float64{1, 3, 5, 7}, []float64{2, 4, 6, 8}, 0.66501},
		"ties":     {[]float64{1, 2, 2, 3}, []float64{2, 3, 3, 4}, 0.17203},
		"the same": {[]float64{1, 1, 1}, []float64{1, 1, 1}, 1},
		"too few":  {[]float64{1}, []float64{2, 3, 4}, 1},
	} {
		if got := mannWhitney(tc.a, tc.b); !near(got, tc.want) {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
		if there, back := mannWhitney(tc.a, tc.b), mannWhitney(tc.b, tc.a); !near(there, back) {
			t.Errorf("%s: %v one way, %v the other", name, there, back)
		}
	}
}

func TestSampleOfLatencies(t *testing.T) {
	b := burst{took: 2 * time.Second}
	for i := 101; i > 0; i-- {
		b.latency = append(b.latency, time.Duration(i)*time.Millisecond)
	}
	got := newSample("s", b)
	want := sample{Server: "s", Requests: 101, Rate: 50.5, P50: 51_000, P99: 100_000}
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
