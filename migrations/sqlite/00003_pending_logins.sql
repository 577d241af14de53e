-- Who began a pending login: the network address, and whether that browser was signed in. Anybody can
-- begin a login, and each one is kept for a day: what one address, and all of them, leave has a bound.
-- Logins that were pending before have no address and count as those of strangers.

-- +goose Up
ALTER TABLE pending_logins ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE pending_logins ADD COLUMN signed_in INTEGER NOT NULL DEFAULT 0;
CREATE INDEX pending_logins_address ON pending_logins (address, created_at) WHERE signed_in = 0;

-- +goose Down
DROP INDEX pending_logins_address;
ALTER TABLE pending_logins DROP COLUMN signed_in;
ALTER TABLE pending_logins DROP COLUMN address;
