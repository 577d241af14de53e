-- A receipt shows what became of its name: the submissions of that name in its project, and their events.

-- +goose Up
CREATE INDEX submissions_named ON submissions (project_id, name, id);
CREATE INDEX events_submission ON events (submission_id, seq) WHERE submission_id <> '';

-- +goose Down
DROP INDEX events_submission;
DROP INDEX submissions_named;
