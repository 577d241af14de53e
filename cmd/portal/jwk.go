package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"maiaportal/internal/auth/oidc"
	"maiaportal/internal/config"
)

// jwk prints the public half of the key for private_key_jwt as it is to be registered at the provider. It reads the
// settings of that key alone: a secret that is still in use beside it, or anything that is not set yet, is no matter
// here.
func jwk(environ []string, out io.Writer) error {
	own := slices.DeleteFunc(slices.Clone(environ), func(line string) bool {
		name, _, _ := strings.Cut(line, "=")
		return !slices.Contains(config.ClientKeySettings, strings.TrimPrefix(name, "PORTAL_"))
	})
	cfg, err := config.LoadOnly(nil, own, checks, config.ClientKeySettings...)
	if err != nil {
		return usageError{err}
	}
	if cfg.OIDC.ClientKey.Empty() {
		return usageError{errors.New("PORTAL_OIDC_CLIENT_KEY_FILE: is required: the path of a private key in PEM")}
	}
	set, err := oidc.PublicKeys(cfg.OIDC.ClientKey.Reveal(), cfg.OIDC.ClientKeyID, cfg.OIDC.ClientKeyAlg)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s\n", set)
	return err
}
