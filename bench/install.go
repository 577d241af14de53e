package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// proxyVersion is pinned, so that two runs measure against the same program.
const (
	proxyVersion = "v7.15.6"
	proxyModule  = "github.com/oauth2-proxy/oauth2-proxy/v7"
)

// installProxy gives the path of oauth2-proxy. It is built once, from its public module, and is no dependency
// of the portal's own module.
func installProxy(ctx context.Context, out io.Writer) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "maiaportal-bench", "oauth2-proxy-"+proxyVersion)
	path := filepath.Join(dir, "oauth2-proxy")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	_, _ = fmt.Fprintf(out, "Building oauth2-proxy %s, once, into %s\n", proxyVersion, dir)
	// #nosec G204 -- constants
	install := exec.CommandContext(ctx, "go", "install", "-trimpath", "-ldflags", "-s -w", proxyModule+"@"+proxyVersion)
	install.Env = append(os.Environ(), "CGO_ENABLED=0", "GOBIN="+dir)
	if said, err := install.CombinedOutput(); err != nil {
		return "", fmt.Errorf("install oauth2-proxy: %w\n%s", err, said)
	}
	return path, nil
}
