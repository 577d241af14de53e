package provider

import (
	"strings"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

const (
	clientID     = "maia-portal"
	clientSecret = "sandbox-client-secret"
	// audience is the one that Maia's documents name for access tokens.
	audience = "https://api.matillion.com"
)

// client is the portal as the provider knows it: the only relying party there is.
type client struct {
	redirectURIs, postLogoutRedirectURIs []string
}

var _ op.HasRedirectGlobs = client{}

func (client) GetID() string                        { return clientID }
func (c client) RedirectURIs() []string             { return c.redirectURIs }
func (c client) PostLogoutRedirectURIs() []string   { return c.postLogoutRedirectURIs }
func (client) RedirectURIGlobs() []string           { return onLoopback("/auth/callback") }
func (client) PostLogoutRedirectURIGlobs() []string { return onLoopback("/signed-out") }
func (client) ApplicationType() op.ApplicationType  { return op.ApplicationTypeWeb }
func (client) AuthMethod() oidc.AuthMethod          { return oidc.AuthMethodBasic }
func (client) ResponseTypes() []oidc.ResponseType   { return []oidc.ResponseType{oidc.ResponseTypeCode} }
func (client) LoginURL(id string) string            { return "/login?request=" + id }
func (client) AccessTokenType() op.AccessTokenType  { return op.AccessTokenTypeJWT }
func (client) IDTokenLifetime() time.Duration       { return time.Hour }
func (client) DevMode() bool                        { return true } // http redirects, and globs
func (client) IsScopeAllowed(string) bool           { return false }
func (client) IDTokenUserinfoClaimsAssertion() bool { return true }
func (client) ClockSkew() time.Duration             { return 0 }

func (client) GrantTypes() []oidc.GrantType {
	return []oidc.GrantType{oidc.GrantTypeCode, oidc.GrantTypeRefreshToken}
}

func (client) RestrictAdditionalIdTokenScopes() func([]string) []string {
	return func(scopes []string) []string { return scopes }
}

func (client) RestrictAdditionalAccessTokenScopes() func([]string) []string {
	return func(scopes []string) []string { return scopes }
}

// onLoopback makes globs for every port. A plain * for the port would also match
// http://127.0.0.1:1@elsewhere.example, so each number of digits has its own glob.
func onLoopback(path string) []string {
	var globs []string
	for _, name := range []string{"127.0.0.1", "localhost"} {
		for digits := 1; digits <= 5; digits++ {
			globs = append(globs, "http://"+name+":"+strings.Repeat("[0-9]", digits)+path)
		}
	}
	return globs
}
