package submission

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"maiaportal/internal/store"
)

const (
	// recordRetry is the pause after the first try to record an end; it doubles from one to the next.
	recordRetry = 50 * time.Millisecond
	// recordRetryMost is the longest pause.
	recordRetryMost = 2 * time.Second
)

// record writes an end down. Its user waits for recordTime; where the database has not taken it by then,
// that is an error, and it is tried again for as long as the process lives: what happened cannot be undone
// by a database that is away, and nobody else knows it.
func (s *Service) record(r store.Submission) error {
	ctx, cancel := context.WithTimeout(context.Background(), recordTime)
	defer cancel()
	err := s.finish(ctx, r)
	if err == nil || errors.Is(err, store.ErrNotFound) {
		return err
	}
	s.o.Log.LogAttrs(ctx, slog.LevelWarn, "outcome not recorded yet, trying again", endOf(r, slog.String("error", err.Error()))...)
	s.mu.Lock()
	s.kept[r.ID] = r
	s.mu.Unlock()
	// The submission itself still counts as running, so that the drain cannot have ended before.
	s.running.Go(func() { s.recordLater(r) })
	return err
}

func (s *Service) recordLater(r store.Submission) {
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.kept, r.ID)
	}()
	err := s.finish(s.base, r)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		// The process is about to end: one last try.
		err = s.finishOnce(context.Background(), r)
	}
	if err != nil {
		s.o.Log.LogAttrs(context.Background(), slog.LevelError, "outcome lost: the database did not take it", endOf(r, slog.String("error", err.Error()))...)
		return
	}
	s.o.Log.LogAttrs(context.Background(), slog.LevelInfo, "outcome recorded late", endOf(r)...)
}

// finish records an end, patiently, until ctx ends.
func (s *Service) finish(ctx context.Context, r store.Submission) error {
	for wait := recordRetry; ; wait = min(2*wait, recordRetryMost) {
		err := s.finishOnce(ctx, r)
		if err == nil || errors.Is(err, store.ErrNotFound) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait):
		}
	}
}

func (s *Service) finishOnce(ctx context.Context, r store.Submission) error {
	ctx, cancel := context.WithTimeout(ctx, recordTime)
	defer cancel()
	return s.o.Records.FinishSubmission(ctx, r)
}

// endOf are what the log says of an end: enough to settle it by hand.
func endOf(r store.Submission, more ...slog.Attr) []slog.Attr {
	return append([]slog.Attr{
		slog.String("request_id", r.RequestID),
		slog.String("submission", r.ID),
		slog.String("action", r.Action),
		slog.String("outcome", r.Outcome),
		slog.Int("status", r.Status),
		slog.Bool("sent", r.Sent),
	}, more...)
}

// Known gives what is known of a record that was read: where the database has not taken its end yet, late
// is true and the record has it all the same.
func (s *Service) Known(r store.Submission) (_ store.Submission, late bool) {
	if r.Outcome != Pending {
		return r, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if end, ok := s.kept[r.ID]; ok {
		return end, true
	}
	return r, false
}
