package auth

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
	"time"

	"maiaportal/internal/auth/reason"
)

// namesTime is how long a login waits for a name and an e-mail address alone: it can do without.
const namesTime = 3 * time.Second

// person is what claims say about a user.
type person struct {
	name, user, email string
	groups            groupsFound
}

func (c groupsClaim) person(claims map[string]json.RawMessage) person {
	text := func(name string) string {
		var s string
		_ = json.Unmarshal(claims[name], &s) // a claim of another type is as good as none
		return strings.TrimSpace(s)
	}
	return person{name: text("name"), user: text("preferred_username"), email: text("email"), groups: c.in(claims)}
}

// called is what pages and records call a user.
func (p person) called(subject string) string { return firstOf(p.name, p.user, p.email, subject) }

// person is who logs in: what the ID token says, and what userinfo adds where that leaves something open. It
// is asked once at most. Where the groups decide, its failure is the login's; names are worth no refusal.
func (rp *RelyingParty) person(ctx context.Context, d *discovered, accessToken, subject string,
	idToken map[string]json.RawMessage) (person, error) {
	claim := rp.groupsClaim()
	p := claim.person(idToken)
	needed := len(rp.Policy.Allowed)+len(rp.Policy.Auditors) > 0 && p.groups.none()
	if d.provider.UserInfoEndpoint() == "" || !needed && p.name != "" && p.email != "" {
		return p, nil
	}
	if !needed {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, namesTime)
		defer cancel()
	}
	claims, err := rp.Provider.userinfo(ctx, d, accessToken, subject)
	if err != nil {
		return p, rp.withoutUserinfo(ctx, &p, needed, err)
	}
	info := claim.person(claims)
	if needed {
		p.groups = p.groups.with(info.groups)
	}
	p.name = firstOf(p.name, info.name)
	p.user = firstOf(p.user, info.user)
	p.email = firstOf(p.email, info.email)
	return p, nil
}

// withoutUserinfo decides whether a login can do without the answer of userinfo that it did not get.
func (rp *RelyingParty) withoutUserinfo(ctx context.Context, p *person, needed bool, err error) error {
	var refused *reason.Refusal
	if !errors.As(err, &refused) {
		return err
	}
	if needed && p.groups.reason == reason.GroupsOverage {
		// The ID token has said already why there are no groups, and userinfo is not where they are.
		p.groups.facts = append(p.groups.facts, slog.String("userinfo", string(refused.Reason)))
		return nil
	}
	// Everybody may log in where only auditors are named: then a stumble can be waited out, so that no auditor
	// has a session without the rights, but a definite no keeps nobody out.
	if needed && (len(rp.Policy.Allowed) > 0 || errors.Is(err, reason.ErrProviderAway)) {
		refused.Facts = append(refused.Facts, slog.String("groups_claim", reason.Clip(rp.GroupsClaim)), slog.String("id_token", string(p.groups.reason)))
		return refused
	}
	level := slog.LevelInfo
	if needed || errors.Is(err, reason.ErrBadAnswer) {
		level = slog.LevelWarn
	}
	rp.Log.LogAttrs(ctx, level, "login without what userinfo says", refused.Attrs()...)
	return nil
}

func (rp *RelyingParty) groupsClaim() groupsClaim {
	return groupsClaim{name: rp.GroupsClaim, separator: rp.GroupsSeparator, member: rp.GroupsMember}
}

// mayLogIn says whether somebody with these groups gets a session. Its error is a *Refusal.
func (rp *RelyingParty) mayLogIn(ctx context.Context, found groupsFound) error {
	if !rp.Policy.MayLogIn(found.groups) {
		return found.refusal(rp.groupsClaim(), rp.Policy)
	}
	if len(rp.Policy.Auditors) > 0 && (found.reason == reason.GroupsOverage || found.reason == reason.GroupsOtherShape) {
		// Everybody may log in, but nobody can tell whether this one is an auditor.
		rp.Log.LogAttrs(ctx, slog.LevelWarn, "login without groups", found.refusal(rp.groupsClaim(), rp.Policy).Attrs()...)
	}
	return nil
}

// userinfo asks the provider about a user (OpenID Connect Core section 5.3). Its error is a *Refusal:
// ErrProviderAway, ErrLoginRequired where the provider does not take the access token, or ErrBadAnswer. It does
// without go-oidc's own, which quotes answers in its errors and reads keys past the portal's key set.
func (p *Provider) userinfo(ctx context.Context, d *discovered, accessToken,
	subject string) (map[string]json.RawMessage, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.provider.UserInfoEndpoint(), nil)
	if err != nil {
		return nil, userinfoAway(err)
	}
	req.Header.Set("Authorization", "Bearer "+accessToken)
	req.Header.Set("Accept", "application/json, application/jwt")
	resp, err := p.http.Do(req)
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
	var claims map[string]json.RawMessage
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
