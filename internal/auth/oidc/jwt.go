package oidc

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"maiaportal/internal/auth/reason"

	"github.com/coreos/go-oidc/v3/oidc"
)

// logoutEvent is the member of events that makes a logout token of a token (Back-Channel Logout 1.0
// section 2.4).
const logoutEvent = "http://schemas.openid.net/event/backchannel-logout"

// verifyIDToken has go-oidc verify an ID token that came from the token endpoint. Its error is a *Refusal
// of ErrBadAnswer or ErrProviderAway.
func (d *discovered) verifyIDToken(ctx context.Context, raw string) (*oidc.IDToken, error) {
	v := &verdict{source: fromProvider}
	token, err := d.verifier.Verify(context.WithValue(ctx, verdictKey{}, v), raw)
	if err != nil {
		return nil, d.explain(raw, err, v.err, reason.ErrBadAnswer)
	}
	return token, nil
}

// verifyLogoutToken has go-oidc verify a logout token that anybody may have sent. Its error is a *Refusal
// of ErrLogoutToken or ErrProviderAway.
func (d *discovered) verifyLogoutToken(ctx context.Context, raw string) (*oidc.LogoutToken, error) {
	v := &verdict{source: fromAnybody}
	token, err := d.verifier.VerifyLogout(context.WithValue(ctx, verdictKey{}, v), raw)
	if err != nil {
		return nil, d.explain(raw, err, v.err, reason.ErrLogoutToken)
	}
	// go-oidc looks whether the event is there; it has to be an object.
	var claims struct {
		Events map[string]json.RawMessage `json:"events"`
	}
	var event map[string]json.RawMessage
	if token.Claims(&claims) != nil || json.Unmarshal(claims.Events[logoutEvent], &event) != nil || event == nil {
		return nil, reason.Refuse(reason.ErrLogoutToken, reason.LogoutTokenEvent)
	}
	return token, nil
}

// explain finds out which of go-oidc's checks a token did not pass, for the log: go-oidc has refused it
// already, in the same order, with words that quote claims.
func (d *discovered) explain(raw string, err error, keys *reason.Refusal, class error) *reason.Refusal {
	if keys != nil {
		if errors.Is(keys, reason.ErrProviderAway) {
			class = reason.ErrProviderAway
		}
		return reason.Refuse(class, keys.Reason, keys.Facts...).Because(keys.Cause())
	}
	which, facts := d.failed(raw, err, errors.Is(class, reason.ErrLogoutToken))
	return reason.Refuse(class, which, facts...)
}

func (d *discovered) failed(raw string, err error, logout bool) (reason.Reason, []slog.Attr) {
	var header struct {
		Algorithm string `json:"alg"`
	}
	var claims map[string]json.RawMessage
	if !part(raw, 0, &header) || !part(raw, 1, &claims) {
		return reason.JWTMalformed, nil
	}
	if !slices.Contains(d.algs, header.Algorithm) {
		return reason.JWTAlgorithm, []slog.Attr{slog.String("algorithm", reason.Clip(header.Algorithm)), slog.String("announced", strings.Join(d.algs, " "))}
	}
	text := func(name string) (s string, ok bool) {
		return s, json.Unmarshal(claims[name], &s) == nil
	}
	if logout {
		if which := failedLogout(claims); which != "" {
			return which, nil
		}
	}
	if _, ok := text("sub"); !ok && sent(claims["sub"]) {
		return reason.JWTSubject, nil
	}
	if issuer, _ := text("iss"); issuer != d.issuer {
		return reason.JWTIssuer, []slog.Attr{slog.String("issuer_seen", reason.Clip(issuer))}
	}
	if !slices.Contains(oneOrMore(claims["aud"]), d.oauth.ClientID) {
		return reason.JWTAudience, nil
	}
	var expired *oidc.TokenExpiredError
	if errors.As(err, &expired) {
		return reason.JWTExpired, []slog.Attr{secondsOff(d.now().Sub(expired.Expiry))}
	}
	var notBefore float64
	if json.Unmarshal(claims["nbf"], &notBefore) == nil && notBefore > float64(d.now().Unix()) {
		return reason.JWTNotYet, []slog.Attr{secondsOff(time.Unix(int64(notBefore), 0).Sub(d.now()))}
	}
	return reason.JWTClaims, nil
}

// failedLogout finds what makes a token no logout token.
func failedLogout(claims map[string]json.RawMessage) reason.Reason {
	var events map[string]json.RawMessage
	switch {
	case json.Unmarshal(claims["events"], &events) != nil || !sent(events[logoutEvent]):
		return reason.LogoutTokenEvent
	case len(claims["nonce"]) > 0:
		return reason.LogoutTokenNonce
	case !sent(claims["jti"]):
		return reason.LogoutTokenID
	case !sent(claims["sub"]) && !sent(claims["sid"]):
		return reason.LogoutTokenNobody
	case !sent(claims["exp"]):
		return reason.JWTExpired
	}
	return ""
}

// part reads one of the first two parts of a JWT, unverified.
func part(raw string, i int, into any) bool {
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return false
	}
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[i], "="))
	return err == nil && json.Unmarshal(b, into) == nil
}

// secondsOff is by how much a clock is off, or a token too old.
func secondsOff(d time.Duration) slog.Attr {
	return slog.Int64("seconds_off", int64(d.Round(time.Second)/time.Second))
}
