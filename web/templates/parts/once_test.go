package parts_test

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"maiaportal/web/templates/parts"
)

// What is always the same is drawn once, and written each time.
func TestOnce(t *testing.T) {
	drawn := 0
	part := parts.Once(templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		drawn++
		_, err := io.WriteString(w, "<b>always</b>")
		return err
	}))
	var b strings.Builder
	for range 3 {
		if err := part.Render(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
	}
	if b.String() != strings.Repeat("<b>always</b>", 3) || drawn != 1 {
		t.Errorf("%q, drawn %d times", b.String(), drawn)
	}
}
