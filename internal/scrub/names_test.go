package scrub

import "testing"

// Names that say what a property is stay in a message; what may itself be secret does not.
func TestOrdinaryNames(t *testing.T) {
	for _, name := range []string{
		"password", "user", "host", "port", "clientId", "clientSecret", "client_secret", "CLIENT_SECRET", "Client-Secret", "private_key_id", "client_x509_cert_url",
		"auth_provider_x509_cert_url", "universe_domain", "secretAccessKey", "accessKeyId", "AWSAccessKeyId", "apiKey2", "tenant", "Tenant", "TENANT", "weird", "k",
		"пароль", "jdbc.url", "user name", "oauth2.token.url", "userID", "APIKey", "id",
	} {
		if !OrdinaryName([]byte(name)) {
			t.Errorf("%s is no ordinary name", name)
		}
	}
	for _, name := range []string{
		"hunter22", "S3cr3t-pa55word", "correct-horse-battery-staple", "correcthorsebatterystaple", "swordfishes", "AKIAIOSFODNN7EXAMPLE", "aBcDeFgH", "pass:word!", "password1234",
		"a/b%2Fc", "ada.winter@example.com", "user_", "_user", "user__id", "PaSsWoRd", "Canary 1", "password\n", "0123456789", "密码-密码",
		"3f2a9c81d4", "usertoken-9f3a",
	} {
		if OrdinaryName([]byte(name)) {
			t.Errorf("%q is an ordinary name", name)
		}
	}
}
