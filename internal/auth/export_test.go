package auth

import "time"

// Hurry makes a process wait less long for another one's lease.
func (t *Tokens) Hurry(wait time.Duration) { t.wait = wait }
