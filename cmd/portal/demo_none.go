//go:build nodemo

package main

import (
	"context"
	"errors"
	"io"
)

// hasDemo tells builds with the demo from those without.
const hasDemo = false

// demoCommand takes the place of the demo's. It is not listed, and takes whatever the demo would.
type demoCommand struct {
	Demo struct {
		Ignored []string `arg:"" optional:""`
	} `cmd:"" hidden:"" passthrough:""`
}

// runDemo tells where the demo is.
func (demoCommand) runDemo(context.Context, io.Writer, io.Writer) error {
	return usageError{errors.New("this build has no demo: run \"go run ./cmd/portal demo\" in a checkout of the sources")}
}
