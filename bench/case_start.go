package main

import (
	"context"
	"errors"
	"slices"
)

const starts = 12

// start is how long a server takes from its start to the first good answer of /healthz. The portal finds a
// database that is there already, as at each start but the first.
func start(ctx context.Context, s *stage, rec record) error {
	maia, err := s.bare(ctx, "maia")
	if err != nil {
		return err
	}
	portal, err := s.portalProgram(ctx, portalName, maia.base)
	if err != nil {
		return err
	}
	proxy, err := s.proxyProgram(ctx, maia.base)
	if err != nil {
		return err
	}
	n := starts
	if s.options.quick {
		n = 5
	}
	for round := range n + 1 {
		order := []program{portal, proxy}
		if round%2 == 1 {
			slices.Reverse(order)
		}
		for _, p := range order {
			one, err := startOnce(ctx, s.dir, p)
			if err != nil {
				return err
			}
			if round == 0 {
				continue // makes the database, and has the files read
			}
			one.Round = round
			if err := rec.add(one); err != nil {
				return err
			}
		}
	}
	return nil
}

// startOnce starts and ends a server. What its start took stands in the place of a latency.
func startOnce(ctx context.Context, dir string, p program) (sample, error) {
	server, err := startProcess(ctx, dir, p)
	if err != nil {
		return sample{}, err
	}
	used, err := server.cpu()
	if err != nil {
		return sample{}, errors.Join(err, server.stop())
	}
	peak, err := server.peak()
	one := sample{
		Load:     "start",
		Server:   p.name,
		Requests: 1,
		CPU:      micros(used),
		P50:      micros(server.took),
		Peak:     peak,
	}
	return one, errors.Join(err, server.stop())
}
