package oidc

import (
	"context"
	"log/slog"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"maiaportal/internal/auth/reason"
	"maiaportal/internal/secret"
)

// Request is a request for somebody's authorization.
type Request struct {
	State    string
	Nonce    secret.Text
	Verifier secret.Text
	Prompt   string // "login", or empty
}

// NewVerifier makes a verifier (RFC 7636).
func NewVerifier() secret.Text { return secret.Hide(oauth2.GenerateVerifier()) }

// LoginURL is the address to send a browser to for a login. Its error is a *Refusal of ErrProviderAway.
func (p *Provider) LoginURL(ctx context.Context, q Request) (string, error) {
	d, err := p.get(ctx)
	if err != nil {
		return "", err
	}
	opts := []oauth2.AuthCodeOption{oidc.Nonce(q.Nonce.Reveal()), oauth2.S256ChallengeOption(q.Verifier.Reveal())}
	c := p.client
	prompt := q.Prompt
	if prompt == "" {
		prompt = c.Prompt
	} else if others := strings.Fields(c.Prompt); len(others) > 0 {
		// A provider that wants consent for a refresh token wants it at each login.
		prompt = strings.Join(append([]string{prompt}, slices.DeleteFunc(others, func(o string) bool { return o == prompt })...), " ")
	}
	maxAge := ""
	if c.MaxAge >= 0 {
		maxAge = strconv.Itoa(int(c.MaxAge.Seconds()))
	}
	for name, value := range map[string]string{
		"prompt": prompt, "audience": c.Audience, "resource": c.Resource, "acr_values": strings.Join(c.ACRValues, " "), "max_age": maxAge,
	} {
		if value != "" {
			opts = append(opts, oauth2.SetAuthURLParam(name, value))
		}
	}
	return d.oauth.AuthCodeURL(q.State, opts...), nil
}

// CheckAnswer says whether the answer to an authorization request comes from this provider (RFC 9207). Its error is a
// *Refusal.
func (p *Provider) CheckAnswer(ctx context.Context, q url.Values) error {
	d, err := p.get(ctx)
	if err != nil {
		return err
	}
	if iss := q.Get("iss"); (q.Has("iss") || d.issInResponse) && iss != p.client.Issuer {
		return reason.Refuse(reason.ErrBadAnswer, reason.CallbackIssuer, slog.String("issuer_seen", reason.Clip(iss)))
	}
	return nil
}
