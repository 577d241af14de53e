package auth

import (
	"errors"

	"maiaportal/internal/auth/reason"
)

// LoginResult is how a login ended, as it is counted.
type LoginResult string

// The results of logins.
const (
	LoginSuccess      LoginResult = "success"       // there is a session
	LoginNotAllowed   LoginResult = "not_allowed"   // the user is in no allowed group
	LoginRefused      LoginResult = "refused"       // the provider said no, or its user stopped
	LoginStale        LoginResult = "stale"         // an answer to no login that is pending
	LoginBadAnswer    LoginResult = "bad_answer"    // the provider's answer did not pass a check
	LoginClient       LoginResult = "client"        // the provider does not take the portal's own credentials
	LoginProviderAway LoginResult = "provider_away" // the provider does not answer, or stumbles
	LoginFailed       LoginResult = "failed"        // the portal's own fault, mostly of its database
)

// LoginResults are all of them.
func LoginResults() []LoginResult {
	return []LoginResult{
		LoginSuccess, LoginNotAllowed, LoginRefused, LoginStale, LoginBadAnswer, LoginClient, LoginProviderAway, LoginFailed,
	}
}

// RefreshResult is how the renewal of a token at the provider ended, as it is counted.
type RefreshResult string

// The results of renewals.
const (
	RefreshSuccess      RefreshResult = "success"
	RefreshRefused      RefreshResult = "refused"       // the refresh token is of no use any more
	RefreshBadAnswer    RefreshResult = "bad_answer"    // the answer did not pass a check
	RefreshProviderAway RefreshResult = "provider_away" // the provider does not answer, or stumbles
)

// RefreshResults are all of them.
func RefreshResults() []RefreshResult {
	return []RefreshResult{RefreshSuccess, RefreshRefused, RefreshBadAnswer, RefreshProviderAway}
}

// Observer hears of logins and of renewals.
type Observer interface {
	LoginEnded(result LoginResult)
	TokenRefreshed(result RefreshResult)
}

// LoginEnded tells the observer how a login ended: with a session where err is nil.
func (rp *RelyingParty) LoginEnded(err error) {
	if rp.Observer != nil {
		rp.Observer.LoginEnded(loginResult(err))
	}
}

func loginResult(err error) LoginResult {
	var refused *RefusedError
	switch {
	case err == nil:
		return LoginSuccess
	case errors.Is(err, reason.ErrState):
		return LoginStale
	case errors.As(err, &refused) && refused.Stumbled(), errors.Is(err, reason.ErrProviderAway):
		return LoginProviderAway
	case errors.As(err, &refused):
		return LoginRefused
	case errors.Is(err, reason.ErrNotAllowed):
		return LoginNotAllowed
	case errors.Is(err, reason.ErrClient):
		return LoginClient
	case errors.Is(err, reason.ErrBadAnswer), errors.Is(err, reason.ErrAudience), errors.Is(err, reason.ErrLoginRequired):
		return LoginBadAnswer
	}
	return LoginFailed
}

// refreshed tells the observer how a renewal ended that the provider was asked for.
func (rp *RelyingParty) refreshed(err error) {
	if rp.Observer != nil {
		rp.Observer.TokenRefreshed(refreshResult(err))
	}
}

func refreshResult(err error) RefreshResult {
	var refusal *reason.Refusal
	switch {
	case err == nil:
		return RefreshSuccess
	case errors.As(err, &refusal) && refusal.Reason == reason.RefreshRefused:
		return RefreshRefused
	case errors.Is(err, reason.ErrProviderAway):
		return RefreshProviderAway
	}
	return RefreshBadAnswer
}
