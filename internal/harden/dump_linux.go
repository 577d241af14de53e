package harden

import (
	"fmt"

	"golang.org/x/sys/unix"
)

func undumpable() error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("harden: dumpable: %w", err)
	}
	return nil
}
