package main

import (
	"math"
	"slices"
	"time"
)

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// quantile is the value below which the share q of all values lies, between two of them in proportion. The
// values are sorted; of none it is NaN.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	at := q * float64(len(sorted)-1)
	low := int(math.Floor(at))
	high := int(math.Ceil(at))
	return sorted[low] + (at-float64(low))*(sorted[high]-sorted[low])
}

// summary is the middle of some values and how far they spread: half of them lie between low and high.
type summary struct {
	n                 int
	median, low, high float64
}

func summarize(values []float64) summary {
	sorted := slices.Sorted(slices.Values(values))
	return summary{
		n:      len(sorted),
		median: quantile(sorted, 0.5),
		low:    quantile(sorted, 0.25),
		high:   quantile(sorted, 0.75),
	}
}

// mannWhitney says how likely it is that two sets of values differ as much as these do, were there no
// difference: the two-sided p of the U test, by the normal approximation with corrections for ties and
// continuity. With fewer than two values on a side nothing can be said, and it is 1.
func mannWhitney(a, b []float64) float64 {
	if len(a) < 2 || len(b) < 2 {
		return 1
	}
	all := slices.Sorted(slices.Values(slices.Concat(a, b)))
	ranks := map[float64]float64{}
	ties := 0.0
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j] == all[i] {
			j++
		}
		ranks[all[i]] = float64(i+j+1) / 2
		t := float64(j - i)
		ties += t*t*t - t
		i = j
	}
	sum := 0.0
	for _, v := range a {
		sum += ranks[v]
	}
	na := float64(len(a))
	nb := float64(len(b))
	n := na + nb
	u := sum - na*(na+1)/2
	variance := na * nb / 12 * (n + 1 - ties/(n*(n-1)))
	if variance <= 0 {
		return 1
	}
	z := max(0, math.Abs(u-na*nb/2)-0.5) / math.Sqrt(variance)
	return math.Erfc(z / math.Sqrt2)
}
