package sandbox

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"maiaportal/internal/sandbox/maia"
	"maiaportal/internal/sandbox/provider"
)

// Options say how the sandbox meets the portal. The zero value suits most tests.
type Options struct {
	// RedirectURI is where the portal takes the authorization response. Besides it the provider
	// accepts /auth/callback on every port of 127.0.0.1 and localhost.
	RedirectURI string
	// PostLogoutRedirectURI is where the portal takes users after a logout. Besides it the
	// provider accepts /signed-out on every port of 127.0.0.1 and localhost.
	PostLogoutRedirectURI string
	// PortalURL is the portal's address, for the links on the start page.
	PortalURL string
	// ProviderFront is the host:port at which users and the portal reach the provider, where that is not its own.
	ProviderFront string
	// AccessTokenLife is how long an access token lives; 30 minutes, as with Maia, where it is 0.
	AccessTokenLife time.Duration
	// Logger hears what the provider refuses, at debug level. Without one nothing is logged.
	Logger *slog.Logger
}

// Sandbox is a running provider and a running Maia API.
type Sandbox struct {
	// Provider is the OpenID provider.
	Provider *provider.Provider
	// Maia is the API, with its agents and their vaults.
	Maia *maia.Maia

	stop func() bool
}

// Start listens on two free ports of 127.0.0.1 and returns at once. The sandbox runs until Close
// is called or ctx ends.
func Start(ctx context.Context, o Options) (*Sandbox, error) {
	if o.AccessTokenLife == 0 {
		o.AccessTokenLife = 30 * time.Minute
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	op, err := provider.Start(provider.Options{
		Front:                 o.ProviderFront,
		RedirectURI:           o.RedirectURI,
		PostLogoutRedirectURI: o.PostLogoutRedirectURI,
		AccessTokenLife:       o.AccessTokenLife,
		Logger:                o.Logger,
	})
	if err != nil {
		return nil, err
	}
	api, err := maia.Start(maia.Options{
		Provider:  op,
		PortalURL: o.PortalURL,
		Logger:    o.Logger,
	})
	if err != nil {
		return nil, errors.Join(err, op.Close())
	}
	s := &Sandbox{
		Provider: op,
		Maia:     api,
	}
	s.stop = context.AfterFunc(ctx, func() { _ = s.Close() })
	return s, nil
}

// Close ends both servers and every request that is still under way. It may be called twice.
func (s *Sandbox) Close() error {
	s.stop()
	return errors.Join(s.Provider.Close(), s.Maia.Close())
}
