package session

import (
	"time"

	"maiaportal/internal/secret"
)

// Login is who is logged in, and the tokens. It lives sealed in the session.
type Login struct {
	Issuer  string
	Subject string
	Name    string
	Email   string
	Groups  []string
	SID     string

	// When and how the user authenticated, as the ID token of the login says (auth_time, acr); zero where it does not.
	AuthTime time.Time
	ACR      string

	AccessToken  secret.Text
	Obtained     time.Time
	Expires      time.Time // zero where the provider did not say
	RefreshToken secret.Text
	IDToken      secret.Text

	Exchanged Exchanged // the token for Maia, where tokens are exchanged
}

// Exchanged is a token for Maia that was had for another token.
type Exchanged struct {
	Token    secret.Text
	Obtained time.Time
	Expires  time.Time // zero where the provider did not say
}
