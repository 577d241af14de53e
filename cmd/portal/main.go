// Command portal is a self-service web portal for secrets of Maia, the Matillion Data Productivity
// Cloud. See "portal help".
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"

	"maiaportal/internal/catalogue"
	"maiaportal/internal/harden"
)

// Exit codes, by the contract with operators.
const (
	exitFine   = 0
	exitFailed = 1
	exitUsage  = 2 // wrong usage or configuration
)

func main() {
	if len(os.Args) > 1 && (os.Args[1] == "serve" || hasDemo && os.Args[1] == "demo") {
		harden.Steady() // before anything is there that would be lost
	}
	// net/http's transport writes to the standard logger what a server sends without being asked, and Maia
	// might repeat a secret there. The portal's own logger is another one.
	log.SetOutput(io.Discard)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	code := run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// usageError is wrong usage or configuration; its message stands alone.
type usageError struct{ error }

// run carries out one command and gives its exit code. It is main for tests.
func run(ctx context.Context, args, environ []string, out, logs io.Writer) int {
	err := command(ctx, args, environ, out, logs)
	var usage usageError
	var mistakes catalogue.Mistakes
	switch {
	case err == nil:
		return exitFine
	case errors.As(err, &mistakes):
		_, _ = fmt.Fprintln(logs, mistakes.Error()) // each line begins with its place, for editors and the like
		return exitUsage
	case errors.As(err, &usage):
		_, _ = fmt.Fprintln(logs, "portal:", usage.Error())
		return exitUsage
	default:
		_, _ = fmt.Fprintln(logs, "portal:", err)
		return exitFailed
	}
}
