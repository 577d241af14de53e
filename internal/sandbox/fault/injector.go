package fault

import (
	"net/http"
	"sync"

	"maiaportal/internal/sandbox/web"
)

// Injector says which fault befalls a call: the one that a test has set, or the one of its name.
// The zero value injects those of names only.
type Injector struct {
	mu    sync.Mutex
	fault *Fault
	// firstTokens has for demo-expired the jti that was seen first, by user and name.
	firstTokens map[string]string
}

// Set makes the coming calls go wrong, each in f's way. With nil they go right again.
func (i *Injector) Set(f *Fault) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.fault = nil
	if f != nil {
		kept := *f
		i.fault = &kept
	}
}

// Reset forgets the fault that was set, and which tokens were seen.
func (i *Injector) Reset() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.fault = nil
	i.firstTokens = nil
}

// Take gives the fault of this call, nil for none, and counts it.
func (i *Injector) Take() *Fault {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.fault == nil {
		return nil
	}
	if i.fault.Skip > 0 {
		i.fault.Skip--
		return nil
	}
	taken := *i.fault
	if i.fault.Times > 0 {
		if i.fault.Times--; i.fault.Times == 0 {
			i.fault = nil
		}
	}
	return &taken
}

// ForName gives what a name causes for this call, nil for nothing. username and jti are those of the
// call's token; instance is for the problem document.
func (i *Injector) ForName(name, username, jti, instance string) *Fault {
	reserved, ok := reservedFor(name)
	if !ok {
		return nil
	}
	switch reserved.Name {
	case badRequest:
		refusal := web.Problem(http.StatusBadRequest, instance, "Wrong request parameters used",
			"name: is not allowed in this account", "secretName: is not allowed in this account")
		return &Fault{Status: refusal.Status, Body: string(refusal.Body)}
	case expired:
		if i.firstToken(username+" "+name, jti) != jti {
			return nil
		}
		return &Fault{Status: http.StatusUnauthorized}
	}
	fault := reserved.fault
	return &fault
}

// firstToken gives the jti that was seen first; it is this one where there was none.
func (i *Injector) firstToken(of, jti string) string {
	i.mu.Lock()
	defer i.mu.Unlock()
	first, seen := i.firstTokens[of]
	if seen {
		return first
	}
	if i.firstTokens == nil {
		i.firstTokens = map[string]string{}
	}
	i.firstTokens[of] = jti
	return jti
}
