package session

import (
	"context"
	"errors"
	"time"
)

// logoutTokenMemory is how long a message of the provider is remembered, so that it counts once.
const logoutTokenMemory = time.Hour

// sweptRows are what runs out.
type sweptRows interface {
	SweepSessions(ctx context.Context, begun, seen time.Time) (int64, error)
	SweepPendingLogins(ctx context.Context, t time.Time) (int64, error)
	SweepLogoutTokens(ctx context.Context, t time.Time) (int64, error)
	SweepLimits(ctx context.Context) (int64, error)
	CountSessions(ctx context.Context, begun, seen time.Time) (int64, error)
}

// Sweeper removes what has run out, and counts what has not.
type Sweeper struct {
	Rows sweptRows
	Idle time.Duration // as those of Sessions
	Max  time.Duration
	Now  func() time.Time
}

// Live counts the sessions that have not run out.
func (s *Sweeper) Live(ctx context.Context) (int64, error) {
	now := s.Now()
	return s.Rows.CountSessions(ctx, now.Add(-s.Max), now.Add(-s.Idle))
}

// Sweep removes all that has run out until now.
func (s *Sweeper) Sweep(ctx context.Context) error {
	now := s.Now()
	_, err1 := s.Rows.SweepSessions(ctx, now.Add(-s.Max), now.Add(-s.Idle))
	_, err2 := s.Rows.SweepPendingLogins(ctx, now.Add(-LoginKept))
	_, err3 := s.Rows.SweepLimits(ctx)
	_, err4 := s.Rows.SweepLogoutTokens(ctx, now.Add(-logoutTokenMemory))
	return errors.Join(err1, err2, err3, err4)
}
