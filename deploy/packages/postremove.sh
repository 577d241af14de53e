#!/bin/sh
# After the files are gone. The database below /var/lib/private/portal and what was put below /etc/portal stay.
set -e
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
fi
