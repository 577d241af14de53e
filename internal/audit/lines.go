package audit

import (
	"context"
	"log/slog"
	"time"

	"maiaportal/internal/record"
)

// Lines gives what writes each event as a log line, so that a log system keeps a second copy of the trail. The
// lines are of level INFO and are written whatever the handler's own level is.
func Lines(to slog.Handler) func([]record.Event) {
	return func(events []record.Event) {
		for _, e := range events {
			// No time of the line's own: the event has one.
			line := slog.NewRecord(time.Time{}, slog.LevelInfo, "audit", 0)
			line.AddAttrs(
				slog.Int64("seq", e.Seq),
				slog.String("time", Time(e.Time)),
				slog.String("event", string(e.Kind)),
				slog.String("actor_issuer", e.Actor.Issuer),
				slog.String("actor_subject", e.Actor.Subject),
				slog.String("actor_name", e.Actor.Name),
				slog.String("client_address", e.ClientAddress),
				slog.String("request_id", e.RequestID),
				slog.String("submission_id", e.SubmissionID),
				slog.Any("details", object(Details(e.Details))),
				slog.String("prev", e.Prev),
				slog.String("hash", e.Hash),
			)
			// A log that cannot be written is nobody's to mend here, and the trail itself is in the database.
			_ = to.Handle(context.Background(), line)
		}
	}
}

// object is JSON that is shown as it is.
type object string

// MarshalJSON is for logs in JSON.
func (o object) MarshalJSON() ([]byte, error) { return []byte(o), nil }

// MarshalText is for logs in text.
func (o object) MarshalText() ([]byte, error) { return []byte(o), nil }

// HeadLine gives what writes the head of the chain as a log line, like those of events.
func HeadLine(to slog.Handler) func(seq int64, hash string) {
	return func(seq int64, hash string) {
		line := slog.NewRecord(time.Now(), slog.LevelInfo, "audit head", 0)
		line.AddAttrs(slog.Int64("seq", seq), slog.String("hash", hash))
		_ = to.Handle(context.Background(), line) // as above
	}
}
