package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// printRatios prints all ratios of a run.
func printRatios(out io.Writer, samples []sample) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprint(w, "\ncase\tload\tratio")
	for _, f := range figures {
		_, _ = fmt.Fprint(w, "\t", f.name)
	}
	_, _ = fmt.Fprintln(w)
	for _, p := range pairs(samples) {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s : %s", p.name, p.load, p.subject, p.other)
		for _, f := range figures {
			_, _ = fmt.Fprint(w, "\t", shown(summarize(ratios(samples, p, f))))
		}
		_, _ = fmt.Fprintln(w)
	}
	_ = w.Flush()
	_, _ = fmt.Fprintln(out, "Load: connections, of which each waits for its answer, or requests a second that do not wait.",
		"\nIn brackets: where the middle half of the rounds lies.")
}

// shown is a ratio with its spread.
func shown(s summary) string {
	switch s.n {
	case 0:
		return ""
	case 1:
		return digits(s.median)
	}
	return digits(s.median) + " [" + digits(s.low) + "–" + digits(s.high) + "]"
}

// digits shows three of them.
func digits(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// printGoals prints the table of goals, as far as this run measured them.
func printGoals(out io.Writer, samples []sample) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "\ngoal\tratio\tto reach\taim\t")
	for _, g := range goals {
		s := summarize(ratios(samples, g.pair, g.figure))
		if s.n == 0 {
			_, _ = fmt.Fprintf(w, "%s\tnot measured\t≤ %s\t≤ %s\t\n", g.text, bound(g.done), bound(g.aim))
			continue
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t≤ %s\t≤ %s\t%s\n", g.text, shown(s), bound(g.done), bound(g.aim), g.verdict(s.median))
	}
	_ = w.Flush()
}

// bound is a limit as people write it.
func bound(v float64) string { return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0") }
