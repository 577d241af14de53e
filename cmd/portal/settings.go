package main

import (
	_ "time/tzdata" // an image has no zones of its own

	"maiaportal/internal/auth/oidc"
	"maiaportal/internal/config"
	"maiaportal/internal/store"
	"maiaportal/internal/weburl"
	"maiaportal/web/static"
)

// checks are those of the rooms that use the settings.
var checks = config.Checks{
	Secure: weburl.Secure,
	Database: func(address string) error {
		_, err := store.ParseURL(address)
		return err
	},
	ClientKey:     oidc.ClientKey,
	KeyAlgorithms: oidc.KeyAlgorithms,
	Accent:        static.CheckAccent,
	Logo:          static.CheckLogo,
}
