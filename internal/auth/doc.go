// Package auth is the OpenID Connect relying party: the login by the authorization code flow, who may come in, and the
// user's delegated token while a session lasts.
//
// It decides, and has others do the rest: package oidc speaks to the provider, package session keeps what has to last,
// and package reason has the words for what is refused. It draws no page and knows no form: handlers ask it for the
// address to send a browser to, for who is logged in, and for the token. A user is issuer and subject; e-mail and name
// are for showing only.
package auth
