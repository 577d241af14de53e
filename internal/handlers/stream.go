package handlers

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"maiaportal/internal/auth"
	"maiaportal/internal/record"
)

const (
	// countTime is how long it may take to count what an export is going to send.
	countTime = time.Minute
	// batchTime is how long the database may take for a batch of rows.
	batchTime = 30 * time.Second
	// chunkTime is how long the reader of an export may take for a chunk.
	chunkTime = time.Minute
	// chunkSize is how much of an export is written at once, in bytes.
	chunkSize = 64 << 10
)

// listing is what an export sends.
type listing[T any] struct {
	what        string // for the trail
	filters     string // for the trail, as a query
	file        string
	contentType string
	head        func(to *bytes.Buffer) // what stands before the rows; may be nil
	// begin decides which rows are sent, and counts them.
	begin func(ctx context.Context) (rows int, err error)
	// next reads the next rows, and says whether more may follow. It holds no connection when it has returned.
	next func(ctx context.Context) (batch []T, more bool, err error)
	row  func(to *bytes.Buffer, row T)
}

// sendExport sends a listing as it is read, in batches: it needs as much memory for many rows as for few, and nothing
// of the database is held while its reader reads. That it is sent is an event, which is committed before the first
// byte. A listing that ends early must not look like a whole one: then the connection is cut.
func sendExport[T any](h *Handlers, c echo.Context, s *auth.Session, l listing[T]) error {
	reads := c.Request().Method != http.MethodHead
	if reads {
		if err := noteExport(h, c, s, l); err != nil {
			return databaseAway(err)
		}
	}
	answer := c.Response()
	answer.Header().Set(echo.HeaderContentType, l.contentType)
	answer.Header().Set(echo.HeaderContentDisposition, `attachment; filename="`+l.file+`"`)
	answer.WriteHeader(http.StatusOK)
	if !reads {
		return nil
	}
	if err := stream(c, l); err != nil {
		h.Log.LogAttrs(c.Request().Context(), slog.LevelWarn, "export cut short",
			slog.String("request_id", requestID(c)), slog.String("error", err.Error()))
		panic(http.ErrAbortHandler)
	}
	return nil
}

// noteExport counts what is going to be sent and writes the event. Neither hangs on the connection: whoever asks and
// leaves before the answer comes, has asked.
func noteExport[T any](h *Handlers, c echo.Context, s *auth.Session, l listing[T]) error {
	ctx := context.WithoutCancel(c.Request().Context())
	counting, counted := context.WithTimeout(ctx, countTime)
	defer counted()
	rows, err := l.begin(counting)
	if err != nil {
		return err
	}
	noting, noted := context.WithTimeout(ctx, noteTime)
	defer noted()
	return h.Records.Append(noting, record.Exported(by(c, s), l.what, l.filters, rows))
}

// stream writes the rows. It takes as long as its reader does; each batch and each chunk has a limit of its own.
func stream[T any](c echo.Context, l listing[T]) error {
	ctx := context.WithoutCancel(c.Request().Context())
	out := http.NewResponseController(c.Response())
	var buf bytes.Buffer
	flush := func() error {
		if err := out.SetWriteDeadline(time.Now().Add(chunkTime)); err != nil {
			return err
		}
		if _, err := c.Response().Write(buf.Bytes()); err != nil {
			return err
		}
		buf.Reset()
		return out.Flush()
	}
	if l.head != nil {
		l.head(&buf)
	}
	// The answer begins now: whose connection is cut before, asks again by itself.
	if err := flush(); err != nil {
		return err
	}
	for more := true; more; {
		var batch []T
		var err error
		if batch, more, err = nextBatch(ctx, l); err != nil {
			return err
		}
		for _, row := range batch {
			l.row(&buf, row)
			if buf.Len() < chunkSize {
				continue
			}
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

func nextBatch[T any](ctx context.Context, l listing[T]) (batch []T, more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, batchTime)
	defer cancel()
	return l.next(ctx)
}
