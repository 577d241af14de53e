package session

import (
	"bytes"
	"testing"

	"maiaportal/internal/secret/secrettest"
)

// S-40: whatever prints, logs or encodes a login, a session, or what holds the portal's keys, shows no secret. Each
// field that is no secret is named here.
func TestNothingShowsASecret(t *testing.T) {
	t.Parallel()
	who := []string{"Issuer", "Subject", "Name", "Email", "Groups", "SID", "ACR"}
	var login Login
	words := secrettest.Fill(t, &login, who...)
	if len(words) != 4 {
		t.Errorf("the tokens of a login are %v", words)
	}
	secrettest.Hidden(t, words, login, &login, login.Exchanged)

	var session Session
	words = secrettest.Fill(t, &session, "Handle",
		"Login.Issuer", "Login.Subject", "Login.Name", "Login.Email", "Login.Groups", "Login.SID", "Login.ACR")
	if len(words) != 5 {
		t.Errorf("the secrets of a session are %v", words)
	}
	secrettest.Hidden(t, words, session, &session)

	var pending PendingLogin
	words = secrettest.Fill(t, &pending, "ReturnTo")
	secrettest.Hidden(t, words, pending, &pending)

	var keys sealer
	words = secrettest.Fill(t, &keys)
	secrettest.Hidden(t, words, keys, &Sessions{Keys: keys.keys}, &Leases{Keys: keys.keys}, &Pending{Keys: keys.keys})
}

// What is sealed has everything that a login has, a field that is added later too; and reading it gives it back.
func TestALoginIsStoredWhole(t *testing.T) {
	t.Parallel()
	var login Login
	words := secrettest.Fill(t, &login)
	plain, err := login.plain()
	if err != nil {
		t.Fatal(err)
	}
	read, err := loginOf(plain)
	if err != nil {
		t.Fatal(err)
	}
	again, err := read.plain()
	if err != nil || string(again) != string(plain) {
		t.Errorf("%v: stored %s, read and stored again %s", err, plain, again)
	}
	for field, word := range words {
		if !bytes.Contains(plain, []byte(word)) {
			t.Errorf("%s is not stored", field)
		}
	}
	var pending PendingLogin
	words = secrettest.Fill(t, &pending)
	if plain, err = pending.plain(); err != nil {
		t.Fatal(err)
	}
	back, err := pendingLoginOf(plain)
	if err != nil {
		t.Fatal(err)
	}
	if again, err = back.plain(); err != nil || string(again) != string(plain) {
		t.Errorf("%v: stored %s, read and stored again %s", err, plain, again)
	}
	for field, word := range words {
		if !bytes.Contains(plain, []byte(word)) {
			t.Errorf("%s of a pending login is not stored", field)
		}
	}
}

// Sessions and pending logins of older versions are read: their members have kept their names.
func TestStoredByAnOlderVersion(t *testing.T) {
	t.Parallel()
	login, err := loginOf([]byte(`{"iss":"i","sub":"s","name":"n","email":"e","groups":["g","h"],"sid":"sid",` +
		`"access_token":"a","obtained":"2026-01-02T03:04:05Z","expires":"2026-01-02T04:04:05Z","refresh_token":"r","id_token":"d",` +
		`"exchanged":{"token":"x","obtained":"2026-01-02T03:04:06Z","expires":"0001-01-01T00:00:00Z"}}`))
	got := []any{
		login.Issuer, login.Subject, login.Name, login.Email, len(login.Groups), login.SID, login.AccessToken.Reveal(),
		login.Obtained.Unix(), login.Expires.Unix(), login.RefreshToken.Reveal(), login.IDToken.Reveal(),
		login.Exchanged.Token.Reveal(), login.Exchanged.Obtained.Unix(), login.Exchanged.Expires.IsZero(),
		login.AuthTime.IsZero(), login.ACR, err,
	}
	want := []any{"i", "s", "n", "e", 2, "sid", "a", int64(1767323045), int64(1767326645), "r", "d", "x", int64(1767323046), true, true, "", nil}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%d: %v, want %v", i, got[i], want[i])
		}
	}
	p, err := pendingLoginOf([]byte(`{"nonce":"n","verifier":"v","return_to":"/activity"}`))
	if err != nil || p.Nonce.Reveal() != "n" || p.Verifier.Reveal() != "v" || p.ReturnTo != "/activity" {
		t.Errorf("%v", err)
	}
	for _, bad := range []string{``, `[]`, `{"access_token":5}`, `{"nonce":5}`} {
		_, err1 := loginOf([]byte(bad))
		_, err2 := pendingLoginOf([]byte(bad))
		if err1 == nil && err2 == nil {
			t.Errorf("%s is read", bad)
		}
	}
}
