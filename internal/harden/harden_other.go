//go:build !unix

package harden

// Steady does nothing where a program cannot replace itself.
func Steady() {}

// Protect does nothing where there is neither a core limit nor a way to forbid dumps.
func Protect() error { return nil }
