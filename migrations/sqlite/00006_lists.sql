-- Auditors look for everybody's submissions in one project or through one agent, newest first.

-- +goose Up
CREATE INDEX submissions_project ON submissions (project_id, id);
CREATE INDEX submissions_agent ON submissions (agent_id, id);

-- +goose Down
DROP INDEX submissions_agent;
DROP INDEX submissions_project;
