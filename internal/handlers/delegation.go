package handlers

import (
	"context"
	"errors"

	"maiaportal/internal/auth"
	"maiaportal/internal/auth/reason"
	"maiaportal/internal/submission"
)

// delegation is a session's token in the domain's words: submission and auth do not know each other.
type delegation struct{ d *auth.Delegated }

func (d delegation) AtHand() (string, bool) { return d.d.AtHand() }

func (d delegation) Token(ctx context.Context) (string, error) {
	token, err := d.d.Token(ctx)
	return token, inDomain(err)
}

func (d delegation) Renew(ctx context.Context, refused string) (string, error) {
	token, err := d.d.Renew(ctx, refused)
	return token, inDomain(err)
}

func inDomain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, reason.ErrExchangeRefused):
		return submission.ErrNoToken
	case errors.Is(err, reason.ErrLoginRequired):
		return submission.ErrLogin
	}
	// Whatever else it is, the token could not be asked for now.
	return errors.Join(submission.ErrProviderAway, err)
}

func providerAway(r *submission.RefusedError) bool {
	return errors.Is(r, submission.ErrProviderAway)
}
