package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"maiaportal/internal/sandbox/maia"
)

// submissions is the case of one form.
func submissions(name string, makeForm func() (form, error), loads ...load) contest {
	return contest{
		name:    name,
		subject: portalName,
		run: func(ctx context.Context, s *stage, rec record) error {
			f, err := makeForm()
			if err != nil {
				return err
			}
			targets, err := s.submitters(ctx, f)
			if err != nil {
				return err
			}
			return rounds(ctx, s.options, targets, loads, rec)
		},
	}
}

// submitters are the portal, which takes the form, and two that pass on the JSON which the portal makes of it.
func (s *stage) submitters(ctx context.Context, f form) ([]*target, error) {
	created, passed := http.StatusSeeOther, http.StatusCreated
	if f.agent == refusedAgent {
		created, passed = http.StatusUnprocessableEntity, http.StatusBadRequest
	}
	maia, err := s.bare(ctx, "maia")
	if err != nil {
		return nil, err
	}
	portal, err := s.startPortal(ctx, portalName, maia.base)
	if err != nil {
		return nil, err
	}
	own, err := newPoster(ctx, portalName, portal, f, created)
	if err != nil {
		return nil, err
	}
	if err := own.once(ctx); err != nil {
		return nil, err
	}
	sent, err := lastBody(ctx, maia)
	if err != nil {
		return nil, err
	}
	if len(sent) < len(f.value) {
		return nil, fmt.Errorf("of a value of %[2]d bytes Maia got %[1]d", len(sent), len(f.value))
	}
	proxy, err := s.startProxy(ctx, maia.base)
	if err != nil {
		return nil, err
	}
	cookies, err := login(ctx, proxy.base)
	if err != nil {
		return nil, errors.Join(err, proxy.lastWords())
	}
	reverse, err := s.bare(ctx, reverseName, "-to", maia.base)
	if err != nil {
		return nil, err
	}
	return []*target{
		own,
		sender(reverseName, reverse, f.agent, "", sent, passed),
		sender(proxyName, proxy, f.agent, cookies, sent, passed),
	}, nil
}

// Forms that are submitted.

func shortForm() (form, error) {
	return form{agent: maia.AgentAWS, value: randomText(40)}, nil
}

func keyForm() (form, error) {
	key, err := privateKey()
	return form{agent: maia.AgentAWS, key: "privateKey", value: key}, err
}

func longForm() (form, error) {
	return form{agent: maia.AgentAWS, value: lines(randomText(longValue)), noCheck: true}, nil
}

func refusedForm() (form, error) {
	f, err := keyForm()
	f.agent = refusedAgent
	return f, err
}

func slowForm() (form, error) {
	f, err := shortForm()
	f.agent = slowAgent
	return f, err
}
