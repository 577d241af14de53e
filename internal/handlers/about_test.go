package handlers

import (
	"reflect"
	"testing"
	"time"

	"maiaportal/internal/record"
)

// The page says "this, and nothing else": a field that the record gets must be told there.
func TestAboutTellsAllOfTheRecord(t *testing.T) {
	told := map[string]int{}
	for _, part := range recordParts {
		for _, f := range part.fields {
			told[f]++
		}
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[record.Submission]()) {
		if f.Anonymous {
			continue // its own fields are in the list
		}
		if told[f.Name] != 1 {
			t.Errorf("%s is in %d lines of recordParts, want one", f.Name, told[f.Name])
		}
		delete(told, f.Name)
	}
	for f := range told {
		t.Errorf("the record has no %s", f)
	}
}

func TestLifeWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		30 * time.Minute: "30 minutes", 8 * time.Hour: "8 hours", time.Hour: "one hour", 90 * time.Minute: "90 minutes",
		45 * time.Second: "45 seconds", 1500 * time.Millisecond: "1.5s", 24 * time.Hour: "24 hours",
	} {
		if got := lifeWords(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}
