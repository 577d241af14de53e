-- Auditors look for everybody's submissions in one project or through one agent, newest first; and a receipt shows what
-- became of its name: the submissions of that name there, and their events.

-- +goose Up
CREATE INDEX submissions_project ON submissions (project_id, id);
CREATE INDEX submissions_agent ON submissions (agent_id, id);
CREATE INDEX submissions_named ON submissions (project_id, name, id);
CREATE INDEX events_submission ON events (submission_id, seq) WHERE submission_id <> '';

-- +goose Down
DROP INDEX events_submission;
DROP INDEX submissions_named;
DROP INDEX submissions_agent;
DROP INDEX submissions_project;
