package session

import (
	"encoding/json"
	"time"

	"maiaportal/internal/secret"
)

// The stored forms are what is sealed into the database. They are the only ones in which tokens, nonces and
// verifiers are plain, and older versions of the portal have written them: a member that is new may be missing.
type (
	storedLogin struct {
		Issuer  string   `json:"iss"`
		Subject string   `json:"sub"`
		Name    string   `json:"name"`
		Email   string   `json:"email"`
		Groups  []string `json:"groups"`
		SID     string   `json:"sid,omitempty"`

		AuthTime int64  `json:"auth_time,omitempty"` // as in the ID token
		ACR      string `json:"acr,omitempty"`

		AccessToken  string    `json:"access_token"`
		Obtained     time.Time `json:"obtained"`
		Expires      time.Time `json:"expires"`
		RefreshToken string    `json:"refresh_token,omitempty"`
		IDToken      string    `json:"id_token"`

		Exchanged storedExchanged `json:"exchanged,omitzero"`
	}
	storedExchanged struct {
		Token    string    `json:"token"`
		Obtained time.Time `json:"obtained"`
		Expires  time.Time `json:"expires"`
	}
	storedPending struct {
		Nonce    string `json:"nonce"`
		Verifier string `json:"verifier"`
		ReturnTo string `json:"return_to"`
	}
)

// plain is a login with its tokens, to be sealed.
func (l Login) plain() ([]byte, error) {
	return json.Marshal(storedLogin{
		Issuer:       l.Issuer,
		Subject:      l.Subject,
		Name:         l.Name,
		Email:        l.Email,
		Groups:       l.Groups,
		SID:          l.SID,
		AuthTime:     seconds(l.AuthTime),
		ACR:          l.ACR,
		AccessToken:  l.AccessToken.Reveal(),
		Obtained:     l.Obtained,
		Expires:      l.Expires,
		RefreshToken: l.RefreshToken.Reveal(),
		IDToken:      l.IDToken.Reveal(),
		Exchanged: storedExchanged{
			Token:    l.Exchanged.Token.Reveal(),
			Obtained: l.Exchanged.Obtained,
			Expires:  l.Exchanged.Expires,
		},
	})
}

// loginOf reads what plain has made.
func loginOf(plain []byte) (Login, error) {
	var s storedLogin
	if err := s.read(plain); err != nil {
		return Login{}, err
	}
	return Login{
		Issuer:       s.Issuer,
		Subject:      s.Subject,
		Name:         s.Name,
		Email:        s.Email,
		Groups:       s.Groups,
		SID:          s.SID,
		AuthTime:     instant(s.AuthTime),
		ACR:          s.ACR,
		AccessToken:  secret.Hide(s.AccessToken),
		Obtained:     s.Obtained,
		Expires:      s.Expires,
		RefreshToken: secret.Hide(s.RefreshToken),
		IDToken:      secret.Hide(s.IDToken),
		Exchanged: Exchanged{
			Token:    secret.Hide(s.Exchanged.Token),
			Obtained: s.Exchanged.Obtained,
			Expires:  s.Exchanged.Expires,
		},
	}, nil
}

// plain is a pending login with its nonce and verifier, to be sealed.
func (p PendingLogin) plain() ([]byte, error) {
	return json.Marshal(storedPending{
		Nonce:    p.Nonce.Reveal(),
		Verifier: p.Verifier.Reveal(),
		ReturnTo: p.ReturnTo,
	})
}

// pendingLoginOf reads what plain has made.
func pendingLoginOf(plain []byte) (PendingLogin, error) {
	var s storedPending
	if err := json.Unmarshal(plain, &s); err != nil {
		return PendingLogin{}, err
	}
	return PendingLogin{
		Nonce:    secret.Hide(s.Nonce),
		Verifier: secret.Hide(s.Verifier),
		ReturnTo: s.ReturnTo,
	}, nil
}

// instant is what a claim in seconds says; 0 says nothing.
func instant(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0)
}

// seconds is the claim that says an instant.
func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}
