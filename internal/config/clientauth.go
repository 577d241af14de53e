package config

import (
	"crypto"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"maiaportal/internal/secret"
)

// ClientKeySettings are the settings of the key for private_key_jwt, for the command that prints its public half.
var ClientKeySettings = []string{"OIDC_CLIENT_KEY_FILE", "OIDC_CLIENT_KEY_ID", "OIDC_CLIENT_KEY_ALG"}

// clientKey reads the key for private_key_jwt. A secret beside it is a fault: nobody could say which of
// the two is meant.
func (r *reader) clientKey(g Settings) secret.Of[crypto.Signer] {
	var none secret.Of[crypto.Signer]
	const name = prefix + "OIDC_CLIENT_KEY_FILE"
	if strings.ContainsFunc(g.OIDCClientKeyID, func(c rune) bool { return !unicode.IsPrint(c) }) {
		r.fault(prefix+"OIDC_CLIENT_KEY_ID", "want the key's name at the provider, without invisible characters")
	}
	if g.OIDCClientKeyFile == "" {
		const keyless = "is of use with PORTAL_OIDC_CLIENT_KEY_FILE only"
		if g.OIDCClientKeyID != "" {
			r.fault(prefix+"OIDC_CLIENT_KEY_ID", keyless)
		}
		if g.OIDCClientKeyAlg != "" {
			r.fault(prefix+"OIDC_CLIENT_KEY_ALG", keyless)
		}
		return none
	}
	if !g.OIDCClientSecret.Empty() {
		r.fault(name, "set it or PORTAL_OIDC_CLIENT_SECRET, not both")
	}
	text, err := os.ReadFile(filepath.Clean(g.OIDCClientKeyFile))
	if err != nil {
		r.fault(name, "the file cannot be read; check the path and its permissions")
		return none
	}
	defer clear(text)
	key, err := r.checks.ClientKey(text)
	if err != nil {
		r.fault(name, err.Error())
		return none
	}
	algs := r.checks.KeyAlgorithms(key)
	switch {
	case len(algs) == 0:
		r.fault(name, "want an RSA key of at least 2048 bits, an EC key on P-256, P-384 or P-521, or an Ed25519 key")
		return none
	case g.OIDCClientKeyAlg != "" && !slices.Contains(algs, g.OIDCClientKeyAlg):
		r.fault(prefix+"OIDC_CLIENT_KEY_ALG", "does not fit the key, which signs with "+strings.Join(algs, ", "))
		return none
	}
	return secret.Hide(key)
}

// tokenAuth reads how the portal authenticates. What it needs has to be there, and nothing else: a secret that is not
// sent, or a key that is not used, is somebody's error.
func (r *reader) tokenAuth(g Settings) string {
	const name = prefix + "OIDC_TOKEN_AUTH_METHOD"
	missing := ""
	switch g.OIDCTokenAuth {
	case "":
	case "client_secret_basic", "client_secret_post":
		// A secret whose file cannot be read is a fault already.
		if g.OIDCClientSecret.Empty() && !r.faulty(prefix+"OIDC_CLIENT_SECRET") {
			missing = "needs PORTAL_OIDC_CLIENT_SECRET"
		}
	case "private_key_jwt":
		if g.OIDCClientKeyFile == "" {
			missing = "needs PORTAL_OIDC_CLIENT_KEY_FILE"
		}
	default:
		r.fault(name, "want client_secret_basic, client_secret_post or private_key_jwt")
		return ""
	}
	if missing != "" {
		r.fault(name, missing)
	}
	return g.OIDCTokenAuth
}
