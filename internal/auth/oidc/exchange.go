package oidc

import "maiaportal/internal/secret"

// Exchange are the settings of RFC 8693 token exchange. With nil the login's access token goes to Maia.
type Exchange struct {
	URL                       string // empty: the provider's token endpoint
	Audience, Resource, Scope string
	ClientID                  string // empty: the login's own, at the login's own origin only
	ClientSecret              secret.Text
	SubjectIDToken            bool // exchange the ID token in place of the access token
}
