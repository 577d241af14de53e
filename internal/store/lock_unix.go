//go:build unix

package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
)

// takeFile takes a lock on a file, which it makes where it is not there, until release or the end of the process,
// however that comes. errTaken: another process has it. Where the file system has no such locks it goes on without.
func takeFile(path string) (release func(), err error) {
	f, err := os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EWOULDBLOCK):
			return nil, errors.Join(errTaken, f.Close())
		default:
			return func() { _ = f.Close() }, nil
		}
	}
}

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
