// Package submission is the portal's domain: what can be submitted, by which rules, and in which order
// a submission happens: record the intent, call Maia with the user's own token, record the outcome.
// It is the only place that orders those three.
//
// It owns the secret value from the form to the call, and wipes it. It knows no HTTP, no HTML and no
// session: who the user is and how a token is had is handed in.
package submission
