package session

import (
	"context"
	"time"
)

// rowTime is how long the database, and for a logout token the provider's keys, may take for what begins,
// ends or changes a session.
const rowTime = 15 * time.Second

// outlive gives a context for what must not hang on the connection that asked for it: a browser that
// leaves, or a provider that does not wait for the answer, must not undo what it wanted (S-56).
func outlive(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), rowTime)
}
