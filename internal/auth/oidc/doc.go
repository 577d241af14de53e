// Package oidc speaks to the OpenID provider, and nobody else does: it finds the provider, authenticates the portal
// there, redeems codes, refreshes and exchanges tokens, checks who tokens say somebody is, and takes leave.
//
// What it gives to others are plain values: an Answer with tokens, an Identity, Claims. It keeps nothing about a user,
// and decides about nobody's rights. go-oidc and oauth2 are imported here only.
package oidc
