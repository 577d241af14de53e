-- People are shown their own last logins, and what is old can be removed.

-- +goose Up
CREATE INDEX events_logins ON events (actor_issuer, actor_subject, seq) WHERE event = 'login';
CREATE INDEX submissions_age ON submissions (created_at);

-- +goose Down
DROP INDEX submissions_age;
DROP INDEX events_logins;
