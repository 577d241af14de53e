-- A setup is one submission of two steps. What was known of project and agent stays as it was; ticket and renew_by
-- are the portal's own. proven_at is when somebody said that a pipeline has used the secret, 0: nobody has.

-- +goose Up
ALTER TABLE submissions ADD COLUMN project_name TEXT NOT NULL DEFAULT '';
ALTER TABLE submissions ADD COLUMN agent_name TEXT NOT NULL DEFAULT '';
ALTER TABLE submissions ADD COLUMN ticket TEXT NOT NULL DEFAULT '';
ALTER TABLE submissions ADD COLUMN renew_by TEXT NOT NULL DEFAULT '';
ALTER TABLE submissions ADD COLUMN proven_at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX submissions_due ON submissions (renew_by, id) WHERE renew_by <> '';
CREATE INDEX submissions_due_own ON submissions (actor_issuer, actor_subject, renew_by, id) WHERE renew_by <> '';
-- Whether somebody has made a name before is asked of every outcome, and of secrets in vaults.
DROP INDEX submissions_uncertain;
CREATE INDEX submissions_name ON submissions (actor_issuer, actor_subject, name, id);
CREATE INDEX submissions_secret ON submissions (actor_issuer, actor_subject, agent_id, id) WHERE action = 'setup' AND secret_name <> '';

-- +goose Down
DROP INDEX submissions_secret;
DROP INDEX submissions_name;
CREATE INDEX submissions_uncertain ON submissions (actor_issuer, actor_subject, name) WHERE outcome IN ('unknown', 'failed');
DROP INDEX submissions_due_own;
DROP INDEX submissions_due;
ALTER TABLE submissions DROP COLUMN proven_at;
ALTER TABLE submissions DROP COLUMN renew_by;
ALTER TABLE submissions DROP COLUMN ticket;
ALTER TABLE submissions DROP COLUMN agent_name;
ALTER TABLE submissions DROP COLUMN project_name;
