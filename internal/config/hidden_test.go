package config

import (
	"reflect"
	"testing"

	"maiaportal/internal/secret"
	"maiaportal/internal/secret/secrettest"
)

// bare is a Config without its methods: they shorten what is printed, and must not be what hides.
type bare Config

// S-40: whatever prints, logs or encodes the settings shows none that is secret. Each field that is no secret is named
// here.
func TestNothingShowsASecret(t *testing.T) {
	var c Config
	words := secrettest.Fill(t, &c,
		"BaseURL", "Listen", "AdminListen", "AllowedGroups", "AuditorGroups", "MaiaURL", "MaiaRegion", "MaiaAccount", "LogFormat",
		"NameRule", "Catalog", "Title", "SupportURL", "Notice", "Accent", "SecurityContact", "Shown", "Logo", "TimeZone.name", "TimeZone.zone.name", "TimeZone.extend", "TimeZone.cacheZone.name",
		"OIDC.Issuer", "OIDC.ClientID", "OIDC.Scopes", "OIDC.Audience", "OIDC.Resource", "OIDC.GroupsClaim", "OIDC.GroupsSeparator",
		"OIDC.GroupsMember", "OIDC.ClientKeyID", "OIDC.ClientKeyAlg", "OIDC.TokenAuthMethod", "OIDC.ACRValues", "OIDC.Prompt",
		"OIDC.Exchange.URL", "OIDC.Exchange.Audience", "OIDC.Exchange.Resource", "OIDC.Exchange.Scope", "OIDC.Exchange.ClientID",
		"Traces.Protocol", "Traces.Endpoint")
	if len(words) != 6 {
		t.Errorf("the secrets of a configuration are %v", words)
	}
	b := bare(c)
	secrettest.Hidden(t, words, c, &c, b, &b, c.OIDC, &c.OIDC, c.OIDC.Exchange, *c.OIDC.Exchange)
}

// A setting that has no flag, because it is secret, is a secret as it was given, too; and no other one is.
func TestSecretSettingsAreSecretTypes(t *testing.T) {
	for _, s := range All() {
		field := reflect.TypeFor[Settings]().Field(s.index)
		if hidden := field.Type == reflect.TypeFor[secret.Text](); hidden != s.Secret() {
			t.Errorf("%s: secret %v, of type %s", field.Name, s.Secret(), field.Type)
		}
	}
}
