package auth

import (
	"testing"

	"maiaportal/internal/auth/session"
	"maiaportal/internal/secret"
	"maiaportal/internal/secret/secrettest"
)

// S-40: whatever prints, logs or encodes a login, a session, or what holds the portal's keys and credentials, shows no
// secret. Each field that is no secret is named here.
func TestNothingShowsASecret(t *testing.T) {
	t.Parallel()
	var signedIn session.Session
	words := secrettest.Fill(t, &signedIn, "Handle",
		"Login.Issuer", "Login.Subject", "Login.Name", "Login.Email", "Login.Groups", "Login.SID", "Login.ACR")
	delegated := &Delegated{s: &signedIn}
	secrettest.Hidden(t, words, delegated)

	const key = "canary of a session key"
	pending := &session.Pending{Keys: []secret.Value{secret.New([]byte(key))}}
	secrettest.Hidden(t, map[string]string{"Pending.Keys": key}, pending, &RelyingParty{Pending: pending})
}
