//go:build unix

package store

import (
	"context"
	"errors"
	"os"
	"syscall"
)

// lockFolder lets one process at a time go on that locks the same folder, so that no file is needed
// beside the database. Where the file system has no such locks it goes on without.
func lockFolder(ctx context.Context, dir string) (unlock func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return func() { _ = f.Close() }, nil
		}
		if err := pause(ctx, busyPause); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
}
