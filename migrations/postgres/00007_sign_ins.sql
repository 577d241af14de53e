-- People are shown their own last logins.

-- +goose Up
CREATE INDEX events_logins ON events (actor_issuer, actor_subject, seq) WHERE event = 'login';

-- +goose Down
DROP INDEX events_logins;
