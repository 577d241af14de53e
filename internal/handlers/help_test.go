package handlers

import "testing"

// People look up the words of a receipt: an outcome that is shown and not explained helps nobody.
func TestEveryOutcomeIsExplained(t *testing.T) {
	seen := map[string]int{}
	for _, e := range explanations {
		seen[string(e.outcome)]++
		if e.meaning == "" || e.next == "" {
			t.Errorf("%s: says %q and %q", e.outcome, e.meaning, e.next)
		}
	}
	for outcome := range outcomes {
		if seen[string(outcome)] != 1 {
			t.Errorf("%s is explained %d times", outcome, seen[string(outcome)])
		}
	}
}
