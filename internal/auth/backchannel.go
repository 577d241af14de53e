package auth

import (
	"context"
	"log/slog"
	"time"

	"maiaportal/internal/auth/reason"
	"maiaportal/internal/auth/session"
	"maiaportal/internal/record"
)

// backchannelTime is how long the provider's keys and the database may take for a logout token.
const backchannelTime = 15 * time.Second

// BackchannelLogout ends the sessions that a logout token names, and tells how many (OpenID Connect
// Back-Channel Logout 1.0 sections 2.4 to 2.7). It goes on when its sender hangs up, and a token that
// ended nothing may come again. Errors: ErrLogoutToken, ErrProviderAway, or the database's.
func (t *Tokens) BackchannelLogout(ctx context.Context, raw string, over record.Request) (int64, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), backchannelTime)
	defer cancel()
	token, err := t.RP.Provider.LogoutToken(ctx, raw)
	if err != nil {
		return 0, err
	}
	n, used, err := t.Sessions.EndNamed(ctx, session.Named{
		Issuer:  token.Issuer,
		TokenID: token.ID,
		SID:     token.SID,
		Subject: token.Subject,
		Over:    over,
	})
	if err != nil {
		return 0, err
	}
	if used {
		// A replay must not end a session that was begun since.
		return 0, reason.Refuse(reason.ErrLogoutToken, reason.LogoutTokenReplayed)
	}
	t.RP.Log.LogAttrs(ctx, slog.LevelInfo, "logout by the provider", slog.Int64("sessions", n))
	return n, nil
}
