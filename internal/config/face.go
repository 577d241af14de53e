package config

import (
	"io"
	"os"
	"path/filepath"
)

// logoLimit is read at most: a wrong path may name anything.
const logoLimit = 1 << 20

func (r *reader) accent(colour string) string {
	if colour == "" {
		return ""
	}
	if err := r.checks.Accent(colour); err != nil {
		r.fault(prefix+"ACCENT", err.Error())
	}
	return colour
}

// logo reads the picture once: the portal serves what it has checked.
func (r *reader) logo(path string) []byte {
	if path == "" {
		return nil
	}
	const name = prefix + "LOGO"
	file, err := os.Open(filepath.Clean(path))
	if err != nil {
		r.fault(name, "the file cannot be read; check the path and its permissions")
		return nil
	}
	defer func() { _ = file.Close() }() // it was only read
	content, err := io.ReadAll(io.LimitReader(file, logoLimit))
	if err != nil {
		r.fault(name, "the file cannot be read; check the path and its permissions")
		return nil
	}
	if err := r.checks.Logo(content); err != nil {
		r.fault(name, err.Error())
	}
	return content
}
