package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"maiaportal/internal/record"
)

// Session is a row of the table of sessions. Sealed is opaque here.
type Session struct {
	Handle                               string // names the session to people; it opens nothing
	Sealed                               []byte
	ActorIssuer, ActorSubject, ActorName string
	SID                                  string // the provider's own id of its session; may be empty
	Browser                              string
	CreatedAt                            time.Time
	SeenAt                               time.Time
	// Over is the request of the login, for its event. It is no part of the row.
	Over record.Request
}

// held is the session as events tell of it.
func (r *Session) held() record.Held {
	return record.Held{
		Actor:   record.Actor{Issuer: r.ActorIssuer, Subject: r.ActorSubject, Name: r.ActorName},
		Handle:  r.Handle,
		Browser: r.Browser,
	}
}

// Replaced is the session that a browser had before it signed in anew.
type Replaced struct {
	IDHash      []byte
	Begun, Seen time.Time // as of Ending
}

const sessionColumns = `handle, sealed, actor_issuer, actor_subject, actor_name, sid, browser, created_at, seen_at`

func scanSession(row *sql.Rows) (Session, error) {
	var r Session
	var created, seen int64
	err := row.Scan(&r.Handle, &r.Sealed, &r.ActorIssuer, &r.ActorSubject, &r.ActorName,
		&r.SID, &r.Browser, &created, &seen)
	if err != nil {
		return Session{}, fmt.Errorf("store: session: %w", err)
	}
	r.CreatedAt, r.SeenAt = instant(created), instant(seen)
	return r, nil
}

