package session

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"maiaportal/internal/secret"
	"maiaportal/internal/store"
)

const (
	// loginTime is how long a login at the provider may take.
	loginTime = 10 * time.Minute
	// LoginKept is how long a pending login is remembered, to bring a late one back to its target.
	LoginKept = 24 * time.Hour
)

// ErrNotPending is a state under which this browser has begun no login, or has finished it, or took too long.
var ErrNotPending = errors.New("auth: no login of this browser is under way under this state")

// pendingRows are the logins that are under way.
type pendingRows interface {
	CreatePendingLogin(ctx context.Context, l store.NewLogin) error
	UsePendingLogin(ctx context.Context, stateHash, browserHash []byte) (store.PendingLogin, error)
}

// Pending keeps the logins whose users are at the provider.
type Pending struct {
	Rows pendingRows
	Keys []secret.Value // the first one seals, all of them open
	Now  func() time.Time
}

// PendingLogin is what is remembered of a login while its user is at the provider.
type PendingLogin struct {
	Nonce    secret.Text
	Verifier secret.Text
	ReturnTo string // the path that the login leads to
}

// From is who begins a login.
type From struct {
	Browser  string // its id
	Address  string // the client's; what strangers at one address leave has a bound
	SignedIn bool   // the browser has a session
}

// Begin keeps a login under its state, sealed, whether or not the browser waits for it.
func (k *Pending) Begin(ctx context.Context, state string, p PendingLogin, from From) error {
	plain, err := p.plain()
	if err != nil {
		return fmt.Errorf("auth: begin login: %w", err)
	}
	sealed, err := sealer{k.Keys}.seal(state, forLogin, plain)
	if err != nil {
		return err
	}
	ctx, cancel := outlive(ctx)
	defer cancel()
	return k.Rows.CreatePendingLogin(ctx, store.NewLogin{
		StateHash:   hash(state),
		BrowserHash: hash(from.Browser),
		Sealed:      sealed,
		Address:     network(from.Address),
		SignedIn:    from.SignedIn,
	})
}

// network is what counts as one address: of IPv6 the part that one customer usually has to himself.
func network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil || !ip.Is6() || ip.Is4In6() {
		return address
	}
	p, _ := ip.WithZone("").Prefix(64) // never fails for an IPv6 address
	return p.String()
}

// Use takes the pending login of a state, once, and only for the browser that began it. Errors: ErrNotPending, or the
// database's. Of a login that was used before, or took too long, there is still the path that it leads to.
func (k *Pending) Use(ctx context.Context, state, browser string) (PendingLogin, error) {
	if !ValidID(state) || !ValidID(browser) {
		return PendingLogin{}, ErrNotPending
	}
	ctx, cancel := outlive(ctx)
	defer cancel()
	row, err := k.Rows.UsePendingLogin(ctx, hash(state), hash(browser))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return PendingLogin{}, ErrNotPending
	case err != nil:
		return PendingLogin{}, err
	}
	plain, err := sealer{k.Keys}.open(state, forLogin, row.Sealed)
	if err != nil {
		return PendingLogin{}, ErrNotPending
	}
	p, err := pendingLoginOf(plain)
	if err != nil {
		return PendingLogin{}, ErrNotPending
	}
	// One that begins in the future was begun while a clock was wrong, and nobody knows how old it is.
	if age := k.Now().Sub(row.CreatedAt); !row.First || age > loginTime || age < -loginTime {
		return PendingLogin{ReturnTo: p.ReturnTo}, ErrNotPending
	}
	return p, nil
}
