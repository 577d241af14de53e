// Package hostile is an OpenID provider for tests that does whatever it is told to: well-behaved until
// a test turns one of its switches, so that each test shows one fault.
//
// It asks nobody for a password: its authorization endpoint redirects at once. It keeps what a careful
// provider keeps (codes and refresh tokens are good once, PKCE is checked), and records every request,
// so that a test can say what arrived and what never did. It is no part of the portal.
package hostile
