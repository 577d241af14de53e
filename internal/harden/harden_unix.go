//go:build unix

package harden

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Steady begins the program anew, in the same process, with a setting of the Go runtime that can be made
// only from outside: goroutines are not interrupted by signals. The kernel stores all registers when a
// signal comes, and the runtime does so as well; what was just copied or encrypted is in them, and it
// would stay in memory until the next signal comes to the same thread.
//
// Where it returns, the setting is there already or cannot be made, and the program goes on.
func Steady() {
	environ, changed := steady(os.Environ())
	if !changed {
		return
	}
	path, err := os.Executable()
	if err != nil {
		return
	}
	_ = syscall.Exec(path, os.Args, environ) //nolint:gosec // it is this very program
}

// Protect sees to it that the process leaves no core file, and on Linux that no other process of the
// same user can read its memory or trace it. It cannot be undone.
func Protect() error {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("harden: core limit: %w", err)
	}
	return undumpable()
}
