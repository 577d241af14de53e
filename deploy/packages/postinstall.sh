#!/bin/sh
# After the files are in place, at an installation and at an update.
set -e
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
	# At an update a portal that runs is started anew; one that does not run stays as it is.
	systemctl try-restart portal.service || true
fi
if [ ! -s /etc/portal/secrets/session-keys ]; then
	cat <<-'TEXT'
	The portal is installed and does not run yet:
	  1. settings:   /etc/portal/portal.env
	  2. secrets:    (umask 077; portal keygen > /etc/portal/secrets/session-keys)
	                 /etc/portal/secrets/oidc-client-secret, from the OpenID provider
	  3. start it:   systemctl enable --now portal
	TEXT
fi
