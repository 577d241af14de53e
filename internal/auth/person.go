package auth

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"maiaportal/internal/auth/oidc"
	"maiaportal/internal/auth/reason"
)

// namesTime is how long a login waits for a name and an e-mail address alone: it can do without.
const namesTime = 3 * time.Second

// person is what claims say about a user.
type person struct {
	name, user, email string
	groups            oidc.Groups
}

// says is what claims say about a user.
func (rp *RelyingParty) says(c oidc.Claims) person {
	return person{
		name:   c.Text("name"),
		user:   c.Text("preferred_username"),
		email:  c.Text("email"),
		groups: rp.Groups.In(c),
	}
}

// called is what pages and records call a user.
func (p person) called(subject string) string { return firstOf(p.name, p.user, p.email, subject) }

// person is who logs in: what the ID token says, and what userinfo adds where that leaves something open. It
// is asked once at most. Where the groups decide, its failure is the login's; names are worth no refusal.
func (rp *RelyingParty) person(ctx context.Context, token oidc.Answer, id oidc.Identity) (person, error) {
	p := rp.says(id.Claims)
	needed := len(rp.Policy.Allowed)+len(rp.Policy.Auditors) > 0 && p.groups.None()
	if !rp.Provider.HasUserinfo() || !needed && p.name != "" && p.email != "" {
		return p, nil
	}
	if !needed {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, namesTime)
		defer cancel()
	}
	claims, err := rp.Provider.Userinfo(ctx, token, id.Subject)
	if err != nil {
		return p, rp.withoutUserinfo(ctx, &p, needed, err)
	}
	info := rp.says(claims)
	if needed {
		p.groups = p.groups.With(info.groups)
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
	if needed && p.groups.Reason == reason.GroupsOverage {
		// The ID token has said already why there are no groups, and userinfo is not where they are.
		p.groups.Facts = append(p.groups.Facts, slog.String("userinfo", string(refused.Reason)))
		return nil
	}
	// Everybody may log in where only auditors are named: then a stumble can be waited out, so that no auditor
	// has a session without the rights, but a definite no keeps nobody out.
	if needed && (len(rp.Policy.Allowed) > 0 || errors.Is(err, reason.ErrProviderAway)) {
		refused.Facts = append(refused.Facts, slog.String("groups_claim", reason.Clip(rp.Groups.Name)), slog.String("id_token", string(p.groups.Reason)))
		return refused
	}
	level := slog.LevelInfo
	if needed || errors.Is(err, reason.ErrBadAnswer) {
		level = slog.LevelWarn
	}
	rp.Log.LogAttrs(ctx, level, "login without what userinfo says", refused.Attrs()...)
	return nil
}

// mayLogIn says whether somebody with these groups gets a session. Its error is a *Refusal.
func (rp *RelyingParty) mayLogIn(ctx context.Context, found oidc.Groups) error {
	if !rp.Policy.MayLogIn(found.Names) {
		return rp.notAllowed(found)
	}
	if len(rp.Policy.Auditors) > 0 && (found.Reason == reason.GroupsOverage || found.Reason == reason.GroupsOtherShape) {
		// Everybody may log in, but nobody can tell whether this one is an auditor.
		rp.Log.LogAttrs(ctx, slog.LevelWarn, "login without groups", rp.notAllowed(found).Attrs()...)
	}
	return nil
}
