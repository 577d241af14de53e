-- What became different of a value on its way to Maia: line ends, the line break after a PEM's END line.
-- The receipt tells it. It is a word of the portal's own, never anything of the value.

-- +goose Up
ALTER TABLE submissions ADD COLUMN changes TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE submissions DROP COLUMN changes;
