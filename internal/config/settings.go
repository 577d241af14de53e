// Package config reads the portal's settings from flags, variables and files, checks all of them at once, and gives
// typed values.
//
// The name, default and meaning of a setting stand in one place, its field of Settings: variables, flags and the help
// come from there. Config has its value as the portal uses it. No message prints what was given.
//
// It knows no other room: checks that only a room can make which uses the setting are handed in.
package config

import (
	"reflect"
	"strings"

	"maiaportal/internal/secret"
)

// Settings are the settings as they are given: text, unchecked. The tag flag names the flag and, in
// capitals behind PORTAL_, the variable; secret ones have no flag, because flags can be read in ps, and
// may come from a file instead.
type Settings struct {
	BaseURL string `flag:"base-url" meaning:"Address that users open, e.g. https://secrets.example.com. http only for a loopback host."`

	Listen      string `flag:"listen" standard:"127.0.0.1:8080" meaning:"Address of the public listener."`
	AdminListen string `flag:"admin-listen" standard:"127.0.0.1:9090" meaning:"Address of the operator's listener: /metrics, /healthz, /readyz. Empty: off."`

	OIDCIssuer        string      `flag:"oidc-issuer" meaning:"Issuer URL of the OpenID provider. http only for a loopback host."`
	OIDCClientID      string      `flag:"oidc-client-id" meaning:"The relying party's client id."`
	OIDCClientSecret  secret.Text `secret:"oidc-client-secret" meaning:"The relying party's client secret. None: a public client (PKCE alone)."`
	OIDCClientKeyFile string      `flag:"oidc-client-key-file" meaning:"PEM file of a private key, for private_key_jwt in place of the secret. portal jwk prints what to register."`
	OIDCClientKeyID   string      `flag:"oidc-client-key-id" meaning:"Name (kid) of that key at the provider. Default: its RFC 7638 thumbprint."`
	OIDCClientKeyAlg  string      `flag:"oidc-client-key-alg" meaning:"Algorithm (alg) that it signs with, such as PS256. Default: by the key's type, RS256, ES256, ES384, ES512 or EdDSA."`
	OIDCTokenAuth     string      `flag:"oidc-token-auth-method" meaning:"How the portal authenticates at the provider: client_secret_basic, client_secret_post or private_key_jwt. Default: as discovery announces."`
	OIDCMaxAge        string      `flag:"oidc-max-age" meaning:"Sent as max_age: seconds since which the user must have authenticated."`
	OIDCACRValues     string      `flag:"oidc-acr-values" meaning:"Sent as acr_values, separated by spaces; one of them must come back."`
	OIDCPrompt        string      `flag:"oidc-prompt" meaning:"Sent as prompt: login, consent, select_account."`
	OIDCScopes        string      `flag:"oidc-scopes" standard:"openid profile email offline_access" meaning:"Requested scopes."`
	OIDCAudience      string      `flag:"oidc-audience" meaning:"Sent as audience, so that the access token is meant for the Maia API."`
	OIDCResource      string      `flag:"oidc-resource" meaning:"Sent as resource (RFC 8707), for the same purpose."`
	OIDCGroupsClaim   string      `flag:"oidc-groups-claim" standard:"groups" meaning:"Claim that lists the user's groups; dots go into nested objects."`
	AllowedGroups     string      `flag:"allowed-groups" meaning:"Groups that may log in and submit: comma-separated, or a JSON array of strings for names with commas. Empty: everyone who can log in."`
	AuditorGroups     string      `flag:"auditor-groups" meaning:"Groups that may see everybody's activity, in the same notation."`

	OIDCGroupsSeparator string `flag:"oidc-groups-separator" meaning:"Where the groups claim is one string: what separates its groups."`
	OIDCGroupsMember    string `flag:"oidc-groups-member" meaning:"Where the groups claim lists objects: the member that has the name."`

	TokenMode                 string      `flag:"token-mode" standard:"login" meaning:"Which token goes to Maia: login (the access token of the login) or exchange (RFC 8693 token exchange of it)."`
	TokenExchangeURL          string      `flag:"token-exchange-url" meaning:"Where tokens are exchanged; default: the provider's token endpoint."`
	TokenExchangeAudience     string      `flag:"token-exchange-audience" meaning:"Sent as audience."`
	TokenExchangeResource     string      `flag:"token-exchange-resource" meaning:"Sent as resource."`
	TokenExchangeScope        string      `flag:"token-exchange-scope" meaning:"Sent as scope."`
	TokenExchangeClientID     string      `flag:"token-exchange-client-id" meaning:"Client id there. Required where the URL is not at the origin of the provider's token endpoint."`
	TokenExchangeClientSecret secret.Text `secret:"token-exchange-client-secret" meaning:"Client secret there. The login's own is never sent to another origin."`
	TokenExchangeSubject      string      `flag:"token-exchange-subject" standard:"access_token" meaning:"Token that is exchanged: access_token or id_token."`

	MaiaRegion  string `flag:"maia-region" standard:"eu1" meaning:"Region of the Maia account: eu1, us1 or au1."`
	MaiaAccount string `flag:"maia-account-id" meaning:"Sent as account-id with every call to Maia, where an account needs it."`
	MaiaURL     string `flag:"maia-url" meaning:"Another base URL of the Maia API, with its path prefix. http only for a loopback host."`
	MaiaTimeout string `flag:"maia-timeout" standard:"20s" meaning:"Whole time that one call to Maia may take; a submission may take twice that."`

	DatabaseURL secret.Text `secret:"database-url" standard:"sqlite:portal.db" meaning:"sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE. Several instances share one PostgreSQL."`
	Migrate     string      `flag:"migrate" standard:"true" meaning:"Whether serve applies the database migrations."`

	SessionKeys secret.Text `secret:"session-keys" meaning:"Comma-separated base64 keys of 32 bytes: the first seals, all of them open. See portal keygen."`
	SessionIdle string      `flag:"session-idle" standard:"30m" meaning:"A login that is not used ends after this. Where it is not set it is never longer than session-max."`
	SessionMax  string      `flag:"session-max" standard:"8h" meaning:"Each login ends after this."`

	AuditKeys secret.Text `secret:"audit-keys" meaning:"Comma-separated base64 keys of 32 bytes for the chain of the audit trail: the first seals, the others are kept for what they sealed. See portal keygen."`

	ActivityRetention string `flag:"activity-retention" meaning:"Records and events that are older are removed: a length of time, at least 720h (30 days). Records of secrets that are to be renewed stay. Empty: nothing is removed."`

	LogLevel  string `flag:"log-level" standard:"info" meaning:"debug, info, warn or error."`
	LogFormat string `flag:"log-format" standard:"json" meaning:"json or text."`

	SubmissionsPerMinute string `flag:"submissions-per-minute" standard:"30" meaning:"Submissions of one user: size and rate of a token bucket, up to 1000. 0: no limit."`
	ShutdownTimeout      string `flag:"shutdown-timeout" standard:"45s" meaning:"How long requests and submissions in flight may take to finish. At least twice maia-timeout."`
	ShutdownDelay        string `flag:"shutdown-delay" standard:"0s" meaning:"At SIGTERM: how long requests are still taken after /readyz has turned to 503, so that a proxy notices. shutdown-timeout counts from its end."`
	TrustedProxies       string `flag:"trusted-proxies" meaning:"CIDRs whose X-Forwarded-For and traceparent are believed, comma-separated."`

	NameRule string `flag:"name-rule" meaning:"Your own rule for names that are created here: a regular expression, a space, and a sentence for people, e.g. '^(dev|prod)- Begin with dev- or prod-.'"`

	Catalog string `flag:"catalog" meaning:"Path of the catalogue, a YAML file of projects, agents and presets. See portal catalog check. It is read again on SIGHUP and when its content changes."`

	TimeZone string `flag:"time-zone" standard:"UTC" meaning:"IANA name of the zone of times on pages, e.g. Europe/Berlin. Exports and logs are always UTC."`

	Title           string `flag:"title" standard:"Maia secrets" meaning:"Name shown on each page."`
	SupportURL      string `flag:"support-url" meaning:"Where 'Get help' leads."`
	Notice          string `flag:"notice" meaning:"One line of notice on each page."`
	Accent          string `flag:"accent" meaning:"Colour of links and buttons, #rrggbb, with a contrast of at least 4.5 : 1 with the light page. Dark pages get a tint of it."`
	SecurityContact string `flag:"security-contact" meaning:"mailto: or https: address for /.well-known/security.txt. Empty: there is no such page."`
	Logo            string `flag:"logo" meaning:"Path of a logo, at most 32 KiB: a PNG, or an SVG without scripts and external addresses."`
}

// Setting describes one field of Settings.
type Setting struct {
	Flag     string // empty for a secret one
	Variable string
	Standard string
	Meaning  string
	index    int
}

const prefix = "PORTAL_"

// All lists the settings in their order.
func All() []Setting {
	t := reflect.TypeFor[Settings]()
	list := make([]Setting, t.NumField())
	for i := range list {
		tag := t.Field(i).Tag
		name := tag.Get("flag")
		list[i] = Setting{Flag: name, Standard: tag.Get("standard"), Meaning: tag.Get("meaning"), index: i}
		if name == "" {
			name = tag.Get("secret")
		}
		list[i].Variable = prefix + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
	}
	return list
}

// Secret says whether the setting has no flag and may come from a file.
func (s Setting) Secret() bool { return s.Flag == "" }

// set puts what was given into a setting's field.
func (s Setting) set(v *Settings, given string) {
	switch p := reflect.ValueOf(v).Elem().Field(s.index).Addr().Interface().(type) {
	case *secret.Text:
		*p = secret.Hide(given)
	case *string:
		*p = given
	}
}
