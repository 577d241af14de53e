package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// significant is the p below which a difference is taken for one.
const significant = 0.05

// compareFiles prints how the ratios of one run differ from those of another.
func compareFiles(out io.Writer, older, newer string) error {
	was, before, err := readSamples(older)
	if err != nil {
		return err
	}
	is, after, err := readSamples(newer)
	if err != nil {
		return err
	}
	if was.Store != is.Store || was.Proxy != is.Proxy {
		return errors.New("the runs cannot be compared: " + was.Store + ", oauth2-proxy " + was.Proxy +
			" against " + is.Store + ", oauth2-proxy " + is.Proxy)
	}
	_, _ = fmt.Fprintf(out, "old: %s (%s)\nnew: %s (%s)\n\n", was.Portal, was.Time, is.Portal, is.Time)
	compare(out, before, after)
	return nil
}

// compare prints one line for each ratio that both runs have.
func compare(out io.Writer, before, after []sample) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "case\tload\tratio\tfigure\told\tnew\tchange\t")
	in := pairs(before)
	for _, p := range pairs(after) {
		if !slices.Contains(in, p) {
			continue
		}
		for _, f := range figures {
			old := ratios(before, p, f)
			now := ratios(after, p, f)
			if len(old) == 0 || len(now) == 0 {
				continue
			}
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s : %s\t%s\t%s\t%s\t%s\n", p.name, p.load, p.subject, p.other, f.name,
				shown(summarize(old)), shown(summarize(now)), change(old, now))
		}
	}
	_ = w.Flush()
	_, _ = fmt.Fprintln(out, "~: no difference that the spread of the rounds could not explain (p ≥ 0.05, Mann-Whitney).",
		"Of memory there is one figure in a run, and no p.")
}

// change says by how much the middle moved, where the rounds tell.
func change(old, now []float64) string {
	moved := fmt.Sprintf("%+.1f %%", 100*(summarize(now).median/summarize(old).median-1))
	if len(old) == 1 && len(now) == 1 {
		return moved
	}
	p := mannWhitney(old, now)
	if p >= significant {
		return fmt.Sprintf("~ (p=%.3f)", p)
	}
	return fmt.Sprintf("%s (p=%.3f)", moved, p)
}
