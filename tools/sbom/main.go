// Command sbom completes the list of what the binary is made of: it adds the licences that cyclonedx-gomod does not
// recognise, after a look at their texts, and fails where a component is left without one.
//
//	sbom FILE, in the folder of the module
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/CycloneDX/cyclonedx-go"
)

// known are the licences that are not recognised, and what their texts have to say.
var known = map[string]struct {
	id   string
	says []string
}{
	// Three lines of copyright keep the detector from the MIT licence.
	"github.com/pressly/goose/v3": {"MIT", []string{"MIT License", "Permission is hereby granted, free of charge"}},
	// The standard library is no module, so the detector has no text to look at.
	"std": {"BSD-3-Clause", []string{
		"The Go Authors",
		"Redistribution and use in source and binary forms",
		"Neither the name of Google",
	}},
}

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

func run(file string) error {
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	var bom cyclonedx.BOM
	err = cyclonedx.NewBOMDecoder(in, cyclonedx.BOMFileFormatJSON).Decode(&bom)
	_ = in.Close()
	if err != nil {
		return err
	}
	for i := range *bom.Components {
		if err := complete(&(*bom.Components)[i]); err != nil {
			return err
		}
	}
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	if err := cyclonedx.NewBOMEncoder(out, cyclonedx.BOMFileFormatJSON).SetPretty(true).Encode(&bom); err != nil {
		return err
	}
	return out.Close()
}

// complete gives a component its licence, where it has none.
func complete(c *cyclonedx.Component) error {
	if c.Licenses != nil || c.Evidence != nil && c.Evidence.Licenses != nil {
		return nil
	}
	of, ok := known[c.Name]
	if !ok {
		return fmt.Errorf("no licence is found for %s: read it, and add it to tools/sbom/main.go", c.Name)
	}
	text, err := licenceOf(c.Name)
	if err != nil {
		return err
	}
	for _, words := range of.says {
		if !strings.Contains(text, words) {
			return fmt.Errorf("the licence of %s has changed: it does not say %q", c.Name, words)
		}
	}
	c.Licenses = &cyclonedx.Licenses{{License: &cyclonedx.License{ID: of.id}}}
	return nil
}

// licenceOf reads the licence of a module, or of Go itself.
func licenceOf(name string) (string, error) {
	args := []string{"list", "-m", "-f", "{{.Dir}}", name}
	if name == "std" {
		args = []string{"env", "GOROOT"}
	}
	dir, err := exec.Command("go", args...).Output()
	if err != nil {
		return "", fmt.Errorf("where %s is: %w", name, err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "LICENSE"))
	return string(text), err
}
