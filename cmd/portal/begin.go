package main

import (
	"log/slog"
	"maps"
	"runtime"
	"slices"

	"maiaportal/internal/config"
	"maiaportal/internal/secret"
)

// logStart says what starts: the version, the settings that are not secret, and which keys are in use, by fingerprints
// that say nothing else about them.
func logStart(log *slog.Logger, cfg config.Config) {
	var settings []any
	for _, variable := range slices.Sorted(maps.Keys(cfg.Shown)) {
		settings = append(settings, slog.String(variable, cfg.Shown[variable]))
	}
	log.Info("portal starts",
		"version", Version,
		"commit", Commit,
		"go_version", runtime.Version(),
		slog.Group("settings", settings...),
		slog.Group("keys",
			slog.Any("session", fingerprints(cfg.SessionKeys, "session keys")),
			slog.Any("audit", fingerprints(cfg.AuditKeys, "audit keys")),
		))
}

func fingerprints(keys []secret.Value, purpose string) []string {
	list := []string{}
	for _, k := range keys {
		list = append(list, secret.Fingerprint(k, purpose))
	}
	return list
}
