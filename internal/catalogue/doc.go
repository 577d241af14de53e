// Package catalogue knows what people choose from: the projects and agents that Maia lists for them.
//
// Lists are a comfort. Whatever fails, a form works without, so nothing here gives an error to its caller.
// It knows no HTML and no form.
package catalogue
