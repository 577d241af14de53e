// Package handlers is HTTP in, HTTP out: which address does what, how a form becomes an order of the
// domain and back, and which page and status an outcome has.
//
// No rule about secrets or names lives here (submission), no login logic (auth) and no markup
// (web/templates).
package handlers
