// Package migrations embeds the database's schema, one folder for each engine.
//
// A file that has been released is never edited: a change is a new file.
package migrations

import "embed"

// SQLite holds sqlite/*.sql, in goose's format.
//
//go:embed sqlite/*.sql
var SQLite embed.FS

// Postgres holds postgres/*.sql, in goose's format.
//
//go:embed postgres/*.sql
var Postgres embed.FS
