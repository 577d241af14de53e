//go:build !unix

package store

import "context"

// lockFolder does nothing where folders cannot be locked: there, one process at a time may migrate a
// SQLite file.
func lockFolder(context.Context, string) (unlock func(), err error) { return func() {}, nil }
