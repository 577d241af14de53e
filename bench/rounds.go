package main

import (
	"context"
	"errors"
	"slices"
	"time"
)

// guess is how quick a server is taken to be before it was measured.
const guess = 1000

// rounds drives all targets under each load, one after the other in each round. Every other round has the order
// turned around, so that what a machine does meanwhile meets all of them alike.
func rounds(ctx context.Context, o options, targets []*target, loads []load, rec record) error {
	n, each := o.rounds()
	for _, l := range loads {
		for round := range n + 1 {
			order := slices.Clone(targets)
			if round%2 == 1 {
				slices.Reverse(order)
			}
			for _, t := range order {
				s, err := oneRound(ctx, t, l, each)
				if err != nil {
					return err
				}
				if round == 0 {
					continue // warms up
				}
				s.Load = l.name
				s.Round = round
				if err := rec.add(s); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// oneRound drives one target once.
func oneRound(ctx context.Context, t *target, l load, d time.Duration) (sample, error) {
	if t.prepare != nil {
		if err := t.prepare(ctx, needed(t, l, d)); err != nil {
			return sample{}, err
		}
	}
	before, err := t.server.cpu()
	if err != nil {
		return sample{}, err
	}
	b, err := drive(ctx, t, l, d)
	if err != nil {
		return sample{}, errors.Join(err, t.server.lastWords())
	}
	after, err := t.server.cpu()
	if err != nil {
		return sample{}, err
	}
	if len(b.latency) == 0 {
		return sample{}, errors.New(t.name + ": not one request in a round")
	}
	if l.rate == 0 {
		t.speed = float64(len(b.latency)) / b.took.Seconds()
	}
	s := newSample(t.name, b)
	s.CPU = micros(after-before) / float64(len(b.latency))
	s.Peak, err = t.server.peak()
	return s, err
}

// needed is how many requests a round may take, by how quick the server was in the last one.
func needed(t *target, l load, d time.Duration) int {
	if l.rate > 0 {
		return int(float64(l.rate)*d.Seconds()) + 1
	}
	speed := t.speed
	if speed == 0 {
		speed = guess
	}
	return int(1.5*speed*d.Seconds()) + 4*l.connections
}
