package config

import (
	"net/url"
	"strconv"
	"strings"
	"time"
)

// maxAge is in seconds; nothing is -1, because 0 is a meaning of its own: authenticate now.
func (r *reader) maxAge(raw string) time.Duration {
	if raw == "" {
		return -1
	}
	n, err := strconv.ParseInt(raw, 10, 32)
	if err != nil || n < 0 {
		r.fault(prefix+"OIDC_MAX_AGE", "want a whole number of seconds")
		return -1
	}
	return time.Duration(n) * time.Second
}

// checkPrompt takes a list of values of OpenID Connect Core section 3.1.2.1. none would make every login fail.
func (r *reader) checkPrompt(raw string) {
	for _, p := range strings.Fields(raw) {
		switch p {
		case "login", "consent", "select_account":
		default:
			r.fault(prefix+"OIDC_PROMPT", "want login, consent or select_account, separated by spaces")
			return
		}
	}
}

// exchange reads the settings of the token exchange, nil in mode login.
func (r *reader) exchange(g Settings) *Exchange {
	r.checkPrompt(g.OIDCPrompt)
	details := map[string]string{
		"TOKEN_EXCHANGE_URL": g.TokenExchangeURL, "TOKEN_EXCHANGE_AUDIENCE": g.TokenExchangeAudience, "TOKEN_EXCHANGE_RESOURCE": g.TokenExchangeResource,
		"TOKEN_EXCHANGE_SCOPE": g.TokenExchangeScope, "TOKEN_EXCHANGE_CLIENT_ID": g.TokenExchangeClientID, "TOKEN_EXCHANGE_CLIENT_SECRET": g.TokenExchangeClientSecret.Reveal(),
	}
	switch g.TokenMode {
	case "exchange":
	case "login":
		for _, s := range All() {
			if details[strings.TrimPrefix(s.Variable, prefix)] != "" {
				r.fault(s.Variable, "is of use with PORTAL_TOKEN_MODE=exchange only")
			}
		}
		return nil
	default:
		r.fault(prefix+"TOKEN_MODE", "want login or exchange")
		return nil
	}
	x := &Exchange{
		URL:            g.TokenExchangeURL,
		Audience:       g.TokenExchangeAudience,
		Resource:       g.TokenExchangeResource,
		Scope:          g.TokenExchangeScope,
		ClientID:       g.TokenExchangeClientID,
		ClientSecret:   g.TokenExchangeClientSecret,
		SubjectIDToken: g.TokenExchangeSubject == "id_token",
	}
	if g.TokenExchangeSubject != "access_token" && g.TokenExchangeSubject != "id_token" {
		r.fault(prefix+"TOKEN_EXCHANGE_SUBJECT", "want access_token or id_token")
	}
	if !x.ClientSecret.Empty() && x.ClientID == "" {
		r.fault(prefix+"TOKEN_EXCHANGE_CLIENT_SECRET", "needs PORTAL_TOKEN_EXCHANGE_CLIENT_ID as well")
	}
	if x.URL != "" {
		if u := r.webAddress("TOKEN_EXCHANGE_URL", x.URL); u != nil && x.ClientID == "" && !issuerOrigin(u, g.OIDCIssuer) {
			r.fault(prefix+"TOKEN_EXCHANGE_CLIENT_ID", "is required, because PORTAL_TOKEN_EXCHANGE_URL is at another origin than the provider, and the login's secret is not sent there")
		}
	}
	return x
}

// issuerOrigin says whether an address is at the issuer's origin. Where the provider's token endpoint is
// somewhere else, the exchange itself refuses.
func issuerOrigin(u *url.URL, issuer string) bool {
	i, err := url.Parse(issuer)
	return err == nil && i.Scheme == u.Scheme && i.Host == u.Host
}
