-- A form asks whether its user has stored a secret of a name already. That read all that the user had ever submitted.

-- +goose Up
CREATE INDEX submissions_stored ON submissions (actor_issuer, actor_subject,
	(CASE WHEN vault_secret_name <> '' THEN vault_secret_name WHEN action = 'value' THEN name ELSE secret_name END), id)
	WHERE action IN ('setup', 'value');

-- +goose Down
DROP INDEX submissions_stored;