// CreateSession adds a session under the hash of its id with the event of its login, and ends the one that it
// replaces, in one step; replaces may be nil. Its instants are now.
func (s *Store) CreateSession(ctx context.Context, idHash []byte, r Session, replaces *Replaced) error {
	return s.record(ctx, func(w *writing) error {
		if replaces != nil {
			before := Ending{
				By:    record.ByLogin,
				Over:  r.Over,
				Begun: replaces.Begun,
				Seen:  replaces.Seen,
			}
			if _, err := w.endSessions(ctx, before, `id_hash = $1`, replaces.IDHash); err != nil {
				return err
			}
		}
		_, err := w.ExecContext(ctx, `INSERT INTO sessions (id_hash, `+sessionColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)`,
			idHash, r.Handle, r.Sealed, r.ActorIssuer, r.ActorSubject, r.ActorName, r.SID, r.Browser, millis(s.now()))
		if err != nil {
			return fmt.Errorf("store: create session: %w", err)
		}
		return w.appendEvents(r.held().Began(r.Over))
	})
}

// clocksApart is how far the clocks of two processes, or one clock that is set, may be apart. What was written later
// than that was written while a clock was wrong, and its time says nothing.
const clocksApart = 5 * time.Minute

// liveSession are a session's row, where it was begun and used after two instants. One that begins in the future would
// live for too long.
const liveSession = ` FROM sessions WHERE id_hash = $1 AND created_at > $2 AND seen_at > $3 AND created_at < $4`

// Session gives a session that was begun after begun and used after seen, or ErrNotFound. What a list shows of it,
// but for its handle and instants, is left out: each request asks for a session.
func (s *Store) Session(ctx context.Context, idHash []byte, begun, seen time.Time) (Session, error) {
	var r Session
	var created, used int64
	err := s.db.QueryRowContext(ctx, `SELECT handle, sealed, created_at, seen_at`+liveSession,
		idHash, millis(begun), millis(seen), millis(s.now().Add(clocksApart))).Scan(&r.Handle, &r.Sealed, &created, &used)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Session{}, ErrNotFound
	case err != nil:
		return Session{}, fmt.Errorf("store: session: %w", err)
	}
	r.CreatedAt, r.SeenAt = instant(created), instant(used)
	return r, nil
}

// SessionLives says whether Session would give one.
func (s *Store) SessionLives(ctx context.Context, idHash []byte, begun, seen time.Time) (bool, error) {
	var one int
	err := s.db.QueryRowContext(ctx, `SELECT 1`+liveSession,
		idHash, millis(begun), millis(seen), millis(s.now().Add(clocksApart))).Scan(&one)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("store: session: %w", err)
	}
	return true, nil
}

// Sessions lists sessions that were begun after begun and used after seen, those used last first: one
// user's, or everybody's where subject is empty. Sealed is left out.
func (s *Store) Sessions(ctx context.Context, issuer, subject string, begun, seen time.Time) ([]Session, error) {
	return s.listSessions(ctx, `($2 = '' OR (actor_issuer = $1 AND actor_subject = $2)) AND created_at > $3 AND seen_at > $4`,
		issuer, subject, millis(begun), millis(seen))
}

// AllSessions lists the sessions that are there, whether or not they have run out: only a server knows that.
// An empty issuer or subject stands for any. They come as from Sessions.
func (s *Store) AllSessions(ctx context.Context, issuer, subject string) ([]Session, error) {
	return s.listSessions(ctx, whoseSessions, issuer, subject)
}

// whoseSessions are those of one user; of a subject, whoever issued it; or all.
const whoseSessions = `($1 = '' OR actor_issuer = $1) AND ($2 = '' OR actor_subject = $2)`

func (s *Store) listSessions(ctx context.Context, which string, args ...any) ([]Session, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT `+sessionColumns+` FROM sessions WHERE `+which+` ORDER BY seen_at DESC, handle`, args...)
	if err != nil {
		return nil, fmt.Errorf("store: sessions: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var list []Session
	for rows.Next() {
		r, err := scanSession(rows)
		if err != nil {
			return nil, err
		}
		r.Sealed = nil
		list = append(list, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: sessions: %w", err)
	}
	return list, nil
}

// EndSessions ends sessions of one user and tells how many: the one of a handle, or all where handle is
// empty.
func (s *Store) EndSessions(ctx context.Context, issuer, subject, handle string, e Ending) (int64, error) {
	return s.endCounted(ctx, e, `actor_issuer = $1 AND actor_subject = $2 AND ($3 = '' OR handle = $3)`, issuer, subject, handle)
}

// EndAllSessions ends what AllSessions lists, and tells how many there were.
func (s *Store) EndAllSessions(ctx context.Context, issuer, subject string, e Ending) (int64, error) {
	return s.endCounted(ctx, e, whoseSessions, issuer, subject)
}

// EndSessionByHandle ends a session, whoever's it is, and tells how many there were.
func (s *Store) EndSessionByHandle(ctx context.Context, handle string, e Ending) (int64, error) {
	return s.endCounted(ctx, e, `handle = $1`, handle)
}

// LogoutToken is what a logout token of the provider names (OpenID Connect Back-Channel Logout 1.0
// section 2.4). One of SID and Subject may be empty.
type LogoutToken struct {
	JTIHash              []byte
	Issuer, SID, Subject string
	Ending               Ending // of the sessions
}

// errAlreadyUsed rolls a transaction back in which a logout token was met for the second time.
var errAlreadyUsed = errors.New("store: the logout token was used before")

// errNothingEnded rolls a transaction back in which nothing ended.
var errNothingEnded = errors.New("store: no session ended")

// EndByLogoutToken ends the sessions that a logout token names and tells how many: those of its sid,
// and where none has or had it, or it names none, those of its subject. used is true, and nothing ends, where
// the token has ended sessions before. Both are one step: a token that ended nothing, for whatever
// reason, is not used up and may come again.
func (s *Store) EndByLogoutToken(ctx context.Context, t LogoutToken) (ended int64, used bool, err error) {
	err = s.record(ctx, func(w *writing) error {
		ended = 0
		end := func(which string, args ...any) error {
			list, err := w.endSessions(ctx, t.Ending, which, args...)
			ended = int64(len(list))
			return err
		}
		n, err := w.change(ctx, `INSERT INTO logout_tokens (jti_hash, created_at) VALUES ($1, $2) ON CONFLICT (jti_hash) DO NOTHING`, t.JTIHash, millis(s.now()))
		if err != nil {
			return err
		}
		if n == 0 {
			return errAlreadyUsed
		}
		if t.SID != "" {
			if err := end(`actor_issuer = $1 AND sid = $2`, t.Issuer, t.SID); err != nil {
				return err
			}
			if ended > 0 {
				return s.markEnded(ctx, w.queries, t.Issuer, t.SID)
			}
			var one int
			err := w.QueryRowContext(ctx, `SELECT 1 FROM logout_tokens WHERE jti_hash = $1`, sidMark(t.Issuer, t.SID)).Scan(&one)
			if err == nil {
				return errNothingEnded // it has ended before
			}
			if !errors.Is(err, sql.ErrNoRows) {
				return err
			}
		}
		if ended == 0 && t.Subject != "" {
			if err := end(`actor_issuer = $1 AND actor_subject = $2`, t.Issuer, t.Subject); err != nil {
				return err
			}
		}
		if ended == 0 {
			return errNothingEnded
		}
		return nil
	})
	switch {
	case errors.Is(err, errAlreadyUsed):
		return 0, true, nil
	case errors.Is(err, errNothingEnded):
		return 0, false, nil
	case err != nil:
		return 0, false, fmt.Errorf("store: logout token: %w", err)
	}
	return ended, false, nil
}

// SweepLogoutTokens forgets logout tokens used before t, which are too old to be accepted again.
func (s *Store) SweepLogoutTokens(ctx context.Context, t time.Time) (int64, error) {
	return s.change(ctx, `DELETE FROM logout_tokens WHERE created_at <= $1`, millis(t))
}

// TouchSession notes that a session was used now.
func (s *Store) TouchSession(ctx context.Context, idHash []byte) error {
	return s.changeOne(ctx, `UPDATE sessions SET seen_at = $2 WHERE id_hash = $1`, idHash, millis(s.now()))
}

// SaveSession replaces the payload of an existing session. One that has ended is not revived:
// ErrNotFound.
func (s *Store) SaveSession(ctx context.Context, idHash, sealed []byte) error {
	return s.changeOne(ctx, `UPDATE sessions SET sealed = $2 WHERE id_hash = $1`, idHash, sealed)
}

// DeleteSession ends a session and tells whether it was there.
func (s *Store) DeleteSession(ctx context.Context, idHash []byte, e Ending) (bool, error) {
	ended := false
	err := s.record(ctx, func(w *writing) error {
		ended = false
		list, err := w.endSessions(ctx, e, `id_hash = $1`, idHash)
		if err != nil || len(list) == 0 {
			return err
		}
		ended = true
		return s.markEnded(ctx, w.queries, list[0].Actor.Issuer, list[0].sid)
	})
	return ended && err == nil, quoting(err, "delete session")
}

// markEnded remembers that the session which hung on a session of the provider has ended. The provider's
// own message about that may follow, and must not be taken for one about the user's other sessions.
func (s *Store) markEnded(ctx context.Context, q queries, issuer, sid string) error {
	if sid == "" {
		return nil
	}
	_, err := q.change(ctx, `INSERT INTO logout_tokens (jti_hash, created_at) VALUES ($1, $2) ON CONFLICT (jti_hash) DO NOTHING`, sidMark(issuer, sid), millis(s.now()))
	return err
}

// sidMark is where the end of a provider's session is remembered, among the hashes of logout tokens.
func sidMark(issuer, sid string) []byte {
	sum := sha256.Sum256([]byte("sid\x00" + issuer + "\x00" + sid))
	return sum[:]
}

// LeaseSession lets one caller at a time, over all processes, renew a session's token. The winner
// gets the payload as it is now; everybody else, and everybody for a session that has ended, gets
// ErrNotFound. A lease that is not given back runs out at until; one that would run out much later was taken while a
// clock was ahead, and is none.
func (s *Store) LeaseSession(ctx context.Context, idHash []byte, by string,
	until time.Time) (sealed []byte, err error) {
	err = s.write(ctx, func(q queries) error {
		return q.QueryRowContext(ctx, `UPDATE sessions SET lease_until = $3, lease_by = $2
			WHERE id_hash = $1 AND (lease_until < $4 OR lease_until > $5) RETURNING sealed`,
			idHash, by, millis(until), millis(s.now()), millis(until.Add(clocksApart))).Scan(&sealed)
	})
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, ErrNotFound
	case err != nil:
		return nil, fmt.Errorf("store: lease session: %w", err)
	}
	return sealed, nil
}

// Renewed is what a session has after its tokens were renewed.
type Renewed struct {
	Sealed []byte
	SID    string // the provider's id of its session, which a refresh may have changed
}

// ReleaseSession gives a lease back and, where now is not nil, stores what was renewed in the same step. A
// lease that was lost meanwhile, or a session that has ended, is ErrNotFound.
func (s *Store) ReleaseSession(ctx context.Context, idHash []byte, by string, now *Renewed) error {
	query := `UPDATE sessions SET lease_until = 0, lease_by = '' WHERE id_hash = $1 AND lease_by = $2`
	args := []any{idHash, by}
	if now != nil {
		query = `UPDATE sessions SET lease_until = 0, lease_by = '', sealed = $3, sid = $4 WHERE id_hash = $1 AND lease_by = $2`
		args = append(args, now.Sealed, now.SID)
	}
	return s.changeOne(ctx, query, args...)
}

// CountSessions counts the sessions that were begun after begun and used after seen.
func (s *Store) CountSessions(ctx context.Context, begun, seen time.Time) (int64, error) {
	var n int64
	err := s.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM sessions WHERE created_at > $1 AND seen_at > $2`,
		millis(begun), millis(seen)).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("store: count sessions: %w", err)
	}
	return n, nil
}

// SweepSessions removes sessions begun before begun or not used since seen, and tells how many.
func (s *Store) SweepSessions(ctx context.Context, begun, seen time.Time) (int64, error) {
	return s.change(ctx, `DELETE FROM sessions WHERE created_at <= $1 OR seen_at <= $2`, millis(begun), millis(seen))
}
