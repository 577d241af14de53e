package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
)

const (
	activityPath = "/activity"
	fewName      = "1,000 records"
	manyName     = "1,000,000 records"
)

// activity is the page of a user's records, where there are many of them and where there are few: two portals,
// each with a database of its own.
func activity(ctx context.Context, s *stage, rec record) error {
	maia, err := s.bare(ctx, "maia")
	if err != nil {
		return err
	}
	many, err := s.withRecords(ctx, maia, manyName, 1_000_000)
	if err != nil {
		return err
	}
	few, err := s.withRecords(ctx, maia, fewName, 1_000)
	if err != nil {
		return err
	}
	return rounds(ctx, s.options, []*target{many, few}, []load{alone, sixteen}, rec)
}

// withRecords starts a portal whose user has n records.
func (s *stage) withRecords(ctx context.Context, maia *process, name string, n int) (*target, error) {
	p, err := s.portalProgram(ctx, fmt.Sprint("portal-", n), maia.base)
	if err != nil {
		return nil, err
	}
	before, err := s.start(ctx, p)
	if err != nil {
		return nil, err
	}
	f, err := shortForm()
	if err != nil {
		return nil, err
	}
	first, err := newPoster(ctx, p.name, before, f, http.StatusSeeOther)
	if err != nil {
		return nil, err
	}
	if err := first.once(ctx); err != nil {
		return nil, err
	}
	if err := before.stop(); err != nil {
		return nil, err
	}
	if err := multiply(ctx, p.setting("PORTAL_DATABASE_URL"), n); err != nil {
		return nil, err
	}
	server, err := s.start(ctx, p)
	if err != nil {
		return nil, err
	}
	t, err := signedIn(ctx, name, server, activityPath)
	if err != nil {
		return nil, err
	}
	page, err := t.fetch(ctx)
	if err != nil {
		return nil, err
	}
	if rows := bytes.Count(page, []byte(`href="/activity/`)); rows < 50 {
		return nil, fmt.Errorf("%s: the page shows %d", name, rows)
	}
	return t, nil
}

// setting is one of the variables of a program.
func (p program) setting(name string) string {
	for _, pair := range p.env {
		if value, found := strings.CutPrefix(pair, name+"="); found {
			return value
		}
	}
	return ""
}
