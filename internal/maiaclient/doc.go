// Package maiaclient calls the Maia REST API for one signed-in user.
//
// It holds no credential of its own: every call takes the user's delegated token. It writes secret
// values and cannot read one back. The calls that it can make are a closed list. It knows no HTML, no
// database and no retry: what to do about an error is the caller's business.
package maiaclient
