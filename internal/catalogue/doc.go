// Package catalogue knows what people choose from: the projects and agents that Maia lists for them, and the operators'
// catalogue, a file of projects, agents and presets.
//
// Lists are a comfort. Whatever fails, a form works without, so they give no error to their caller. The file is read
// whole or not at all, and every mistake in it is reported with its line. It knows no HTML and no form: which forms
// there are and what their fields may hold is handed in.
package catalogue
