package auth

import (
	"testing"
	"time"

	"maiaportal/internal/auth/oidc"
	"maiaportal/internal/secret"
)

// What a login's tokens are good for depends on what they are needed for.
func TestNeed(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	rp := &RelyingParty{Now: func() time.Time { return now }}
	plain, exchanging := &Tokens{RP: rp}, &Tokens{RP: rp, Exchange: &oidc.Exchange{}}
	token := func(word string, left, life time.Duration) (secret.Text, time.Time, time.Time) {
		return secret.Hide(word), now.Add(left - life), now.Add(left)
	}
	login := func(left, life time.Duration) (l Login) {
		l.AccessToken, l.Obtained, l.Expires = token("own", left, life)
		return l
	}
	withMaia := func(l Login, left time.Duration) Login {
		l.Exchanged.Token, l.Exchanged.Obtained, l.Exchanged.Expires = token("for Maia", left, time.Hour)
		return l
	}
	endless := Login{AccessToken: secret.Hide("own"), Obtained: now}
	refused := func(word string) need { return need{of: aSecondTry, refused: secret.Hide(word)} }
	for name, tc := range map[string]struct {
		t    *Tokens
		n    need
		l    Login
		want bool
	}{
		"a call, long":                             {plain, need{of: aCall}, login(31*time.Second, time.Hour), true},
		"a call, too short":                        {plain, need{of: aCall}, login(29*time.Second, time.Hour), false},
		"a call, short as all of them":             {plain, need{of: aCall}, login(29*time.Second, time.Minute), true},
		"a call, without end":                      {plain, need{of: aCall}, endless, true},
		"a call, without a token":                  {plain, need{of: aCall}, Login{}, false},
		"a call, exchanged":                        {exchanging, need{of: aCall}, withMaia(login(-time.Hour, time.Hour), 31*time.Second), true},
		"a call, exchanged, too short":             {exchanging, need{of: aCall}, withMaia(login(time.Hour, time.Hour), 29*time.Second), false},
		"a call, not exchanged yet":                {exchanging, need{of: aCall}, login(time.Hour, time.Hour), false},
		"a second try, the same":                   {plain, refused("own"), login(time.Hour, time.Hour), false},
		"a second try, another":                    {plain, refused("other"), login(time.Second, time.Hour), true},
		"a second try, another that has ended":     {plain, refused("other"), login(-time.Second, time.Hour), false},
		"a second try, exchanged, the same":        {exchanging, refused("for Maia"), withMaia(login(time.Hour, time.Hour), time.Hour), false},
		"a second try, exchanged, the login's":     {exchanging, refused("own"), withMaia(login(time.Hour, time.Hour), time.Hour), true},
		"a form, long":                             {plain, need{of: aForm}, login(6*time.Minute, time.Hour), true},
		"a form, too short":                        {plain, need{of: aForm}, login(4*time.Minute, time.Hour), false},
		"a form, short as all of them":             {plain, need{of: aForm}, login(4*time.Minute, 5*time.Minute), true},
		"a form, without end":                      {plain, need{of: aForm}, endless, true},
		"a form, exchanged, Maia's does not count": {exchanging, need{of: aForm}, withMaia(login(time.Hour, time.Hour), -time.Hour), true},
		"a form, exchanged, the login's does":      {exchanging, need{of: aForm}, withMaia(login(time.Minute, time.Hour), time.Hour), false},
	} {
		tc.n.t = tc.t
		if got := tc.n.met(tc.l); got != tc.want {
			t.Errorf("%s: met %v, want %v", name, got, tc.want)
		}
	}
}
