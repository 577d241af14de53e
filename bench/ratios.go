package main

import "slices"

// figure is one of the things that a round measures.
type figure struct {
	name string
	of   func(sample) float64
}

var (
	cpuFigure  = figure{"CPU", func(s sample) float64 { return s.CPU }}
	rateFigure = figure{"requests/s", func(s sample) float64 { return s.Rate }}
	p50Figure  = figure{"p50", func(s sample) float64 { return s.P50 }}
	p99Figure  = figure{"p99", func(s sample) float64 { return s.P99 }}
	peakFigure = figure{"memory", func(s sample) float64 { return s.Peak }}

	figures = []figure{cpuFigure, rateFigure, p50Figure, p99Figure, peakFigure}
)

// pair is two servers under one load of a case.
type pair struct{ name, load, subject, other string }

// pairs lists what can be compared, in the order in which it was measured.
func pairs(samples []sample) []pair {
	var list []pair
	for _, s := range samples {
		p := pair{s.Case, s.Load, s.Subject, s.Server}
		if s.Server != s.Subject && !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	return list
}

// ratios are those of one figure, subject to other, round by round: the two of one round met the same weather.
// Memory only grows, so that of the last round counts for all.
func ratios(samples []sample, p pair, f figure) []float64 {
	own := map[int]float64{}
	var list []float64
	for _, s := range samples {
		if s.Case == p.name && s.Load == p.load && s.Server == p.subject {
			own[s.Round] = f.of(s)
		}
	}
	for _, s := range samples {
		if s.Case != p.name || s.Load != p.load || s.Server != p.other {
			continue
		}
		if mine, its := own[s.Round], f.of(s); mine > 0 && its > 0 {
			list = append(list, mine/its)
		}
	}
	if f.name == peakFigure.name && len(list) > 0 {
		return list[len(list)-1:]
	}
	return list
}
