-- A submission has steps, one for each call to Maia, and what happens is a list of events, each with the hash
-- of the one before: submissions are made from it. Older ones stay as they are, without events (trail = 0).
-- Indexes follow what is asked for: a user's records in the order of their ids, and the few that ended badly.

-- +goose Up
CREATE TABLE submission_steps (
	submission_id     TEXT    NOT NULL,
	step              INTEGER NOT NULL,
	call              TEXT    NOT NULL,
	sent              INTEGER NOT NULL DEFAULT 0,
	status            INTEGER NOT NULL DEFAULT 0,
	outcome           TEXT    NOT NULL,
	vault_secret_name TEXT    NOT NULL DEFAULT '',
	resolver_ref      TEXT    NOT NULL DEFAULT '',
	answer_partial    INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (submission_id, step)
) WITHOUT ROWID;
INSERT INTO submission_steps
	SELECT id, 1, CASE action WHEN 'value' THEN 'encryptAndStoreSecret' ELSE 'createSecretReference' END,
		sent, status, outcome, vault_secret_name, resolver_ref, answer_partial
	FROM submissions WHERE sent = 1 OR status > 0;

CREATE TABLE events (
	seq            INTEGER NOT NULL PRIMARY KEY,
	time           INTEGER NOT NULL,
	event          TEXT    NOT NULL,
	actor_issuer   TEXT    NOT NULL,
	actor_subject  TEXT    NOT NULL,
	actor_name     TEXT    NOT NULL,
	client_address TEXT    NOT NULL,
	request_id     TEXT    NOT NULL,
	submission_id  TEXT    NOT NULL,
	details        TEXT    NOT NULL, -- a JSON object in the form of RFC 8785
	prev           TEXT    NOT NULL,
	hash           TEXT    NOT NULL
);

-- 0: has no events, 1: its begin is among them, 2: its end, too.
ALTER TABLE submissions ADD COLUMN trail INTEGER NOT NULL DEFAULT 0;

DROP INDEX submissions_actor;
DROP INDEX submissions_created;
CREATE INDEX submissions_actor ON submissions (actor_issuer, actor_subject, id);
CREATE INDEX submissions_uncertain ON submissions (actor_issuer, actor_subject, name) WHERE outcome IN ('unknown', 'failed');
CREATE INDEX submissions_refused ON submissions (actor_issuer, actor_subject, created_at) WHERE outcome = 'unauthenticated';

-- +goose Down
DROP INDEX submissions_refused;
DROP INDEX submissions_uncertain;
DROP INDEX submissions_actor;
CREATE INDEX submissions_created ON submissions (created_at, id);
CREATE INDEX submissions_actor ON submissions (actor_issuer, actor_subject, created_at, id);
ALTER TABLE submissions DROP COLUMN trail;
DROP TABLE events;
DROP TABLE submission_steps;
