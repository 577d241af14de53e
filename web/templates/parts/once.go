package parts

import (
	"bytes"
	"context"
	"io"
	"sync"

	"github.com/a-h/templ"
)

// Once gives a part of a page that is the same wherever it stands. It is drawn at its first use, and the same bytes
// are written from then on: most of a page never changes. Nothing that somebody entered may be in it, and it has no
// children.
func Once(part templ.Component) templ.Component {
	draw := sync.OnceValues(func() ([]byte, error) {
		var b bytes.Buffer
		err := part.Render(context.Background(), &b)
		return b.Bytes(), err
	})
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		html, err := draw()
		if err != nil {
			return err
		}
		_, err = w.Write(html)
		return err
	})
}
