package provider

import (
	"slices"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// session is one login. Everything that was issued from it ends with it.
type session struct {
	id       string
	account  *Account
	authTime time.Time
	ended    bool
}

// grant is what one answer of the token endpoint is made from. It serves as the op package's
// RefreshTokenRequest as it is.
type grant struct {
	session      *session
	scopes       []string
	refreshToken string

	// forID is set once the access token is made. The op package asks the same method for the
	// audience of both tokens; an ID token is for the client alone.
	forID bool
}

func (g *grant) GetAMR() []string            { return []string{"pwd"} }
func (g *grant) GetAuthTime() time.Time      { return g.session.authTime }
func (g *grant) GetClientID() string         { return clientID }
func (g *grant) GetScopes() []string         { return g.scopes }
func (g *grant) GetSubject() string          { return g.session.account.Subject }
func (g *grant) SetCurrentScopes(s []string) { g.scopes = s }

func (g *grant) GetAudience() []string {
	if g.forID {
		return []string{clientID}
	}
	return []string{audience}
}

// authRequest is an authorization request on its way: asked, then signed in, then redeemed.
type authRequest struct {
	grant
	id    string
	asked oidc.AuthRequest
	// at is when it was asked, and once there is a code, when somebody signed in.
	at   time.Time
	code string
	// redeemed is set by the first token request, so that a second one can end the session.
	redeemed bool
}

func (a *authRequest) GetID() string                      { return a.id }
func (a *authRequest) GetNonce() string                   { return a.asked.Nonce }
func (a *authRequest) GetRedirectURI() string             { return a.asked.RedirectURI }
func (a *authRequest) GetResponseType() oidc.ResponseType { return a.asked.ResponseType }
func (a *authRequest) GetResponseMode() oidc.ResponseMode { return a.asked.ResponseMode }
func (a *authRequest) GetState() string                   { return a.asked.State }
func (a *authRequest) Done() bool                         { return a.session != nil }

// GetACR claims the level that was asked for first: there is one way to sign in, and clients that
// insist on a level have to be served, too.
func (a *authRequest) GetACR() string {
	if len(a.asked.ACRValues) == 0 {
		return ""
	}
	return a.asked.ACRValues[0]
}

func (a *authRequest) GetCodeChallenge() *oidc.CodeChallenge {
	return &oidc.CodeChallenge{Challenge: a.asked.CodeChallenge, Method: a.asked.CodeChallengeMethod}
}

// copy is what the op package gets: it must not touch what the storage holds.
func (a *authRequest) copy() *authRequest {
	c := *a
	c.scopes = slices.Clone(a.scopes)
	return &c
}
