package oidc

import (
	"testing"

	"maiaportal/internal/secret/secrettest"
)

// S-40: whatever prints, logs or encodes what holds the portal's credentials, or what the provider answers, shows no
// secret. Each field that is no secret is named here.
func TestNothingShowsASecret(t *testing.T) {
	t.Parallel()
	var client Client
	words := secrettest.Fill(t, &client,
		"Issuer", "ID", "AuthMethod", "KeyID", "KeyAlg", "Scopes", "RedirectURL", "Audience", "Resource", "Prompt", "ACRValues")
	secrettest.Hidden(t, words, client, &client, &Provider{client: client})

	var exchange Exchange
	words = secrettest.Fill(t, &exchange, "URL", "Audience", "Resource", "Scope", "ClientID")
	secrettest.Hidden(t, words, exchange, &exchange)

	var answer Answer
	words = secrettest.Fill(t, &answer, "IssuedType")
	secrettest.Hidden(t, words, answer, &answer)

	var request Request
	words = secrettest.Fill(t, &request, "State", "Prompt")
	secrettest.Hidden(t, words, request, &request)

	var leaving Leaving
	words = secrettest.Fill(t, &leaving, "After")
	secrettest.Hidden(t, words, leaving, &leaving)
}
