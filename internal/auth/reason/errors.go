package reason

import (
	"errors"
	"fmt"
)

// Errors of logins and tokens. Their texts may be logged.
var (
	// ErrProviderAway: the provider cannot be asked now.
	ErrProviderAway = errors.New("auth: the provider is away")
	// ErrLoginRequired: only a new login helps.
	ErrLoginRequired = errors.New("auth: a new login is needed")
	// ErrState: the answer belongs to no login that this browser has begun and not finished.
	ErrState = errors.New("auth: not the answer to a login of this browser")
	// ErrBadAnswer: the provider's answer or ID token cannot be trusted.
	ErrBadAnswer = errors.New("auth: the provider's answer is not valid")
	// ErrClient: the provider does not take the portal's credentials, or gives what it cannot use: a matter
	// of its settings, which another try does not change.
	ErrClient = errors.New("auth: the portal is not set up as the provider wants it")
	// ErrAudience: the access token is meant for somebody else than the Maia API.
	ErrAudience = errors.New("auth: the access token is meant for another audience than the configured one")
	// ErrNotAllowed: the user is in none of the groups that may use the portal.
	ErrNotAllowed = errors.New("auth: not in an allowed group")
	// ErrExchangeRefused is what there is to say where the provider does not exchange this user's token for one for
	// Maia. Another login will hardly help.
	ErrExchangeRefused = errors.New("auth: the token exchange was refused")
	// ErrLogoutToken is the answer to a logout token that is not valid, or was used before.
	ErrLogoutToken = errors.New("auth: logout token not accepted")
	// ErrAnotherUser is an answer to a refresh whose ID token is another user's.
	ErrAnotherUser = fmt.Errorf("%w: a refresh gave another user's token", ErrLoginRequired)
)
