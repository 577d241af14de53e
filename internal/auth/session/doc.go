// Package session keeps what has to outlast a request: the sessions that logins begin, with their tokens, and the
// logins that are under way at the provider. The database has hashes and what is sealed; the keys are completed by an
// id that only the user's browser has, in a cookie.
//
// It does not know where logins and tokens come from. What it is called with goes into the database through small
// interfaces, one for whoever needs it: Sessions for requests, Leases for renewing tokens, Pending for logins, Sweeper
// for what has run out. Behind Sessions is the Store interface of gorilla/sessions, which nobody else knows.
package session
