package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"slices"
	"strings"

	"maiaportal/internal/auth/reason"
)

// HasUserinfo says whether the provider can be asked about a user.
func (p *Provider) HasUserinfo() bool {
	d := p.known()
	return d != nil && d.provider.UserInfoEndpoint() != ""
}

// Userinfo asks the provider about a user (OpenID Connect Core section 5.3). Its error is a *Refusal:
// ErrProviderAway, ErrLoginRequired where the provider does not take the access token, or ErrBadAnswer. It does
// without go-oidc's own, which quotes answers in its errors and reads keys past the portal's key set.
func (p *Provider) Userinfo(ctx context.Context, a Answer, subject string) (Claims, error) {
	d, err := p.get(ctx)
	if err != nil {
		return nil, err
	}
	ctx = asking(ctx, EndpointUserinfo)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.provider.UserInfoEndpoint(), nil)
	if err != nil {
		return nil, userinfoAway(err)
	}
	req.Header.Set("Authorization", "Bearer "+a.AccessToken.Reveal())
	req.Header.Set("Accept", "application/json, application/jwt")
	resp, err := p.HTTP.Do(req)
	if err != nil {
		return nil, userinfoAway(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if code, refused := refusesToken(resp, body); refused {
		return nil, reason.Refuse(reason.ErrLoginRequired, reason.UserinfoRefused, slog.Int("status", resp.StatusCode), slog.String("error_code", reason.Clip(code)))
	}
	if err != nil {
		return nil, userinfoAway(err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, reason.Refuse(reason.ErrProviderAway, reason.UserinfoAway, slog.Int("status", resp.StatusCode))
	}
	contentType := resp.Header.Get("Content-Type")
	signed, _, _ := mime.ParseMediaType(contentType)
	if signed == "application/jwt" {
		if body, err = d.signedUserinfo(ctx, body); err != nil {
			return nil, err
		}
	}
	var claims Claims
	if json.Unmarshal(body, &claims) != nil {
		return nil, reason.Refuse(reason.ErrProviderAway, reason.UserinfoAway, slog.Int("status", resp.StatusCode), slog.String("content_type", reason.Clip(contentType)))
	}
	// Another user's are never this one's (section 5.3.2).
	var sub string
	if json.Unmarshal(claims["sub"], &sub) != nil || sub != subject {
		return nil, reason.Refuse(reason.ErrBadAnswer, reason.UserinfoSubject, slog.Bool("sub", sent(claims["sub"])))
	}
	return claims, nil
}

// refusesToken says whether an answer is about the access token (RFC 6750 section 3.1). A 403 without that
// word is a firewall's.
func refusesToken(resp *http.Response, body []byte) (code string, refused bool) {
	code = errorCode(body)
	if _, after, ok := strings.Cut(resp.Header.Get("WWW-Authenticate"), `error="`); ok {
		code, _, _ = strings.Cut(after, `"`)
	}
	switch resp.StatusCode {
	case http.StatusUnauthorized:
		return code, true
	case http.StatusBadRequest, http.StatusForbidden:
		return code, code == "insufficient_scope" || code == "invalid_token"
	}
	return "", false
}

func userinfoAway(err error) *reason.Refusal {
	which, facts := why(err)
	return reason.Refuse(reason.ErrProviderAway, reason.UserinfoAway, append(facts, slog.String("why", string(which)))...).Because(err)
}

// signedUserinfo verifies an answer that is a JWT, with the keys of ID tokens (section 5.3.2).
func (d *discovered) signedUserinfo(ctx context.Context, body []byte) ([]byte, error) {
	v := &verdict{source: fromProvider}
	payload, err := d.keys.VerifySignature(context.WithValue(ctx, verdictKey{}, v), strings.TrimSpace(string(body)))
	switch {
	case err == nil:
	case v.err != nil && !errors.Is(v.err, reason.ErrProviderAway):
		return nil, reason.Refuse(reason.ErrBadAnswer, v.err.Reason, append(v.err.Facts, slog.String("of", "userinfo"))...)
	case v.err != nil:
		return nil, reason.Refuse(reason.ErrProviderAway, reason.UserinfoAway, slog.String("why", string(v.err.Reason))).Because(v.err.Cause())
	default:
		return nil, reason.Refuse(reason.ErrProviderAway, reason.UserinfoAway, slog.String("why", string(reason.JWTAlgorithm)), slog.String("announced", strings.Join(d.algs, " ")))
	}
	var claims struct {
		Issuer   json.RawMessage `json:"iss"`
		Audience json.RawMessage `json:"aud"`
	}
	if json.Unmarshal(payload, &claims) != nil {
		return nil, reason.Refuse(reason.ErrProviderAway, reason.UserinfoAway, slog.String("why", string(reason.JWTClaims)))
	}
	if sent(claims.Issuer) && !slices.Contains(oneOrMore(claims.Issuer), d.issuer) {
		return nil, reason.Refuse(reason.ErrBadAnswer, reason.JWTIssuer, slog.String("of", "userinfo"))
	}
	if sent(claims.Audience) && !slices.Contains(oneOrMore(claims.Audience), d.oauth.ClientID) {
		return nil, reason.Refuse(reason.ErrBadAnswer, reason.JWTAudience, slog.String("of", "userinfo"))
	}
	return payload, nil
}
