package auth

import (
	"time"

	"maiaportal/internal/secret"
)

const (
	// callMargin is how much life a token needs for a call.
	callMargin = 30 * time.Second
	// formMargin is how much life it needs for somebody to fill in a form.
	formMargin = 5 * time.Minute
)

// occasion is what tokens are needed for.
type occasion int

const (
	aCall      occasion = iota // to Maia
	aSecondTry                 // of a call whose token Maia refused: with another one
	aForm                      // that somebody is about to fill in
)

// need is what a login's tokens have to be good for.
type need struct {
	t       *Tokens
	of      occasion
	refused secret.Text // the token that a second try must not have
}

// met says whether nothing has to be renewed for it.
func (n need) met(l Login) bool { return !n.stale(l) && !n.staleForMaia(l) }

// stale says whether the login's own tokens have to be refreshed, whatever goes to Maia.
func (n need) stale(l Login) bool {
	if n.of != aForm {
		return false
	}
	left := l.Expires.Sub(n.t.RP.Now())
	return l.AccessToken.Empty() || !l.Expires.IsZero() && left < formMargin && left < l.Expires.Sub(l.Obtained)/2
}

// staleForMaia says whether another token for Maia is needed. Where tokens are not exchanged it is the login's own.
func (n need) staleForMaia(l Login) bool {
	switch n.of {
	case aCall:
		return n.t.ends(l, callMargin)
	case aSecondTry:
		return same(n.t.forMaia(l), n.refused) || n.t.ends(l, 0)
	case aForm:
	}
	return false
}

// refreshFirst says whether a token for Maia that is exchanged anew must not come from the same token of the login.
func (n need) refreshFirst() bool { return n.of == aSecondTry }

// forMaia is the token at hand that goes to Maia; empty where none has been had yet.
func (t *Tokens) forMaia(l Login) secret.Text {
	if t.Exchange != nil {
		return l.Exchanged.Token
	}
	return l.AccessToken
}

// ends says whether the token for Maia ends within margin, or is not there.
func (t *Tokens) ends(l Login, margin time.Duration) bool {
	now := t.RP.Now()
	if t.Exchange != nil {
		return l.Exchanged.Token.Empty() || endsWithin(l.Exchanged.Obtained, l.Exchanged.Expires, now, margin)
	}
	return l.AccessToken.Empty() || endsWithin(l.Obtained, l.Expires, now, margin)
}

// endsWithin compares instants. A provider with very short tokens gets a margin that fits them.
func endsWithin(obtained, expires, now time.Time, margin time.Duration) bool {
	return !expires.IsZero() && now.Add(min(margin, expires.Sub(obtained)/4)).After(expires)
}

// same says whether two secret texts are the same.
func same(a, b secret.Text) bool { return a.Reveal() == b.Reveal() }
