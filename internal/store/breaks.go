package store

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
)

// breaks remembers when a connection of a pool was last lost in use. Those that lay beside it may have been lost with
// it, as when a server is started again or another one takes over. Without this, each of them would cost a page.
type breaks struct{ last atomic.Int64 } // nanoseconds since processBegan; 0: never

// processBegan is a point from which the clock's steps do not count.
var processBegan = time.Now()

func (b *breaks) note() { b.last.Store(int64(time.Since(processBegan))) }

// doubt says whether a connection has to answer before it is used again: it was not used for a moment, or not since one
// was lost.
func (b *breaks) doubt(_ context.Context, p stdlib.ShouldPingParams) bool {
	last := b.last.Load()
	return p.IdleDuration > pingAfter || last > 0 && time.Since(processBegan)-p.IdleDuration <= time.Duration(last)
}
