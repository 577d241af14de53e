package submission

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"maiaportal/internal/record"
)

const (
	// recordRetry is the pause after the first try to record an end; it doubles from one to the next.
	recordRetry = 50 * time.Millisecond
	// recordRetryMost is the longest pause.
	recordRetryMost = 2 * time.Second
)

// keptEnd is an end that the database has not taken yet.
type keptEnd struct {
	record record.Submission
	step   *record.Step // the call that ended it; nil: none had begun
}

// record writes an end down, with the call that it came by. Its user waits for recordTime; where the database has
// not taken it by then, that is an error, and it is tried again for as long as the process lives: what happened
// cannot be undone by a database that is away, and nobody else knows it.
func (s *Service) record(r record.Submission, ended *record.Step) error {
	ctx, cancel := context.WithTimeout(context.Background(), recordTime)
	defer cancel()
	end := keptEnd{r, ended}
	err := s.finish(ctx, end)
	if err == nil || errors.Is(err, record.ErrNotFound) {
		return err
	}
	s.o.Log.LogAttrs(ctx, slog.LevelWarn, "outcome not recorded yet, trying again", endOf(r, slog.String("error", err.Error()))...)
	s.mu.Lock()
	s.kept[r.ID] = end
	s.mu.Unlock()
	// The submission itself still counts as running, so that the drain cannot have ended before.
	s.running.Go(func() { s.recordLater(end) })
	return err
}

// endUncertain ends a submission that may have been begun: its user is told that nothing was sent, so nothing will
// be, and its form is free again. Where it was not begun after all, there is nothing to end.
func (s *Service) endUncertain(r record.Submission) {
	r.Outcome = record.Failed
	r.Sent = false
	end := keptEnd{record: r}
	s.mu.Lock()
	s.kept[r.ID] = end
	s.mu.Unlock()
	s.running.Go(func() {
		if err := s.finishLater(end); err != nil && !errors.Is(err, record.ErrNotFound) {
			s.o.Log.LogAttrs(context.Background(), slog.LevelError, "outcome lost: the database did not take it",
				endOf(r, slog.String("error", err.Error()))...)
		}
	})
}

// finishLater records an end for as long as the process lives; until then it is known all the same.
func (s *Service) finishLater(end keptEnd) error {
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.kept, end.record.ID)
	}()
	err := s.finish(s.base, end)
	if err != nil && !errors.Is(err, record.ErrNotFound) {
		// The process is about to end: one last try.
		err = s.finishOnce(context.Background(), end)
	}
	return err
}

func (s *Service) recordLater(end keptEnd) {
	r := end.record
	if err := s.finishLater(end); err != nil {
		s.o.Log.LogAttrs(context.Background(), slog.LevelError, "outcome lost: the database did not take it", endOf(r, slog.String("error", err.Error()))...)
		return
	}
	s.o.Log.LogAttrs(context.Background(), slog.LevelInfo, "outcome recorded late", endOf(r)...)
}

// finish records an end, patiently, until ctx ends.
func (s *Service) finish(ctx context.Context, end keptEnd) error {
	for wait := recordRetry; ; wait = min(2*wait, recordRetryMost) {
		err := s.finishOnce(ctx, end)
		if err == nil || errors.Is(err, record.ErrNotFound) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait):
		}
	}
}

func (s *Service) finishOnce(ctx context.Context, end keptEnd) error {
	ctx, cancel := context.WithTimeout(ctx, recordTime)
	defer cancel()
	return s.o.Records.EndSubmission(ctx, end.record, end.step)
}

// endOf are what the log says of an end: enough to settle it by hand.
func endOf(r record.Submission, more ...slog.Attr) []slog.Attr {
	return append([]slog.Attr{
		slog.String("request_id", r.RequestID),
		slog.String("submission", r.ID),
		slog.String("subject", r.Actor.Subject),
		slog.String("action", string(r.Action)),
		slog.String("outcome", string(r.Outcome)),
		slog.Int("status", r.Status),
		slog.Bool("sent", r.Sent),
	}, more...)
}

// withEnd are the steps that were read, with the end of the one that the database has not taken yet.
func withEnd(steps []record.Step, ended *record.Step) []record.Step {
	if ended == nil {
		return steps
	}
	known := slices.DeleteFunc(slices.Clone(steps), func(s record.Step) bool { return s.Number == ended.Number })
	return append(known, *ended)
}

// Known gives what is known of a record that was read: where the database has not taken its end yet, late
// is true and the record has it all the same.
func (s *Service) Known(r record.Submission) (_ record.Submission, late bool) {
	if r.Outcome != record.Pending {
		return r, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if end, ok := s.kept[r.ID]; ok {
		known := end.record
		known.Steps = withEnd(r.Steps, end.step)
		return known, true
	}
	return r, false
}
