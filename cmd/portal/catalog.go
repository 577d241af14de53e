package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"text/tabwriter"

	"maiaportal/internal/catalogue"
	"maiaportal/internal/handlers"
	"maiaportal/internal/record"
)

// openCatalogue reads the catalogue of the settings; no path, no catalogue.
func openCatalogue(path string, log *slog.Logger) (*catalogue.File, error) {
	if path == "" {
		return nil, nil //nolint:nilnil // a nil one is an empty catalogue
	}
	f, err := readCatalogue(path)
	if err != nil {
		return nil, err
	}
	f.Log = log
	return f, nil
}

// readCatalogue reads a file. One that cannot be read is wrong configuration, like mistakes in it.
func readCatalogue(path string) (*catalogue.File, error) {
	f, err := catalogue.Open(path, handlers.CatalogueRules())
	var mistakes catalogue.Mistakes
	if err != nil && !errors.As(err, &mistakes) {
		return nil, usageError{err}
	}
	return f, err
}

// useCatalogue takes the catalogue into use, and the later versions of its file. Without its event there is no start.
func (p *portal) useCatalogue(ctx context.Context) error {
	if p.catalogue == nil {
		return nil
	}
	p.catalogue.Take = p.recordCatalogue
	return p.recordCatalogue(ctx, p.catalogue.Catalogue())
}

// recordCatalogue notes in the audit trail that a catalogue is taken into use.
func (p *portal) recordCatalogue(ctx context.Context, c *catalogue.Catalogue) error {
	return p.store.Append(ctx, record.LoadedCatalogue(c.Digest, len(c.Projects), len(c.Agents), len(c.Presets)))
}

// checkCatalogue prints what a catalogue holds. Mistakes are its error.
func checkCatalogue(path string, out io.Writer) error {
	f, err := readCatalogue(path)
	if err != nil {
		return err
	}
	c := f.Catalogue()
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(w, "%s is fine: %s, %s, %s.\n", path, count(len(c.Projects), "project"),
		count(len(c.Agents), "agent"), count(len(c.Presets), "preset"))
	for _, p := range c.Projects {
		rule := ""
		if p.Rule.Expression != nil {
			rule = "names: " + p.Rule.Sentence
		}
		_, _ = fmt.Fprintf(w, "project\t%s\t%s\t%s\n", p.ID, p.Name, rule)
	}
	for _, a := range c.Agents {
		_, _ = fmt.Fprintf(w, "agent\t%s\t%s\t%s\n", a.ID, a.Name, a.AgentType)
	}
	for _, p := range c.Presets {
		groups := "everyone"
		if len(p.Groups) > 0 {
			groups = strings.Join(p.Groups, ", ")
		}
		_, _ = fmt.Fprintf(w, "preset\t%s\t%s\t%s, for %s\n", p.ID, p.Title, p.Form, groups)
	}
	_, _ = fmt.Fprintf(w, "SHA-256 %s\n", c.Digest)
	return w.Flush()
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
