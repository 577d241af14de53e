// Package auth is the OpenID Connect relying party: the login by the authorization code flow, the
// sessions that a login begins (behind the gorilla/sessions Store interface), and the user's delegated
// token while a session lasts.
//
// It draws no page and knows no form: handlers ask it for the address to send a browser to, for who is
// logged in, and for the token. A user is issuer and subject; e-mail and name are for showing only.
package auth
