// Package reason has the words for what a login or a token is refused for: a class of errors, by which the portal
// decides what to do, and a Reason, by which the provider's operator finds out what is wrong.
//
// All of them stand here, those of the provider's answers and those of the login, because they are one list, for
// whoever reads the log: docs/login.md is made of it.
package reason
