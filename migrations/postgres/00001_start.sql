-- The first schema: logins that are under way, sessions, submissions and the limit on them.
-- Instants are Unix milliseconds, so that every engine compares them alike. Ids that open something
-- (a session, a pending login) are kept as SHA-256 only, and what they protect is sealed with a key
-- that is derived from the raw id: this database and the portal's session key together open nothing.
-- Yes and no are 1 and 0, so that a query has one text for every engine. What is sorted by is compared
-- byte by byte, whatever the database's own collation is.

-- +goose Up
CREATE TABLE pending_logins (
	state_hash   BYTEA   NOT NULL PRIMARY KEY,
	browser_hash BYTEA   NOT NULL,
	sealed       BYTEA   NOT NULL,
	created_at   BIGINT  NOT NULL,
	used_at      BIGINT  NOT NULL DEFAULT 0
);
CREATE INDEX pending_logins_created ON pending_logins (created_at);

CREATE TABLE sessions (
	id_hash       BYTEA   NOT NULL PRIMARY KEY,
	handle        TEXT    COLLATE "C" NOT NULL UNIQUE, -- names the session to people; it opens nothing
	sealed        BYTEA   NOT NULL,
	actor_issuer  TEXT    NOT NULL,
	actor_subject TEXT    NOT NULL,
	actor_name    TEXT    NOT NULL,
	sid           TEXT    NOT NULL, -- the provider's own id of its session; may be empty
	browser       TEXT    NOT NULL,
	created_at    BIGINT  NOT NULL,
	seen_at       BIGINT  NOT NULL,
	lease_until   BIGINT  NOT NULL DEFAULT 0,
	lease_by      TEXT    NOT NULL DEFAULT ''
);
CREATE INDEX sessions_actor ON sessions (actor_issuer, actor_subject);
CREATE INDEX sessions_created ON sessions (created_at);
CREATE INDEX sessions_seen ON sessions (seen_at);

-- Logout tokens that were used, so that none is used twice.
CREATE TABLE logout_tokens (
	jti_hash   BYTEA   NOT NULL PRIMARY KEY,
	created_at BIGINT  NOT NULL
);

-- One row for each attempt to submit. There is no column that could hold a secret value.
CREATE TABLE submissions (
	id                TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
	form_token        TEXT    NOT NULL,
	attempt           INTEGER NOT NULL,
	fingerprint       BYTEA   NOT NULL,
	holder            TEXT    NOT NULL,
	created_at        BIGINT  NOT NULL,
	finished_at       BIGINT  NOT NULL DEFAULT 0,
	actor_issuer      TEXT    NOT NULL,
	actor_subject     TEXT    NOT NULL,
	actor_name        TEXT    NOT NULL,
	action            TEXT    NOT NULL,
	project_id        TEXT    NOT NULL,
	agent_id          TEXT    NOT NULL,
	agent_type        TEXT    NOT NULL,
	name              TEXT    NOT NULL,
	secret_name       TEXT    NOT NULL,
	secret_key        TEXT    NOT NULL,
	vault_name        TEXT    NOT NULL,
	type              TEXT    NOT NULL,
	outcome           TEXT    NOT NULL,
	status            INTEGER NOT NULL DEFAULT 0,
	sent              INTEGER NOT NULL DEFAULT 0,
	vault_secret_name TEXT    NOT NULL DEFAULT '',
	resolver_ref      TEXT    NOT NULL DEFAULT '',
	answer_partial    INTEGER NOT NULL DEFAULT 0,
	request_id        TEXT    NOT NULL,
	client_address    TEXT    NOT NULL,
	UNIQUE (form_token, attempt)
);
CREATE INDEX submissions_actor ON submissions (actor_issuer, actor_subject, created_at, id);
CREATE INDEX submissions_created ON submissions (created_at, id);
CREATE INDEX submissions_pending ON submissions (holder) WHERE outcome = 'pending';

-- The generic cell rate algorithm needs one number: the instant at which the bucket is full again.
CREATE TABLE submission_limits (
	actor   TEXT    NOT NULL PRIMARY KEY,
	full_at BIGINT  NOT NULL
);

-- +goose Down
DROP TABLE submission_limits;
DROP TABLE submissions;
DROP TABLE logout_tokens;
DROP TABLE sessions;
DROP TABLE pending_logins;
