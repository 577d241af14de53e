package oidc

import (
	"log/slog"
	"slices"
	"strings"

	"maiaportal/internal/auth/reason"
)

// announced is what the metadata says about client authentication at the token endpoint.
type announced struct {
	Methods []string `json:"token_endpoint_auth_methods_supported"`
	Algs    []string `json:"token_endpoint_auth_signing_alg_values_supported"`
}

// credentials are how the portal authenticates: as its settings say, else as the metadata does, whose default is
// Basic (OpenID Connect Discovery section 3).
func (p *Provider) credentials(tokenURL string, a announced) credentials {
	basic := p.client.AuthMethod == SecretBasic
	if p.client.AuthMethod == "" {
		basic = len(a.Methods) == 0 || slices.Contains(a.Methods, SecretBasic)
	}
	return credentials{
		id:       p.client.ID,
		secret:   p.client.Secret,
		basic:    basic,
		signer:   p.signer,
		tokenURL: tokenURL,
		issuer:   p.client.Issuer,
		now:      p.now,
	}
}

// misfit says why the provider will most likely not accept those credentials, or nothing. It refuses nothing, since
// not every provider announces all that it takes: what the settings name is taken at its word.
func (p *Provider) misfit(a announced, method string) *reason.Refusal {
	takes := func(methods ...string) bool {
		return slices.ContainsFunc(a.Methods, func(m string) bool { return slices.Contains(methods, m) })
	}
	methods := slog.String("announced", reason.Clip(strings.Join(a.Methods, " ")))
	explicit := p.client.AuthMethod != ""
	switch {
	case len(a.Methods) == 0 || explicit:
	case !takes(SecretBasic, SecretPost, PrivateKeyJWT, publicClient):
		return reason.Refuse(reason.ErrClient, reason.AuthMethodsUnsupported, methods, slog.String("configured", method))
	// A public client needs no announcement: many providers that know such clients do not list none.
	case method != publicClient && !takes(method):
		return reason.Refuse(reason.ErrClient, reason.AuthMethodOther, methods, slog.String("configured", method))
	}
	if p.signer == nil || p.client.KeyAlg != "" || len(a.Algs) == 0 {
		return nil
	}
	if alg := KeyAlgorithms(p.client.Key.Reveal())[0]; !slices.Contains(a.Algs, alg) {
		return reason.Refuse(reason.ErrClient, reason.AuthAlgorithm, slog.String("announced", reason.Clip(strings.Join(a.Algs, " "))), slog.String("configured", alg))
	}
	return nil
}
