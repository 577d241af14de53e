package catalogue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// File is the catalogue in a file, as it was last read without a mistake. It may be used by many goroutines at once. A
// nil one has an empty catalogue.
type File struct {
	path  string
	rules Rules
	// Log gets the mistakes of later versions of the file.
	Log *slog.Logger
	// Take is asked before a later version is taken into use; may be nil.
	Take func(context.Context, *Catalogue) error

	current atomic.Pointer[Catalogue]

	mu sync.Mutex
	// refused is the last content that was not taken, so that the same mistakes are not logged again and again; empty:
	// what is in use is what is in the file.
	refused string
}

// Open reads a file. Where the content is wrong, its error is Mistakes.
func Open(path string, rules Rules) (*File, error) {
	f := &File{path: path, rules: rules}
	content, err := f.content()
	if err != nil {
		return nil, fmt.Errorf("the catalogue cannot be read: %w", err)
	}
	c, err := Read(path, content, rules)
	if err != nil {
		return nil, err
	}
	f.current.Store(c)
	return f, nil
}

// Catalogue is the one that is in use.
func (f *File) Catalogue() *Catalogue {
	if f == nil {
		return nil
	}
	return f.current.Load()
}

// content is all of the file, or as much as shows that it is too large.
func (f *File) content() ([]byte, error) {
	file, err := os.Open(f.path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	return io.ReadAll(io.LimitReader(file, maxFile+1))
}

// Watch looks into the file at each tick, and whenever it is asked to, until ctx ends.
func (f *File) Watch(ctx context.Context, ticks <-chan time.Time, asked <-chan struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
			f.look(ctx, false)
		case <-asked:
			f.look(ctx, true)
		}
	}
}

// look takes the file's content into use where it is another one. It goes by the content: in Kubernetes the path leads
// over symbolic links that move, and times of files say little. Whoever asked for it gets an answer in the log each
// time.
func (f *File) look(ctx context.Context, asked bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	content, err := f.content()
	if err != nil {
		f.refuse("unreadable", asked, fmt.Errorf("%s cannot be read; the catalogue stays as it was: %w", f.path, err))
		return
	}
	sum := digest(content)
	if sum == f.Catalogue().Digest {
		if asked {
			f.Log.Info("the catalogue has not changed", "sha256", sum)
		}
		f.refused = ""
		return
	}
	if sum == f.refused && !asked {
		return
	}
	next, err := Read(f.path, content, f.rules)
	if err != nil {
		f.refuse(sum, asked, err)
		return
	}
	// What cannot be noted in the audit trail must not count: it would decide over submissions, and nobody could see
	// later which catalogue it was. The next tick tries again.
	if f.Take != nil {
		if err := f.Take(ctx, next); err != nil {
			if ctx.Err() == nil {
				f.Log.Warn("the new catalogue is not in use yet", "error", err)
			}
			return
		}
	}
	f.current.Store(next)
	f.refused = ""
}

// refuse logs why a content is not taken: once, or when somebody asked.
func (f *File) refuse(content string, asked bool, why error) {
	if content == f.refused && !asked {
		return
	}
	f.refused = content
	var mistakes Mistakes
	if !errors.As(why, &mistakes) {
		f.Log.Warn(why.Error())
		return
	}
	for _, m := range mistakes {
		f.Log.Warn(m.String())
	}
}
