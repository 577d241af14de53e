//go:build !unix

package store

import "context"

// takeFile does nothing where files cannot be locked: there, whoever starts the portal has to see to it that one process
// at a time serves a SQLite file.
func takeFile(string) (release func(), err error) { return func() {}, nil }

// lockFolder does nothing where folders cannot be locked: there, one process at a time may migrate a
// SQLite file.
func lockFolder(context.Context, string) (unlock func(), err error) { return func() {}, nil }
